package linear

import (
	"encoding/binary"
	"math/bits"
	"unicode"
	"unicode/utf8"
)

// The normal form of a text is a row of tokens: words in lower case, with
// letters repeated more than twice cut to two and every digit a '0'; hashtags
// with their '#'; "@" for any handle and "/" for any address; emoji, and runs of
// punctuation. Letters of scripts without spaces are a token each, in one run.

// token is one token of a text.
type token struct {
	key        key
	start, end int32 // bytes of scratch.form, if the key is 0: the normal form is too long for one
	kind       kind
}

// key is the normal form of a short token in two registers: its bytes, first ones
// lowest, and its kind and length in the last byte.
type key [2]uint64

// longest is how many bytes of a normal form a key has room for.
const longest = 15

func (k key) len() int { return int(k[1] >> 56 & 15) }

func seal(k key, n int, kind kind) key {
	k[1] |= uint64(kind+1)<<60 | uint64(n)<<56
	return k
}

// keyOf packs a normal form; 0 if it is too long.
func keyOf(form []byte, kind kind) (k key) {
	if len(form) > longest {
		return key{}
	}
	for i, c := range form {
		k[i/8] |= uint64(c) << (i % 8 * 8)
	}
	return seal(k, len(form), kind)
}

type kind uint8

const (
	word    kind = iota
	hashtag      // "#" and a word
	glyph        // a letter of an unspaced script
	handle
	address
	sign // punctuation
	emoji
)

// scratch is the memory of one extraction, reused between texts.
type scratch struct {
	tokens []token
	form   []byte // normal forms that are too long for a key
	text   []byte // the text with room behind it

	letters, capitals int  // letters with a case, and those that are capitals
	shouted           int  // words of three letters and more, all capitals
	stretched         int  // words with letters repeated more than twice
	unspaced          bool // has letters of unspaced scripts
}

// tokenize puts the normal form of s into c.
func (c *scratch) tokenize(s string) {
	*c = scratch{tokens: c.tokens[:0], form: c.form[:0], text: append(append(c.text[:0], s...), make([]byte, 16)...)}
	for i := 0; i < len(s); {
		if s[i] == ' ' {
			i++
			continue
		}
		if plain[s[i]] != 0 {
			if n := c.plainWord(i); n > 0 {
				i += n
				continue
			}
		}
		r, size := decode(s[i:])
		switch {
		case r == '@' && startsName(s[i+1:]):
			i += 1 + nameLen(s[i+1:])
			c.special('@', handle)
		case (r == 'h' || r == 'H') && addressPrefix(s[i:]) > 0:
			i += addressLen(s[i:])
			c.special('/', address)
		case r == '#' && startsName(s[i+1:]):
			i += size + c.word(s[i+size:], hashtag)
		case isWordRune(r) && !unspaced(r):
			i += c.word(s[i:], word)
		default:
			i += size
			c.other(r)
		}
	}
}

func decode(s string) (rune, int) {
	if c := s[0]; c < utf8.RuneSelf {
		return rune(c), 1
	}
	return utf8.DecodeRuneInString(s)
}

func (c *scratch) special(r rune, k kind) {
	var form [utf8.UTFMax]byte
	c.tokens = append(c.tokens, token{key: keyOf(utf8.AppendRune(form[:0], r), k), kind: k})
}

// plainWord reads the word at i if it is one of a few ASCII letters alone, none of
// them thrice in a row, and returns its length; 0 if it is not. It is word for the
// common case, eight bytes at a time.
func (c *scratch) plainWord(i int) int {
	const lower = 0x2020202020202020
	x := binary.LittleEndian.Uint64(c.text[i:])
	n, k := bits.TrailingZeros64(noLetter(x))/8, key{x | lower, 0}
	capitals := ^x & lower
	if n < 8 {
		mask := uint64(1)<<(8*n) - 1
		k[0] &= mask
		capitals &= mask
	} else {
		y := binary.LittleEndian.Uint64(c.text[i+8:])
		m := bits.TrailingZeros64(noLetter(y)) / 8
		if m == 8 {
			return 0
		}
		mask := uint64(1)<<(8*m) - 1
		k[1] = (y | lower) & mask
		capitals |= ^y & lower & mask >> 1 // beside the others' bits
		n += m
	}
	if next := c.text[i+n]; !ends[next] || next == ':' && uint32(k[0]) == 'h'|'t'<<8|'t'<<16|'p'<<24 ||
		thrice(k[0], k[0]>>8|k[1]<<56) || k[1] != 0 && thrice(k[0]>>48|k[1]<<16, k[0]>>56|k[1]<<8) {
		return 0
	}
	c.letters += n
	if capitals != 0 {
		m := bits.OnesCount64(capitals)
		c.capitals += m
		if n > 2 && m == n {
			c.shouted++
		}
	}
	c.tokens = append(c.tokens, token{key: seal(k, n, word), kind: word})
	return n
}

// noLetter has the high bit of each byte that is no ASCII letter.
func noLetter(x uint64) uint64 {
	t := (x | 0x20*each) &^ (high * each)
	return (^(t + (high-'a')*each) | (t + (high-'z'-1)*each) | x) & (high * each)
}

const (
	each = 0x0101010101010101 // a byte in each of eight
	high = 0x80
)

// thrice reports whether three letters in a row are the same, or may be: a has
// letters and then zeros, and b has one place on what a has.
func thrice(a, b uint64) bool {
	x := a ^ b // 0 where two in a row are the same
	same := (x - each) &^ x & (high * each) & (a + (high-1)*each)
	return same&(same>>8) != 0
}

// ends are the bytes that end a word in any case: not those that may go on with it.
var ends = func() (t [256]bool) {
	for c := range utf8.RuneSelf {
		if !isWordRune(rune(c)) && c != '\'' {
			t[c] = true
		}
	}
	return
}()

// word reads one word, and returns its bytes.
func (c *scratch) word(s string, k kind) int {
	form := c.form
	start := len(form)
	if k == hashtag {
		form = append(form, '#')
	}
	letters, capitals, repeats, long := 0, 0, 0, false
	var last rune
	i := 0
	for i < len(s) {
		r, size := decode(s[i:])
		if r == '’' {
			r = '\''
		}
		inside := r == '\'' && i > 0 && i+size < len(s) && isWordByte(s[i+size])
		if k == word && unspaced(r) || !isWordRune(r) && !inside {
			break
		}
		i += size
		l := lower(r)
		if l != r && l != '0' {
			capitals++
		}
		if unicode.IsLetter(l) {
			letters++
		}
		if last == l && l != '0' {
			if repeats++; repeats > 1 {
				long = true
				continue
			}
		} else {
			repeats = 0
		}
		last = l
		form = utf8.AppendRune(form, l)
	}
	c.letters += letters
	c.capitals += capitals
	if letters > 2 && capitals == letters {
		c.shouted++
	}
	if long {
		c.stretched++
	}
	c.tokens = append(c.tokens, token{keyOf(form[start:], k), int32(start), int32(len(form)), k})
	c.form = form
	return i
}

// bytes appends the normal form of a token to b.
func (c *scratch) bytes(b []byte, t *token) []byte {
	if t.key == (key{}) {
		return append(b, c.form[t.start:t.end]...)
	}
	b = binary.LittleEndian.AppendUint64(b, t.key[0])
	b = binary.LittleEndian.AppendUint64(b, t.key[1])
	return b[:len(b)-16+t.key.len()]
}

// plain maps an ASCII letter to lower case, and every other byte to 0.
var plain = func() (t [256]byte) {
	for c := byte('a'); c <= 'z'; c++ {
		t[c], t[c-'a'+'A'] = c, c
	}
	return
}()

// other takes a rune that is in no word.
func (c *scratch) other(r rune) {
	switch {
	case unicode.IsSpace(r) || r == '\u200d' || r == '\ufe0f' || r == utf8.RuneError || unicode.Is(unicode.Mn, r) || 0x1f3fb <= r && r <= 0x1f3ff:
		return // space, joiners, skin tones
	case unspaced(r):
		c.special(r, glyph)
		c.unspaced = true
	case r < utf8.RuneSelf || unicode.IsPunct(r):
		c.sign(punctuation(r))
	default:
		c.special(r, emoji)
	}
}

// sign adds a sign, of the same signs in a row at most three.
func (c *scratch) sign(r rune) {
	if k := len(c.tokens) - 1; k >= 0 && c.tokens[k].kind == sign {
		if first, n := c.tokens[k].signs(); first == r {
			if n < 3 {
				var form [3 * utf8.UTFMax]byte
				b := form[:0]
				for range n + 1 {
					b = utf8.AppendRune(b, r)
				}
				c.tokens[k].key = keyOf(b, sign)
			}
			return
		}
	}
	c.special(r, sign)
}

// signs returns what a token of signs is made of, and of how many.
func (t *token) signs() (r rune, n int) {
	if c := byte(t.key[0]); c < utf8.RuneSelf {
		return rune(c), t.key.len()
	}
	r, size := utf8.DecodeRune(binary.LittleEndian.AppendUint64(make([]byte, 0, 8), t.key[0]))
	return r, t.key.len() / size
}

func punctuation(r rune) rune {
	switch r {
	case '“', '”', '„', '«', '»', '「', '」':
		return '"'
	case '‘', '’':
		return '\''
	case '！':
		return '!'
	case '？':
		return '?'
	case '–', '—':
		return '-'
	}
	return r
}

func lower(r rune) rune {
	switch {
	case 'A' <= r && r <= 'Z':
		return r + 'a' - 'A'
	case '0' <= r && r <= '9':
		return '0'
	case r < utf8.RuneSelf:
		return r
	case '！' <= r && r <= '～': // full-width ASCII
		return lower(r - '！' + '!')
	}
	return unicode.ToLower(r)
}

func isWordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c >= utf8.RuneSelf
}

func isWordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_'
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r) || r == 'ー'
}

// unspaced reports whether r is a letter of a script without spaces.
func unspaced(r rune) bool {
	return r >= 0x0e00 && (0x3040 <= r && r <= 0x30ff || 0x3400 <= r && r <= 0x9fff || r <= 0x0e7f || 0x20000 <= r && r <= 0x3ffff)
}

func startsName(s string) bool { return len(s) > 0 && (isWordByte(s[0]) || s[0] == '_') }

// nameLen is the length of a handle without its "@": "user", "user@server.org",
// "user.example.com".
func nameLen(s string) int {
	i := 0
	for i < len(s) && (s[i] < utf8.RuneSelf && isWordByte(s[i]) || s[i] == '_' ||
		(s[i] == '.' || s[i] == '@' || s[i] == '-') && i+1 < len(s) && s[i+1] < utf8.RuneSelf && isWordByte(s[i+1])) {
		i++
	}
	return i
}

func addressPrefix(s string) int {
	const secure, plain = "https://", "http://"
	switch {
	case len(s) >= len(secure) && equalFold(s[:len(secure)], secure):
		return len(secure)
	case len(s) >= len(plain) && equalFold(s[:len(plain)], plain):
		return len(plain)
	}
	return 0
}

func equalFold(s, lowered string) bool {
	for i := range len(s) {
		if lower(rune(s[i])) != rune(lowered[i]) {
			return false
		}
	}
	return true
}

func addressLen(s string) int {
	i := 0
	for i < len(s) && s[i] > ' ' && s[i] != '"' && s[i] != '<' && s[i] != '>' && s[i] != ')' {
		i++
	}
	return i
}
