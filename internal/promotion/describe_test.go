package promotion_test

import (
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/promotion"
	"github.com/org/platform/internal/release"
)

var update = flag.Bool("update", false, "write the golden files")

func image(name, digest string) release.Image {
	return release.Image{Name: name, NewName: "ghcr.io/org/" + name, Digest: "sha256:" + strings.Repeat(digest, 64)}
}

func changes(n int) []promotion.Change {
	var cs []promotion.Change
	for i := range n {
		cs = append(cs, promotion.Change{Hash: strings.Repeat(fmt.Sprintf("%02x", i), 20), Subject: fmt.Sprintf("Change %d", i), Author: "Ann"})
	}
	return cs
}

func TestCompareManifests(t *testing.T) {
	t.Parallel()
	object := func(kind, name, namespace, more string) string {
		text := "apiVersion: v1\nkind: " + kind + "\nmetadata:\n  name: " + name + "\n"
		if namespace != "" {
			text += "  namespace: " + namespace + "\n"
		}
		return text + more
	}
	file := func(objects ...string) string { return strings.Join(objects, "---\n") }
	a, b, c := object("A", "x", "ns", "spec: 1\n"), object("B", "x", "ns", ""), object("C", "x", "ns", "")
	for name, test := range map[string]struct {
		before, after string
		want          []string
	}{
		"the same":             {file(a, b), file(a, b), nil},
		"another order":        {file(a, b), file(b, a), nil},
		"everything is new":    {"", file(b, a), []string{"added B/x", "added A/x"}},
		"everything goes":      {file(a, b), "", []string{"removed A/x", "removed B/x"}},
		"each of them":         {file(b, a), file(c, strings.Replace(a, "1", "2", 1)), []string{"added C/x", "changed A/x", "removed B/x"}},
		"another name":         {file(a), file(object("A", "y", "ns", "spec: 1\n")), []string{"added A/y", "removed A/x"}},
		"another apiVersion":   {file(a), file(strings.Replace(a, "v1", "v2", 1)), []string{"changed A/x"}},
		"no newline at end":    {file(a), strings.TrimSpace(file(a)), nil},
		"starts with a marker": {file(a), "---\n" + file(a), nil},
		"a comment only":       {"", "# nothing\n", nil},
		"another namespace":    {file(a), file(object("A", "x", "other", "spec: 1\n")), []string{"added A/x in other", "removed A/x in ns"}},
		"two namespaces": {file(object("A", "x", "one", ""), object("A", "x", "two", "")), file(object("A", "x", "two", "spec: 1\n")),
			[]string{"changed A/x in two", "removed A/x in one"}},
		"with and without": {file(object("A", "x", "", "")), file(object("A", "x", "one", "")), []string{"added A/x in one", "removed A/x"}},
	} {
		objects, order := promotion.CompareManifests([]byte(test.before), []byte(test.after))
		var got []string
		for _, name := range order {
			got = append(got, objects[name]+" "+name)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
		if len(objects) != len(order) {
			t.Errorf("%s: %d objects, %d in order", name, len(objects), len(order))
		}
	}
}
