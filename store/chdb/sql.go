package chdb

import (
	"regexp"
	"strings"
)

// This file reads as much of SQL as must be known before the engine sees it:
// where the head of an INSERT ends and its rows begin, and how a statement
// starts. Whatever it does not understand goes to the engine as it is.

// token is a word, a quoted name or string, or one other character.
type token struct {
	text       string
	start, end int
}

func (t token) is(word string) bool { return strings.EqualFold(t.text, word) }

// open says that the token is a quote that never ends.
func (t token) open() bool { return len(t.text) == 1 && strings.Contains("'`\"", t.text) }

var (
	// blankPattern is what may stand between tokens: blanks and comments.
	blankPattern = regexp.MustCompile(`^(?:\s+|--[^\n]*|#[ !][^\n]*|/\*(?s:.*?)\*/)*`)
	// tokenPattern is one token. A quote that does not end is a token of one
	// character.
	tokenPattern = regexp.MustCompile("^(?:[A-Za-z_][A-Za-z0-9_]*|'(?:[^'\\\\]|\\\\(?s:.))*'|" +
		"`(?:[^`\\\\]|\\\\(?s:.))*`|\"(?:[^\"\\\\]|\\\\(?s:.))*\"|(?s:.))")
)

// nextToken is the first token at or after a position; false at the end.
func nextToken(sql string, from int) (token, bool) {
	from += len(blankPattern.FindString(sql[from:]))
	text := tokenPattern.FindString(sql[from:])
	return token{text: text, start: from, end: from + len(text)}, text != ""
}

// keyword is the first word of a statement in capitals, or the first character
// when it is no word.
func keyword(sql string) string {
	t, _ := nextToken(sql, 0)
	return strings.ToUpper(t.text)
}

// insertText is an INSERT, cut where its rows begin.
type insertText struct {
	statement string // without its FORMAT clause or VALUES
	format    string
	data      string // the rows that came with the statement, if any
}

// maxInsertHead bounds the search for the end of an INSERT's head.
const maxInsertHead = 256 << 10

// splitInsert cuts an INSERT with rows (INSERT INTO t … FORMAT X rows, INSERT
// INTO t … VALUES rows). It is false for anything else: INSERT … SELECT, and
// other statements.
func splitInsert(sql string) (insertText, bool) {
	t, ok := nextToken(sql, 0)
	if !ok || !t.is("INSERT") {
		return insertText{}, false
	}
	depth, before := 0, t
	for ok && t.end < maxInsertHead {
		before = t
		if t, ok = nextToken(sql, t.end); !ok {
			break
		}
		switch {
		case t.open():
			return insertText{}, false
		case t.text == "(":
			depth++
		case t.text == ")":
			depth--
		case depth != 0, before.is("INTO"), before.is("TABLE"), before.is("FUNCTION"), before.text == ".":
			// inside parentheses, or a name
		case t.is("SELECT"), t.is("WITH"), t.is("WATCH"), t.text == ";":
			return insertText{}, false
		case t.is("VALUES"):
			return insertText{sql[:t.start], "Values", sql[t.end:]}, true
		case t.is("FORMAT"):
			name, ok := nextToken(sql, t.end)
			if !ok || !formatName.MatchString(name.text) {
				return insertText{}, false
			}
			return insertText{sql[:t.start], name.text, dataAfter(sql[name.end:])}, true
		}
	}
	return insertText{}, false
}

var formatName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*$`)

// dataAfter is what follows a format's name, without the blanks and the line
// break that part them. A lone semicolon is no data.
func dataAfter(s string) string {
	s = strings.TrimLeft(s, " \t\r")
	s = strings.TrimPrefix(s, "\n")
	if strings.TrimSpace(s) == ";" {
		return ""
	}
	return s
}

// temporary finds statements about temporary tables, which live as long as
// their connection.
var temporary = regexp.MustCompile(`(?i)\bTEMPORARY\b`)
