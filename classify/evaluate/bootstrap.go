package evaluate

import (
	"math/rand/v2"
	"slices"
)

// Interval is a value with its 95 % bootstrap interval.
type Interval struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Resamples is how many times the posts are drawn anew.
const Resamples = 1000

const bootstrapSeed = 1

// resampled holds what the resamples say of each reader: macro-F1 and the F1 of
// each class.
type resampled struct {
	macro [][]float64          // reader, resample
	f1    [][classes][]float64 // reader, class, resample
}

// bootstrap draws as many posts as there are, with replacement, Resamples times,
// and scores every reader on each draw. Posts are drawn plainly, not stratum by
// stratum: the numbers of each label vary too, as they would in another sample.
// All readers are scored on the same draws, so their differences are paired
// (Efron and Tibshirani, 1993, chapter 13; Koehn, 2004, for paired resampling).
func bootstrap(cases []Case, readers []Reader) resampled {
	cells := make([][]uint8, len(readers)) // what each reader adds to its matrix, by post
	for r := range readers {
		cells[r] = make([]uint8, len(cases))
		for i := range cases {
			cells[r][i] = uint8(classOf(cases[i].Label)*classes + classOf(readers[r].Predictions[i].Stance))
		}
	}
	out := resampled{macro: make([][]float64, len(readers)), f1: make([][classes][]float64, len(readers))}
	random := rand.New(rand.NewPCG(bootstrapSeed, 0))
	draw := make([]uint32, len(cases))
	for range Resamples {
		for i := range draw {
			draw[i] = random.Uint32N(uint32(len(cases)))
		}
		for r := range readers {
			c := tally(cells[r], draw)
			out.macro[r] = append(out.macro[r], c.MacroF1())
			for k := range classes {
				out.f1[r][k] = append(out.f1[r][k], c.F1(k))
			}
		}
	}
	return out
}

func tally(cells []uint8, draw []uint32) (c Confusion) {
	var counts [classes * classes]int
	for _, i := range draw {
		counts[cells[i]]++
	}
	for cell, n := range counts {
		c[cell/classes][cell%classes] = n
	}
	return c
}

// interval is the percentile interval: the values between which the middle 95 %
// of the resamples lie.
func interval(value float64, resamples []float64) Interval {
	sorted := slices.Sorted(slices.Values(resamples))
	cut := len(sorted) * 25 / 1000
	return Interval{Value: value, Low: sorted[cut], High: sorted[len(sorted)-1-cut]}
}

// difference is the interval of a − b over the same draws.
func difference(value float64, a, b []float64) Interval {
	d := make([]float64, len(a))
	for i := range a {
		d[i] = a[i] - b[i]
	}
	return interval(value, d)
}
