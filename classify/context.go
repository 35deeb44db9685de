package classify

import (
	"bytes"
	"slices"
)

// This file reads the sentence around a name: whether it speaks of what goes on
// now, or of a job, of news, of an outage of other years, or in a figure of
// speech ("my brain is down like AWS").

var (
	// What makes a name the other side of a comparison.
	comparing = set(`like than wie als comme como que dan`)
	// Outage words that mostly mean something else.
	faint = set(`down up dead slow queue stuck 500 502 503 504 521 522 fail fails failed failing broke broken errors fixed hug hugs maintenance recovery recovered
		offline crash crashed died resolved flaky queued pending delayed delays fault kaputt tot weg error erro erros fora falla fallo bug lento caída panne`)
	// What stands before the name of what one uses.
	usedBy = set(`on in into to from with via through at using onto over by for auf über bei mit von zu in sur via avec par chez en por con desde no na pelo pela via op met bij van`)
	// What stands before a year that tells how long, not when.
	eversince = set(`since seit depuis desde sinds`)
)

// sentence is the sentence around a place: between full stops, question marks,
// exclamation marks, semicolons and line breaks.
func (s *scan) sentence(at int) span {
	t := s.f.text
	from, to := min(at, len(t)), at
	for from > 0 && !s.stops(from-1) {
		from--
	}
	for to < len(t) && !s.stops(to) {
		to++
	}
	return span{from, to}
}

// stops reports whether a sentence ends with the byte at i. A full stop within
// "claude.ai" ends none.
func (s *scan) stops(i int) bool {
	switch s.f.text[i] {
	case '!', '?', ';':
		return s.f.marks[i]&markSpan == 0
	case '.':
		return i+1 == len(s.f.text) || s.f.text[i+1] == ' '
	}
	return s.f.marks[i]&markBreak != 0
}

// aside reports whether the sentence of a hit is about something else than what
// goes on now.
func (s *scan) aside(h *hit) bool {
	if h.kind == byStatus || h.kind == byAuthor || h.start == h.end {
		return false
	}
	in := s.sentence(h.start)
	for _, w := range s.signs {
		if w.sign&signAside != 0 && w.start >= in.start && w.end <= in.end {
			return true
		}
	}
	return s.compared(h) || s.otherYear(in)
}

// compared reports whether the name is what something else is compared with:
// "down like AWS", but not "feels like AWS is down".
func (s *scan) compared(h *hit) bool {
	next := s.word(h.end, +1)
	return comparing[s.word(h.start, -1)] && !(s.touches(h.end) && (serviceVerb[next] || serviceNext[next] || isOutageWord(next)))
}

// otherYear reports whether the piece of text names a year before that of the
// post: "the outage of 2021", not "since 2021".
func (s *scan) otherYear(in span) bool {
	if s.post.PostedAt.IsZero() {
		return false
	}
	t, now := s.f.text, s.post.PostedAt.Year()
	for at := in.start; ; {
		i := bytes.Index(t[at:in.end], []byte("20"))
		if i < 0 || at+i+4 > in.end {
			return false
		}
		at += i
		year := t[at : at+4]
		if isDigit(year[2]) && isDigit(year[3]) && s.f.borderBefore(at) && s.f.borderAfter(at+4) &&
			2000+int(year[2]-'0')*10+int(year[3]-'0') < now && !eversince[s.word(at, -1)] {
			return true
		}
		at += 2
	}
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// context is what stands around the names of a service in a post.
type context struct {
	account bool // an account of the provider is named
	answers bool // the post begins with it, or answers it
	opens   bool // a name opens a sentence
	people  bool // the people who run it are named beside it: "the Zoom engineers"
	beside  bool // an outage word stands beside a name, in its sentence
	aside   bool // every sentence that names it is about something else
	about   bool // the post has an outage word that says much, anywhere
	faint   bool // it has one that says little ("slow"), and not beside a name
	more    bool // several
	stirred bool // it has a soft word, anywhere
	hug     bool // it has a tag of solidarity

	clause    bool // an outage word stands in a clause that names it
	elsewhere bool // outage words stand in clauses that name another service, and in none that names it
	company   bool // other services are named in the sentence
	status    bool // an address of a status page is in it
	asks      bool // a sentence that names it is a question

	symptom, ails bool // something does not work, in a clause that names it; anywhere
	now, crowd    bool // in a sentence that names it
	trade         bool // the same
	uses          bool // a preposition stands before its name: "on", "via"
}

// besides is how near "beside" is, in bytes.
const besides = 20

// around looks at what stands around the names of a target.
func (s *scan) around(t int32) (c context) {
	c.aside = true
	for i := range s.hits {
		h := &s.hits[i]
		if h.target != t {
			c.elsewhere = c.elsewhere || h.start < h.end && s.troubled(s.clause(h))
			continue
		}
		if h.kind == byHandle {
			c.account = true
			c.answers = c.answers || h.start <= 1 || s.post.ReplyTo != ""
		}
		in := s.sentence(h.start)
		c.opens = c.opens || s.opens(h.start)
		c.beside = c.beside || slices.ContainsFunc(s.trouble, func(w span) bool { return w.beside(h, in) })
		clause := s.clause(h)
		for _, w := range s.signs {
			c.people = c.people || w.sign&signPeople != 0 && w.beside(h, in)
			c.symptom = c.symptom || w.sign&signSymptom != 0 && clause.has(w.span)
			c.now = c.now || w.sign&signNow != 0 && in.has(w.span)
			c.crowd = c.crowd || w.sign&signCrowd != 0 && in.has(w.span)
			c.trade = c.trade || w.sign&signTrade != 0 && in.has(w.span)
			c.ails = c.ails || w.sign&signSymptom != 0
		}
		c.uses = c.uses || usedBy[s.word(h.start, -1)]
		c.people = c.people || s.touches(h.end) && servicePeople[s.word(h.end, +1)]
		c.aside = c.aside && s.aside(h)
		c.clause = c.clause || s.troubled(clause)
		c.asks = c.asks || in.end < len(s.f.text) && s.f.text[in.end] == '?'
		for j := range s.hits {
			o := &s.hits[j]
			c.company = c.company || o.target != t && in.has(span{o.start, o.end})
		}
	}
	c.elsewhere = c.elsewhere && !c.clause
	c.status = s.status
	strong := func(w span) bool { return !faint[string(s.f.text[w.start:w.end])] }
	c.about = c.beside || s.status || slices.ContainsFunc(s.trouble, strong)
	c.faint = len(s.trouble) > 0 && !c.about
	c.more, c.hug = len(s.trouble) > 1, s.tag
	c.stirred = slices.ContainsFunc(s.signs, func(w signAt) bool { return w.sign&signSoft != 0 })
	return c
}

// troubled reports whether an outage word stands in a piece of the text.
func (s *scan) troubled(in span) bool { return slices.ContainsFunc(s.trouble, in.has) }

// has reports whether another piece of text is within this one.
func (w span) has(o span) bool { return o.start >= w.start && o.end <= w.end && o.start < o.end }

// beside reports whether the piece of text is near a hit and in its sentence.
func (w span) beside(h *hit, in span) bool {
	return w.start >= in.start && w.end <= in.end && max(w.start-h.end, h.start-w.end) < besides
}
