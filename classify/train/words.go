package train

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ordinaryWords lists, sorted, the words that the corpus writes in lower case
// more often than as a name: with a capital in mid-sentence, as a handle or as a
// hashtag. The linker takes a service of such a name for the word unless the
// post supports it (ordinary.txt). Latin letters only, and no word of less than
// four: the linker knows both by themselves.
func ordinaryWords(corpus []example) (words []string) {
	score := map[string]int{}
	for i := range corpus {
		opens := true // a sentence
		for _, token := range strings.Fields(corpus[i].text) {
			name := strings.HasPrefix(token, "@") || strings.HasPrefix(token, "#")
			if strings.Contains(token, "://") {
				continue
			}
			for _, w := range strings.FieldsFunc(token, func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' && r != '’' && r != 'ー' }) {
				sight(score, w, name, opens)
				opens = false
			}
			last, _ := utf8.DecodeLastRuneInString(token)
			opens = opens || strings.ContainsRune(".!?:…\"”)", last) || !unicode.IsLetter(last) && last > unicode.MaxLatin1
		}
	}
	for w, n := range score {
		if n > 0 && utf8.RuneCountInString(w) > 3 && latin(w) {
			words = append(words, w)
		}
	}
	slices.Sort(words)
	return words
}

func latin(w string) bool {
	return strings.IndexFunc(w, func(r rune) bool { return !unicode.Is(unicode.Latin, r) }) < 0
}

// sight adds one sight of a word: for it if in lower case, against it if as a name.
func sight(score map[string]int, w string, name, opens bool) {
	w = strings.Trim(w, "'’")
	if stem, _, ok := strings.Cut(strings.ReplaceAll(w, "’", "'"), "'"); ok {
		w = stem // "bee's", "isn't"
	}
	lower := strings.ToLower(w)
	switch {
	case name:
		score[lower]--
	case w == lower:
		score[lower]++
	case !opens && strings.ToUpper(w) != w:
		score[lower]--
	}
}
