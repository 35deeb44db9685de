package classify

import (
	"slices"
	"strings"
	"sync"

	"github.com/jdkato/prose/v2"
)

// This file reads the grammar around a name that is an ordinary word as well, for
// the posts in English that the rules of ambiguous.go leave in doubt. A proper
// name stands without an article where a noun needs one: "zoom keeps crashing",
// "stuck on slack". Which words around it are verbs, nouns or adjectives is what
// the part-of-speech tagger knows and no list could hold.

// tagged is a word with its Penn Treebank tag; both are empty beyond the ends.
type tagged struct{ word, tag string }

// clause is a name among its neighbours: tags[2] is the name.
type clause [5]tagged

func (c *clause) prev() tagged { return c[1] }
func (c *clause) next() tagged { return c[3] }

func (w tagged) is(tags ...string) bool { return slices.Contains(tags, w.tag) }

// ends reports whether the clause has no word there: its end, or a sign.
func (w tagged) ends() bool { return w.tag == "" || w.tag[0] < 'A' || w.is("SYM", "UH") }

func (w tagged) noun() bool {
	return w.is("NN", "NNS", "NNP", "NNPS") && !late[w.word] && !clauseOpener[w.word] && !serviceVerb[w.word]
}
func (w tagged) finite() bool { return w.is("VBZ", "VBD", "MD") || serviceVerb[w.word] }

var (
	// Things that a service has, said right behind its name.
	serviceNoun = set(`folks team people crew guys bot bots message messages call calls meeting meetings notification notifications web desktop mobile
		client clients account accounts link links workspace channel channels payment payments terminal terminals deploy deploys deployment builds
		page pages session sessions file files sync integration alerts bill internet wifi broadband uploads search
		site chat chats admin calendar network tech queue data storage database db warehouse ingest logs events stream streams video audio voice server code
		editor portal downloads mail email emails inbox cloud feed timeline dms store balance transfer transfers card cards payouts order orders delivery
		maps registers ceo cto noc friends posts trading lag users customers services livebox modem router terminals stores scenarios automations download threads cams subscription runners functions host hosting agent customer phone cameras camera doorbell driver`)
	// The people of a service, whom one thanks: "the render folks".
	servicePeople = set(`folks team people crew engineer engineers ops sre sres devs staff oncall`)
	// What is said of the time or to nobody, which the tagger takes for nouns.
	late = set(`today tonight yesterday tomorrow again anyone everyone anybody everybody someone lol pls plz please rn tho either right now smh wtf omg`)
	// What stands before a clause, or in it before its subject.
	clauseOpener = set(`ayo yo bruh dude man omfg welp anyway fyi and but so because cause cuz since while when if that why now then maybe think guess hope wish says said lol ugh omg wow well ok okay
		meanwhile also or until how today apparently great sure sorry yay oh no damn seriously`)
	// What asks of the name behind it.
	asking = set(`is was does did has are isn't doesn't`)
	// Where one is when one uses a service.
	onService = set(`on in into to from with via through at using onto`)
	// Whom one asks on a service: "anyone on render".
	onlooker = set(`anyone anybody everyone everybody someone somebody people folks running hosted run`)
	// The name of mine or of others: "my slack", "everyone else's teams".
	owner = set(`my our your else's anyone's everyone's everybody's anybody's`)
	// How one gets into a service, before "to" and "into".
	entering = set(`in log login logged logging get connect connecting deploy deploying`)
	// What a company does, said right behind its name.
	companyVerb = set(`announced announces announcing says said wants plans adds added launches launched raises raised cut bought buys sold opens opened ships shipped
		introduced introduces released releases costs charges fined blamed blames blaming hired fired hires promises promised claims claimed apologised apologized admits admitted`)
	// What one does to a service, before "to".
	reaching = set(`migrate migrated migrating stream streaming sync syncing publishing back connect connecting connected log logged login go goes went move moved moving switch switched post posted posting send sent upload uploading
		talk talking subscribe subscribed pay paying publish deploy deploying thanks thank hugs hug love`)
	portion = set(`half all most rest part much`)
	// Verbs that take the word as their object, or the name as a place to paint.
	wordObject = set(`cut cuts cutting sow sows sowing sowed lose losing lost gather pick picking picked build building gain blow blowing let painted drawn oil
		printed run running ran earn earned`)
	// What is not well: signs of trouble that are no words of an outage by themselves, anywhere in the clause, and those right beside the name.
	symptom = set(`won't wont can't cant cannot couldn't couldnt doesn't doesnt didn't didnt refuses refusing weird delayed delays booted kicked dropping
		error spinning overloaded frozen freezing dying eta unable stuck trouble problem problems issue issues`)
	nearSymptom = set(`n't delay stopped drops kicking spins buffering missing loading hung open bad blank acting lag lags slow out weirdness dropped`)
	// Nouns that need no article, so that its lack tells nothing.
	mass = set(`steam discord slack canvas`)
)

// byGrammar reports whether the grammar around the name makes it a service.
func (l *Linker) byGrammar(s *scan, h hit) bool {
	if s.asked++; s.asked > maxAsked {
		return false
	}
	before, name, after := s.window(h)
	c := l.ask(before, name, after)
	trouble := s.about() || nearSymptom[c[3].word] || nearSymptom[c[4].word] || nearSymptom[c[1].word] || nearSymptom[c[0].word]
	for _, side := range []string{before, after} {
		trouble = trouble || slices.ContainsFunc(strings.Fields(strings.ToLower(side)), func(w string) bool { return symptom[strings.Trim(w, ".,:;!?")] })
	}
	if (h.alias.Common || l.targets[h.target].unknown) && !s.capital(h) {
		return c.saysOfCommon(s, h) == yes
	}
	return c.says(s, h, trouble) == yes
}

// says applies the rules of grammar in order; the first that speaks decides.
func (c *clause) says(s *scan, h hit, trouble bool) verdict {
	if c[2].tag == "" {
		return unsure // nobody could tell
	}
	prev, next := c.prev(), c.next()
	capital := s.capital(h) && !s.shouting(h)
	common := h.alias.Common
	plural := s.f.text[h.end-1] == 's' && c[2].is("NNS", "NNPS", "VBZ")
	owned := owner[prev.word] || prev.tag == "POS" && owner[c[0].word+prev.word]
	switch {
	case serviceNoun[next.word] || serviceNext[next.word]:
		if capital || servicePeople[next.word] || prev.word == "the" || owned || prev.word == "every" || prev.word == "any" || !prev.determines() {
			return yes
		}
		return no
	case prev.word == "n't" && s.asksWhy(h) && trouble:
		return yes // "why won't slack load"
	case next.is("VBZ") && c[4].is("VBN") && !serviceVerb[next.word] && next.word != "gets":
		return no // "zoom lens broken": a noun, whatever the tagger says
	case capital && companyVerb[next.word] && !plural:
		return yes // "Slack announced"
	case capital && !common && next.tag == "POS" && prev.ends() && c[4].is("NN", "NNS", "JJ"):
		return yes // "Stripe's docs"
	case next.noun() && !isOutageWord(next.word):
		return no // a compound: "zoom lens", "steam pipes", "Ring road"
	case next.is("CD") && !isOutageWord(next.word) || next.is("WDT", "WP") || next.is("VBP") && !onService[prev.word] || next.word == "of":
		return no
	case prev.word == "my" && plural && next.is("VBP", "VBD"):
		return no // "two of my teams were relegated"
	case owned && !capital:
		return is(trouble && (next.finite() || next.ends() || s.troubleWithin(h.end, 12)))
	case (prev.determines() || prev.is("VBG") && c[0].is("DT", "PRP$")) && !capital:
		return no
	case s.listed(h) && trouble:
		return yes
	case common:
		return is(trouble && (next.tag == "POS" || next.word == "out" || next.ends() || serviceVerb[next.word] || next.is("MD") && capital || s.troubleWithin(h.end, 8) && next.word != "failure" && next.word != "failures"))
	case next.tag == "POS" && (prev.ends() || clauseOpener[prev.word]) || address[prev.word] && !plural && trouble:
		return is(trouble)
	case next.is("DT", "PRP$") && prev.ends() && !capital && !trouble || next.is("PRP$") && prev.ends():
		return no // "Chase your errors"
	case !capital && (c[2].is("VB", "VBP") && (prev.is("MD", "PRP") || prev.word == "n't") || prev.is("RP")):
		return no
	case prev.word == "of" && next.finite() && trouble && !plural && portion[c[0].word]:
		return yes
	case prev.word == "to" && c[0].is("VB", "VBP", "VBG", "VBD", "VBN", "VBZ", "MD", "JJ", "PRP") && !reaching[c[0].word] && !capital:
		return no // "trying to buffer"
	case asking[prev.word] || prev.word == "it" && asking[c[0].word]:
		return is(trouble && (prev.word == "it" || c[0].ends() || c[0].is("WRB") || clauseOpener[c[0].word]))
	case next.finite() && (prev.ends() || clauseOpener[prev.word] || capital):
		if mass[c[2].word] && !serviceVerb[next.word] && !next.is("MD") {
			return is(isOutageWord(next.word) || symptom[next.word] || nearSymptom[next.word])
		}
		return is(!plural || trouble && next.is("VBZ", "MD", "VBD"))
	case next.word == "not" && c[4].is("VBG"):
		return yes
	case wordObject[prev.word] || wordObject[c[0].word] || prev.word == "of" || prev.word == "by":
		return is(capital && !s.opens(h.start))
	case (prev.word == "and" || prev.word == "or") && c[0].noun() && !capital && next.word != "both" && !s.listed(h):
		return no
	case onService[prev.word] && trouble && (!plural || prev.word == "on"):
		return yes
	case prev.is("VB", "VBP", "VBG", "VBD", "VBN", "VBZ") && trouble && !plural:
		return yes
	}
	if plural {
		return no
	}
	start := prev.ends() || clauseOpener[prev.word] || prev.is("RB", "UH", "JJ")
	return is(trouble && start && !next.is("VBG", "IN", "TO", "VBN") || trouble && start && s.troubleWithin(h.end, 12))
}

// saysOfCommon is for a name in lower case that is mostly a word, or that the
// registry does not know: only what one says of nothing but a service counts.
func (c *clause) saysOfCommon(s *scan, h hit) verdict {
	switch prev, next := c.prev(), c.next(); {
	case c[2].tag == "":
		return no
	case servicePeople[next.word] && prev.word == "the" && s.about():
		return yes
	case prev.determines() || !s.about():
		return no
	case prev.word == "on" && onlooker[c[0].word]:
		return yes
	case (prev.word == "to" || prev.word == "into") && entering[c[0].word]:
		return yes
	case asking[prev.word] || prev.word == "with" && onlooker[c[0].word]:
		return is(s.troubleWithin(h.end, 12))
	case prev.ends() || clauseOpener[prev.word]:
		return is(serviceVerb[next.word] && s.troubleWithin(h.end, 20) || (serviceNoun[next.word] || serviceNext[next.word]) && s.troubleWithin(h.end, 24))
	}
	return no
}

func is(b bool) verdict {
	if b {
		return yes
	}
	return no
}

// determines reports whether the word makes a common noun of what follows.
func (w tagged) determines() bool {
	return w.is("DT", "PRP$", "CD", "JJR", "JJS", "PDT", "POS", "NN", "NNS", "WP$") || wordBefore[w.word] || w.is("JJ") && !clauseOpener[w.word] && !address[w.word]
}

// listed reports whether the name stands beside another: "Signal and Telegram".
func (s *scan) listed(h hit) bool {
	joint := func(from, to int) bool {
		return from < to && to-from < 6 && slices.Contains([]string{"and", "or", "&", ",", "/", "+"}, strings.TrimSpace(string(s.f.text[from:to])))
	}
	return slices.ContainsFunc(s.hits, func(o hit) bool {
		sure := o.alias == nil || !o.alias.Word || s.f.marks[o.start]&s.f.marks[h.start]&markUpper != 0
		return sure && o.target != h.target && (joint(o.end, h.start) || joint(h.end, o.start))
	})
}

// asksWhy reports whether the word before the name, a verb, begins a question.
func (s *scan) asksWhy(h hit) bool {
	at := s.wordStart(h.start)
	return s.opens(at) || s.word(at, -1) == "why"
}

// tagger loads the English tagger once, when the first post needs it: some
// 250 ms and 100 MB.
var tagger = sync.OnceValue(func() *prose.Model { return prose.ModelFromData("hugops") })

// standIn takes the place of the name while its neighbours are tagged: a proper
// name that the tagger knows. Its own model has few names of our time, and a
// neighbour of a word that it mistakes is mistaken too.
const standIn = "IBM"

// partOfSpeech tags a name and its neighbours; all is empty where the tagger
// does not see the name as one word.
func partOfSpeech(before, name, after string) (c clause) {
	own, at := tag(before, name, after)
	if at < 0 {
		return c
	}
	around, i := tag(before, standIn, after)
	if i < 0 {
		return c
	}
	for k := range c {
		if j := i + k - 2; j >= 0 && j < len(around) {
			c[k] = tagged{strings.ToLower(around[j].Text), around[j].Tag}
			if o := (tagged{c[k].word, own[j].Tag}); o.noun() && c[k].is("VBZ", "VBG") && !serviceVerb[o.word] {
				c[k] = o // "steam pipes" is a verb only behind a name
			}
		}
	}
	c[2] = tagged{strings.ToLower(name), own[at].Tag}
	return c
}

// unlazy puts the apostrophes back that the tagger knows verbs by.
var unlazy = strings.NewReplacer(" cant ", " can't ", " dont ", " don't ", " wont ", " won't ", " isnt ", " isn't ", " doesnt ", " doesn't ", " didnt ", " didn't ", " i ", " I ")

// tag tags a clause and finds the name in it.
func tag(before, name, after string) (tokens []prose.Token, at int) {
	before = unlazy.Replace(" " + before)
	doc, err := prose.NewDocument(before+" "+name+" "+unlazy.Replace(after+" "), prose.UsingModel(tagger()), prose.WithSegmentation(false), prose.WithExtraction(false))
	if err != nil {
		return nil, -1
	}
	tokens = doc.Tokens()
	words := len(strings.Fields(before))
	for i := range tokens {
		if i >= words && tokens[i].Text == name {
			return tokens, i
		}
	}
	return nil, -1
}

// window cuts the clause around a hit out of the text, in ASCII, with its capitals.
func (s *scan) window(h hit) (before, name, after string) {
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
	return s.plain(from, h.start), s.plain(h.start, h.end), s.plain(h.end, to)
}

// plain is a piece of the text in ASCII, with its capitals.
func (s *scan) plain(from, to int) string {
	b := make([]byte, 0, to-from)
	for i := from; i < to; i++ {
		c := s.f.text[i]
		switch {
		case c >= 0x80 || c == '/' || c < ' ':
			c = ' '
		case s.f.marks[i]&markUpper != 0:
			c -= 'a' - 'A'
		}
		b = append(b, c)
	}
	return string(b)
}
