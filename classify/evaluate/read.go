package evaluate

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"github.com/hugops/hugops"
)

const maxLine = 1 << 20

// lines walks over the lines of a file that are not blank, without their ends
// and without the mark that some editors put before UTF-8. Errors begin with
// name:line.
type lines struct {
	name   string
	number int
	text   string
	s      *bufio.Scanner
}

func newLines(name string, r io.Reader) *lines {
	s := bufio.NewScanner(r)
	s.Buffer(nil, maxLine)
	return &lines{name: name, s: s}
}

// next returns false at the end and on an error; the error is nil at the end.
func (l *lines) next() (bool, error) {
	for l.s.Scan() {
		l.number++
		raw := l.s.Bytes()
		if l.number == 1 {
			raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
		}
		if !utf8.Valid(raw) {
			return false, l.errorf("not valid UTF-8: save the file as UTF-8")
		}
		if len(bytes.TrimSpace(raw)) > 0 {
			l.text = string(raw)
			return true, nil
		}
	}
	if errors.Is(l.s.Err(), bufio.ErrTooLong) {
		l.number++
		return false, l.errorf("the line is longer than %d bytes: shorten or drop it", maxLine)
	}
	if err := l.s.Err(); err != nil {
		return false, fmt.Errorf("cannot read %s: %w", l.name, err)
	}
	return false, nil
}

func (l *lines) errorf(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w", l.name, l.number, fmt.Errorf(format, args...))
}

// stance reads a label; field is its column.
func (l *lines) stance(field, s string) (hugops.Stance, error) {
	if classOf(hugops.Stance(s)) < 0 {
		return "", l.errorf("%s %q is none of support, venting, neutral: correct it, or drop the line", field, s)
	}
	return hugops.Stance(s), nil
}

// table is the header of a file of fields parted by tabs, without quoting.
type table map[string]int

// header reads the names of the columns from the present line.
func (l *lines) header(needed ...string) (table, error) {
	t := table{}
	for i, name := range strings.Split(l.text, "\t") {
		t[name] = i
	}
	for _, name := range needed {
		if _, ok := t[name]; !ok {
			return nil, l.errorf("the header has no column %q: it must name %s, parted by tabs", name, strings.Join(needed, ", "))
		}
	}
	return t, nil
}

// row splits the present line into as many fields as the header has.
func (l *lines) row(t table) ([]string, error) {
	f := strings.Split(l.text, "\t")
	if len(f) != len(t) {
		return nil, l.errorf("%d fields parted by tabs, but the header names %d", len(f), len(t))
	}
	return f, nil
}

func (t table) get(row []string, name string) string {
	if i, ok := t[name]; ok {
		return row[i]
	}
	return ""
}

// ReadCases reads labelled posts: JSON lines if the first byte of the file is a
// brace, else fields parted by tabs under a header line. name is for errors,
// which name the line and say what to do.
func ReadCases(name string, r io.Reader) ([]Case, error) {
	l := newLines(name, r)
	var cases []Case
	var columns table
	for {
		more, err := l.next()
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		var c Case
		switch {
		case columns != nil:
			c, err = l.tabCase(columns)
		case len(cases) > 0 || strings.TrimSpace(l.text)[0] == '{':
			c, err = l.jsonCase()
		default:
			if columns, err = l.header("label", "text"); err == nil {
				continue
			}
		}
		if err != nil {
			return nil, err
		}
		cases = append(cases, c)
	}
	if len(cases) == 0 {
		return nil, fmt.Errorf("%s has no posts: give it one labelled post a line, such as {\"text\":\"hang in there\",\"label\":\"support\"}", name)
	}
	return cases, nil
}

func (l *lines) jsonCase() (Case, error) {
	var in struct {
		Text    *string `json:"text"`
		Label   *string `json:"label"`
		Lang    string  `json:"lang"`
		Network string  `json:"network"`
		Set     string  `json:"set"`
	}
	if err := json.Unmarshal([]byte(l.text), &in); err != nil {
		return Case{}, l.errorf("not a JSON object as expected, such as {\"text\":\"hang in there\",\"label\":\"support\"}: %w", err)
	}
	switch {
	case in.Text == nil:
		return Case{}, l.errorf("text is missing")
	case in.Label == nil:
		return Case{}, l.errorf("label is missing: it must be support, venting or neutral")
	}
	label, err := l.stance("label", *in.Label)
	return Case{Line: l.number, Text: *in.Text, Lang: in.Lang, Network: in.Network, Set: in.Set, Label: label}, err
}

func (l *lines) tabCase(t table) (Case, error) {
	row, err := l.row(t)
	if err != nil {
		return Case{}, err
	}
	label, err := l.stance("label", t.get(row, "label"))
	return Case{Line: l.number, Text: t.get(row, "text"), Lang: t.get(row, "lang"), Network: t.get(row, "network"), Set: t.get(row, "set"), Label: label}, err
}

// ReadPairs reads minimal pairs: fields parted by tabs under a header line with
// trap, label_a, text_a, label_b, text_b and lang.
func ReadPairs(name string, r io.Reader) (pairs []Pair, err error) {
	l := newLines(name, r)
	var columns table
	for {
		more, err := l.next()
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		if columns == nil {
			if columns, err = l.header("trap", "label_a", "text_a", "label_b", "text_b", "lang"); err != nil {
				return nil, err
			}
			continue
		}
		p, err := l.pair(columns)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, p)
	}
	if len(pairs) == 0 {
		return nil, fmt.Errorf("%s has no pairs: give it a header line and one pair a line", name)
	}
	return pairs, nil
}

func (l *lines) pair(t table) (Pair, error) {
	row, err := l.row(t)
	if err != nil {
		return Pair{}, err
	}
	p := Pair{Line: l.number, Trap: t.get(row, "trap"), Lang: t.get(row, "lang"), Text: [2]string{t.get(row, "text_a"), t.get(row, "text_b")}}
	for half, field := range []string{"label_a", "label_b"} {
		if p.Label[half], err = l.stance(field, t.get(row, field)); err != nil {
			return Pair{}, err
		}
	}
	if p.Label[0] == p.Label[1] {
		return Pair{}, l.errorf("both posts are labelled %s: the posts of a pair differ in stance", p.Label[0])
	}
	return p, nil
}

// ReadPredictions reads what a peer says of the cases: a line each with the
// case's line number in its own file and the stance, parted by a tab, and
// optionally its probabilities of support, venting and neutral. The lines may
// stand in any order, but each case needs one and no other may be there.
func ReadPredictions(name string, r io.Reader, cases []Case) ([]Prediction, error) {
	at := make(map[int]int, len(cases))
	for i := range cases {
		at[cases[i].Line] = i
	}
	out, seen := make([]Prediction, len(cases)), make([]bool, len(cases))
	l := newLines(name, r)
	for {
		more, err := l.next()
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		line, p, err := l.prediction()
		if err != nil {
			return nil, err
		}
		i, ok := at[line]
		switch {
		case !ok:
			return nil, l.errorf("the labelled posts have none on line %d: predict the very file that is measured on", line)
		case seen[i]:
			return nil, l.errorf("a second prediction for line %d: keep one", line)
		}
		out[i], seen[i] = p, true
	}
	if i := slices.Index(seen, false); i >= 0 {
		return nil, fmt.Errorf("%s has no prediction for the labelled post on line %d: predict the very file that is measured on", name, cases[i].Line)
	}
	return out, nil
}

func (l *lines) prediction() (line int, p Prediction, err error) {
	f := strings.Split(l.text, "\t")
	if len(f) != 2 && len(f) != 5 {
		return 0, p, l.errorf("%d fields parted by tabs: write line and stance, or these and the probabilities of support, venting, neutral", len(f))
	}
	if line, err = strconv.Atoi(f[0]); err != nil {
		return 0, p, l.errorf("%q is no line number", f[0])
	}
	if p.Stance, err = l.stance("stance", f[1]); err != nil || len(f) == 2 {
		return line, p, err
	}
	var v [classes]float64
	for k := range v {
		if v[k], err = strconv.ParseFloat(f[2+k], 64); err != nil || !(v[k] >= 0 && v[k] <= 1) {
			return 0, p, l.errorf("%q is no probability from 0 to 1", f[2+k])
		}
	}
	if sum := v[0] + v[1] + v[2]; math.Abs(sum-1) > 0.01 {
		return 0, p, l.errorf("the probabilities sum to %.3f, not 1", sum)
	}
	p.Probabilities = hugops.Probabilities{Support: v[0], Venting: v[1], Neutral: v[2]}
	return line, p, nil
}
