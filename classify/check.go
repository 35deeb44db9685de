package classify

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/hugops/hugops"
)

// StatusKinds are the kinds of status pages that a registry may name.
var StatusKinds = []string{"statuspage", "incidentio", "instatus", "google", "aws", "azure", "slack", "statusio", "cachet", "betterstack", "heroku", "atom", "rss"}

// Problem is one thing wrong with a registry, and what to do about it.
type Problem struct {
	Line int // from 1
	Text string
}

func (p Problem) Error() string { return fmt.Sprintf("line %d: %s", p.Line, p.Text) }

// RegistryFile is the embedded registry as it stands in the repository.
func RegistryFile() string { return servicesTSV }

// CheckRegistry reads a registry of services and returns how many it has and all
// that is wrong with it, in the order of its lines.
func CheckRegistry(tsv string) (services int, problems []Problem) {
	r, problems := readRegistry(tsv)
	for i := range r.services {
		s := &r.services[i]
		for _, texts := range [][]string{s.nameProblems(), s.entityProblems(), s.statusProblems(), r.tagProblems(i)} {
			for _, text := range texts {
				problems = append(problems, Problem{s.line, s.Slug + ": " + text})
			}
		}
	}
	slices.SortStableFunc(problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return len(r.services), problems
}

// nameProblems are those of slug, name and aliases.
func (s *Service) nameProblems() (problems []string) {
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if s.Slug == "" || s.Slug != hugops.Slug(s.Slug) {
		say("the slug is not in its plain form %q", hugops.Slug(s.Slug))
	}
	if s.Name == "" {
		say("the name is missing: write what the provider calls it")
	}
	if len(s.Aliases) == 0 {
		say("it has no alias: write what people call it")
	}
	for i, a := range s.Aliases {
		switch {
		case a.Text == "":
			say("an alias is empty: two commas stand side by side")
		case a.Text != foldString(a.Text) || a.Text != strings.TrimSpace(a.Text):
			say("alias %q is not in its plain form %q", a.Text, strings.TrimSpace(foldString(a.Text)))
		case !a.Word && wordLike(a.Text):
			say("alias %q is an ordinary word or outage word as well: write \"%s?\", or \"%s??\" if it mostly is", a.Text, a.Text, a.Text)
		case slices.ContainsFunc(s.Aliases[:i], func(b Alias) bool { return b.Text == a.Text }):
			say("alias %q stands there twice", a.Text)
		}
	}
	return problems
}

// wordLike reports whether an alias is a word besides: one that words.tsv knows.
// ordinary.txt would not do: everyday posts have the names of brands in them.
func wordLike(alias string) bool { return words().named[alias] || isOutageWord(alias) }

// entityProblems are those of hashtags, accounts and domains.
func (s *Service) entityProblems() (problems []string) {
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	for _, t := range s.Tags {
		if t == "" || strings.ContainsAny(t, "#@ .-/") {
			say("hashtag %q must have neither \"#\" nor spaces nor signs", t)
		}
	}
	for _, n := range hugops.Networks {
		for _, h := range s.Handles[n] {
			if h == "" || strings.HasPrefix(h, "@") || strings.ContainsAny(h, " /") {
				say("account %q on %s must be the bare handle, without \"@\" before it", h, n.Name())
			}
			if at := strings.Count(h, "@"); n == hugops.Mastodon && at != 1 {
				say("account %q on Mastodon must name its server: user@server", h)
			}
		}
	}
	for _, d := range s.Domains {
		if strings.ContainsAny(d, "/:@ ") || !strings.Contains(d, ".") || strings.HasPrefix(d, "www.") {
			say("%q is no bare domain: write \"example.com\", without scheme, \"www.\" and path", d)
		}
	}
	return problems
}

// statusProblems are those of the status page.
func (s *Service) statusProblems() (problems []string) {
	if u, err := url.Parse(s.StatusURL); s.StatusURL != "" && (err != nil || u.Scheme != "https" || !strings.Contains(u.Host, ".") || u.User != nil) {
		problems = append(problems, fmt.Sprintf("status page %q is no https address", s.StatusURL))
	}
	if s.StatusKind != "" && !slices.Contains(StatusKinds, s.StatusKind) {
		problems = append(problems, fmt.Sprintf("kind %q is none of %s", s.StatusKind, strings.Join(StatusKinds, ", ")))
	}
	if s.StatusKind != "" && s.StatusURL == "" {
		problems = append(problems, fmt.Sprintf("it has kind %q and no status page: write its address, or \"-\" for the kind", s.StatusKind))
	}
	return problems
}

// tagProblems are hashtags that are another service's name.
func (r *Registry) tagProblems(i int) (problems []string) {
	for _, t := range r.services[i].Tags {
		if j, ok := r.byKey[joined(t)]; ok && j != i {
			problems = append(problems, fmt.Sprintf("hashtag %q is a name of %s (line %d)", t, r.services[j].Slug, r.services[j].line))
		}
	}
	return problems
}
