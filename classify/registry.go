package classify

import (
	_ "embed"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"unicode"

	"github.com/hugops/hugops"
)

//go:embed services.tsv
var servicesTSV string

// Alias is one thing that people call a service, in lower case.
type Alias struct {
	Text string
	// Word marks a name that is an ordinary word or abbreviation as well
	// ("slack"), Common one that mostly is ("line", "box", "x"): the post must
	// support the first, and spell the second with a capital.
	Word, Common bool
}

// Service is one service that people name.
type Service struct {
	Slug, Name string
	Parent     string // slug of the service that this is a part of, or ""
	Aliases    []Alias
	Tags       []string                    // hashtags without "#", lower case
	Handles    map[hugops.Network][]string // the provider's own accounts, without "@", lower case
	Domains    []string                    // its sites, lower case
	StatusURL  string                      // its status page, or ""
	StatusKind string                      // one of StatusKinds, or ""
	line       int                         // of the file
}

// Registry is the list of known services. It is immutable.
type Registry struct {
	services []Service
	bySlug   map[string]int
	byKey    map[string]int // joined name or alias → service
	byTag    map[string]int // hashtag besides the names → service
	accounts map[string]int // network + ":" + handle → service
	byDomain map[string]int
	byStatus map[string]int // host of the status page, where it serves nothing else
}

var services = sync.OnceValue(func() *Registry {
	r, err := parseRegistry(servicesTSV)
	if err != nil {
		panic("classify: services.tsv: " + err.Error()) // a test parses the file
	}
	return r
})

// Services returns the embedded registry, which is parsed once.
func Services() *Registry { return services() }

// All lists the services by slug. The caller must not change them.
func (r *Registry) All() []Service { return r.services }

// Lookup finds a service by its slug, name or alias, in any case and spacing:
// "GitHub", "github" and "git hub" are all github. An unknown name comes back
// as it is, with its slug.
func (r *Registry) Lookup(nameOrSlug string) (slug, name string) {
	s := strings.ToLower(strings.TrimSpace(nameOrSlug))
	i, ok := r.bySlug[s]
	if !ok {
		i, ok = r.byKey[joined(s)]
	}
	if ok {
		return r.services[i].Slug, r.services[i].Name
	}
	return hugops.Slug(nameOrSlug), nameOrSlug
}

// Account returns the slug of the service whose own account handle is, and ""
// for everybody else. The handle may have its "@", and on Mastodon it must have
// its server ("user@server"): anybody can take a name on another server. On
// Bluesky a handle is a domain, so one that equals a domain of the service is
// the service's.
func (r *Registry) Account(network hugops.Network, handle string) string {
	h := strings.ToLower(strings.TrimPrefix(strings.TrimSpace(handle), "@"))
	if i, ok := r.accounts[accountKey(network, h)]; ok {
		return r.services[i].Slug
	}
	return ""
}

func accountKey(n hugops.Network, handle string) string { return string(n) + ":" + handle }

// joined strips everything but letters, digits and the few signs that tell
// names apart ("Disney+", "AT&T").
func joined(name string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(name) {
		if unicode.IsLetter(c) || unicode.IsDigit(c) || c == '+' || c == '&' {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// columns of services.tsv.
const (
	colSlug = iota
	colName
	colParent
	colAliases
	colTags
	colX
	colMastodon
	colBluesky
	colDomains
	colStatus
	colKind
	columns
)

// parseRegistry reads a registry; its error is the first thing wrong with it.
func parseRegistry(tsv string) (*Registry, error) {
	r, problems := readRegistry(tsv)
	if len(problems) > 0 {
		return nil, problems[0]
	}
	return r, nil
}

// readRegistry reads a registry and goes on behind what is wrong, so that all of
// it is told at once.
func readRegistry(tsv string) (r *Registry, problems []Problem) {
	r = &Registry{bySlug: map[string]int{}, byKey: map[string]int{}, accounts: map[string]int{},
		byTag: map[string]int{}, byDomain: map[string]int{}, byStatus: map[string]int{}}
	header := true
	for n, line := range strings.Split(tsv, "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		if header {
			header = false
			continue
		}
		f := strings.Split(strings.TrimSuffix(line, "\r"), "\t")
		if len(f) != columns {
			problems = append(problems, Problem{n + 1, fmt.Sprintf("it has %d fields, want %d parted by tabs (\"-\" for nothing)", len(f), columns)})
			continue
		}
		s := parseService(f)
		s.line = n + 1
		for _, text := range r.add(s) {
			problems = append(problems, Problem{n + 1, text})
		}
	}
	problems = append(problems, r.parentProblems()...)
	if len(problems) == 0 {
		r.addStatusHosts()
	}
	return r, problems
}

// parentProblems are parents that nobody knows, and services that are part of
// themselves by way of others.
func (r *Registry) parentProblems() (problems []Problem) {
	for i := range r.services {
		s := &r.services[i]
		if _, ok := r.bySlug[s.Parent]; s.Parent != "" && !ok {
			problems = append(problems, Problem{s.line, fmt.Sprintf("%s: parent %q is no service of the file: add it, or write \"-\"", s.Slug, s.Parent)})
			continue
		}
		up, steps := s, 0
		for up.Parent != "" && steps <= len(r.services) {
			j, ok := r.bySlug[up.Parent]
			if !ok {
				break
			}
			up, steps = &r.services[j], steps+1
			if up == s {
				problems = append(problems, Problem{s.line, fmt.Sprintf("%s: is a part of itself, by way of parent %q: one of the two must have no parent", s.Slug, s.Parent)})
				break
			}
		}
	}
	return problems
}

func parseService(f []string) Service {
	one := func(col int) string { return strings.TrimPrefix(f[col], "-") }
	list := func(col int) []string {
		if f[col] == "-" {
			return nil
		}
		return strings.Split(strings.ToLower(f[col]), ",")
	}
	s := Service{Slug: f[colSlug], Name: f[colName], Parent: one(colParent), Tags: list(colTags),
		Domains: list(colDomains), StatusURL: one(colStatus), StatusKind: one(colKind),
		Handles: map[hugops.Network][]string{hugops.X: list(colX), hugops.Mastodon: list(colMastodon), hugops.Bluesky: list(colBluesky)}}
	for _, a := range list(colAliases) {
		text := strings.TrimRight(a, "?")
		s.Aliases = append(s.Aliases, Alias{Text: text, Word: len(text) < len(a), Common: strings.HasSuffix(a, "??")})
	}
	return s
}

// add appends a service and its keys, and says what two services must not share.
func (r *Registry) add(s Service) (problems []string) {
	i := len(r.services)
	if i > 0 && r.services[i-1].Slug >= s.Slug {
		problems = append(problems, fmt.Sprintf("%s stands after %s: keep the file sorted by slug", s.Slug, r.services[i-1].Slug))
	}
	r.services = append(r.services, s)
	r.bySlug[s.Slug] = i
	claim := func(m map[string]int, what, key string) {
		if j, ok := m[key]; ok && j != i {
			problems = append(problems, fmt.Sprintf("%s: %s %q is %s's already (line %d): only one of them can have it", s.Slug, what, key, r.services[j].Slug, r.services[j].line))
			return
		}
		m[key] = i
	}
	claim(r.byKey, "name", joined(s.Slug))
	claim(r.byKey, "name", joined(s.Name))
	for _, a := range s.Aliases {
		claim(r.byKey, "alias", joined(a.Text))
	}
	for _, tag := range s.Tags {
		claim(r.byTag, "hashtag", tag)
	}
	for _, d := range s.Domains {
		claim(r.byDomain, "domain", d)
		claim(r.accounts, "account", accountKey(hugops.Bluesky, d))
	}
	for _, n := range hugops.Networks {
		for _, h := range s.Handles[n] {
			claim(r.accounts, "account", accountKey(n, h))
		}
	}
	return problems
}

// addStatusHosts notes the hosts of status pages that belong to one service (or
// one and its parts) and are no ordinary site of a service, as "www.google.com" is.
func (r *Registry) addStatusHosts() {
	const several = -1
	for i, s := range r.services {
		host := hostOf(s.StatusURL)
		if host == "" {
			continue
		}
		if _, ok := r.byDomain[host]; ok {
			continue
		}
		if j, ok := r.byStatus[host]; ok && j != several {
			switch {
			case r.services[j].Slug == s.Parent:
				i = j
			case r.services[j].Parent != s.Slug:
				i = several
			}
		}
		r.byStatus[host] = i
	}
	for host, i := range r.byStatus {
		if i == several {
			delete(r.byStatus, host)
		}
	}
}

// hostOf is the host of an address without "www.", in lower case, or "".
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
}
