package classify

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/hugops/hugops"
)

// LinkThreshold is the least probability of a link that is kept.
const LinkThreshold = 0.5

// Probabilities that the post means an outage of the service at all, by what
// names the service, before time and rivals are weighed.
const (
	pPage    = 0.99 // the address of the incident itself
	pStatus  = 0.95 // an address on the service's status page
	pNamed   = 0.92 // name, handle, hashtag or site, and words of an outage
	pAuthor  = 0.90 // the provider's own account
	pWord    = 0.86 // a name that is a word too, and words of an outage
	pStirred = 0.66 // a name without any word of an outage, which means it all the same (context.go)
	pUnknown = 0.75 // the same of a service that the registry does not know: few speak of it on other days
	pMax     = 0.98
	unmeant  = 0.45 // what is left of these where something else is meant (context.go)
	perScope = 0.03 // more for a component or title word that the post names
)

// How far an outage of a relative of the named service is meant.
const (
	kinSelf   = 1.0
	kinParent = 0.95 // S3 is named, AWS is out
	kinPart   = 0.75 // AWS is named, S3 is out
	cascade   = 0.60 // Slack is named and out, since AWS is
)

// known is an outage with what its candidates are told apart by.
type known struct {
	outage     hugops.Outage
	parent     int32    // the outage that it fell with, or -1
	components []string // folded names
	regions    []string // the same
	words      []string // folded words of the title that say something
}

func newKnown(o *hugops.Outage) known {
	k := known{outage: *o, parent: -1}
	for _, c := range o.Components {
		if c = strings.TrimSpace(foldString(c)); len(c) > 2 && !slices.Contains(k.components, c) {
			k.components = append(k.components, c)
		}
	}
	for _, r := range o.Regions {
		if r = strings.TrimSpace(foldString(r)); len(r) > 2 && !slices.Contains(k.components, r) && !slices.Contains(k.regions, r) {
			k.regions = append(k.regions, r)
		}
	}
	name := foldString(o.ServiceName + " " + o.Service)
	for _, w := range strings.FieldsFunc(foldString(o.Title), func(r rune) bool { return r == ' ' || strings.ContainsRune(".,:;!?()[]\"/", r) }) {
		if len(w) > 3 && !strings.Contains(name, w) && !plainTitleWords[w] && !isOutageWord(w) && !slices.Contains(k.words, w) {
			k.words = append(k.words, w)
		}
	}
	return k
}

func isOutageWord(w string) bool { _, ok := words().outage[w]; return ok }

// plainTitleWords are words of titles that tell no incident from another.
var plainTitleWords = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(`with from some users user customers customer issue issues problem problems increased elevated
		experiencing impacting impacted affecting affected multiple services service systems system across requests request for and the
		this that when while performance access availability partial major minor intermittently currently investigation been have
		may possible several unable using status update degradation`) {
		m[w] = true
	}
	return m
}()

// candidate is an outage that a post may be about.
type candidate struct {
	outage int32
	base   float64 // that an outage of the service is meant, at this time
	weight float64 // against its rivals
	scope  int     // components and title words that the post names
	when   string
}

// Link returns the services that a post names, in its order, and the outages
// that it is about with at least LinkThreshold, most probable first. A post that
// names no service and no incident is linked to nothing. Posts on X are never
// linked to an outage of X: its API's terms forbid to measure its availability.
// A post without a time may be about an outage of any time.
func (l *Linker) Link(p *hugops.Post) (services []string, links []hugops.Link) {
	s := scans.Get().(*scan)
	defer scans.Put(s)
	l.read(s, p)
	for _, t := range s.found {
		services = append(services, l.targets[t].slug)
	}
	for _, o := range s.outages {
		k := &l.outages[o]
		if f, when := timeFactor(&k.outage, p.PostedAt); f > 0 {
			links = addLink(links, hugops.Link{Outage: k.outage.ID, Probability: pPage,
				Evidence: []string{"url:" + hostOf(k.outage.URL), when}})
		}
	}
	for _, t := range s.found {
		if c, ok := l.best(s, t); ok {
			links = addLink(links, l.explain(s, t, c))
		}
	}
	links = l.addCascades(p, links)
	if p.Network == hugops.X {
		links = slices.DeleteFunc(links, func(k hugops.Link) bool { return l.ofX[k.Outage] })
	}
	slices.SortFunc(links, func(a, b hugops.Link) int {
		switch {
		case a.Probability > b.Probability:
			return -1
		case a.Probability < b.Probability:
			return 1
		}
		return strings.Compare(a.Outage, b.Outage)
	})
	return services, links
}

// Troubled returns those of the services that a post names which it says are in
// trouble now, whether an outage of them is known or not. What X's own posts say of
// X is left out, as in Link.
func (l *Linker) Troubled(p *hugops.Post) (services []string) {
	s := scans.Get().(*scan)
	defer scans.Put(s)
	l.read(s, p)
	for _, t := range s.found {
		slug := l.targets[t].slug
		if c := s.around(t); s.about() && s.meant(t, &c) && !(p.Network == hugops.X && slug == "x") {
			services = append(services, slug)
		}
	}
	return services
}

// addLink adds a link, or keeps the more probable of two to the same outage.
func addLink(links []hugops.Link, n hugops.Link) []hugops.Link {
	for i := range links {
		if links[i].Outage == n.Outage {
			if n.Probability > links[i].Probability {
				links[i] = n
			}
			return links
		}
	}
	return append(links, n)
}

// best returns the most probable outage of the target, if it is probable enough:
// rivals share the probability by their weights.
func (l *Linker) best(s *scan, t int32) (best candidate, ok bool) {
	total := 0.0
	l.candidates(s, t, func(c candidate) {
		total += c.weight
		if !ok || l.ahead(&c, &best) {
			best, ok = c, true
		}
	})
	if !ok {
		return best, false
	}
	best.base = best.share(total)
	return best, best.base > LinkThreshold
}

// ahead reports whether a candidate comes before another; in a tie, the one of the
// lower id does, whatever the order of the outages.
func (l *Linker) ahead(a, b *candidate) bool {
	return a.weight > b.weight || a.weight == b.weight && l.outages[a.outage].outage.ID < l.outages[b.outage].outage.ID
}

// share is the probability of a candidate among rivals of a total weight.
func (c *candidate) share(total float64) float64 {
	return math.Round(min(c.base, pMax)*c.weight/total*1e4) / 1e4
}

// candidates calls yield for every outage in reach of the target's family.
func (l *Linker) candidates(s *scan, t int32, yield func(c candidate)) {
	strength := -1.0 // asked for once, and only if there is an outage
	for _, member := range l.targets[t].family {
		kin := kinSelf
		switch {
		case member == t:
		case l.targets[t].above(member, l.targets):
			kin = kinParent
		default:
			kin = kinPart
		}
		for _, o := range l.targets[member].outages {
			if f, _ := timeFactor(&l.outages[o].outage, s.post.PostedAt); f == 0 {
				continue
			}
			if strength < 0 {
				strength = s.strength(t, l.targets[t].unknown)
			}
			c := l.outages[o].candidate(s, strength*kin, kin)
			c.outage = o
			yield(c)
		}
	}
}

// above reports whether member is what the target is part of, directly or not.
func (t *target) above(member int32, all []target) bool {
	for p := t.parent; p >= 0; p = all[p].parent {
		if p == member {
			return true
		}
	}
	return false
}

// addCascades adds, for each link, the outage that its own fell with, if that is
// in reach: less probable than one that the post names.
func (l *Linker) addCascades(p *hugops.Post, links []hugops.Link) []hugops.Link {
	for i := 0; i < len(links); i++ {
		o, ok := l.byID[links[i].Outage]
		if !ok || l.outages[o].parent < 0 {
			continue
		}
		k := &l.outages[l.outages[o].parent]
		f, when := timeFactor(&k.outage, p.PostedAt)
		if prob := math.Round(links[i].Probability*cascade*f*1e4) / 1e4; prob > LinkThreshold {
			links = addLink(links, hugops.Link{Outage: k.outage.ID, Probability: prob, Evidence: []string{"cascade:" + links[i].Outage, when}})
		}
	}
	return links
}

// candidate weighs one outage in reach for a post.
func (k *known) candidate(s *scan, strength, kin float64) (c candidate) {
	f, when := timeFactor(&k.outage, s.post.PostedAt)
	c.when = when
	for _, name := range k.components {
		if s.names(name) {
			c.scope += 2
		}
	}
	for _, name := range k.regions {
		if s.names(name) {
			c.scope += 2
		}
	}
	for _, w := range k.words {
		if s.names(w) {
			c.scope++
		}
	}
	c.scope = min(c.scope, 4)
	if when == before && !s.about() {
		f *= 0.7 // nobody spoke of trouble, and none was known
	}
	c.base = (strength + perScope*float64(min(c.scope, 2))) * f
	c.weight = kin * f * (1 + 1.5*float64(c.scope)) / (1 + nearness(&k.outage, s.post.PostedAt).Hours()/12)
	if when == after {
		c.weight *= 0.3
	}
	if k.outage.Impact == "maintenance" || k.outage.Impact == "none" {
		c.weight *= 0.5
	}
	return c
}

// nearness is the time between a post and the start of an outage.
func nearness(o *hugops.Outage, t time.Time) time.Duration {
	if t.IsZero() {
		return 0
	}
	return t.Sub(o.StartedAt).Abs()
}

// The evidence of a time.
const (
	before      = "time:before"
	during      = "time:during"
	after       = "time:after"
	timeUnknown = "time:unknown"
)

// timeFactor says how far the time of a post speaks for an outage: 1 while it
// goes on; falling to 0.6 where its lead time begins, an hour before its start at
// most, since users are faster than status pages; halved six hours after its end. An outage that nobody closed
// fades after two days.
func timeFactor(o *hugops.Outage, t time.Time) (factor float64, when string) {
	const stale = 48 * time.Hour
	switch {
	case t.IsZero():
		return 0.95, timeUnknown
	case !o.InReach(t):
		return 0, ""
	case t.Before(o.StartedAt):
		return 1 - 0.4*float64(o.StartedAt.Sub(t))/float64(o.LeadTime()), before
	case !o.EndedAt.IsZero() && !t.Before(o.EndedAt):
		return 1 / (1 + float64(t.Sub(o.EndedAt))/float64(hugops.ReachAfter)), after
	case nearness(o, t) > stale:
		return 1 / (1 + float64(nearness(o, t)-stale)/float64(7*24*time.Hour)), during
	}
	return 1, during
}

// strength is the probability of the best hit of a target.
func (s *scan) strength(t int32, unknown bool) (best float64) {
	c := s.around(t)
	meant := !c.aside
	if !unknown {
		meant = s.meant(t, &c)
	}
	bare := pStirred
	if unknown {
		bare = pUnknown
	}
	for i := range s.hits {
		h := &s.hits[i]
		if h.target != t {
			continue
		}
		p := h.strength(s.about(), bare)
		if !meant && h.kind != byStatus && h.kind != byAuthor {
			p *= unmeant
		}
		best = max(best, p)
	}
	return best
}

func (h *hit) strength(about bool, bare float64) float64 {
	switch {
	case h.kind == byStatus:
		return pStatus
	case h.kind == byAuthor:
		return pAuthor
	case !about && h.alias != nil && h.alias.Word:
		return min(bare, pStirred)
	case !about:
		return bare
	case h.alias != nil && h.alias.Word:
		return pWord
	}
	return pNamed
}

// names reports whether the folded text has the phrase as whole words.
func (s *scan) names(phrase string) bool {
	for at := 0; ; {
		i := bytes.Index(s.f.text[at:], []byte(phrase))
		if i < 0 {
			return false
		}
		start := at + i
		if s.f.borderBefore(start) && s.f.borderAfter(start+len(phrase)) {
			return true
		}
		at = start + 1
	}
}

// explain makes the link of a candidate, with its evidence: what names the
// service, each thing once, then components and words of the title, then the time.
func (l *Linker) explain(s *scan, t int32, c candidate) hugops.Link {
	k := &l.outages[c.outage]
	evidence := make([]string, 0, 3)
	for i := range s.hits {
		if h := &s.hits[i]; h.target == t {
			if e := h.text(s); !slices.Contains(evidence, e) {
				evidence = append(evidence, e)
			}
		}
	}
	for _, name := range k.components {
		if s.names(name) {
			evidence = append(evidence, "component:"+name)
		}
	}
	for _, name := range k.regions {
		if s.names(name) {
			evidence = append(evidence, "region:"+name)
		}
	}
	for _, w := range k.words { // of its title: a region, a feature
		if !slices.Contains(k.components, w) && s.names(w) {
			evidence = append(evidence, "title:"+w)
		}
	}
	return hugops.Link{Outage: k.outage.ID, Probability: c.base, Evidence: append(evidence, c.when)}
}

// Upstream returns the id of the outage that an outage fell with, by what its
// provider's updates say of others ("an outage at our provider AWS"), "" if they say
// nothing of it. An outage of the service itself, of what it is part of and of its
// parts is never it.
func (l *Linker) Upstream(o *hugops.Outage) string {
	own, known := l.bySlug[o.Service]
	for i := len(o.Updates) - 1; i >= 0; i-- {
		_, links := l.Link(&hugops.Post{Text: o.Updates[i].Text, PostedAt: o.Updates[i].At})
		for _, k := range links {
			up, ok := l.byOutage(k.Outage)
			if !ok || up.ID == o.ID || up.StartedAt.After(o.Updates[i].At) {
				continue
			}
			if t := l.bySlug[up.Service]; known && slices.Contains(l.targets[own].family, t) {
				continue
			}
			return up.ID
		}
	}
	return ""
}

func (l *Linker) byOutage(id string) (*hugops.Outage, bool) {
	i := slices.IndexFunc(l.outages, func(k known) bool { return k.outage.ID == id })
	if i < 0 {
		return nil, false
	}
	return &l.outages[i].outage, true
}
