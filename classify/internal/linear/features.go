package linear

import (
	"math"
	"unicode/utf8"
)

// Sizes of the hashed spaces. Words and their pairs go to the first, groups of
// three to five characters inside a word to the second.
const (
	wordBits    = 17
	charBits    = 17
	WordBuckets = 1 << wordBits
	Buckets     = WordBuckets + 1<<charBits
)

// Dense is the number of dense features; see (*scratch).dense.
const Dense = 14

// Features is what a model sees of a text: hashed tokens and pairs of them, hashed
// groups of characters of the words that it does not know, and a few numbers.
type Features struct {
	Words []uint32 // buckets below WordBuckets
	Chars []uint32 // buckets from WordBuckets
	Dense [Dense]float32

	s       scratch
	form    []byte
	letters []rune
}

// Vocabulary is the set of words that a model knows, by their hashes.
type Vocabulary [1 << (vocabularyBits - 6)]uint64

const (
	vocabularyBits  = 19
	vocabularyBytes = 1 << (vocabularyBits - 3)
)

// Extract fills f from a text, reusing f's memory. A word that is not in the
// vocabulary is spelt out: it counts by its groups of characters.
func (f *Features) Extract(text string, v *Vocabulary) {
	f.Words, f.Chars = f.Words[:0], f.Chars[:0]
	f.s.tokenize(text)
	previous := uint32(startHash)
	for i := range f.s.tokens {
		t := &f.s.tokens[i]
		h := f.s.hash(t)
		if t.kind > hashtag || v.Has(h) {
			f.Words = append(f.Words, bucketOfWord(h))
		} else {
			f.spell(t)
			h = unknownHash
		}
		f.Words = append(f.Words, pair(previous, h))
		previous = h
	}
	f.Words = append(f.Words, pair(previous, endHash))
	f.runs()
	f.Dense = f.s.dense()
}

// Spelt appends the hashes of the words of a text to hashes.
func (f *Features) Spelt(hashes []uint32, text string) []uint32 {
	f.s.tokenize(text)
	for i := range f.s.tokens {
		if t := &f.s.tokens[i]; t.kind <= hashtag {
			hashes = append(hashes, f.s.hash(t))
		}
	}
	return hashes
}

// Has reports whether a word is in the vocabulary, or one that cannot be told from it.
func (v *Vocabulary) Has(h uint32) bool {
	i := h >> (32 - vocabularyBits)
	return v[i/64]>>(i%64)&1 != 0
}

// Put puts a word into the vocabulary, or takes it out.
func (v *Vocabulary) Put(h uint32, in bool) {
	i := h >> (32 - vocabularyBits)
	v[i/64] &^= 1 << (i % 64)
	if in {
		v[i/64] |= 1 << (i % 64)
	}
}

// spell adds the characters of a word.
func (f *Features) spell(t *token) {
	f.form = append(f.s.bytes(append(f.form[:0], ' '), t), ' ') // a word has its borders around it
	f.chars(f.form)
}

const (
	startHash   = 0x51ed270b
	endHash     = 0x2545f491
	unknownHash = 0x7f4a7c15
)

func bucketOfWord(h uint32) uint32  { return finish(h) >> (32 - wordBits) }
func bucketOfChars(h uint32) uint32 { return WordBuckets + finish(h)>>(32-charBits) }

// pair is the bucket of two tokens in a row.
func pair(a, b uint32) uint32 { return bucketOfWord(mix(a, b)) }

// chars adds the groups of 3–5 characters of a word with a space on either side.
func (f *Features) chars(w []byte) {
	f.letters = f.letters[:0]
	for i := 0; i < len(w); {
		r, size := utf8.DecodeRune(w[i:])
		f.letters = append(f.letters, r)
		i += size
	}
	rs := f.letters
	for i := 0; i+3 <= len(rs); i++ {
		h := step(step(fnvBasis, rs[i]), rs[i+1])
		for _, r := range rs[i+2 : min(i+5, len(rs))] {
			h = step(h, r)
			f.Chars = append(f.Chars, bucketOfChars(h))
		}
	}
}

// runs adds the groups of 2–4 letters of unspaced scripts, across tokens.
func (f *Features) runs() {
	if !f.s.unspaced {
		return
	}
	letters := f.letters[:0]
	for i := range f.s.tokens {
		t := &f.s.tokens[i]
		if t.kind != glyph {
			letters = letters[:0]
			continue
		}
		f.form = f.s.bytes(f.form[:0], t)
		r, _ := utf8.DecodeRune(f.form)
		letters = append(letters, r)
		for n := 2; n <= min(4, len(letters)); n++ { // those that end here
			h := uint32(fnvBasis)
			for _, r := range letters[len(letters)-n:] {
				h = step(h, r)
			}
			f.Chars = append(f.Chars, bucketOfChars(h))
		}
	}
	f.letters = letters
}

// dense returns the numbers, each about 0 to 1.
func (c *scratch) dense() [Dense]float32 {
	var counts [emoji + 1]int
	var marks, questions, dots, quotes int
	for i := range c.tokens {
		t := &c.tokens[i]
		counts[t.kind]++
		if t.kind == sign {
			switch r, n := t.signs(); r {
			case '!':
				marks += n
			case '?':
				questions += n
			case '.', '…':
				if n > 1 || r == '…' {
					dots++
				}
			case '"':
				quotes++
			}
		}
	}
	total := counts[word] + counts[glyph]/2 + counts[hashtag]
	return [Dense]float32{
		length(total),
		ratio(c.capitals, c.letters+1),
		few(c.shouted), few(c.stretched),
		few(marks), few(questions), few(dots), few(quotes),
		few(counts[handle]), few(counts[address]), few(counts[hashtag]), few(counts[emoji]),
		first(c.tokens, handle), float32(math.Min(1, float64(total)/100)),
	}
}

// length maps a count of words to 0 to 1 on a logarithmic scale.
func length(n int) float32 { return lengths[min(n, len(lengths)-1)] }

var lengths = func() (t [150]float32) {
	for n := range t {
		t[n] = float32(math.Min(1, math.Log1p(float64(n))/5))
	}
	return
}()

func ratio(a, b int) float32 { return float32(a) / float32(b) }

// few maps a count to 0, 0.5, 0.75, … 1.
func few(n int) float32 { return 1 - 1/float32(int(1)<<min(n, 8)) }

func first(t []token, k kind) float32 {
	if len(t) > 0 && t[0].kind == k {
		return 1
	}
	return 0
}

// Hashes of characters: FNV-1a over runes. A finisher spreads any hash over the high bits.
const (
	fnvBasis = 2166136261
	fnvPrime = 16777619
)

func step(h uint32, r rune) uint32 { return (h ^ uint32(r)) * fnvPrime }

// hash returns that of a token: of a long one by its bytes.
func (c *scratch) hash(t *token) uint32 {
	k := t.key
	if k == (key{}) {
		for _, b := range c.form[t.start:t.end] {
			k[0] = (k[0] ^ uint64(b)) * 0x100000001b3
		}
	}
	return uint32((k[0]*0x9e3779b97f4a7c15 ^ k[1]*0xc2b2ae3d27d4eb4f) * 0xff51afd7ed558ccd >> 32)
}

func mix(a, b uint32) uint32 { return (a*0x9e3779b1 ^ b) * fnvPrime }

func finish(h uint32) uint32 {
	h ^= h >> 15
	h *= 0x2c1b3c6d
	h ^= h >> 12
	return h * 0x297a2d39
}
