{{/* Labels of the program whose name is given, and of this chart. */}}
{{- define "kubebark.labels" -}}
app.kubernetes.io/name: {{ .name }}
{{ include "kubebark.chart" .root }}
{{- end }}

{{- define "kubebark.chart" -}}
app.kubernetes.io/part-of: kubebark
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "kubebark.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* What every pod has. */}}
{{- define "kubebark.podSecurity" -}}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "kubebark.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{/* Where the pods of a program (its values are given) may run. */}}
{{- define "kubebark.placement" -}}
{{- with .nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "kubebark.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{/* The API groups and resources that look-ups ask for. */}}
{{- define "kubebark.lookupRules" -}}
- apiGroups: [apps]
  resources: [replicasets, deployments, statefulsets, daemonsets]
  verbs: [get]
- apiGroups: [batch]
  resources: [jobs, cronjobs]
  verbs: [get]
{{- end }}

{{/* A binding's end: the exporter's service account. */}}
{{- define "kubebark.subject" -}}
subjects:
  - kind: ServiceAccount
    name: kube-event-exporter
    namespace: {{ .Release.Namespace }}
{{- end }}
