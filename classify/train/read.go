package main

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
)

var labels = []string{"support", "venting", "neutral"}

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

// readCorpus reads every .tsv file of a folder: label, lang and text.
func readCorpus(dir string) (examples []example, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.tsv"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no .tsv file in %q (%w)", dir, err)
	}
	slices.Sort(files)
	for _, path := range files {
		t, err := readTable(path, nil)
		if err != nil {
			return nil, err
		}
		file := strings.TrimSuffix(filepath.Base(path), ".tsv")
		for n, row := range t.rows {
			label := slices.Index(labels, t.get(row, "label"))
			if label < 0 {
				return nil, fmt.Errorf("%s, row %d: label %q is none of %v", path, n+1, t.get(row, "label"), labels)
			}
			examples = append(examples, example{text: t.get(row, "text"), lang: t.get(row, "lang"), label: label, weight: 1,
				sarcasm: t.get(row, "sarcasm") == "1",
				trap:    slices.Contains(labels, file) && file != labels[label]}) // a file named after a class holds traps of it
		}
	}
	return examples, nil
}

// readPosts reads labelled posts to measure on: a JSON object a line with text,
// label and set.
func readPosts(path string) (examples []example, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	s := bufio.NewScanner(file)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		var p struct{ Text, Label, Set, Lang string }
		if err := json.Unmarshal(s.Bytes(), &p); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		label := slices.Index(labels, p.Label)
		if label < 0 {
			return nil, fmt.Errorf("%s: label %q is none of %v", path, p.Label, labels)
		}
		examples = append(examples, example{text: p.Text, lang: p.Lang, label: label, weight: 1, set: p.Set})
	}
	return examples, s.Err()
}
