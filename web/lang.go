package web

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// embedwords.json is what embeds say, by language. The keys of "widget" are shared
// with widget.js, which says the same sentences of the same figures. {v}, {l} and {u}
// are the index and its bounds, {n} is a count, {t} a time.
//
//go:embed embedwords.json
var embedWords []byte

// lexicon is what embeds say in one language.
type lexicon struct {
	Code      string            `json:"-"`
	Group     string            `json:"group"`      // between thousands
	GroupFrom int               `json:"group_from"` // the smallest number with a Group
	Widget    map[string]string `json:"widget"`
	Badge     map[string]string `json:"badge"`
}

// lexicons are all languages by the primary subtag of BCP 47.
type lexicons map[string]lexicon

func loadLexicons() (lexicons, error) {
	var all lexicons
	if err := json.Unmarshal(embedWords, &all); err != nil {
		return nil, fmt.Errorf("reading embedwords.json: %w", err)
	}
	for code, l := range all {
		if l.Code = code; l.GroupFrom == 0 {
			l.GroupFrom = 1000
		}
		all[code] = l
	}
	return all, nil
}

// of returns the language of a tag such as "pt-BR", or English.
func (l lexicons) of(tag string) lexicon {
	primary, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(tag, "_", "-")), "-")
	if one, ok := l[primary]; ok {
		return one
	}
	return l["en"]
}

// codes are the languages, sorted.
func (l lexicons) codes() []string { return slices.Sorted(maps.Keys(l)) }

// Say fills a sentence of the widget; values come in pairs: "n", "12".
func (l lexicon) Say(key string, values ...string) string {
	for i := 0; i+1 < len(values); i += 2 {
		values[i] = "{" + values[i] + "}"
	}
	return strings.NewReplacer(values...).Replace(l.Widget[key])
}

// Count writes a whole number as the language does: 12,345.
func (l lexicon) Count(n int) string {
	if n < l.GroupFrom {
		return strconv.Itoa(n)
	}
	return strings.ReplaceAll(count(n), ",", l.Group)
}

// Verdict and Sure are the short words of a figure.
func (l lexicon) Verdict(f figure) string {
	switch {
	case f.Lower > 50:
		return l.Say("sup")
	case f.Upper < 50:
		return l.Say("ven")
	}
	return l.Say("mid")
}

func (l lexicon) Sure(f figure) string {
	switch width := f.Upper - f.Lower; {
	case width <= 8:
		return l.Say("s1")
	case width <= 16:
		return l.Say("s2")
	case width <= 30:
		return l.Say("s3")
	}
	return l.Say("s4")
}

// In says a figure in the language: its label, its verdict and how sure it is.
func (l lexicon) In(f figure) figure {
	if !f.Enough {
		key := "few"
		if f.Ended {
			key = "fewer"
		}
		f.Label = l.Say(key, "n", strconv.Itoa(f.Sided))
		f.Verdict.Short = f.Label
		return f
	}
	f.Label = l.Say("label", "v", strconv.Itoa(f.Value), "l", strconv.Itoa(f.Lower), "u", strconv.Itoa(f.Upper))
	f.Verdict.Short, f.Sure = l.Verdict(f), l.Sure(f)
	return f
}
