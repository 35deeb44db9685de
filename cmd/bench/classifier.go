package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hugops/hugops/classify"
	"github.com/hugops/hugops/classify/evaluate"
)

// Rounds are short and take turns, so that what else the machine does falls on
// both readers alike; the median round counts.
const (
	rounds    = 9
	roundTime = 300 * time.Millisecond
	longPost  = 5000 // characters
)

// benchClassifier measures the first reader, the one that reads every post,
// beside VADER on one core.
func benchClassifier(corpus string) error {
	texts, err := corpusTexts(corpus)
	if err != nil {
		return err
	}
	model, err := classify.Stance()
	if err != nil {
		return err
	}
	vader := evaluate.NewVADER()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))

	ours := func(text string) { model.Skim(text, "en") }
	theirs := func(text string) { vader.Compound(text) }
	long := longText(texts)
	var hugops, govader, one []time.Duration
	for _, text := range texts { // warm
		ours(text)
	}
	allocations := allocated(ours, texts)
	for range rounds {
		hugops = append(hugops, perText(ours, texts))
		govader = append(govader, perText(theirs, texts))
		one = append(one, perText(ours, []string{long}))
	}
	h, v := median(hugops), median(govader)
	fmt.Printf("on one core, %d English texts of the corpus (%d characters on average):\n", len(texts), meanLength(texts))
	fmt.Printf("  hugops, first reader  %9.0f posts/s, %.2f allocations a post (%s)\n", 1/h.Seconds(), allocations, model.Version())
	fmt.Printf("  govader (VADER)       %9.0f posts/s\n", 1/v.Seconds())
	fmt.Printf("  hugops is %.1f times as fast\n", float64(v)/float64(h))
	fmt.Printf("  a post of %d characters: %.1f µs\n", longPost, float64(median(one).Nanoseconds())/1000)
	return nil
}

// perText reads texts for roundTime at least and returns the time of one.
func perText(read func(string), texts []string) time.Duration {
	start, n := time.Now(), 0
	for time.Since(start) < roundTime {
		for i := range 256 {
			read(texts[(n+i)%len(texts)])
		}
		n += 256
	}
	return time.Since(start) / time.Duration(n)
}

// allocated is the mean number of allocations of one reading.
func allocated(read func(string), texts []string) float64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, text := range texts {
		read(text)
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / float64(len(texts))
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

func meanLength(texts []string) int {
	sum := 0
	for _, text := range texts {
		sum += utf8.RuneCountInString(text)
	}
	return sum / len(texts)
}

// longText joins texts to a post of longPost characters.
func longText(texts []string) string {
	runes := []rune(strings.Join(texts[:min(len(texts), longPost)], " "))
	return string(runes[:min(len(runes), longPost)])
}

// corpusTexts returns the English posts of the corpus.
func corpusTexts(dir string) (texts []string, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.tsv"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		cases, err := readCases(file)
		if err != nil {
			return nil, err
		}
		for _, c := range cases {
			if c.Lang == "en" {
				texts = append(texts, c.Text)
			}
		}
	}
	if len(texts) == 0 {
		return nil, fmt.Errorf("no English posts in %q: run it from the repository's root", dir)
	}
	return texts, nil
}

func readCases(file string) ([]evaluate.Case, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return evaluate.ReadCases(file, f)
}
