package classify

import (
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/jdkato/prose/v2"
)

// This file decides whether a name that is an ordinary word as well means the
// service: "Slack is down" does, "cut them some slack" does not. Cheap rules
// decide most; a part-of-speech tagger the few English posts that they leave.

// verdict of a rule.
type verdict uint8

const (
	unsure verdict = iota
	yes
	no
)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

var (
	// What follows the name of a service rather than the word. ' is "'s".
	serviceNext = set(`down outage outages status statuspage api apis app apps server servers website login logins engineers engineer ops devops
		sre sres devs staff offline unavailable downtime notifications huddle huddles workspace workspaces incident postmortem
		hugops crashed crashing crashes borked oncall support webhooks webhook cdn dashboard sso dns storefront checkout having
		störung ausfall ausgefallen caído caido caiu storing panne geht funktioniert lädt ligt werkt`)
	// What follows "Teams" at the start of a sentence that is about teams.
	pluralVerb = set(`are were have work working worked on at from`)
	// Verbs that need an outage word behind them within a few words.
	serviceVerb = set(`is are was has keeps isn't isnt won't wont wouldn't doesn't doesnt not still went goes going being seems
		appears can't cannot again ist está esta est não nao no ne just`)
	// What thanks and hugs are said with, before "to" or "for" and a name.
	gratitude = set(`thanks thank thx thankyou hugs hug hugops kudos props shoutout love sympathy respect cheers credit danke merci gracias obrigado bedankt`)
	// What one says right before a name that one speaks to.
	address = set(`bravo poor thx thanks dear hey yo cheers kudos oh dang damn merci gracias danke valeu bedankt`)
	// What stands before the word rather than the name.
	wordBefore = set(`some any much more enough less little a an cut cutting the this that these those each every most both many few our their two three
		several other all support engineering development dev ops security response different data repair which own first sales another good off
		alle die das der den dem unsere unser viele beide mehrere kein keine`)
	// What follows the word used as a verb or in a phrase.
	wordAfter = set(`in out off up into onto through past over of around along`)
)

// supported reports whether the post supports a hit by a name that is a word.
func (l *Linker) supported(s *scan, h hit) bool {
	for i := range s.hits {
		if o := &s.hits[i]; o.target == h.target && (o.alias == nil || !o.alias.Word) {
			return true
		}
	}
	switch v := s.byRules(h); {
	case v != unsure:
		return v == yes
	case s.lang != "" && s.lang != "en":
		return len(s.trouble) > 0 && !h.alias.Common
	}
	return s.byTagger(h)
}

// byRules applies the cheap rules in order; the first that speaks decides.
func (s *scan) byRules(h hit) verdict {
	prev, next := s.word(h.start, -1), s.word(h.end, +1)
	capital := s.capital(h)
	shouting := s.f.upper > s.f.lower
	if hyphen := h.start > 0 && s.f.text[h.start-1] == '-' || h.end < len(s.f.text) && s.f.text[h.end] == '-' && !capital; hyphen {
		return no
	}
	if h.alias.Common && (!capital || shouting) {
		return no
	}
	if v := s.byNext(h, prev, next, capital); v != unsure {
		return v
	}
	if wordAfter[next] && s.touches(h.end) && (!capital || h.alias.Common || s.opens(h.start)) {
		return no
	}
	before := s.word(s.wordStart(h.start), -1)
	if (!capital || s.lang == "de") && (wordBefore[prev] || strings.HasSuffix(prev, "'s") || before == "out" && prev == "of") {
		return no
	}
	if !h.alias.Common && ((prev == "to" || prev == "for") && gratitude[before] || address[prev]) {
		return yes
	}
	if h.alias.Common && (!s.about() || s.neighbourCapital(h)) {
		return no
	}
	if utf8.RuneCount(s.f.text[h.start:h.end]) == 1 {
		return no // "X" counts by what follows only
	}
	if capital && !shouting && s.lang != "de" && !s.opens(h.start) {
		if s.neighbourCapital(h) && !s.about() {
			return no
		}
		return yes
	}
	switch {
	case !s.about():
		return no
	case capital && !shouting && s.lang != "de" && !pluralVerb[next]:
		return yes // it opens a sentence about trouble, and no rule above knows it as a word
	}
	return unsure
}

// byNext looks at what follows: "slack down", "slack is down", "slack's api".
func (s *scan) byNext(h hit, prev, next string, capital bool) verdict {
	if !s.touches(h.end) {
		return unsure
	}
	ordinary := !capital && wordBefore[prev] && !(prev == "the" && serviceNext[next])
	switch {
	case ordinary || !capital && prev == "to" && next != "down":
		return unsure
	case serviceNext[next]:
		return yes
	case serviceVerb[next] && s.troubleWithin(h.end, 32):
		return yes
	}
	return unsure
}

// byTagger asks for the part of speech: a proper noun is the service; a common
// noun is, if nothing before it makes it an ordinary one.
func (s *scan) byTagger(h hit) bool {
	if s.asked++; s.asked > maxAsked {
		return false
	}
	before, tag := partOfSpeech(s.window(h))
	switch tag {
	case "NNP", "NNPS":
		return true
	case "NN", "NNS", "FW":
		return !slices.Contains([]string{"DT", "JJ", "JJR", "PRP$", "CD", "VBG", "NN", "NNS", "PDT"}, before)
	}
	return false
}

// word is the word before (dir < 0) or after a place, without the spaces and
// signs between.
func (s *scan) word(at, dir int) string {
	t := s.f.text
	part := func(c byte) bool { return wordByte[c] || c == '\'' || c >= utf8.RuneSelf }
	if dir < 0 {
		end := at
		for end > 0 && !part(t[end-1]) {
			end--
		}
		start := end
		for start > 0 && part(t[start-1]) {
			start--
		}
		return string(t[start:end])
	}
	start := at
	if start+1 < len(t) && t[start] == '\'' && t[start+1] == 's' {
		start += 2
	}
	for start < len(t) && !part(t[start]) {
		start++
	}
	end := start
	for end < len(t) && part(t[end]) {
		end++
	}
	return string(t[start:end])
}

// wordStart is where the word before a place begins.
func (s *scan) wordStart(at int) int {
	w := s.word(at, -1)
	return max(0, strings.LastIndex(string(s.f.text[:at]), w))
}

// touches reports whether only a space (or "'s") parts a place from the next word.
func (s *scan) touches(end int) bool {
	t := s.f.text
	if end+1 < len(t) && t[end] == '\'' && t[end+1] == 's' {
		end += 2
	}
	return end < len(t) && t[end] == ' ' && s.f.marks[end]&markBreak == 0
}

// capital reports whether the name begins with a capital, and is all of them if
// it has one letter or two.
func (s *scan) capital(h hit) bool {
	if s.f.marks[h.start]&markUpper == 0 {
		return false
	}
	return h.end-h.start != 2 || s.f.marks[h.start+1]&markUpper != 0 || s.f.text[h.start+1] < 'a'
}

// opens reports whether a sentence begins at the place.
func (s *scan) opens(at int) bool {
	for i := at - 1; i >= 0; i-- {
		c := s.f.text[i]
		switch {
		case s.f.marks[i]&markBreak != 0:
			return true
		case c == ' ' || c == '"' || c == '\'' || c == '(' || c == '*':
		case c == '.' || c == '!' || c == '?' || c == ':' || c == '-' || c >= utf8.RuneSelf && !isLetterByte(s.f.text, i):
			return true
		default:
			return s.f.marks[i]&markSpan != 0
		}
	}
	return true
}

func isLetterByte(t []byte, i int) bool {
	r, _ := utf8.DecodeLastRune(t[:i+1])
	return spacedLetter(r)
}

// neighbourCapital reports whether the word right before or after begins with a
// capital in mid-sentence, as in "Taco Bell" or "Orange County".
func (s *scan) neighbourCapital(h hit) bool {
	t, m := s.f.text, s.f.marks
	if h.end+1 < len(t) && t[h.end] == ' ' && m[h.end+1]&markUpper != 0 && m[h.end+1]&markSpan == 0 {
		return true
	}
	if h.start < 2 || t[h.start-1] != ' ' {
		return false
	}
	i := h.start - 2
	for i >= 0 && (wordByte[t[i]] || t[i] == '\'') {
		i--
	}
	return i+1 < h.start-1 && m[i+1]&markUpper != 0 && !s.opens(i+1)
}

// troubleWithin reports whether an outage word begins within n bytes behind a
// place, in the same sentence.
func (s *scan) troubleWithin(at, n int) bool {
	for _, w := range s.trouble {
		if w.end > at && w.start <= at+n && !strings.ContainsAny(string(s.f.text[at:max(w.start, at)]), ".!?,;") {
			return true
		}
	}
	return false
}

// window cuts the words around a hit out of the text, in ASCII, with their
// capitals, so that the name occurs once; it returns the name as it stands there.
func (s *scan) window(h hit) (text, name string) {
	const reach = 60
	from, to := max(0, h.start-reach), min(len(s.f.text), h.end+reach)
	for i := h.start - 1; i >= from; i-- {
		if strings.IndexByte(".!?;", s.f.text[i]) >= 0 || s.f.marks[i]&markBreak != 0 {
			from = i + 1
		}
	}
	for i := h.end; i < to; i++ {
		if strings.IndexByte(".!?;", s.f.text[i]) >= 0 || s.f.marks[i]&markBreak != 0 {
			to = i
		}
	}
	b := make([]byte, 0, to-from)
	for i := from; i < to; i++ {
		c := s.f.text[i]
		switch {
		case c >= utf8.RuneSelf || c == '/' || c < ' ':
			c = ' '
		case s.f.marks[i]&markUpper != 0:
			c -= 'a' - 'A'
		}
		if i == h.start || i == h.end {
			b = append(b, ' ')
		}
		b = append(b, c)
	}
	start := h.start - from + 1
	return string(b), string(b[start : start+h.end-h.start])
}

// tagger loads the English tagger once, when the first post needs it: some
// 250 ms and 100 MB.
var tagger = sync.OnceValue(func() *prose.Model { return prose.ModelFromData("hugops") })

// partOfSpeech returns the Penn Treebank tags of a name and of the word before
// it; empty where the tagger does not see the name as one word.
func partOfSpeech(text, name string) (before, tag string) {
	doc, err := prose.NewDocument(text, prose.UsingModel(tagger()), prose.WithSegmentation(false), prose.WithExtraction(false))
	if err != nil {
		return "", ""
	}
	for _, t := range doc.Tokens() {
		if t.Text == name {
			return before, t.Tag
		}
		before = t.Tag
	}
	return "", ""
}
