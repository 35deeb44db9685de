package main

import (
	"strings"
	"testing"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/classify"
)

// TestTermsOfX: every service of the registry can be searched for on X, and a name
// that is mostly an ordinary word is not searched for.
func TestTermsOfX(t *testing.T) {
	for _, s := range classify.Services().All() {
		terms := termsOfX(hugops.Outage{Service: s.Slug})
		if len(terms.Names)+len(terms.Words)+len(terms.Handles) == 0 {
			t.Errorf("%s: nothing to search for", s.Slug)
		}
	}
	for _, c := range []struct{ service, name, want, not string }{
		{"github", "GitHub", "github", ""},
		{"slack", "Slack", "slackhq", ""},
		{"GitHub", "", "github", ""},
		{"my-shop", "My Shop", "My Shop", ""},
		{"my-shop", "", "my-shop", ""},
		{"x", "X", "twitter", "x"},
	} {
		terms := termsOfX(hugops.Outage{Service: c.service, ServiceName: c.name})
		all := append(append(append([]string{}, terms.Names...), terms.Words...), terms.Handles...)
		if text := " " + strings.Join(all, " , ") + " "; !strings.Contains(text, c.want) {
			t.Errorf("%s: %q, want %q", c.service, text, c.want)
		}
		for _, n := range append(append([]string{}, terms.Names...), terms.Words...) {
			if n == c.not && c.not != "" {
				t.Errorf("%s is searched for as %q", c.service, n)
			}
		}
	}
}
