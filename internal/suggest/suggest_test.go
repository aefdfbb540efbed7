package suggest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/org/platform/internal/suggest"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	environments := []string{"dev", "staging", "prod", "prod-eu", "prod-us", "prod-ap"}
	for _, c := range []struct {
		word       string
		candidates []string
		want       []string
	}{
		{"prd", environments, []string{"prod"}},
		{"dve", environments, []string{"dev"}},
		{"Staging", environments, []string{"staging"}},
		{"prod-", environments, []string{"prod", "prod-eu", "prod-us"}}, // nearest first, no more than three
		{"stag", environments, []string{"staging"}},                     // a beginning is near, however short
		{"st", environments, nil},                                       // but not one of two letters
		{"qa", environments, nil},
		{"dev-eu", environments, []string{"dev"}}, // a name with too much behind it is near, too
		{"", []string{"a", "ab"}, nil},
		{"x", []string{"qa"}, nil}, // two changes of two letters leave nothing
		{"ab", []string{"cd", "ac"}, []string{"ac"}},
		{"recommendation-service", []string{"recommendations", "recomendation-servce"}, []string{"recomendation-servce", "recommendations"}},
		{strings.Repeat("x", 1<<20), environments, nil},
		{"anything", nil, nil},
	} {
		if diff := cmp.Diff(c.want, suggest.Nearest(c.word, c.candidates)); diff != "" {
			t.Errorf("%.30q: -want +got:\n%s", c.word, diff)
		}
	}
}

func TestHint(t *testing.T) {
	t.Parallel()
	many := make([]string, 15)
	for i := range many {
		many[i] = fmt.Sprintf("service-%c", 'a'+i)
	}
	for _, c := range []struct {
		word       string
		candidates []string
		want       string
	}{
		{"prd", []string{"dev", "prod"}, "did you mean prod?"},
		{"helo", []string{"hello", "help", "prod"}, "did you mean hello, help?"},
		{"zzz", []string{"dev", "prod"}, "known: dev, prod"},
		{"zzz", nil, "there are none"},
		{"zzz", many[:12], "known: " + strings.Join(many[:12], ", ")},
		{"zzz", many, "known: " + strings.Join(many[:12], ", ") + " and 3 more"},
	} {
		if got := suggest.Hint(c.word, c.candidates); got != c.want {
			t.Errorf("%q of %v\n got %s\nwant %s", c.word, c.candidates, got, c.want)
		}
	}
}
