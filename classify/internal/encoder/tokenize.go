package encoder

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

const (
	maxWordRunes = 100             // a longer word is [UNK], as in BERT
	maxWordBytes = 4 * 100         // bytes that such a word can have
	suffixMark   = "##"            // begins a piece that continues a word
	hangulFirst  = 0xAC00          // Hangul syllables decompose by arithmetic:
	hangulLast   = 0xD7A3          // The Unicode Standard, section 3.12
	hangulVT     = 21 * hangulTail // syllables of one leading consonant
	hangulTail   = 28              // syllables of one leading consonant and vowel
)

// vocabulary finds pieces by their text.
type vocabulary struct {
	first, next   map[string]int32 // pieces that begin and that continue a word
	longest       int              // bytes of the longest piece
	cls, sep, unk int32
}

// readVocabulary reads n pieces, one a line.
func readVocabulary(block []byte, n int) (vocabulary, error) {
	v := vocabulary{}
	if got := bytes.Count(block, []byte("\n")); got != n || block[len(block)-1] != '\n' {
		return v, fmt.Errorf("the vocabulary has %d lines, want %d", got, n)
	}
	v.first, v.next = make(map[string]int32, n), make(map[string]int32, n)
	number := int32(0)
	for line := range strings.Lines(string(block)) {
		piece := strings.TrimSuffix(line, "\n")
		set := v.first
		if rest, ok := strings.CutPrefix(piece, suffixMark); ok && rest != "" {
			piece, set = rest, v.next
		}
		if _, twice := set[piece]; twice || piece == "" {
			return v, fmt.Errorf("piece %d of the vocabulary is empty or stands twice", number)
		}
		set[piece] = number
		v.longest = max(v.longest, len(piece))
		number++
	}
	return v, v.special()
}

// special finds the pieces that every text needs.
func (v *vocabulary) special() error {
	for piece, number := range map[string]*int32{"[CLS]": &v.cls, "[SEP]": &v.sep, "[UNK]": &v.unk} {
		n, ok := v.first[piece]
		if !ok {
			return errors.New("the vocabulary lacks " + piece)
		}
		*number = n
	}
	return nil
}

// tokens holds the pieces of one text while they are found.
type tokens struct {
	vocab *vocabulary
	ids   []int32 // [CLS], pieces and [SEP]; its capacity is the limit
	word  []byte
	runes int // of word; counts on where word is full
}

// read sets ids to the pieces of text: BERT's uncased basic tokenizer, then
// WordPiece, cut off so that [SEP] stays.
func (t *tokens) read(text string) {
	t.ids, t.word, t.runes = append(t.ids[:0], t.vocab.cls), t.word[:0], 0
	for _, r := range text {
		if t.full() {
			break
		}
		t.clean(r)
	}
	t.flush()
	t.ids = append(t.ids, t.vocab.sep)
}

func (t *tokens) full() bool { return len(t.ids) >= cap(t.ids)-1 }

// clean drops control characters, ends words at white space, puts spaces around
// Chinese characters, and folds the rest.
func (t *tokens) clean(r rune) {
	switch {
	case r < utf8.RuneSelf && ('a' <= r && r <= 'z' || '0' <= r && r <= '9'):
		t.add(r)
	case isSpace(r):
		t.flush()
	case r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co):
	case isChinese(r):
		t.flush()
		t.fold(r)
		t.flush()
	default:
		t.fold(r)
	}
}

// fold decomposes r canonically, drops accents (nonspacing marks) and lowers.
func (t *tokens) fold(r rune) {
	if r < utf8.RuneSelf {
		t.split(unicode.ToLower(r))
		return
	}
	if hangulFirst <= r && r <= hangulLast {
		s := r - hangulFirst
		t.add(0x1100 + s/hangulVT)
		t.add(0x1161 + s%hangulVT/hangulTail)
		if tail := s % hangulTail; tail != 0 {
			t.add(0x11A7 + tail)
		}
		return
	}
	if base, ok := decompositions()[r]; ok {
		for _, b := range base {
			t.split(unicode.ToLower(b))
		}
		return
	}
	if !unicode.Is(unicode.Mn, r) {
		t.split(unicode.ToLower(r))
	}
}

// split makes a word of its own of each punctuation character.
func (t *tokens) split(r rune) {
	if !isPunctuation(r) {
		t.add(r)
		return
	}
	t.flush()
	t.add(r)
	t.flush()
}

func (t *tokens) add(r rune) {
	if t.runes++; t.runes <= maxWordRunes {
		t.word = utf8.AppendRune(t.word, r)
	}
}

// flush ends a word: WordPiece takes the longest piece that fits, again and
// again; a word that pieces do not cover is [UNK].
func (t *tokens) flush() {
	word, long := t.word, t.runes > maxWordRunes
	t.word, t.runes = t.word[:0], 0
	if len(word) == 0 || t.full() {
		return
	}
	start := len(t.ids)
	set := t.vocab.first
	for at := 0; at < len(word); {
		id, n := longest(set, word[at:min(len(word), at+t.vocab.longest)])
		if n == 0 || long {
			t.ids = append(t.ids[:start], t.vocab.unk)
			return
		}
		if !t.full() {
			t.ids = append(t.ids, id)
		}
		at, set = at+n, t.vocab.next
	}
}

// longest finds the longest beginning of word in set, and its length.
func longest(set map[string]int32, word []byte) (id int32, n int) {
	for n = len(word); n > 0; n-- {
		if id, ok := set[string(word[:n])]; ok {
			return id, n
		}
	}
	return 0, 0
}

func isSpace(r rune) bool {
	return unicode.Is(unicode.White_Space, r) && r != '\v' && r != '\f' && r != 0x85
}

func isPunctuation(r rune) bool {
	if r < utf8.RuneSelf {
		return '!' <= r && r <= '/' || ':' <= r && r <= '@' || '[' <= r && r <= '`' || '{' <= r && r <= '~'
	}
	return unicode.Is(unicode.P, r)
}

// isChinese names the blocks of CJK ideographs, as BERT does.
func isChinese(r rune) bool {
	return 0x4E00 <= r && r <= 0x9FFF || 0x3400 <= r && r <= 0x4DBF ||
		0x20000 <= r && r <= 0x2A6DF || 0x2A700 <= r && r <= 0x2B73F ||
		0x2B740 <= r && r <= 0x2B81F || 0x2B820 <= r && r <= 0x2CEAF ||
		0xF900 <= r && r <= 0xFAFF || 0x2F800 <= r && r <= 0x2FA1F
}

// nfd.txt has a line for each character that decomposes canonically (Unicode
// 14, Hangul left out): the character, then its decomposition (NFD) without
// nonspacing marks.
//
//go:embed nfd.txt
var nfd string

var decompositions = sync.OnceValue(func() map[rune]string {
	table := make(map[rune]string, strings.Count(nfd, "\n"))
	for line := range strings.Lines(nfd) {
		r, n := utf8.DecodeRuneInString(line)
		table[r] = strings.TrimSuffix(line[n:], "\n")
	}
	return table
})
