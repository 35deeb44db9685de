package classify

import (
	"slices"
	"strings"
	"unicode"

	"github.com/RadhiFadlillah/whatlanggo"
)

// Languages are those that the model has been taught and measured on.
var Languages = []string{"en", "de", "fr", "es", "pt", "nl", "ja"}

// languageOf returns the language to read a text in, a BCP 47 base tag or "und",
// and whether the model knows it. The network's tag counts if there is one and
// the letters fit it; else the text is asked.
func languageOf(text, tag string) (lang string, known bool) {
	lang = baseLang(tag)
	tagged := lang != "" && lang != "und" && lang != "mul"
	switch {
	case tagged && !slices.Contains(Languages, lang):
		return lang, false
	case !knownScript(text):
		return identify(text), false
	case tagged:
		return lang, true
	}
	return guess(text)
}

// From few bytes on the identifier is asked which of the model's languages it is,
// and believed if it finds it likely: of our own posts 1.4 % of the English ones are
// then read as something else, and 8 to 26 % of the others as English. It is
// believed that it is none of these from enough bytes on, and only if sure.
const (
	few    = 16
	likely = 0.2
	enough = 40
)

// guess identifies the language of a text without a tag, in a script that the
// model knows. What cannot be told is read as English.
func guess(text string) (lang string, known bool) {
	if strings.IndexFunc(text, func(r rune) bool { return r >= 0x3040 && unicode.In(r, unicode.Hiragana, unicode.Katakana) }) >= 0 {
		return "ja", true
	}
	words := wordsOnly(text)
	info := whatlanggo.DetectWithOptions(words, whatlanggo.Options{Whitelist: common})
	lang = info.Lang.Iso6391()
	switch {
	case lang == "zh":
		return lang, false
	case slices.Contains(Languages, lang) && len(words) >= few && info.Confidence >= likely:
		return lang, true
	case lang != "" && !slices.Contains(Languages, lang) && len(words) >= enough && info.IsReliable():
		return lang, false
	}
	return "en", true
}

// identify names the language of a text in another script.
func identify(text string) string {
	if lang := whatlanggo.DetectLang(wordsOnly(text)).Iso6391(); lang != "" {
		return lang
	}
	return "und"
}

// common are the languages that posts without a tag are taken to be in: of rare
// ones, the identifier sees many a slangy English post.
var common = func() map[whatlanggo.Lang]bool {
	langs := map[whatlanggo.Lang]bool{}
	for _, l := range []whatlanggo.Lang{whatlanggo.Eng, whatlanggo.Deu, whatlanggo.Fra, whatlanggo.Spa, whatlanggo.Por, whatlanggo.Nld,
		whatlanggo.Ita, whatlanggo.Pol, whatlanggo.Tur, whatlanggo.Ind, whatlanggo.Swe, whatlanggo.Dan, whatlanggo.Nob, whatlanggo.Fin,
		whatlanggo.Ces, whatlanggo.Ron, whatlanggo.Hun, whatlanggo.Vie, whatlanggo.Tgl} {
		langs[l] = true
	}
	return langs
}()

// wordsOnly drops what is of no language: handles, hashtags, addresses.
func wordsOnly(text string) string {
	fields := strings.Fields(text)
	fields = slices.DeleteFunc(fields, func(w string) bool {
		return w[0] == '@' || w[0] == '#' || strings.Contains(w, "://")
	})
	return strings.Join(fields, " ")
}

// knownScript reports whether at least half of the letters are Latin, Han or
// kana.
func knownScript(text string) bool {
	if latin(text) {
		return true
	}
	known, foreign := 0, 0
	for _, r := range text {
		switch {
		case !unicode.IsLetter(r):
		case unicode.In(r, unicode.Latin, unicode.Han, unicode.Hiragana, unicode.Katakana) || r == 'ー':
			known++
		default:
			foreign++
		}
	}
	return known >= foreign
}

// latin reports whether a text has nothing behind the Latin blocks, whose letters
// begin with lower bytes in UTF-8.
func latin(text string) bool {
	for i := range len(text) {
		if text[i] >= 0xcd {
			return false
		}
	}
	return true
}
