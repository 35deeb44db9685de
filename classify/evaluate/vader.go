package evaluate

import (
	"fmt"
	"math"
	"slices"

	"github.com/jonreiter/govader"

	"github.com/hugops/hugops"
)

// VADER is the lexicon and the rules of Hutto and Gilbert (2014), as govader has
// them: the sentiment of a text, which is what people take when they have nothing
// made for stance. It is safe for use by many goroutines.
type VADER struct {
	analyzer *govader.SentimentIntensityAnalyzer
}

// NewVADER loads the lexicon, once for all texts.
func NewVADER() VADER { return VADER{govader.NewSentimentIntensityAnalyzer()} }

// Compound is the sentiment of a text from −1 to 1.
func (v VADER) Compound(text string) float64 { return v.analyzer.PolarityScores(text).Compound }

// Thresholds make a stance of a compound score.
type Thresholds struct {
	Venting float64 // at or below
	Support float64 // at or above; larger than Venting
}

// UsualThresholds are those that VADER's authors recommend.
var UsualThresholds = Thresholds{Venting: -0.05, Support: 0.05}

func (t Thresholds) stance(compound float64) hugops.Stance {
	switch {
	case compound >= t.Support:
		return hugops.Support
	case compound <= t.Venting:
		return hugops.Venting
	}
	return hugops.Neutral
}

// Predictions turns compound scores into stances.
func (t Thresholds) Predictions(compound []float64) []Prediction {
	out := make([]Prediction, len(compound))
	for i, c := range compound {
		out[i].Stance = t.stance(c)
	}
	return out
}

func (t Thresholds) String() string {
	say := func(v float64) string {
		if math.Abs(v) > 1 {
			return "never"
		}
		return fmt.Sprintf("%+.3f", v)
	}
	return fmt.Sprintf("support from %s, venting to %s", say(t.Support), say(t.Venting))
}

const (
	never   = 1.5 // no compound score lies beyond 1
	maxCuts = 1000
)

// BestThresholds returns the thresholds of the highest macro-F1 on these very
// cases: fitted on what it is measured on, an upper bound in VADER's favour. Of
// many distinct scores, maxCuts evenly drawn ones are tried.
func BestThresholds(cases []Case, compound []float64) Thresholds {
	cuts := slices.Compact(slices.Sorted(slices.Values(compound)))
	if every := (len(cuts) + maxCuts - 1) / maxCuts; every > 1 {
		kept := cuts[:0]
		for i := 0; i < len(cuts); i += every {
			kept = append(kept, cuts[i])
		}
		cuts = kept
	}
	cuts = append(append([]float64{-never}, cuts...), never)
	below := make([][classes]int, len(cuts)) // posts of each label at or below a cut
	at := make([][classes]int, len(cuts))    // posts of each label at or above a cut
	for i := range cases {
		k := classOf(cases[i].Label)
		for j, cut := range cuts {
			if compound[i] <= cut {
				below[j][k]++
			}
			if compound[i] >= cut {
				at[j][k]++
			}
		}
	}
	all := at[0]
	best, most := UsualThresholds, -1.0
	for lo := range cuts {
		for hi := lo + 1; hi < len(cuts); hi++ {
			var c Confusion
			for k := range classes {
				c[k] = [classes]int{at[hi][k], below[lo][k], all[k] - at[hi][k] - below[lo][k]}
			}
			if f := c.MacroF1(); f > most {
				best, most = Thresholds{Venting: cuts[lo], Support: cuts[hi]}, f
			}
		}
	}
	return best
}
