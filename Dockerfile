# Both programs in an image of nothing else: no shell, no package to patch.
# "make image" builds it; built twice from the same commit it is the same.
ARG GO_VERSION=1.26.10
FROM --platform=$BUILDPLATFORM golang:${GO_VERSION} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS TARGETARCH VERSION=dev REVISION=unknown
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -tags timberjack_nozstd -trimpath -buildvcs=false -o /image/ \
    -ldflags "-s -w -X github.com/prometheus/common/version.Version=$VERSION -X github.com/prometheus/common/version.Revision=$REVISION" \
    ./cmd/...
# What TLS and the receiver's timezone need, and one time for all files.
RUN mkdir -p /image/etc/ssl/certs /image/usr/local/go/lib/time && \
    cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ && \
    cp /usr/local/go/lib/time/zoneinfo.zip /image/usr/local/go/lib/time/ && \
    find /image -exec touch -d @0 {} +

FROM scratch
ARG VERSION=dev REVISION=unknown
LABEL org.opencontainers.image.title=kubebark \
      org.opencontainers.image.description="Kubernetes Events to Prometheus and Alertmanager, and alerts to iPhones through Bark" \
      org.opencontainers.image.source=https://github.com/kubebark/kubebark \
      org.opencontainers.image.licenses=Apache-2.0 \
      org.opencontainers.image.version=$VERSION \
      org.opencontainers.image.revision=$REVISION
COPY --from=build /image/ /
ENV ZONEINFO=/usr/local/go/lib/time/zoneinfo.zip
USER 65532:65532
EXPOSE 10056 10057
ENTRYPOINT ["/kube-event-exporter"]
