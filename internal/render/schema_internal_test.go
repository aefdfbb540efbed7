package render

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"testing"

	openapi_v2 "github.com/google/gnostic-models/openapiv2"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"sigs.k8s.io/kustomize/kyaml/openapi"
	"sigs.k8s.io/kustomize/kyaml/openapi/kubernetesapi"
	"sigs.k8s.io/kustomize/kyaml/openapi/kubernetesapi/v1_21_2"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

var updateSchema = flag.Bool("update-schema", false, "write kubernetes.pb from the schema of the kyaml module")

// TestSchemaIsThatOfKyaml makes kubernetes.pb from kyaml's schema. It fails where another version of kyaml brings another one.
func TestSchemaIsThatOfKyaml(t *testing.T) {
	t.Parallel()
	if len(kubernetesapi.OpenAPIMustAsset) != 1 {
		t.Fatalf("kyaml has %d schemas: the others are to be made smaller too", len(kubernetesapi.OpenAPIMustAsset))
	}
	document := theirSchema(t)
	small := &openapi_v2.Document{Definitions: document.GetDefinitions()}
	dropDescriptions(small.ProtoReflect())
	want, err := proto.MarshalOptions{Deterministic: true}.Marshal(small)
	if err != nil {
		t.Fatal(err)
	}
	if *updateSchema {
		if err := os.WriteFile("kubernetes.pb", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(want, kubernetesSchema) {
		t.Error("kubernetes.pb is not made of the schema of this version of kyaml: go test ./internal/render -run TestSchemaIsThatOfKyaml -update-schema")
	}
}

// TestSchemaSaysTheSame compares what kyaml parses of both: every definition in all but its texts, and of every kind that has a path whether
// it has a namespace.
func TestSchemaSaysTheSame(t *testing.T) {
	t.Parallel()
	var theirs, ours spec.Swagger
	parsed := func(document *openapi_v2.Document, into *spec.Swagger) {
		if _, err := into.FromGnostic(document); err != nil {
			t.Fatal(err)
		}
	}
	var small openapi_v2.Document
	if err := proto.Unmarshal(kubernetesSchema, &small); err != nil {
		t.Fatal(err)
	}
	parsed(theirSchema(t), &theirs)
	parsed(&small, &ours)
	if len(theirs.Definitions) < 500 || len(ours.Definitions) != len(theirs.Definitions) {
		t.Fatalf("%d definitions of %d", len(ours.Definitions), len(theirs.Definitions))
	}
	for name := range theirs.Definitions {
		want, got := withoutTexts(t, theirs.Definitions[name]), withoutTexts(t, ours.Definitions[name])
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %v, with kyaml's schema %v", name, got, want)
		}
	}
	kyamlSchema.mu.Lock() // other tests may have a schema of their own
	defer kyamlSchema.mu.Unlock()
	kinds := 0
	for path, item := range theirs.Paths.Paths {
		if item.Get == nil {
			continue
		}
		gvk, _ := item.Get.Extensions["x-kubernetes-group-version-kind"].(map[string]any)
		if gvk == nil {
			continue
		}
		kinds++
		kind := yaml.TypeMeta{APIVersion: gvk["version"].(string), Kind: gvk["kind"].(string)}
		if group := gvk["group"].(string); group != "" {
			kind.APIVersion = group + "/" + kind.APIVersion
		}
		if _, known := openapi.IsNamespaceScoped(kind); !known { // computed before, or it would have to come from the paths
			t.Errorf("%s: whether %v has a namespace is not known without the paths", path, kind)
		}
	}
	if kinds < 50 {
		t.Errorf("%d kinds have a path", kinds)
	}
}

func theirSchema(t *testing.T) *openapi_v2.Document {
	t.Helper()
	var document openapi_v2.Document
	if err := proto.Unmarshal(v1_21_2.MustAsset("kubernetesapi/v1_21_2/swagger.pb"), &document); err != nil {
		t.Fatal(err)
	}
	return &document
}

// dropDescriptions clears every field of this name, at any depth.
func dropDescriptions(m protoreflect.Message) {
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.Name() == "description":
			m.Clear(field)
		case field.Kind() == protoreflect.MessageKind && field.IsList():
			for i := range value.List().Len() {
				dropDescriptions(value.List().Get(i).Message())
			}
		case field.Kind() == protoreflect.MessageKind:
			dropDescriptions(value.Message())
		}
		return true
	})
}

// withoutTexts is a definition as JSON, without the descriptions: those that are texts, since a field may have that name.
func withoutTexts(t *testing.T, definition spec.Schema) any {
	t.Helper()
	text, err := json.Marshal(definition)
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	var drop func(any)
	drop = func(value any) {
		switch value := value.(type) {
		case map[string]any:
			for key, inner := range value {
				if _, isText := inner.(string); isText && key == "description" {
					delete(value, key)
				}
				drop(inner)
			}
		case []any:
			for _, inner := range value {
				drop(inner)
			}
		}
	}
	drop(value)
	return value
}
