package linear

import "math"

// Sizes of the hashed spaces. Words and their pairs go to the first, groups of
// three to five characters inside a word to the second.
const (
	wordBits    = 18
	charBits    = 18
	WordBuckets = 1 << wordBits
	Buckets     = WordBuckets + 1<<charBits
)

// Dense is the number of dense features; see (*Features).dense.
const Dense = 14

// Features is what a model sees of a text: hashed words, hashed groups of
// characters, and a few numbers.
type Features struct {
	Words []uint32 // buckets below WordBuckets
	Chars []uint32 // buckets from WordBuckets
	Dense [Dense]float32

	s scratch
}

// Extract fills f from a text, reusing f's memory.
func (f *Features) Extract(text string) {
	f.Words, f.Chars = f.Words[:0], f.Chars[:0]
	f.s.tokenize(text)
	var previous uint32 = startHash
	for _, t := range f.s.tokens {
		h := hashRunes(f.s.runes[t.start:t.end])
		f.word(h)
		f.word(mix(previous, h))
		if t.kind == hashtag {
			f.word(hashRunes(f.s.runes[t.start+1 : t.end])) // the word without "#", too
		}
		if t.kind == word || t.kind == hashtag {
			f.chars(f.s.runes[t.start-1 : t.end+1])
		}
		previous = h
	}
	f.word(mix(previous, endHash))
	f.runs()
	f.dense()
}

const (
	startHash = 0x51ed270b
	endHash   = 0x2545f491
)

func (f *Features) word(h uint32) { f.Words = append(f.Words, finish(h)>>(32-wordBits)) }
func (f *Features) char(h uint32) { f.Chars = append(f.Chars, WordBuckets+finish(h)>>(32-charBits)) }

// chars adds the groups of 3–5 characters of a word with a space on either side.
func (f *Features) chars(w []rune) {
	for i := 0; i+3 <= len(w); i++ {
		h := step(step(fnvBasis, w[i]), w[i+1])
		for _, r := range w[i+2 : min(i+5, len(w))] {
			h = step(h, r)
			f.char(h)
		}
	}
}

// runs adds the groups of 2–4 letters of unspaced scripts, across tokens.
func (f *Features) runs() {
	t := f.s.tokens
	for i := 0; i < len(t); i++ {
		if t[i].kind != glyph {
			continue
		}
		h := step(fnvBasis, f.s.runes[t[i].start])
		for n := i + 1; n < i+4 && n < len(t) && t[n].kind == glyph; n++ {
			h = step(h, f.s.runes[t[n].start])
			f.char(h)
		}
	}
}

// dense fills in the numbers, each about 0 to 1.
func (f *Features) dense() {
	c := &f.s
	var counts [emoji + 1]int
	var marks, questions, dots, quotes int
	for _, t := range c.tokens {
		counts[t.kind]++
		if t.kind == sign {
			switch n := t.end - t.start; c.runes[t.start] {
			case '!':
				marks += n
			case '?':
				questions += n
			case '.', '…':
				if n > 1 || c.runes[t.start] == '…' {
					dots++
				}
			case '"':
				quotes++
			}
		}
	}
	total := counts[word] + counts[glyph]/2 + counts[hashtag]
	f.Dense = [Dense]float32{
		float32(math.Min(1, math.Log1p(float64(total))/5)),
		ratio(c.capitals, c.letters+1),
		few(c.shouted), few(c.stretched),
		few(marks), few(questions), few(dots), few(quotes),
		few(counts[handle]), few(counts[address]), few(counts[hashtag]), few(counts[emoji]),
		first(c.tokens, handle), float32(math.Min(1, float64(total)/100)),
	}
}

func ratio(a, b int) float32 { return float32(a) / float32(b) }

// few maps a count to 0, 0.5, 0.75, … 1.
func few(n int) float32 { return 1 - 1/float32(int(1)<<min(n, 8)) }

func first(t []token, k kind) float32 {
	if len(t) > 0 && t[0].kind == k {
		return 1
	}
	return 0
}

// Hashes: FNV-1a over runes, then a finisher that spreads it over the high bits.
const (
	fnvBasis = 2166136261
	fnvPrime = 16777619
)

func step(h uint32, r rune) uint32 { return (h ^ uint32(r)) * fnvPrime }

func hashRunes(rs []rune) uint32 {
	h := uint32(fnvBasis)
	for _, r := range rs {
		h = step(h, r)
	}
	return h
}

func mix(a, b uint32) uint32 { return (a*0x9e3779b1 ^ b) * fnvPrime }

func finish(h uint32) uint32 {
	h ^= h >> 15
	h *= 0x2c1b3c6d
	h ^= h >> 12
	return h * 0x297a2d39
}
