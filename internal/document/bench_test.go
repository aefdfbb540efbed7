package document_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/org/platform/internal/document"
	"github.com/org/platform/internal/placement/fieldpath"
)

func benchmarkManifest() []byte {
	var b strings.Builder
	b.WriteString("apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n      containers:\n")
	for i := range 19 {
		fmt.Fprintf(&b, "        - name: c%d\n          image: registry.example.com/team/app%d@sha256:%064d\n          ports:\n            - containerPort: 80\n"+
			"          resources:\n            limits:\n              memory: 64Mi\n          env:\n            - name: A\n              value: \"1\"\n", i, i, i)
	}
	return []byte(b.String())
}

func BenchmarkParseAndLocate(b *testing.B) {
	data := benchmarkManifest()
	path, err := fieldpath.Parse("spec.template.spec.containers[18].resources.limits.memory")
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		docs, err := document.Parse("a.yaml", data)
		if err != nil || docs[0].Locate(path).Line < 190 {
			b.Fatal(docs, err)
		}
	}
}

func BenchmarkLocate(b *testing.B) {
	doc := parse(b, "a.yaml", string(benchmarkManifest()))[0]
	path, err := fieldpath.Parse("spec.template.spec.containers[18].resources.limits.memory")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		doc.Locate(path)
	}
}

func BenchmarkOneLineOfAMegabyte(b *testing.B) {
	for _, file := range []string{"a.json", "a.yaml"} {
		b.Run(file, func(b *testing.B) {
			text := `{"ö": "x"` + strings.Repeat(`, "key": {"a": [1, "text", true]}`, 1)
			for i := range 30_000 {
				text += fmt.Sprintf(`, "key%d": {"a": [1, "t", true]}`, i)
			}
			data := []byte(text + "}")
			path := fieldpath.Path{fieldpath.Key("key29999"), fieldpath.Key("a"), fieldpath.Index(1)}
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				docs, err := document.Parse(file, data)
				if err != nil || docs[0].Locate(path).Line != 1 {
					b.Fatal(err)
				}
			}
		})
	}
}
