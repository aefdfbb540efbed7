package fieldpath_test

import (
	"encoding/json"
	"testing"

	"github.com/org/platform/internal/placement/fieldpath"
)

func TestParseNormalises(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                                       "",
		"spec.template.spec.containers[0].image": "spec.template.spec.containers[0].image",
		`metadata.labels["app.kubernetes.io/part-of"]`: `metadata.labels["app.kubernetes.io/part-of"]`,
		`metadata.labels['a/b'].c`:                     `metadata.labels["a/b"].c`,
		`["metadata"]["name"]`:                         "metadata.name",
		`data["he said \"]\" twice"]`:                  `data["he said \"]\" twice"]`,
		"spec.containers[app]":                         "spec.containers.app",
		"[0][1]":                                       "[0][1]",
		"jobs.build.steps[2].with.persist-credentials": "jobs.build.steps[2].with.persist-credentials",
		"spec.template.metadata.annotations.Größe":     `spec.template.metadata.annotations["Größe"]`,
	} {
		path, err := fieldpath.Parse(in)
		if err != nil {
			t.Errorf("Parse(%q): %v", in, err)
			continue
		}
		if got := path.String(); got != want {
			t.Errorf("Parse(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, in := range []string{".", "a.", ".a", "a..b", "a[", "a[]", "a[0", `a["x]`, `a["x"`, "a['x]", "a[0]b", "a.[0]"} {
		if path, err := fieldpath.Parse(in); err == nil {
			t.Errorf("Parse(%q) = %v, want an error", in, path)
		}
	}
}

func TestFromList(t *testing.T) {
	t.Parallel()
	path, err := fieldpath.FromList([]any{"spec", "containers", json.Number("1"), "a/b"})
	if got, want := path.String(), `spec.containers[1]["a/b"]`; err != nil || got != want {
		t.Errorf("FromList = %s, %v; want %s", got, err, want)
	}
	for _, bad := range [][]any{{json.Number("-1")}, {json.Number("1.5")}, {true}, {nil}} {
		if path, err := fieldpath.FromList(bad); err == nil {
			t.Errorf("FromList(%v) = %v, want an error", bad, path)
		}
	}
}

func FuzzParseRoundTrips(f *testing.F) {
	f.Add(`a["b.c"][0].d`)
	f.Fuzz(func(t *testing.T, text string) {
		path, err := fieldpath.Parse(text)
		if err != nil {
			return
		}
		normal := path.String()
		again, err := fieldpath.Parse(normal)
		if err != nil || again.String() != normal {
			t.Errorf("%q became %q, which became %q, %v", text, normal, again, err)
		}
	})
}
