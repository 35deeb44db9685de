package classify

import (
	_ "embed"
	"slices"
	"sync"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/classify/internal/about"
)

//go:embed about.model
var aboutFile []byte

// aboutModel tells whether a post that names a service means that it is out now
// (docs/LINKING.md).
var aboutModel = sync.OnceValue(func() *about.Model {
	m, err := about.Load(aboutFile)
	if err != nil {
		panic("classify: about.model: " + err.Error()) // a test loads the file
	}
	return m
})

// What stands for names in the texts that the model reads.
const (
	thisName  = "§"
	otherName = "¶"
)

// Mention is a service that a post names, with what the model reads of it.
type Mention struct {
	Service string // slug
	Post    about.Post
}

// Mentions returns what a model reads of each service that a post names, in the
// post's order; classify/train learns from it. Of names that are words those count
// that mean a service which the post is known to speak of.
func (l *Linker) Mentions(p *hugops.Post, known ...string) (mentions []Mention) {
	s := scans.Get().(*scan)
	defer scans.Put(s)
	l.scan(s, p)
	l.settle(s, func(h hit) bool { return slices.Contains(known, l.targets[h.target].slug) })
	for _, t := range s.found {
		m, c := Mention{Service: l.targets[t].slug}, s.around(t)
		s.mention(t, &c, &m.Post)
		mentions = append(mentions, m)
	}
	return mentions
}

// meantFrom is the least probability from which an outage is meant. The model takes
// both for as likely; while an outage goes on, more posts that name the service mean it.
const meantFrom = 0.45

// meant reports whether a post means an outage of a target that it names.
func (s *scan) meant(t int32, c *context) bool {
	var p about.Post
	s.mention(t, c, &p)
	return aboutModel().Probability(&p) > meantFrom
}

// mention fills p with what the model reads of a target.
func (s *scan) mention(t int32, c *context, p *about.Post) {
	s.masked = s.mask(s.masked[:0], t, span{0, len(s.f.text)})
	near, end := len(s.masked), 0
	for i := range s.hits {
		h := &s.hits[i]
		if h.target != t || h.start == h.end || h.start < end {
			continue
		}
		in := s.clause(h)
		if len(s.masked) > near {
			s.masked = append(s.masked, '\n')
		}
		s.masked, end = s.mask(s.masked, t, in), in.end
	}
	both := string(s.masked)
	p.Text, p.Near = both[:near], both[near:]
	p.Signs = c.signs()
}

// mask appends a piece of the text with marks for names: one for those of the
// target, one for others.
func (s *scan) mask(b []byte, t int32, in span) []byte {
	at := in.start
	for i := range s.hits { // in order of their start
		h := &s.hits[i]
		if h.start < at || h.end > in.end || h.start == h.end {
			continue
		}
		b = append(b, s.f.text[at:h.start]...)
		if h.target == t {
			b = append(b, thisName...)
		} else {
			b = append(b, otherName...)
		}
		at = h.end
	}
	return append(b, s.f.text[min(at, in.end):in.end]...)
}

// clause is the piece of the sentence around a hit that a comma, a colon, a
// bracket or a dash ends.
func (s *scan) clause(h *hit) span {
	in, t := s.sentence(h.start), s.f.text
	in.end = max(in.end, h.end)
	for i := h.start - 1; i >= in.start; i-- {
		if s.divides(i) {
			in.start = i + 1
			break
		}
	}
	for i := h.end; i < in.end; i++ {
		if s.divides(i) && i+1 < len(t) {
			in.end = i
			break
		}
	}
	return in
}

// divides reports whether a clause ends with the byte at i.
func (s *scan) divides(i int) bool {
	t := s.f.text
	switch t[i] {
	case ',', ':', '(', ')':
		return s.f.marks[i]&markSpan == 0 && (i+1 == len(t) || t[i+1] == ' ' || i > 0 && t[i-1] == ' ')
	case '-':
		return i > 0 && i+1 < len(t) && t[i-1] == ' ' && t[i+1] == ' '
	}
	return false
}

// signs are the yes-or-no features of the model, in its order.
func (c *context) signs() [about.Signs]bool {
	return [about.Signs]bool{c.account, c.answers, c.opens, c.people, c.beside, c.aside, c.about, c.faint, c.more, c.stirred, c.hug,
		c.clause, c.elsewhere, c.company, c.status, c.asks, c.symptom, c.ails, c.now, c.crowd, c.trade, c.uses,
		c.symptom && !c.trade, c.symptom && c.now, c.symptom && c.crowd, c.uses && !c.symptom && !c.clause, !c.symptom && !c.clause && !c.stirred}
}
