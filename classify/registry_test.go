package classify

import (
	"slices"
	"strings"
	"testing"

	"github.com/hugops/hugops"
)

func TestRegistryIsSound(t *testing.T) {
	n, problems := CheckRegistry(servicesTSV)
	for _, p := range problems {
		t.Errorf("services.tsv:%d: %s", p.Line, p.Text)
	}
	if _, err := parseWords(wordsTSV); err != nil {
		t.Fatal(err)
	}
	if n < 330 {
		t.Errorf("%d services, want at least 330", n)
	}
}

// TestCheckRegistry has one mistake in each file.
func TestCheckRegistry(t *testing.T) {
	const header = "# a comment\nslug\tname\tparent\taliases\ttags\tx\tmastodon\tbluesky\tdomains\tstatus\tkind\n"
	line := func(columns ...string) string { // of the columns after the name, those that are no "-"
		f := append([]string{columns[0], strings.ToUpper(columns[0]), "-", columns[0] + columns[0], "-", "-", "-", "-", "-", "-", "-"}, "")
		for i := 1; i < len(columns); i += 2 {
			f[map[string]int{"name": 1, "parent": 2, "aliases": 3, "tags": 4, "x": 5, "mastodon": 6, "domains": 8, "status": 9, "kind": 10}[columns[i]]] = columns[i+1]
		}
		return strings.Join(f[:11], "\t") + "\n"
	}
	for name, c := range map[string]struct {
		file string
		line int
		want string // in the only problem; "" for none
	}{
		"nothing":               {line("a") + line("b", "parent", "a"), 0, ""},
		"Windows' line ends":    {strings.ReplaceAll(line("a"), "\n", "\r\n"), 0, ""},
		"a field is missing":    {"a\tA\n", 3, "2 fields, want 11"},
		"out of order":          {line("b") + line("a"), 4, "keep the file sorted"},
		"slug twice":            {line("a") + line("a"), 4, "keep the file sorted"},
		"slug with a space":     {line("a b", "name", "AB"), 3, `plain form "a-b"`},
		"no name":               {line("a", "name", ""), 3, "name is missing"},
		"no alias":              {line("a", "aliases", "-"), 3, "no alias"},
		"an empty alias":        {line("a", "aliases", "aa,,ab"), 3, "two commas"},
		"an alias twice":        {line("a", "aliases", "aa,aa"), 3, "twice"},
		"an alias of two":       {line("a", "aliases", "same") + line("b", "aliases", "same"), 4, "is a's already (line 3)"},
		"a spelling of two":     {line("a", "aliases", "sa me") + line("b", "aliases", "same"), 4, "is a's already"},
		"a word, not marked":    {line("a", "aliases", "zoom"), 3, `write "zoom?"`},
		"a word, marked":        {line("a", "aliases", "zoom?"), 0, ""},
		"mostly a word, marked": {line("a", "aliases", "ring??"), 0, ""},
		"an outage word":        {line("a", "aliases", "storing"), 3, `write "storing?"`},
		"a hashtag of two":      {line("a", "tags", "t") + line("b", "tags", "t"), 4, `hashtag "t" is a's already`},
		"a hashtag is a name":   {line("a", "aliases", "same") + line("b", "tags", "same"), 4, "is a name of a (line 3)"},
		"a hashtag with #":      {line("a", "tags", "#t"), 3, `neither "#"`},
		"an account of two":     {line("a", "x", "it") + line("b", "x", "it"), 4, "account \"x:it\" is a's already"},
		"an account with @":     {line("a", "x", "@it"), 3, "bare handle"},
		"Mastodon, no server":   {line("a", "mastodon", "it"), 3, "user@server"},
		"a domain of two":       {line("a", "domains", "a.com") + line("b", "domains", "a.com"), 4, "domain \"a.com\" is a's already"},
		"a domain with scheme":  {line("a", "domains", "https://a.com"), 3, "no bare domain"},
		"an unknown parent":     {line("a", "parent", "z"), 3, `parent "z" is no service`},
		"its own parent":        {line("a", "parent", "a"), 3, "part of itself"},
		"status over http":      {line("a", "status", "http://status.a.com"), 3, "no https address"},
		"an unknown kind":       {line("a", "status", "https://status.a.com", "kind", "blog"), 3, `kind "blog" is none of statuspage,`},
		"a kind and no page":    {line("a", "kind", "atom"), 3, "no status page"},
	} {
		_, problems := CheckRegistry(header + c.file)
		if c.want == "" {
			if len(problems) > 0 {
				t.Errorf("%s: %v, want nothing wrong", name, problems)
			}
			continue
		}
		if !slices.ContainsFunc(problems, func(p Problem) bool { return p.Line == c.line && strings.Contains(p.Text, c.want) }) {
			t.Errorf("%s: %v, want line %d with %q", name, problems, c.line, c.want)
		}
	}
	if _, problems := CheckRegistry(header + line("a", "parent", "b") + line("b", "parent", "c") + line("c", "parent", "a")); len(problems) != 3 {
		t.Errorf("three that are part of each other: %v, want a problem of each", problems)
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

// FuzzCheckRegistry: whatever a file holds, all that is wrong with it is told, and
// in a registry with nothing wrong each name leads to its service.
func FuzzCheckRegistry(f *testing.F) {
	f.Add(servicesTSV[strings.Index(servicesTSV, "slug\t"):][:3000])
	f.Add("h\na\tA\t-\taa\t-\t-\t-\t-\t-\t-\t-\n")
	f.Add("\n\n#\nh\n\t\t\t\t\t\t\t\t\t\t\n")
	f.Fuzz(func(t *testing.T, tsv string) {
		_, problems := CheckRegistry(tsv)
		if len(problems) > 0 {
			return
		}
		r, err := parseRegistry(tsv)
		if err != nil {
			t.Fatalf("nothing wrong, but %v", err)
		}
		for _, s := range r.All() {
			for _, a := range s.Aliases {
				if slug, _ := r.Lookup(a.Text); joined(a.Text) != "" && slug != s.Slug {
					t.Errorf("alias %q of %q leads to %q", a.Text, s.Slug, slug)
				}
			}
		}
	})
}
