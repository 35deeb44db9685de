package evaluate

import (
	"math"

	"github.com/hugops/hugops"
)

// Bin is one level of how sure a reader is: from below its upper edge down to
// Low, a tenth wide.
type Bin struct {
	Low   float64 `json:"low"`
	Posts int     `json:"posts"`
	// Sure is the mean of the top probability, Right the share of posts whose most
	// probable stance is their label.
	Sure  float64 `json:"sure"`
	Right float64 `json:"right"`
}

const bins = 10

// Reliability sorts the posts by their top probability into ten bins of equal
// width; those without posts are left out. It is nil for a reader without
// probabilities. Where a reader abstains it is the most probable stance that
// counts, since that is what the probability speaks of.
func Reliability(cases []Case, predictions []Prediction) (table []Bin) {
	var n, right [bins]int
	var sure [bins]float64
	for i := range cases {
		p := predictions[i].Probabilities
		if p == (hugops.Probabilities{}) {
			return nil
		}
		top := max(p.Support, p.Venting, p.Neutral)
		b := min(int(top*bins), bins-1)
		n[b]++
		sure[b] += top
		if p.Stance() == cases[i].Label {
			right[b]++
		}
	}
	for b := range bins {
		if n[b] > 0 {
			table = append(table, Bin{Low: float64(b) / bins, Posts: n[b], Sure: sure[b] / float64(n[b]), Right: ratio(right[b], n[b])})
		}
	}
	return table
}

// ECE is the expected calibration error of a table: the mean distance between
// how sure a reader is and how often it is right, each bin weighted by its posts
// (Guo, Pleiss, Sun and Weinberger, 2017).
func ECE(table []Bin) float64 {
	off, total := 0.0, 0
	for _, b := range table {
		off += float64(b.Posts) * math.Abs(b.Sure-b.Right)
		total += b.Posts
	}
	if total == 0 {
		return 0
	}
	return off / float64(total)
}
