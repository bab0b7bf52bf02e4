package record

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// ours are names of the conventions' families that the conventions do not have.
// So are those that begin with k8s.event, under which the collector's own receiver
// of events has what an Event object tells.
var ours = map[string]bool{
	"event.id":               true,
	"k8s.object.kind":        true,
	"k8s.object.name":        true,
	"k8s.object.uid":         true,
	"k8s.object.api_version": true,
	"k8s.object.fieldpath":   true,
	"k8s.object.owners":      true,
}

// TestConventions holds our names against OpenTelemetry's semantic conventions:
// a name of one of their families is theirs, and of their type, or one of ours.
func TestConventions(t *testing.T) {
	theirs := conventions(t)
	if len(theirs) < 500 || theirs["host.ip"] != "StringSlice" || theirs["k8s.pod.label."] != "String" {
		t.Fatalf("%d names are read, host.ip is %q and k8s.pod.label. is %q", len(theirs), theirs["host.ip"], theirs["k8s.pod.label."])
	}
	fields(reflect.TypeFor[Record](), func(name, _ string, typ reflect.Type, _ bool) {
		family, _, _ := strings.Cut(name, ".")
		want, known := theirs[name]
		switch {
		case !known && !slices.Contains([]string{"k8s", "host", "cloud", "container", "event"}, family):
		case !known && !ours[name] && !strings.HasPrefix(name, "k8s.event."):
			t.Errorf("%s is no name of %s, nor one of ours", name, semconv.SchemaURL)
		case known && ours[name]:
			t.Errorf("%s has %s: it is not ours", semconv.SchemaURL, name)
		case known && kindOf(typ) != want:
			t.Errorf("%s is %s, want %s", name, kindOf(typ), want)
		}
	})
	for _, kind := range []string{"pod", "node", "persistentvolumeclaim", "deployment", "replicaset", "statefulset", "daemonset", "job", "cronjob"} {
		for _, part := range []string{".label.", ".annotation."} {
			if name := "k8s." + kind + part; theirs[name] != "String" {
				t.Errorf("there is no %s… in %s", name, semconv.SchemaURL)
			}
		}
	}
}

// kindOf is a type as the conventions' package names it.
func kindOf(typ reflect.Type) string {
	switch typ.Kind() {
	case reflect.Slice:
		return kindOf(typ.Elem()) + "Slice"
	case reflect.Int64, reflect.Uint64:
		return "Int"
	}
	return strings.ToUpper(typ.Kind().String()[:1]) + typ.Kind().String()[1:]
}

// conventions reads the names and their types out of the source of the package:
//
//	HostIPKey = attribute.Key("host.ip")
//	func HostIP(val ...string) attribute.KeyValue { return HostIPKey.StringSlice(val) }
//	func K8SPodLabel(key string, val string) attribute.KeyValue { return attribute.String("k8s.pod.label."+key, val) }
//
// What has values of its own has no such function and is left out.
func conventions(t *testing.T) map[string]string {
	t.Helper()
	version := semconv.SchemaURL[strings.LastIndexByte(semconv.SchemaURL, '/')+1:]
	p, err := build.Import("go.opentelemetry.io/otel/semconv/v"+version, ".", build.FindOnly)
	if err != nil {
		t.Fatal(err)
	}
	source, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, "attribute_group.go"), nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	keys, types := make(map[string]string), make(map[string]string)
	ast.Inspect(source, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ValueSpec:
			if c, ok := n.Values[0].(*ast.CallExpr); ok && len(c.Args) == 1 {
				keys[n.Names[0].Name] = literal(c.Args[0])
			}
		case *ast.CallExpr:
			method, ok := n.Fun.(*ast.SelectorExpr)
			if !ok || len(n.Args) == 0 {
				return true
			}
			if b, ok := n.Args[0].(*ast.BinaryExpr); ok { // a name that goes on
				types[literal(b.X)] = method.Sel.Name
			} else if key, ok := method.X.(*ast.Ident); ok && keys[key.Name] != "" {
				types[keys[key.Name]] = method.Sel.Name
			}
		}
		return true
	})
	return types
}

func literal(e ast.Expr) string {
	l, ok := e.(*ast.BasicLit)
	if !ok {
		return ""
	}
	s, _ := strconv.Unquote(l.Value)
	return s
}
