package classify

import (
	"math"
	"slices"
	"strings"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/classify/internal/plain"
)

// Word is a word of a post with its part in the decision.
type Word struct {
	Text string `json:"word"`
	// Weight is in log-odds of the likeliest stance: positive where the word speaks
	// for it, negative where it speaks against it.
	Weight float64 `json:"weight"`
}

// maxExplained are the words of which an explanation speaks; each is two more
// readings.
const maxExplained = 200

// Explain returns the words of a text, as the model sees it, with their parts in
// the decision, and the stance that they speak for: that of the probabilities,
// also where the model abstains. A word's part is the mean of what it adds as the
// only word and of what is lost without it: the two ends of its Shapley value
// (Shapley, 1953), the same for both readers.
func Explain(m Model, text, lang string) (words []Word, stance hugops.Stance) {
	whole := m.Classify(text, lang)
	stance = whole.Probabilities.Stance()
	odds := func(part string) float64 { // in the language of the whole, whatever a part looks like
		return logOdds(of(m.Classify(part, whole.Lang).Probabilities, stance))
	}
	all, nothing := odds(text), odds("")
	fields := strings.Fields(plain.Text(text))
	for i, w := range fields[:min(len(fields), maxExplained)] {
		rest := strings.Join(slices.Concat(fields[:i], fields[i+1:]), " ")
		words = append(words, Word{w, (all - odds(rest) + odds(w) - nothing) / 2})
	}
	return words, stance
}

func logOdds(p float64) float64 { return math.Log((p + 1e-6) / (1 - p + 1e-6)) }

func of(p hugops.Probabilities, s hugops.Stance) float64 {
	switch s {
	case hugops.Support:
		return p.Support
	case hugops.Venting:
		return p.Venting
	}
	return p.Neutral
}
