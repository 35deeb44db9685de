package classify

import (
	"unicode"
	"unicode/utf8"
)

// folded is a text made ready for matching: lower case, each run of white space
// one space, curly quotes straight, full-width letters narrow. marks runs beside
// text, one byte a byte.
type folded struct {
	text  []byte
	marks []byte
	upper int // letters that were upper case
	lower int // letters that were lower case
}

// Marks of a byte of a folded text.
const (
	markUpper byte = 1 << iota // was an upper-case letter
	markBreak                  // a space that was a line break
	markSpan                   // inside an address, a handle or a hashtag
)

// fold folds s into f, reusing f's memory.
func (f *folded) fold(s string) {
	f.text, f.marks, f.upper, f.lower = f.text[:0], f.marks[:0], 0, 0
	for i := 0; i < len(s); {
		c := s[i]
		if foldsToItself[c] {
			i += f.run(s[i:])
			continue
		}
		if c < utf8.RuneSelf {
			f.ascii(c)
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		f.rune(r)
		i += size
	}
}

// foldsToItself are the bytes of which most texts are made: small letters, digits
// and signs of ASCII.
var foldsToItself = func() (t [utf8.RuneSelf * 2]bool) {
	for c := byte('!'); c < 0x7f; c++ {
		t[c] = c < 'A' || c > 'Z'
	}
	return t
}()

// run adds the bytes at the start of s that fold to themselves, and returns how many.
func (f *folded) run(s string) int {
	n := 0
	for n < len(s) && foldsToItself[s[n]] {
		if 'a' <= s[n] && s[n] <= 'z' {
			f.lower++
		}
		n++
	}
	f.text = append(f.text, s[:n]...)
	f.marks = append(f.marks, make([]byte, n)...)
	return n
}

func (f *folded) ascii(c byte) {
	switch {
	case 'a' <= c && c <= 'z':
		f.lower++
		f.add(c, 0)
	case 'A' <= c && c <= 'Z':
		f.upper++
		f.add(c+'a'-'A', markUpper)
	case c == '\n' || c == '\r':
		f.space(markBreak)
	case c <= ' ' || c == 0x7f:
		f.space(0)
	default:
		f.add(c, 0)
	}
}

func (f *folded) add(c, mark byte) {
	f.text = append(f.text, c)
	f.marks = append(f.marks, mark)
}

func (f *folded) space(mark byte) {
	if n := len(f.text); n > 0 && f.text[n-1] == ' ' {
		f.marks[n-1] |= mark
		return
	}
	f.add(' ', mark)
}

func (f *folded) rune(r rune) {
	switch {
	case r == '’' || r == '‘' || r == 'ʼ':
		f.add('\'', 0)
	case r == '“' || r == '”' || r == '„':
		f.add('"', 0)
	case '！' <= r && r <= '～': // full-width ASCII
		f.ascii(byte(r - '！' + '!'))
	case r == '\u200b' || r == '\u200c' || r == '\u2060' || r == '\u00ad' || r == '\ufeff' || r == '\ufe0f': // invisible
	case unicode.IsSpace(r):
		f.space(0)
	default:
		l := unicode.ToLower(r)
		var mark byte
		if l != r {
			mark = markUpper
			f.upper++
		}
		n := len(f.text)
		f.text = utf8.AppendRune(f.text, l)
		for ; n < len(f.text); n++ {
			f.marks = append(f.marks, mark)
		}
	}
}

// foldString is fold for patterns and keys.
func foldString(s string) string {
	var f folded
	f.fold(s)
	return string(f.text)
}

// wordByte tells the bytes that a word of ASCII is made of.
var wordByte = func() (t [256]bool) {
	for c := range t {
		t[c] = '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || c == '_'
	}
	return
}()

// borderBefore reports whether a word that begins at i is not the tail of a
// longer one. Scripts without spaces (Han, kana) end a Latin word.
func (f *folded) borderBefore(i int) bool {
	if i == 0 {
		return true
	}
	c := f.text[i-1]
	if c < utf8.RuneSelf {
		return !wordByte[c]
	}
	r, _ := utf8.DecodeLastRune(f.text[:i])
	return !spacedLetter(r)
}

// borderAfter reports whether a word that ends before i is whole.
func (f *folded) borderAfter(i int) bool {
	if i >= len(f.text) {
		return true
	}
	c := f.text[i]
	if c < utf8.RuneSelf {
		return !wordByte[c]
	}
	r, _ := utf8.DecodeRune(f.text[i:])
	return !spacedLetter(r)
}

// spacedLetter reports whether r is a letter of a script that puts spaces
// between words.
func spacedLetter(r rune) bool { return unicode.IsLetter(r) && !unspaced(r) }

func unspaced(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai) || r == 'ー'
}
