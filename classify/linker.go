package classify

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/hugops/hugops"
)

// rulesCode changes when the code of the rules does; the tables and the models change
// the hash behind it by themselves.
const rulesCode = "rules-6"

var rulesVersion = sync.OnceValue(func() string {
	sum := sha256.Sum256(append([]byte(servicesTSV+"\x00"+wordsTSV+"\x00"+ordinaryTXT+"\x00"), slices.Concat(aboutFile, senseFile)...))
	return rulesCode + "-" + hex.EncodeToString(sum[:4])
})

// Linker finds the services that a post names and the outages that it is about.
// It is immutable: when the outages change, build a new one.
type Linker struct {
	targets  []target
	outages  []known
	bySlug   map[string]int32
	matcher  *matcher
	patterns []pattern

	handles, tags, joined map[string]int32 // folded → target
	stems                 map[string]int32 // the same of names that mostly are words: those with an ending behind them
	domains, statusHosts  map[string]int32
	pages                 map[string]int32 // address of an incident's page → outage
	byID                  map[string]int32 // id of an outage that fell with another → outage
	ofX                   map[string]bool  // ids of outages of X itself
	known                 uint64           // Digest of the outages

	ask func(before, name, after string) clause // partOfSpeech, but for tests
}

// target is a service that posts are searched for.
type target struct {
	slug    string
	parent  int32   // or -1
	unknown bool    // to the registry: known by its outages alone
	outages []int32 // its own
	family  []int32 // the targets whose outages may be meant: itself, all that it is part of, its parts and theirs
}

// pattern is one string that the matcher looks for.
type pattern struct {
	target        int32
	alias         *Alias // nil for a mere word
	outage        bool
	signs         sign
	langs         string // for an outage word: the languages that it counts in, "" for all
	before, after bool   // needs a word border there
}

// NewLinker builds a linker for the outages that posts may be about. Services
// that the registry does not know are known by the outage's ServiceName.
func NewLinker(r *Registry, outages []hugops.Outage) *Linker {
	l := &Linker{bySlug: map[string]int32{}, handles: map[string]int32{}, tags: map[string]int32{}, joined: map[string]int32{}, stems: map[string]int32{},
		domains: map[string]int32{}, statusHosts: map[string]int32{}, pages: map[string]int32{}, byID: map[string]int32{}, ofX: map[string]bool{}, known: Digest(outages...), ask: partOfSpeech}
	b := &patternBuilder{linker: l, at: map[string]int{}}
	for _, w := range words().order {
		b.outageWord(w, words().outage[w])
	}
	for _, w := range slices.Sorted(maps.Keys(words().signs)) {
		b.pattern(w).signs = words().signs[w]
	}
	for i := range r.services {
		l.addService(b, &r.services[i])
	}
	for host, i := range r.byStatus {
		l.statusHosts[host] = int32(i)
	}
	for i := range outages {
		if outages[i].MergedInto != "" {
			continue
		}
		l.addOutage(b, r, &outages[i])
		if outages[i].Service == "x" {
			l.ofX[outages[i].ID] = true
		}
	}
	l.addCascadeParents()
	l.addFamilies(r)
	l.matcher = newMatcher(b.texts)
	return l
}

// Rules is the version of the rules and tables.
func (l *Linker) Rules() string { return rulesVersion() }

// Known is the Digest of the outages that posts may be linked to.
func (l *Linker) Known() uint64 { return l.known }

// patternBuilder collects distinct patterns; the first service to claim a name
// keeps it.
type patternBuilder struct {
	linker *Linker
	texts  []string
	at     map[string]int
}

func (b *patternBuilder) pattern(text string) *pattern {
	i, ok := b.at[text]
	if !ok {
		i = len(b.texts)
		b.at[text] = i
		b.texts = append(b.texts, text)
		first, _ := utf8.DecodeRuneInString(text)
		last, _ := utf8.DecodeLastRuneInString(text)
		b.linker.patterns = append(b.linker.patterns, pattern{before: needsBorder(first), after: needsBorder(last)})
	}
	return &b.linker.patterns[i]
}

func needsBorder(r rune) bool {
	return r < utf8.RuneSelf && wordByte[byte(r)] || r >= utf8.RuneSelf && spacedLetter(r)
}

func (b *patternBuilder) outageWord(text, langs string) {
	p := b.pattern(text)
	p.outage, p.langs = true, langs
}

func (b *patternBuilder) alias(a Alias, t int32) {
	a.Text = foldString(a.Text)
	if a.Text == "" {
		return
	}
	if p := b.pattern(a.Text); p.alias == nil {
		p.alias, p.target = &a, t
	}
}

func (l *Linker) addTarget(slug string) int32 {
	t := int32(len(l.targets))
	l.targets = append(l.targets, target{slug: slug, parent: -1})
	l.bySlug[slug] = t
	return t
}

func claim(m map[string]int32, key string, t int32) {
	if _, ok := m[key]; !ok && key != "" {
		m[key] = t
	}
}

func (l *Linker) addService(b *patternBuilder, s *Service) {
	t := l.addTarget(s.Slug)
	for _, a := range s.Aliases {
		b.alias(a, t)
		if a.Common {
			claim(l.stems, joined(a.Text), t)
		} else {
			claim(l.joined, joined(a.Text), t)
		}
	}
	for _, h := range s.Tags {
		claim(l.tags, foldString(h), t)
	}
	for _, n := range hugops.Networks {
		for _, h := range s.Handles[n] {
			claim(l.handles, foldString(h), t)
		}
	}
	for _, d := range s.Domains {
		claim(l.domains, d, t)
	}
}

// addOutage files an outage under its service, which it makes known if need be.
func (l *Linker) addOutage(b *patternBuilder, r *Registry, o *hugops.Outage) {
	slug := o.Service
	t, ok := l.bySlug[slug]
	if !ok {
		if s, _ := r.Lookup(o.ServiceName); o.ServiceName != "" {
			t, ok = l.bySlug[s]
		}
	}
	if !ok {
		t = l.addUnknown(b, slug, o.ServiceName)
	}
	n := int32(len(l.outages))
	l.outages = append(l.outages, newKnown(o))
	l.targets[t].outages = append(l.targets[t].outages, n)
	if o.URL != "" {
		if key := addressKey([]byte(foldString(o.URL))); strings.ContainsRune(string(key), '/') {
			claim(l.pages, string(key), n)
		}
	}
}

// addUnknown makes a service known by what an outage calls it. Names are coined
// as a rule ("Chatterbee") and stand for themselves; a single word that may be
// anything ("Ember", "Bolt") needs support.
func (l *Linker) addUnknown(b *patternBuilder, slug, name string) int32 {
	t := l.addTarget(slug)
	l.targets[t].unknown = true
	spaced := strings.ReplaceAll(slug, "-", " ")
	if name == "" {
		name = spaced
	}
	one := !strings.ContainsAny(strings.TrimSpace(name), " -")
	for _, n := range []string{name, spaced} {
		b.alias(Alias{Text: n, Word: one && ordinary(n), Common: one && len(n) < 3}, t)
	}
	if j := joined(name); !one {
		b.alias(Alias{Text: j}, t)
	}
	claim(l.joined, joined(name), t)
	claim(l.joined, strings.ReplaceAll(slug, "-", "_"), t)
	return t
}

// addCascadeParents notes which outages fell with which.
func (l *Linker) addCascadeParents() {
	at := make(map[string]int32, len(l.outages))
	for i := range l.outages {
		at[l.outages[i].outage.ID] = int32(i)
	}
	for i := range l.outages {
		o := &l.outages[i]
		if p, ok := at[o.outage.Parent]; ok && o.outage.Parent != "" {
			o.parent, l.byID[o.outage.ID] = p, int32(i)
		}
	}
}

// addFamilies notes, for every target, whose outages may be meant by its name.
func (l *Linker) addFamilies(r *Registry) {
	for i := range r.services {
		if p, ok := l.bySlug[r.services[i].Parent]; ok {
			l.targets[i].parent = p
		}
	}
	for i := range l.targets {
		l.targets[i].family = []int32{int32(i)}
		for p := l.targets[i].parent; p >= 0; p = l.targets[p].parent {
			l.targets[i].family = append(l.targets[i].family, p)
		}
	}
	for i := range l.targets {
		if len(l.targets[i].outages) == 0 {
			continue
		}
		for p := l.targets[i].parent; p >= 0; p = l.targets[p].parent {
			l.targets[p].family = append(l.targets[p].family, int32(i))
		}
	}
}

// Relevant decides at the door whether a post is kept. It is, with the reason
// "hashtag" (a tag of solidarity), "status-url" (an address of a status page),
// "service+outage-words" or "service+open-outage"; otherwise the reason is
// "no-service" or "no-outage".
func (l *Linker) Relevant(p *hugops.Post) (keep bool, reason string) {
	s := scans.Get().(*scan)
	defer scans.Put(s)
	l.read(s, p)
	switch {
	case s.tag:
		return true, "hashtag"
	case s.status:
		return true, "status-url"
	case len(s.found) == 0:
		return false, "no-service"
	case len(s.trouble) > 0:
		return true, "service+outage-words"
	case slices.ContainsFunc(s.found, func(t int32) bool { return l.anyInReach(t, p) }):
		return true, "service+open-outage"
	}
	return false, "no-outage"
}

// HasWordName reports whether a text has a name of a service that is an ordinary
// word besides, whatever it means there.
func (l *Linker) HasWordName(text string) (found bool) {
	var f folded
	f.fold(text)
	l.matcher.find(f.text, func(pattern, start, end int) {
		p := &l.patterns[pattern]
		found = found || p.alias != nil && p.alias.Word && f.borderBefore(start) && f.borderAfter(end)
	})
	return found
}

// anyInReach reports whether a post may belong to an outage of the target's
// family by its time.
func (l *Linker) anyInReach(t int32, p *hugops.Post) bool {
	for _, member := range l.targets[t].family {
		for _, o := range l.targets[member].outages {
			if l.outages[o].outage.InReach(p.PostedAt) {
				return true
			}
		}
	}
	return false
}
