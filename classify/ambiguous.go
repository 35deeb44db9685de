package classify

import (
	"strings"
	"unicode/utf8"
)

// This file decides whether a name that is an ordinary word as well means the
// service: "Slack is down" does, "cut them some slack" does not. Cheap rules
// decide what they are sure of, a model that learnt from such names (sense.go) most
// of the rest, a part-of-speech tagger the few English posts that it leaves in doubt.

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
	// Verbs that need an outage word behind them within a few words.
	serviceVerb = set(`is are was has had isn't isnt won't wont wouldn't doesn't doesnt not still went goes going being seems
		appears keeps refuses crashes drops says can't cannot again ist está esta est não nao no ne just`)
	// What thanks and hugs are said with, before "to" or "for" and a name.
	gratitude = set(`thanks thank thx thankyou hugs hug hugops kudos props shoutout love sympathy respect cheers credit danke merci gracias obrigado bedankt`)
	// What one says right before a name that one speaks to.
	address = set(`bravo poor thx thanks dear hey yo cheers kudos oh dang damn merci gracias danke valeu bedankt`)
	// What stands before the word rather than the name.
	wordBefore = set(`some any much more enough less little a an cut cutting the this that these those each every most both many few our their two three
		several other all support engineering development dev ops security response different data repair which own first sales another good off
		ein eine einen einem einer un une alle die das der den dem unsere unser viele beide mehrere kein keine zwei drei vier fünf deux trois quatre
		aucun aucune sans dos tres cuatro dois duas três twee drie ninguna sin sem nenhuma geen`)
	// What stands before a person's name.
	kin = set(`uncle aunt brother sister cousin grandpa grandma onkel tante opa oma bruder schwester oncle frère soeur cousin papy mamie tío tía hermano hermana
		primo prima tio tia irmão irmã oom broer zus monsieur madame herr frau señor señora`)
	// What else a sentence or title begins with before a name.
	beginning = set(`i we you he she they it who what where how why does did can could will would should anyone everyone everybody somebody someone looks
		seems hug fixing love hate using blame guess via re rip fuck screw stupid damned old new update hi hello bye goodbye please sending about`)
)

// supported reports whether the post supports a hit by a name that is a word.
func (l *Linker) supported(s *scan, h hit) bool {
	for i := range s.hits {
		if o := &s.hits[i]; o.target == h.target && (o.alias == nil || !o.alias.Word) {
			return true
		}
	}
	if v := s.byRules(h); v != unsure {
		return v == yes
	}
	if s.sensed == maxSensed {
		return false
	}
	s.sensed++
	switch p := s.sense(h); {
	case p > senseSure:
		return true
	case p < senseNone:
		return false
	case !s.english():
		return p > senseFair
	}
	return l.byGrammar(s, h)
}

// Probabilities that the model gives to a name that means the service: those that
// decide, and that which does where the tagger does not know the language.
const (
	senseSure = 0.8
	senseFair = 0.6
	senseNone = 0.2
)

// byRules applies the cheap rules in order; the first that speaks decides.
func (s *scan) byRules(h hit) verdict {
	prev, next := s.word(h.start, -1), s.word(h.end, +1)
	capital := s.capital(h)
	if v := s.byHyphen(h, capital); v != unsure {
		return v
	}
	if s.secondOfName(h) || kin[prev] {
		return no // "Times Square", "mon oncle Claude"
	}
	if h.alias.Common && (!capital || s.shouting(h)) {
		return unsure
	}
	if v := s.byNext(h, prev, next, capital); v != unsure {
		return v
	}
	before := s.word(s.wordStart(h.start), -1)
	if !h.alias.Common && ((prev == "to" || prev == "for") && gratitude[before] || address[prev]) && !s.english() {
		return yes
	}
	if capital && s.about() && (s.amongJapanese(h) || s.listed(h)) {
		return yes // "Xが落ちた", "ChatGPT, X and Canva are down"
	}
	if h.alias.Common && s.neighbourCapital(h) {
		return no // "Orange County"
	}
	return unsure
}

// byHyphen looks at hyphens: "auto-zoom" and "Jean-Claude" name no service; in
// German, "Wise-Karte" and "Slack-Störung" do where there is trouble.
func (s *scan) byHyphen(h hit, capital bool) verdict {
	before := h.start > 0 && s.f.text[h.start-1] == '-'
	after := h.end < len(s.f.text) && s.f.text[h.end] == '-'
	switch {
	case before || after && !capital:
		return no
	case after && s.lang == "de":
		return is(s.about())
	}
	return unsure
}

// amongJapanese reports whether the name is followed by letters of a Japanese
// post, among which Latin ones are a name as a rule.
func (s *scan) amongJapanese(h hit) bool {
	return s.lang == "ja" && h.end < len(s.f.text) && s.f.text[h.end] >= utf8.RuneSelf
}

// english reports whether the post is, or may be, in the tagger's language.
func (s *scan) english() bool { return s.lang == "" || s.lang == "en" }

// byNext looks at what follows: "slack down", "slack is down", "slack's api".
// In English it leaves to the tagger what comes behind a word that may belong
// to the name: "the autistic spectrum support line is down".
func (s *scan) byNext(h hit, prev, next string, capital bool) verdict {
	if !s.touches(h.end) {
		return unsure
	}
	if s.lang == "" && !h.alias.Common && s.opens(h.start) && s.troubleWithin(h.end, 1) {
		return yes // "discord en panne", of which nobody told the language
	}
	if s.english() && !(s.opens(h.start) || clauseOpener[prev] || asking[prev] || address[prev] || prev == "the" && serviceNext[next]) && !capital {
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

// secondOfName reports whether the name ends one that began right before it, as
// in "Times Square": with a capital, and it is no service, no greeting and no
// word that sentences begin with.
func (s *scan) secondOfName(h hit) bool {
	t := s.f.text
	if !s.capital(h) || s.f.upper > s.f.lower || h.start < 2 || t[h.start-1] != ' ' || !wordByte[t[h.start-2]] || s.lang == "de" {
		return false
	}
	i := s.wordStart(h.start)
	w := string(t[i : h.start-1])
	if s.f.marks[i]&(markUpper|markSpan) != markUpper || isOutageWord(w) {
		return false
	}
	if !h.alias.Common && s.opens(i) && words().plain[w] {
		return false // "Fourth Azure incident": any word begins a sentence
	}
	for _, set := range []map[string]bool{address, gratitude, clauseOpener, asking, onService, serviceVerb, wordBefore, owner, beginning} {
		if set[w] {
			return false
		}
	}
	for i := range s.hits {
		if s.hits[i].end == h.start-1 {
			return false
		}
	}
	return true
}

// shouting reports whether the post is written in capitals, the name apart:
// "LINE" among Japanese letters is no shouting.
func (s *scan) shouting(h hit) bool {
	upper := s.f.upper
	for i := h.start; i < h.end; i++ {
		if s.f.marks[i]&markUpper != 0 {
			upper--
		}
	}
	return upper > s.f.lower
}

// troubleBeside reports whether an outage word stands in the clause of the name:
// no comma and no full stop between.
func (s *scan) troubleBeside(h hit) bool {
	for _, w := range s.trouble {
		from, to := min(h.end, w.end), max(h.start, w.start)
		between := s.f.text[min(from, to):to] // nothing where one is a part of the other
		if !strings.ContainsAny(string(between), ".!?,;:") {
			return true
		}
	}
	return false
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
