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

// TestXCommandLine: what is missing or wrong is said before anything is read, and
// the token is never shown.
func TestXCommandLine(t *testing.T) {
	const token = "1234567890-aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3aB3"
	for _, c := range []struct {
		name    string
		args    []string
		environ []string
		code    int
		want    string
	}{
		{"no token", []string{"collect", "x"}, nil, 2, "Bearer Token of an app of your own"},
		{"no file with the token", []string{"up", "--x", "--x-token-file", "no-such-file"}, nil, 1, "cannot read the token of X"},
		{"no budget", []string{"collect", "x"}, []string{"HUGOPS_X_TOKEN=AAAA"}, 2, "--x-budget-day"},
		{"a budget that buys nothing", []string{"collect", "x", "--x-budget-day", "0.01"}, []string{"HUGOPS_X_TOKEN=AAAA"}, 1, "does not buy 20 posts"},
		{"a user's token", []string{"collect", "x", "--x-budget-day", "5"}, []string{"HUGOPS_X_TOKEN=" + token}, 1, "a user's Access Token (OAuth 1.0a)"},
		{"until-idle with X", []string{"up", "--until-idle", "--x"}, nil, 2, "live source"},
		{"check without a token", []string{"collect", "x", "--check"}, nil, 1, "✗ X: X needs the Bearer Token"},
		{"check of a server that is not there", []string{"collect", "x", "--check", "--x-budget-day", "5"},
			[]string{"HUGOPS_X_TOKEN=AAAA", "HUGOPS_X_URL=http://127.0.0.1:1"}, 1, "✗ X: the rules of the filtered stream: listing the rules: cannot reach X"},
		{"check over http", []string{"collect", "x", "--check", "--x-budget-day", "5"},
			[]string{"HUGOPS_X_TOKEN=AAAA", "HUGOPS_X_URL=http://x.example"}, 1, "https only"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, out, errs := inProcess(append(c.args, "--data", t.TempDir()), c.environ, "")
			if code != c.code || !strings.Contains(out+errs, c.want) || strings.Contains(out+errs, token) {
				t.Errorf("exit code %d, want %d; output, wanted with %q:\n%s%s", code, c.code, c.want, out, errs)
			}
		})
	}
}
