package classify

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"
)

//go:embed words.tsv
var wordsTSV string

// ordinaryTXT holds the words of everyday texts, one a line, as
// hugops train --words makes it from the corpus.
//
//go:embed ordinary.txt
var ordinaryTXT string

// vocabulary is words.tsv and ordinary.txt.
type vocabulary struct {
	outage map[string]string // folded word or phrase → languages it counts in (" de fr "), "" for all
	order  []string          // the keys of outage, in the order of the file
	signs  map[string]sign   // words that say something else of the post
	tags   map[string]bool   // tags of solidarity
	plain  map[string]bool   // ordinary words, which a service may be named after
	named  map[string]bool   // those of them that words.tsv lists, where no brand stands among them
}

var words = sync.OnceValue(func() *vocabulary {
	v, err := parseWords(wordsTSV)
	if err != nil {
		panic("classify: words.tsv: " + err.Error()) // a test parses the file
	}
	for w := range strings.Lines(ordinaryTXT) {
		v.plain[strings.TrimSpace(w)] = true
	}
	return v
})

// ordinary reports whether a name of one word may be something else in a post:
// an ordinary word or its plural, or an abbreviation of up to three letters.
func ordinary(name string) bool {
	w := foldString(strings.TrimSpace(name))
	v := words()
	return utf8.RuneCountInString(w) < 4 || v.plain[w] || v.plain[strings.TrimSuffix(w, "s")] || isOutageWord(w)
}

// sign is what a word says of the sentence that it stands in.
type sign uint8

const (
	signSoft      sign = 1 << iota // something is felt or amiss, if not an outage: "anyone", "ugh", "bless"
	signAside                      // it is about something else: a job, news, a memory
	signPeople                     // those who run a service: "engineers"
	signSignature                  // a mail program's signature begins here
	signSymptom                    // something does not work: "can't", "blank"
	signNow                        // it is so now: "tonight", "since"
	signCrowd                      // others are concerned: "anyone", "the whole office"
	signTrade                      // it is about prices, jobs, features, tastes
)

var signClasses = map[string]sign{"soft": signSoft, "aside": signAside, "people": signPeople, "signature": signSignature,
	"symptom": signSymptom, "now": signNow, "crowd": signCrowd, "trade": signTrade}

func parseWords(tsv string) (*vocabulary, error) {
	v := &vocabulary{outage: map[string]string{}, signs: map[string]sign{}, tags: map[string]bool{}, plain: map[string]bool{}, named: map[string]bool{}}
	for n, line := range strings.Split(tsv, "\n") {
		if line == "" || line[0] == '#' || line == "class\tlang\twords" {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 3 {
			return nil, fmt.Errorf("line %d has %d fields, want class, language and words parted by tabs", n+1, len(f))
		}
		for _, w := range strings.Split(f[2], ",") {
			if err := v.add(f[0], f[1], foldString(w)); err != nil {
				return nil, fmt.Errorf("line %d: %w", n+1, err)
			}
		}
	}
	return v, nil
}

func (v *vocabulary) add(class, lang, word string) error {
	known, ok := v.outage[word]
	switch {
	case word == "":
		return fmt.Errorf("an empty word stands between two commas")
	case signClasses[class] != 0:
		v.signs[word] |= signClasses[class]
	case class == "tag":
		v.tags[word] = true
	case class == "plain":
		v.plain[word], v.named[word] = true, true
	case class == "outage" && ok: // another language has it too
		v.outage[word] = ""
	case class == "outage":
		v.outage[word] = ""
		v.order = append(v.order, word)
	case class == "own" && !ok:
		v.outage[word] = " " + lang + " "
		v.order = append(v.order, word)
	case class == "own" && known != "":
		v.outage[word] = known + lang + " "
	case class != "own":
		return fmt.Errorf("class %q is none of outage, own, soft, people, aside, symptom, now, crowd, trade, signature, plain, tag", class)
	}
	return nil
}

// endings are what people put behind a service's name in a hashtag
// ("#slackdown") or a handle.
var endings = []string{"down", "outage", "isdown", "outages", "fail", "crash", "status", "störung", "stoerung", "ausfall", "panne", "caido", "caiu", "storing", "障害"}
