package train

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hugops/hugops/classify/internal/plain"
)

var (
	labels  = []string{"support", "venting", "neutral"}
	targets = []string{"people", "company", "situation"}
)

// table is a file of fields parted by tabs, with a header line.
type table struct {
	col  map[string]int
	rows [][]string
}

// get is the field of a row in a column, "" where there is none.
func (t *table) get(row []string, col string) string {
	if i, ok := t.col[col]; ok && i < len(row) {
		return row[i]
	}
	return ""
}

func (t *table) name(columns []string) {
	for i, name := range columns {
		t.col[name] = i
	}
}

func readTable(path string, header []string) (*table, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var r io.Reader = file
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(file); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	t := &table{col: map[string]int{}}
	t.name(header)
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		f := strings.Split(s.Text(), "\t")
		if len(t.col) == 0 {
			t.name(f)
			continue
		}
		t.rows = append(t.rows, f)
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// readCorpus reads every .tsv file of a folder.
func readCorpus(dir string) (examples []example, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.tsv"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no .tsv file in %q: run it at the root of the repository, or name the folder", dir)
	}
	slices.Sort(files)
	for _, path := range files {
		t, err := readTable(path, nil)
		if err != nil {
			return nil, err
		}
		file := strings.TrimSuffix(filepath.Base(path), ".tsv")
		for n, row := range t.rows {
			e, err := t.example(row)
			if err != nil || e.label < 0 {
				return nil, fmt.Errorf("%s, row %d: label %q is none of %v", path, n+1, t.get(row, "label"), labels)
			}
			e.text, e.lang, e.weight, e.near = plain.Text(t.get(row, "text")), t.get(row, "lang"), 1, true
			e.trap = slices.Contains(labels, file) && file != labels[e.label] // a file named after a class holds traps of it
			examples = append(examples, e)
		}
	}
	return examples, nil
}

// example reads the columns label ("-" for one to leave out), target and sarcasm.
func (t *table) example(row []string) (e example, err error) {
	e.label = slices.Index(labels, t.get(row, "label"))
	if l := t.get(row, "label"); e.label < 0 && l != "-" {
		return e, fmt.Errorf("label %q is none of %v", l, labels)
	}
	e.target = slices.Index(targets, t.get(row, "target"))
	if t.get(row, "sarcasm") == "1" {
		e.sarcasm = 1
	}
	return e, nil
}

// readPairs reads minimal pairs: two posts a row, one after the other.
func readPairs(path string) (examples []example, err error) {
	t, err := readTable(path, nil)
	if err != nil {
		return nil, err
	}
	for n, row := range t.rows {
		for _, half := range []string{"a", "b"} {
			label := slices.Index(labels, t.get(row, "label_"+half))
			if label < 0 {
				return nil, fmt.Errorf("%s, row %d: label %q is none of %v", path, n+1, t.get(row, "label_"+half), labels)
			}
			examples = append(examples, example{text: plain.Text(t.get(row, "text_"+half)), lang: t.get(row, "lang"), label: label,
				weight: 1, sarcasm: none, target: none, near: true, trap: true, pair: t.get(row, "trap")})
		}
	}
	return examples, nil
}

// readPosts reads posts: a JSON object with text a line.
func readPosts(path string) (examples []example, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	s := bufio.NewScanner(file)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		var p struct{ Text string }
		if err := json.Unmarshal(s.Bytes(), &p); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		examples = append(examples, example{text: plain.Text(p.Text)})
	}
	return examples, s.Err()
}
