package linear

import (
	"unicode"
	"unicode/utf8"
)

// The normal form of a text is a row of tokens: words in lower case, with
// letters repeated more than twice cut to two and every digit a '0'; hashtags
// with their '#'; "@" for any handle and "/" for any address; emoji, and runs of
// punctuation. Letters of scripts without spaces are a token each, in one run.

// token is one token of a text.
type token struct {
	start, end int // runes of scratch.runes
	kind       kind
}

type kind uint8

const (
	word    kind = iota
	glyph        // a letter of an unspaced script
	hashtag      // "#" and a word
	handle
	address
	sign // punctuation
	emoji
)

// scratch is the memory of one extraction, reused between texts.
type scratch struct {
	runes  []rune
	tokens []token

	letters, capitals int // letters with a case, and those that are capitals
	shouted           int // words of three letters and more, all capitals
	stretched         int // words with letters repeated more than twice
}

// tokenize puts the normal form of s into c.
func (c *scratch) tokenize(s string) {
	*c = scratch{runes: c.runes[:0], tokens: c.tokens[:0]}
	for i := 0; i < len(s); {
		if s[i] == ' ' {
			i++
			continue
		}
		r, size := decode(s[i:])
		switch {
		case plain[s[i]] != 0 && s[i]|0x20 != 'h':
			i += c.word(s[i:], word)
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
	n := len(c.runes)
	c.runes = append(c.runes, r)
	c.tokens = append(c.tokens, token{n, n + 1, k})
}

// word reads one word, and returns its bytes.
func (c *scratch) word(s string, k kind) int {
	c.runes = append(c.runes, ' ') // a word has its borders around it
	start := len(c.runes)
	if k == hashtag {
		c.runes = append(c.runes, '#')
	}
	letters, capitals, repeats, long := 0, 0, 0, false
	i := 0
	for i < len(s) {
		if l := plain[s[i]]; l != 0 && (len(c.runes) == start || c.runes[len(c.runes)-1] != rune(l)) { // the common case
			if l != s[i] {
				capitals++
			}
			letters++
			repeats = 0
			c.runes = append(c.runes, rune(l))
			i++
			continue
		}
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
		if n := len(c.runes); n > start && c.runes[n-1] == l && l != '0' {
			if repeats++; repeats > 1 {
				long = true
				continue
			}
		} else {
			repeats = 0
		}
		c.runes = append(c.runes, l)
	}
	c.letters += letters
	c.capitals += capitals
	if letters > 2 && capitals == letters {
		c.shouted++
	}
	if long {
		c.stretched++
	}
	c.tokens = append(c.tokens, token{start, len(c.runes), k})
	c.runes = append(c.runes, ' ')
	return i
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
	n := len(c.runes)
	switch {
	case unicode.IsSpace(r) || r == '\u200d' || r == '\ufe0f' || r == utf8.RuneError || unicode.Is(unicode.Mn, r) || 0x1f3fb <= r && r <= 0x1f3ff:
		return // space, joiners, skin tones
	case unspaced(r):
		c.special(r, glyph)
	case r < utf8.RuneSelf || unicode.IsPunct(r):
		c.sign(n, punctuation(r))
	default:
		c.special(r, emoji)
	}
}

// sign adds a sign, of the same signs in a row at most three.
func (c *scratch) sign(n int, r rune) {
	if k := len(c.tokens) - 1; k >= 0 && c.tokens[k].kind == sign && c.tokens[k].end == n && c.runes[n-1] == r {
		if c.tokens[k].end-c.tokens[k].start < 3 {
			c.runes = append(c.runes, r)
			c.tokens[k].end++
		}
		return
	}
	c.special(r, sign)
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
