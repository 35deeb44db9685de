package classify

import (
	_ "embed"
	"slices"
	"sync"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/classify/internal/about"
)

//go:embed sense.model
var senseFile []byte

// senseModel tells whether a name that is an ordinary word as well means the
// service where it stands (docs/LINKING.md).
var senseModel = sync.OnceValue(func() *about.Model {
	m, err := about.Load(senseFile)
	if err != nil {
		panic("classify: sense.model: " + err.Error()) // a test loads the file
	}
	return m
})

// Name is a name of a service in a post, as the post has it, with what a model
// reads of it.
type Name struct {
	Service, Text         string
	Word, Common, Capital bool // it is an ordinary word as well; mostly; it begins with a capital
	Post                  about.Post
}

// Names returns every name of a service in a post, whatever it means there;
// classify/train learns from them.
func (l *Linker) Names(p *hugops.Post) (names []Name) {
	s := scans.Get().(*scan)
	defer scans.Put(s)
	l.scan(s, p)
	body := s.signature()
	for _, h := range s.hits {
		if h.kind != byAlias || h.start > body {
			continue
		}
		n := Name{Service: l.targets[h.target].slug, Text: string(s.f.text[h.start:h.end]), Word: h.alias.Word, Common: h.alias.Common, Capital: s.f.marks[h.start]&markUpper != 0}
		s.standing(h, span{0, len(s.f.text)}, &n.Post)
		names = append(names, n)
	}
	return names
}

// sense is the probability that a name means the service where it stands.
func (s *scan) sense(h hit) float64 {
	var p about.Post
	s.standing(h, span{max(0, h.start-reach), min(len(s.f.text), h.end+reach)}, &p)
	return senseModel().Probability(&p)
}

// How far on either side of a name the text and the nearer text of the model reach,
// in bytes. Few honest posts come near the first.
const (
	reach  = 2048
	window = 24
)

// standing fills p with what the model reads of a name: a piece of the post and the
// words around it, the name and what is the same masked by one sign, names of others that
// are no words by another.
func (s *scan) standing(h hit, text span, p *about.Post) {
	s.masked = s.maskNames(s.masked[:0], h, text)
	near := len(s.masked)
	in := s.sentence(h.start)
	in.end = max(in.end, h.end)
	in.start, in.end = s.wordBorder(max(in.start, h.start-window)), s.wordBorder(min(in.end, h.end+window))
	s.masked = s.maskNames(s.masked, h, in)
	both := string(s.masked)
	p.Text, p.Near = both[:near], both[near:]
	p.Signs = s.stands(h)
}

// wordBorder is the next place that parts no word.
func (s *scan) wordBorder(at int) int {
	for at > 0 && at < len(s.f.text) && s.f.text[at-1] != ' ' && s.f.text[at] != ' ' {
		at++
	}
	return at
}

func (s *scan) maskNames(b []byte, h hit, in span) []byte {
	at := in.start
	for i := range s.hits { // in order of their start, but for addresses
		o := &s.hits[i]
		if o.start < at || o.end > in.end || o.start == o.end {
			continue
		}
		mark := otherName
		if o.target == h.target {
			mark = thisName
		} else if o.alias != nil && o.alias.Word {
			continue
		}
		b = append(b, s.f.text[at:o.start]...)
		b = append(b, mark...)
		at = o.end
	}
	return append(b, s.f.text[min(at, in.end):in.end]...)
}

// stands are the yes-or-no features of the model, in its order.
func (s *scan) stands(h hit) (signs [about.Signs]bool) {
	prev, next := s.word(h.start, -1), s.word(h.end, +1)
	shouting, opens := s.shouting(h), s.opens(h.start)
	capital := s.capital(h) && !shouting
	copy(signs[:], []bool{
		capital, shouting, opens, capital && !opens && s.lang != "de", s.capital(h) && opens, !s.capital(h) && s.f.upper > 0, s.f.upper == 0,
		s.about(), s.troubleBeside(h), s.neighbourCapital(h), s.lang == "de", s.english(), h.end-h.start < 3, s.company(h),
		wordBefore[prev], serviceNext[next] || serviceVerb[next],
	})
	return signs
}

// company reports whether the post names another service for sure.
func (s *scan) company(h hit) bool {
	return slices.ContainsFunc(s.hits, func(o hit) bool { return o.target != h.target && (o.alias == nil || !o.alias.Word) })
}
