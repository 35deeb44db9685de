package train

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/hugops/hugops/classify/internal/linear"
	"github.com/hugops/hugops/classify/internal/plain"
)

// set is one public data set, how its rows are labelled and what they weigh.
type set struct {
	name    string
	licence string
	files   []string
	weight  float64
	header  []string                         // the names of the columns, for files that do not begin with them
	label   func(t *table, row []string) int // -1: leave the row out
}

// key is what texts are told apart by: letters and digits only.
func key(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}

var sets = []set{
	{name: "goemotions", licence: "Apache-2.0", files: []string{"train.tsv.gz", "dev.tsv.gz", "test.tsv.gz"}, weight: 0.3, label: goEmotions},
	{name: "crisislext26", licence: "MIT", files: []string{"crisislext26_labeled.tsv.gz"}, weight: 0.3, label: crisis},
	{name: "github-incivility", licence: "MIT", files: []string{"annotated_comment_level.tsv.gz"}, weight: 0.3, label: incivility},
	{name: "complaints-x-ci", licence: "MIT", files: []string{"x_ci.tsv.gz"}, weight: 0.5, label: complaints},
	{name: "premo-pull-requests", licence: "MIT", files: []string{"premo.tsv.gz"}, weight: 0.2, label: premo},
	{name: "senti4sd", licence: "MIT", files: []string{"train.tsv.gz", "test.tsv.gz"}, weight: 0.3, label: polarity},
	{name: "isarcasmeval", licence: "MIT", files: []string{"train_en.tsv.gz"}, label: unmapped},
	{name: "vader-tweets-groundtruth", licence: "MIT", files: []string{"tweets_groundtruth.tsv.gz"}, label: unmapped},
	{name: "lexicon-vader", licence: "MIT", files: []string{"vader_lexicon.txt.gz"}, weight: 0.2, label: valence, header: []string{"text", "valence"}},
}

// readSets reads the sets below a folder, each text once: the posts that were
// read for their stance (folder labels), and the rest by what the second reader's
// teacher said of them (file taught) or else by the sets' own labels.
func readSets(dir, labelDir, taughtFile string) (read, others []example, err error) {
	stances, err := readLabels(labelDir)
	if err != nil {
		return nil, nil, err
	}
	taught, err := readTaught(taughtFile)
	if err != nil {
		return nil, nil, err
	}
	seen := map[string]bool{}
	for _, s := range sets {
		for _, file := range s.files {
			t, err := readTable(filepath.Join(dir, s.name, file), s.header)
			if err != nil {
				return nil, nil, err
			}
			for _, row := range t.rows {
				text := plain.Text(t.get(row, s.text()))
				l, k := s.label(t, row), key(t.get(row, s.text()))
				if seen[k] || len(k) < 3 {
					continue
				}
				seen[k] = true
				if e, ok := stances[keyHash(k)]; ok {
					if e.text = text; e.label >= 0 {
						read = append(read, e)
					}
				} else if soft, ok := taught[keyHash(k)]; ok {
					others = append(others, example{text: text, lang: "en", label: argmax(soft), soft: &soft, sarcasm: none, target: none, weight: taughtWeight, set: taughtSet})
				} else if l >= 0 {
					others = append(others, example{text: text, lang: "en", label: l, sarcasm: none, target: none, weight: s.weight, set: s.name})
				}
			}
		}
	}
	noteLacks(others)
	return read, others, nil
}

func (s *set) text() string {
	if s.name == "isarcasmeval" {
		return "tweet"
	}
	return "text"
}

// readSet is the set of the posts that were read for their stance, taughtSet that
// of those of which the teacher said what it makes of them.
const (
	readSet      = "read"
	taughtSet    = "taught"
	taughtWeight = 0.5
)

// readTaught reads what the teacher said, by the hash of the post's key: the
// probabilities of support and venting in hundredths. No file says nothing.
func readTaught(file string) (map[string][linear.Classes]float64, error) {
	if file == "" {
		return nil, nil
	}
	t, err := readTable(file, nil)
	if err != nil {
		return nil, fmt.Errorf("what the teacher said: %w (name the file, or none to do without)", err)
	}
	taught := make(map[string][linear.Classes]float64, len(t.rows))
	for n, row := range t.rows {
		s, err1 := strconv.ParseFloat(t.get(row, "support"), 64)
		v, err2 := strconv.ParseFloat(t.get(row, "venting"), 64)
		if err1 != nil || err2 != nil || s < 0 || v < 0 || s+v > 101 {
			return nil, fmt.Errorf("%s, row %d: want a key and two numbers of hundredths", file, n+1)
		}
		taught[t.get(row, "key")] = [linear.Classes]float64{s / 100, v / 100, max(0, 1-(s+v)/100)}
	}
	return taught, nil
}

// readLabels reads the labels of posts of public sets: their keys' hashes, and
// what a reader found. A post weighs by how near it is to a fault of a service.
func readLabels(dir string) (map[string]example, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.tsv"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no .tsv file in %q: run it at the root of the repository, or name the folder", dir)
	}
	weights := map[string]float64{"0": 0.3, "1": 0.6, "2": 1}
	stances := map[string]example{}
	for _, path := range files {
		t, err := readTable(path, nil)
		if err != nil {
			return nil, err
		}
		for n, row := range t.rows {
			e, err := t.example(row)
			if err != nil {
				return nil, fmt.Errorf("%s, row %d: %w", path, n+1, err)
			}
			e.lang, e.set, e.weight, e.near = "en", readSet, weights[t.get(row, "near")], t.get(row, "near") != "0"
			stances[t.get(row, "key")] = e
		}
	}
	return stances, nil
}

// keyHash is how the labels name a text.
func keyHash(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:6])
}

// noteLacks notes for every example which classes its set lacks.
func noteLacks(examples []example) {
	has := map[string][linear.Classes]bool{}
	for i := range examples {
		h := has[examples[i].set]
		h[examples[i].label] = true
		has[examples[i].set] = h
	}
	for i := range examples {
		for k, h := range has[examples[i].set] {
			examples[i].lacks[k] = !h
		}
	}
}

func count(examples []example, is func(*example) bool) (n int) {
	for i := range examples {
		if is(&examples[i]) {
			n++
		}
	}
	return n
}

// notesOf counts the examples of each set.
func notesOf(examples []example) (notes []string) {
	for _, s := range sets {
		n := count(examples, func(e *example) bool { return e.set == s.name })
		if n > 0 {
			notes = append(notes, fmt.Sprintf("%s (%s): %d rows of weight %g", s.name, s.licence, n, s.weight))
		}
	}
	if n := count(examples, func(e *example) bool { return e.set == taughtSet }); n > 0 {
		notes = append(notes, fmt.Sprintf("classify/taught.tsv: %d posts of these sets, as the second reader's teacher read them, of weight %g", n, taughtWeight))
	}
	if n := count(examples, func(e *example) bool { return e.set == readSet }); n > 0 {
		notes = append(notes, fmt.Sprintf("classify/labels: %d posts of these sets, read for their stance", n))
	}
	return notes
}

const (
	support = iota
	venting
	neutral
	none = -1
)

func unmapped(*table, []string) int { return none }

var emotions = map[string]int{"gratitude": support, "caring": support, "admiration": support,
	"anger": venting, "annoyance": venting, "disappointment": venting, "disapproval": venting, "disgust": venting,
	"neutral": neutral, "curiosity": neutral, "confusion": neutral, "realization": neutral, "surprise": neutral}

// goEmotions uses a row only if all of its emotions mean one class.
func goEmotions(t *table, row []string) int {
	label := none
	for i, e := range strings.Split(t.get(row, "labels"), ",") {
		l, ok := emotions[e]
		if !ok || i > 0 && l != label {
			return none
		}
		label = l
	}
	return label
}

func crisis(t *table, row []string) int {
	switch t.get(row, "information_type") {
	case "Sympathy and support":
		return support
	case "Other Useful Information", "Affected individuals", "Infrastructure and utilities", "Caution and advice":
		return neutral
	}
	return none
}

func incivility(t *table, row []string) int {
	switch f := t.get(row, "tbdf"); f {
	case "None":
		return neutral
	case "":
		return none
	}
	return venting
}

func complaints(t *table, row []string) int {
	switch t.get(row, "severity") {
	case "2", "3", "4":
		return venting
	case "1":
		if t.get(row, "emotion") == "anger" {
			return venting
		}
		return neutral
	}
	return neutral
}

func polarity(t *table, row []string) int {
	return slices.Index([]string{"positive", "negative", "neutral"}, t.get(row, "polarity"))
}

// premo takes negative rows only with anger.
func premo(t *table, row []string) int {
	l := polarity(t, row)
	if l == venting && !strings.Contains(t.get(row, "majority_emotions"), "anger") {
		return none
	}
	return l
}

// valence takes a word of a lexicon by its sign.
func valence(t *table, row []string) int {
	v, err := strconv.ParseFloat(t.get(row, "valence"), 64)
	switch {
	case err != nil || v == 0:
		return none
	case v > 0:
		return support
	}
	return venting
}
