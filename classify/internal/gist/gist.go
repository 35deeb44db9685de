// Package gist makes fingerprints of texts, by which copies are known after the
// texts have expired.
package gist

import (
	"math/bits"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hugops/hugops/classify/internal/plain"
)

// A text with fewer than leastPairs distinct pairs of words in a row has no gist:
// twelve words, of which two may be a name. So many people find the same few words
// for a hug that these prove nothing; but hardly two find the same ten. Where a
// script puts no spaces between words, four letters in a row are a third of a pair.
const (
	leastPairs = 11
	pairUnits  = 3
)

// factors are odd numbers at random: each makes another hash of a word.
var factors = [8]uint64{
	0x9e3779b97f4a7c15, 0xc2b2ae3d27d4eb4f, 0xd6e8feb86659fd93, 0xa0761d6478bd642f,
	0xe7037ed1a0b428db, 0x8ebc6af09c88c6e3, 0x589965cc75374cc3, 0x1d8e4e27c47d124f,
}

// Of returns the gist of a text, by which copies of it are known though a few words
// differ: eight min-hashes, a byte each, of its pairs of words in a row (Broder 1997;
// Li and König 2010). So two texts agree in as many bytes of eight as their sets of
// pairs overlap (Jaccard), give or take. Single words would not do: most of those of
// any two texts are "the" and "to". Addresses, handles, hashtags, numbers, signs,
// emoji and capitals do not count. It is 0 for a text of fewer than twelve words.
//
// Gists of another version of this function must not be compared with these.
func Of(text string) uint64 {
	var s shingles
	for i := range s.least {
		s.least[i] = ^uint32(0)
	}
	s.read(plain.Text(text))
	if s.units < leastPairs*pairUnits {
		return 0
	}
	var gist uint64
	for i, least := range s.least {
		gist |= uint64(least&0xff) << (8 * i)
	}
	return max(gist, 1)
}

// shingles gathers what stands in a row in a text.
type shingles struct {
	least   [8]uint32
	word    uint64  // the hash of the word before, 0 for none
	letters [3]rune // those before, of a script without spaces
	units   int     // of distinct shingles, until they are enough
	seen    [leastPairs * pairUnits]uint64
	kinds   int // how many of seen are in use
}

func (s *shingles) add(shingle uint64, units int) {
	shingle ^= shingle >> 32
	shingle *= hashPrime
	shingle ^= shingle >> 29
	for i, f := range factors {
		s.least[i] = min(s.least[i], uint32((shingle*f)>>32))
	}
	if s.units >= leastPairs*pairUnits {
		return
	}
	for _, k := range s.seen[:s.kinds] {
		if k == shingle {
			return
		}
	}
	s.seen[s.kinds] = shingle
	s.kinds++
	s.units += units
}

// next adds the pair of the word before and this one.
func (s *shingles) next(word uint64) {
	if s.word != 0 {
		s.add(bits.RotateLeft64(s.word, 23)+word, pairUnits)
	}
	s.word = word
}

// letter adds the row of a letter and the three before it.
func (s *shingles) letter(r rune) {
	if s.letters[0] != 0 {
		h := uint64(hashStart)
		for _, l := range s.letters {
			h = hashRune(h, l)
		}
		s.add(hashRune(h, r), 1)
	}
	s.letters = [3]rune{s.letters[1], s.letters[2], r}
}

// read adds what text has.
func (s *shingles) read(text string) {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == '@' || r == '#':
			i += size + nameLen(text[i+size:])
		case (r|0x20 == 'h' || r|0x20 == 'w') && address(text[i:]):
			i += addressLen(text[i:])
		case spaceless(r):
			s.letter(r)
			i += size
		case unicode.IsLetter(r):
			word, n := readWord(text[i:])
			s.next(word)
			i += n
		default:
			i += size
		}
	}
}

// The hash of a word is FNV-1a over its letters.
const (
	hashStart = 14695981039346656037
	hashPrime = 1099511628211
)

func hashRune(h uint64, r rune) uint64 { return (h ^ uint64(r)) * hashPrime }

// readWord returns the hash of the word that text begins with, and its length.
func readWord(text string) (h uint64, n int) {
	h = hashStart
	for n < len(text) {
		if c := text[n] | 0x20; 'a' <= c && c <= 'z' {
			h = hashRune(h, rune(c))
			n++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[n:])
		switch {
		case r == '\'' || r == '’':
		case unicode.IsLetter(r) && !spaceless(r) || unicode.IsMark(r):
			h = hashRune(h, unicode.ToLower(r))
		default:
			return h, n
		}
		n += size
	}
	return h, n
}

// nameLen is the length of the rest of a handle or a hashtag.
func nameLen(s string) int {
	for i, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_.-@", r) {
			return i
		}
	}
	return len(s)
}

func address(s string) bool {
	for _, p := range []string{"https://", "http://", "www."} {
		if len(s) >= len(p) && strings.EqualFold(s[:len(p)], p) {
			return true
		}
	}
	return false
}

func addressLen(s string) int {
	if i := strings.IndexFunc(s, unicode.IsSpace); i >= 0 {
		return i
	}
	return len(s)
}

// spaceless reports whether r is a letter of a script that puts no spaces between
// words.
func spaceless(r rune) bool {
	return r >= 0xe00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}
