package classify

import (
	"strings"
	"testing"

	"github.com/hugops/hugops"
)

func TestRegistryIsSound(t *testing.T) {
	if _, err := parseRegistry(servicesTSV); err != nil {
		t.Fatal(err)
	}
	if _, err := parseWords(wordsTSV); err != nil {
		t.Fatal(err)
	}
	if n := len(Services().All()); n < 80 {
		t.Errorf("%d services, want at least 80", n)
	}
	for _, s := range Services().All() {
		if s.Slug != hugops.Slug(s.Slug) || s.Name == "" || len(s.Aliases) == 0 {
			t.Errorf("%q: needs a slug in its plain form, a name and an alias", s.Slug)
		}
		if s.StatusURL != "" && !strings.HasPrefix(s.StatusURL, "https://") {
			t.Errorf("%s: status page %q is not https", s.Slug, s.StatusURL)
		}
		for _, a := range s.Aliases {
			if foldString(a.Text) != a.Text {
				t.Errorf("%s: alias %q is not in its folded form %q", s.Slug, a.Text, foldString(a.Text))
			}
		}
		for _, d := range s.Domains {
			if strings.ContainsAny(d, "/:@ ") || !strings.Contains(d, ".") {
				t.Errorf("%s: %q is no domain", s.Slug, d)
			}
		}
	}
}

func TestRegistrySaysWhatClashes(t *testing.T) {
	const header = "slug\tname\tparent\taliases\ttags\tx\tmastodon\tbluesky\tdomains\tstatus\tkind\n"
	line := func(slug, name, parent, aliases, x, domains string) string {
		return strings.Join([]string{slug, name, parent, aliases, "-", x, "-", "-", domains, "-", "-"}, "\t") + "\n"
	}
	for name, c := range map[string]struct{ file, want string }{
		"fields":  {"a\tA\n", "2 fields"},
		"order":   {line("b", "B", "-", "bb", "-", "-") + line("a", "A", "-", "aa", "-", "-"), "sorted"},
		"alias":   {line("a", "A", "-", "same", "-", "-") + line("b", "B", "-", "same", "-", "-"), "is a's already"},
		"account": {line("a", "A", "-", "aa", "it", "-") + line("b", "B", "-", "bb", "it", "-"), "is a's already"},
		"domain":  {line("a", "A", "-", "aa", "-", "a.com") + line("b", "B", "-", "bb", "-", "a.com"), "is a's already"},
		"parent":  {line("a", "A", "z", "aa", "-", "-"), "no service of the file"},
	} {
		if _, err := parseRegistry(header + c.file); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}

func TestLookup(t *testing.T) {
	for in, want := range map[string][2]string{
		"GitHub":               {"github", "GitHub"},
		"github":               {"github", "GitHub"},
		" git hub ":            {"github", "GitHub"},
		"Amazon Web Services":  {"aws", "AWS"},
		"AT&T":                 {"att", "AT&T"},
		"Disney+":              {"disney-plus", "Disney+"},
		"docker-hub":           {"docker-hub", "Docker Hub"},
		"crates.io":            {"crates-io", "crates.io"},
		"X":                    {"x", "X"},
		"Nimbus Cloud":         {"nimbus-cloud", "Nimbus Cloud"},
		"":                     {"", ""},
		"Let’s not know this!": {"let-s-not-know-this", "Let’s not know this!"},
	} {
		if slug, name := Services().Lookup(in); slug != want[0] || name != want[1] {
			t.Errorf("Lookup(%q) = %q, %q, want %q, %q", in, slug, name, want[0], want[1])
		}
	}
}

func TestAccount(t *testing.T) {
	for _, c := range []struct {
		network      hugops.Network
		handle, want string
	}{
		{hugops.X, "githubstatus", "github"},
		{hugops.X, "@GitHubStatus", "github"},
		{hugops.X, "@AWSSupport", "aws"},
		{hugops.X, "@octocat", ""},
		{hugops.Mastodon, "@letsencrypt@infosec.exchange", "lets-encrypt"},
		{hugops.Mastodon, "githubstatus@example.social", ""}, // anybody can take that name
		{hugops.Mastodon, "githubstatus", ""},
		{hugops.Bluesky, "github.com", "github"}, // a handle there is a domain
		{hugops.Bluesky, "github.com.example.org", ""},
		{hugops.Bluesky, "status.bsky.app", "bluesky"},
		{hugops.X, "", ""},
	} {
		if got := Services().Account(c.network, c.handle); got != c.want {
			t.Errorf("Account(%s, %q) = %q, want %q", c.network, c.handle, got, c.want)
		}
	}
}
