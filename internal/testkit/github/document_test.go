package github

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/org/platform/internal/testkit"
)

// The server has what the description has.
func TestOperations(t *testing.T) {
	t.Parallel()
	d, err := description()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Validate(t.Context()); err != nil {
		t.Error(err)
	}
	var described []string
	for _, item := range d.Paths.Map() {
		for _, operation := range item.Operations() {
			described = append(described, operation.OperationID)
		}
	}
	slices.Sort(described)
	if handled := slices.Sorted(maps.Keys(operations())); !slices.Equal(described, handled) {
		t.Errorf("described are %v\nhandled are %v", described, handled)
	}
	if len(openAPI) > 400_000 {
		t.Errorf("openapi.json has %d bytes", len(openAPI))
	}
}

// An answer that GitHub would not give is a violation too.
func TestResponseViolations(t *testing.T) {
	t.Parallel()
	d, err := description()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.request(httptest.NewRequest(http.MethodPut, apiRoot+"/repos/o/n/pulls/1/merge", nil), []byte("{}")); err == nil {
		t.Error("without the type of its content: no error")
	}
	r := httptest.NewRequest(http.MethodPut, apiRoot+"/repos/o/n/pulls/1/merge", nil)
	r.Header.Set("Content-Type", "application/json")
	c, err := d.request(r, []byte("{}"))
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{"Content-Type": {"application/json"}}
	for body, want := range map[string]string{
		`{"sha":"a","merged":true,"message":"m"}`:  "",
		`{"sha":"a","merged":"yes","message":"m"}`: "/merged: value must be a boolean",
		`{"merged":true,"message":"m"}`:            `/sha: property "sha" is missing`,
		`[]`:                                       "value must be an object",
	} {
		err := d.response(c, http.StatusOK, header, []byte(body))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v", body, err)
		}
	}
	if err := d.response(c, http.StatusCreated, header, []byte(`{}`)); err == nil {
		t.Error("a status that is not described: no error")
	}
}

func BenchmarkListPulls(b *testing.B) {
	remote := testkit.NewRemote(b)
	remote.Import("commit refs/heads/main\ncommitter A <a@example.com> 1767600000 +0000\ndata 1\na\ncommit refs/heads/b\ncommitter A <a@example.com> 1767600000 +0000\n" +
		"data 1\nb\nfrom refs/heads/main\n")
	s := New(b, remote, Options{})
	for n := range 100 {
		if _, err := s.OpenFork("eve", "t", "eve/fork", "b"+string(rune('0'+n)), remote.Git("rev-parse", "b"), "main"); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		r := httptest.NewRequest(http.MethodGet, apiRoot+"/repos/org/platform/pulls?per_page=100", nil)
		r.Header.Set("Authorization", "Bearer "+s.Token)
		s.serve(httptest.NewRecorder(), r)
	}
}
