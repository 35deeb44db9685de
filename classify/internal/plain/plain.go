// Package plain takes from a text what only dresses it: mark-up, invisible
// characters, full-width letters, letters spaced out, the head of a retweet. What
// is left reads the same to a person, and is what the stance models see.
package plain

import (
	"html"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text returns the plain text. A text that is plain already is returned as it is,
// without a copy.
func Text(s string) string {
	if quiet(s) || !dressed(s) {
		return s
	}
	s = strings.ToValidUTF8(s, "")
	if strings.IndexByte(s, '<') >= 0 && markup.MatchString(s) {
		s = markup.ReplaceAllString(breaks.ReplaceAllString(s, "\n"), "")
	}
	if strings.IndexByte(s, '&') >= 0 {
		s = html.UnescapeString(s)
	}
	s = strings.Map(letter, s)
	s = retweet.ReplaceAllString(s, "")
	return join(s)
}

var (
	breaks  = regexp.MustCompile(`(?i)<br ?/?>|</(p|div|li|blockquote)>`)
	markup  = regexp.MustCompile(`(?i)</?(p|br|a|span|em|strong|b|i|u|del|code|pre|ul|ol|li|div|blockquote|img|h[1-6])(\s[^<>]*)?/?>`)
	retweet = regexp.MustCompile(`^\s*(RT|MT) @[\w.@-]+: ?`)
	address = regexp.MustCompile(`(?i)https?://\S+`)
)

// quiet reports, eight bytes at a time, whether nothing in s needs to be looked at
// closer: it has no sign of mark-up, no more than ASCII, no letters that may stand
// alone in a row, and is no retweet.
func quiet(s string) bool {
	const each, high = 0x0101010101010101, 0x80 * 0x0101010101010101
	has := func(w, c uint64) uint64 { // the high bit of each byte that is c, and perhaps of others above it
		x := w ^ c*each
		return (x - each) &^ x & high
	}
	if len(s) < 8 {
		return false
	}
	for i := 0; i < len(s); i += 8 {
		i = min(i, len(s)-8) // the last eight, some of them once more
		w := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
			uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
		spaces := has(w, ' ')
		if w&high|has(w, '<')|has(w, '&')|has(w, 0)|spaces&(spaces>>16) != 0 {
			return false
		}
	}
	return !strings.Contains(s, "T @")
}

// dressed reports, in one pass, whether Text may have anything to do.
func dressed(s string) bool {
	single := 0 // letters in a row that stand alone
	if len(s) > 0 && isLetter(s[0]) && alone(s, 0) {
		single++
	}
	for i := 0; i < len(s); i++ {
		switch telling[s[i]] {
		case space: // what begins behind it
			if i+1 < len(s) && s[i+1] != ' ' {
				if !isLetter(s[i+1]) || !alone(s, i+1) {
					single = 0
				} else if single++; single > 3 {
					return true
				}
			}
		case sign:
			return true
		case boost:
			if i > 0 && (s[i-1] == 'R' || s[i-1] == 'M') && i+2 < len(s) && s[i+1] == ' ' && s[i+2] == '@' {
				return true
			}
		case wide:
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError || letter(r) != r {
				return true
			}
			i += size - 1
		}
	}
	return false
}

// telling says of which kind a byte is that dressed has to look at.
var telling = func() (t [256]byte) {
	t[' '], t['<'], t['&'], t[0], t['T'] = space, sign, sign, sign, boost
	for c := utf8.RuneSelf; c < len(t); c++ {
		t[c] = wide
	}
	return
}()

const (
	space = iota + 1
	sign
	boost // the end of "RT"
	wide  // more than ASCII
)

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// alone reports whether the letter at i has spaces or the ends on either side.
func alone(s string, i int) bool {
	return (i == 0 || s[i-1] == ' ') && (i+1 == len(s) || s[i+1] == ' ')
}

// letter maps a rune to its plain form, or to -1 if it is not to be seen.
func letter(r rune) rune {
	switch {
	case r < utf8.RuneSelf:
		if r == 0 {
			return -1
		}
		return r
	case '！' <= r && r <= '～': // full-width ASCII
		return r - '！' + '!'
	case r == '\u3000' || r == '\u00a0' || r == '\u202f':
		return ' '
	case 0xfe00 <= r && r <= 0xfe0f, 0x1f3fb <= r && r <= 0x1f3ff: // variants of emoji, tones of skin
		return -1
	case unicode.Is(unicode.Cf, r) || r == utf8.RuneError: // zero-width and direction marks
		return -1
	}
	return r
}

// join joins four letters and more that are spaced out: "H U G O P S".
func join(s string) string {
	var b strings.Builder
	from := 0
	for i := 0; i < len(s); i++ {
		n := spaced(s, i)
		if n < 4 {
			continue
		}
		b.WriteString(s[from:i])
		for k := range n {
			b.WriteByte(s[i+2*k])
		}
		i += 2*n - 2
		from = i + 1
	}
	if from == 0 {
		return s
	}
	return b.String() + s[from:]
}

// spaced is how many letters in a row stand alone from i on.
func spaced(s string, i int) (n int) {
	for i+2*n < len(s) && isLetter(s[i+2*n]) && alone(s, i+2*n) {
		n++
	}
	return n
}

// ForEncoder puts a plain text into the form that the second reader learnt from:
// "http" for any address, white space folded.
func ForEncoder(s string) string {
	if strings.Contains(s, "://") {
		s = address.ReplaceAllString(s, " http ")
	}
	return strings.Join(strings.Fields(s), " ")
}
