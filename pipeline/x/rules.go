package x

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/hugops/hugops"
)

// Terms are what a service is called in posts.
type Terms struct {
	Names   []string // names that mean nothing else ("github", "amazon web services")
	Words   []string // names that are ordinary words as well ("slack")
	Handles []string // the provider's own accounts, without "@"
	Tags    []string // hashtags, without "#"
}

// limits are those of rules. X takes 1,024 characters in a rule and 512 in the
// query of a search or a count (pay-per-use); a rule of ours is a query as well.
type limits struct{ rules, length int }

var payPerUse = limits{rules: 1000, length: 512}

// longestSample is the room for " sample:NN" behind a query.
const longestSample = len(" sample:99")

const (
	tagPrefix = "hugops:"
	// standing is the service of the rule that is always there.
	standing      = ""
	standingQuery = "#hugops -is:retweet"
	noReposts     = " -is:retweet"
)

// about are words with which a name is about an outage, or about the people who
// mend it. Only what is named together with one of them is paid for.
const about = `(down OR outage OR outages OR offline OR unavailable OR broken OR crash OR crashed OR error OR errors OR incident OR "not working" OR issues` +
	` OR hugs OR hugops OR "on call" OR engineers OR fix OR fixed OR panne OR störung OR caído OR caiu OR "no funciona" OR 障害)`

// ownServices are X itself: its posts say nothing about its own outages (the
// developer policy forbids measuring X by its API).
var ownServices = []string{"x", "twitter"}

// rule is one rule of the filtered stream.
type rule struct {
	ID    string `json:"id,omitempty"`
	Value string `json:"value"`
	Tag   string `json:"tag,omitempty"`
}

// subject is a service with outages in reach, and the queries that find posts
// about it. The standing query for #hugops is a subject without outages.
type subject struct {
	service string
	outages []hugops.Outage
	queries []string
}

func (s *subject) tag() string { return tagPrefix + s.service }

// from is when posts about the oldest of the outages may have begun.
func (s *subject) from() time.Time {
	oldest := slices.MinFunc(s.outages, func(a, b hugops.Outage) int { return a.StartedAt.Compare(b.StartedAt) })
	return oldest.StartedAt.Add(-hugops.ReachBefore)
}

// plan groups the outages in reach at now by service, the newest first, after the
// standing subject. Outages of X itself, invented ones, and services of which
// nothing can be searched for have no part in it. The subjects beyond the limit of
// rules are left out and returned apart.
func plan(known []hugops.Outage, terms func(hugops.Outage) Terms, l limits, now time.Time) (subjects, beyond []*subject) {
	byService := make(map[string]*subject)
	for _, o := range known {
		if !o.InReach(now) || o.StartedAt.Add(-hugops.ReachBefore).After(now) || o.Demo || slices.Contains(ownServices, o.Service) {
			continue
		}
		s := byService[o.Service]
		if s == nil {
			s = &subject{service: o.Service, queries: terms(o).queries(l.length - longestSample)}
			byService[o.Service] = s
		}
		s.outages = append(s.outages, o)
	}
	ordered := slices.SortedFunc(maps.Values(byService), func(a, b *subject) int {
		return cmp.Or(b.from().Compare(a.from()), strings.Compare(a.service, b.service))
	})
	subjects = []*subject{{service: standing, queries: []string{standingQuery}}}
	rules, taken := 1, map[string]bool{standingQuery: true}
	for _, s := range ordered {
		s.queries = slices.DeleteFunc(s.queries, func(q string) bool { return taken[q] }) // X refuses the same rule twice
		switch {
		case len(s.queries) == 0:
		case rules+len(s.queries) > l.rules:
			beyond = append(beyond, s)
		default:
			rules += len(s.queries)
			for _, q := range s.queries {
				taken[q] = true
			}
			subjects = append(subjects, s)
		}
	}
	return subjects, beyond
}

// queries packs the terms into as few queries of at most length characters as
// they need. A name counts beside a word of about; what speaks for itself
// (#githubdown, "slack is down") counts alone.
func (t Terms) queries(length int) []string {
	var named, alone []string
	for _, name := range t.Names {
		named = add(named, quoted(name))
	}
	for _, handle := range t.Handles {
		named = add(named, operator("@", handle))
	}
	for _, tag := range t.Tags {
		if strings.HasSuffix(tag, "down") || strings.HasSuffix(tag, "outage") {
			alone = add(alone, operator("#", tag))
		} else {
			named = add(named, operator("#", tag))
		}
	}
	for _, name := range t.Names {
		for _, end := range []string{"down", "outage"} {
			alone = add(alone, operator("#", strings.ReplaceAll(name, " ", "")+end))
		}
	}
	for _, word := range t.Words {
		for _, end := range []string{"down", "outage"} {
			alone = add(alone, operator("#", strings.ReplaceAll(word, " ", "")+end))
		}
		for _, end := range []string{"is down", "outage", "down"} {
			if q := quoted(word); q != "" {
				alone = add(alone, quoted(word+" "+end))
			}
		}
	}
	return append(pack(named, " "+about+noReposts, length), pack(alone, noReposts, length)...)
}

func add(terms []string, term string) []string {
	if term == "" || slices.Contains(terms, term) {
		return terms
	}
	return append(terms, term)
}

// pack joins terms by OR in parentheses, each group before end.
func pack(terms []string, end string, length int) []string {
	var queries, group []string
	room := length - runes("()"+end)
	used := 0
	flush := func() {
		if len(group) > 0 {
			queries = append(queries, "("+strings.Join(group, " OR ")+")"+end)
		}
		group, used = nil, 0
	}
	for _, term := range terms {
		n := runes(term)
		if n > room {
			continue
		}
		if len(group) > 0 && used+len(" OR ")+n > room {
			flush()
		}
		if len(group) > 0 {
			used += len(" OR ")
		}
		group, used = append(group, term), used+n
	}
	flush()
	return queries
}

func runes(s string) int { return len([]rune(s)) }

// quoted is a phrase as X reads it; "" when nothing of it can be searched for.
func quoted(name string) string {
	name = strings.Join(strings.FieldsFunc(name, func(r rune) bool {
		return unicode.IsSpace(r) || r == '"' || r == '\\' || !unicode.IsPrint(r)
	}), " ")
	if strings.IndexFunc(name, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) < 0 {
		return ""
	}
	return `"` + name + `"`
}

// operator is "@name" or "#tag"; "" when it has signs that those never have.
func operator(sign, name string) string {
	bad := func(r rune) bool {
		return r != '_' && !unicode.IsLetter(r) && (sign == "@" || !unicode.IsMark(r)) && !unicode.IsDigit(r)
	}
	digits := strings.Trim(name, "0123456789_") == "" // no hashtag
	if name == "" || strings.IndexFunc(name, bad) >= 0 || digits && sign == "#" {
		return ""
	}
	return sign + strings.ToLower(name)
}

// rulesOf writes the rules of subjects. All but the standing one let so many
// percent of the posts through.
func rulesOf(subjects []*subject, sample int) []rule {
	var rules []rule
	for _, s := range subjects {
		for _, q := range s.queries {
			if sample < 100 && s.service != standing {
				q += " sample:" + strconv.Itoa(sample)
			}
			rules = append(rules, rule{Value: q, Tag: s.tag()})
		}
	}
	return rules
}

// diff says which of the rules at X are to go, and which are missing there. A rule
// with another tag is another rule: X cannot change a tag.
func diff(have, want []rule) (remove []string, missing []rule) {
	wanted := make(map[rule]bool, len(want))
	for _, r := range want {
		wanted[rule{Value: r.Value, Tag: r.Tag}] = true
	}
	for _, r := range have {
		key := rule{Value: r.Value, Tag: r.Tag}
		if !wanted[key] {
			remove = append(remove, r.ID)
		}
		delete(wanted, key)
	}
	for _, r := range want {
		if wanted[r] {
			missing = append(missing, r)
		}
	}
	return remove, missing
}

// rulesError is what X says of rules that it does not take.
type rulesError []problem

func (e rulesError) Error() string {
	text := fmt.Sprintf("X finds fault with %d rules", len(e))
	for _, p := range e[:min(3, len(e))] {
		text += fmt.Sprintf("; %s (%s)", p.String(), printable(p.Value))
	}
	return text
}
