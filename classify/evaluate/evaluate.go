// Package evaluate measures readers of stance on labelled posts: hugops' own
// model and its peers, side by side. It owns the scores, their intervals and the
// report; it opens no file, keeps no clock and draws its random numbers from a
// fixed seed, so the same posts and predictions give the same report.
//
// It measures and never fits: nothing here may be used to choose a model's
// threshold, but for the one peer that says so ("VADER, best thresholds").
package evaluate

import (
	"slices"

	"github.com/hugops/hugops"
)

// Stances are the classes, in the order of every matrix and list here.
var Stances = [...]hugops.Stance{hugops.Support, hugops.Venting, hugops.Neutral}

const classes = len(Stances)

func classOf(s hugops.Stance) int { return slices.Index(Stances[:], s) }

// Case is a post with the label that people gave it.
type Case struct {
	Line    int // in its file, from 1
	Text    string
	Lang    string // the network's tag, "" if it gives none
	Network string
	Set     string // where the post comes from
	Label   hugops.Stance
}

// Prediction is what a reader says of a case.
type Prediction struct {
	Stance hugops.Stance
	// Probabilities are zero for a reader that has none.
	Probabilities hugops.Probabilities
	// Abstained says that the reader would not take a side; Stance is neutral then,
	// and counts as that.
	Abstained bool
	// Lang is the language that the reader took the text for, "" if it does not say.
	Lang string
}

// Confusion counts posts by label (row) and stance said (column).
type Confusion [classes][classes]int

// NewConfusion counts the predictions, one for each case.
func NewConfusion(cases []Case, predictions []Prediction) (c Confusion) {
	for i := range cases {
		c[classOf(cases[i].Label)][classOf(predictions[i].Stance)]++
	}
	return c
}

// Labelled is the number of posts with the label k, and Said of those read as k.
func (c *Confusion) Labelled(k int) int { return c[k][0] + c[k][1] + c[k][2] }

// Said is the number of posts read as k.
func (c *Confusion) Said(k int) int { return c[0][k] + c[1][k] + c[2][k] }

// Total is the number of posts.
func (c *Confusion) Total() int { return c.Labelled(0) + c.Labelled(1) + c.Labelled(2) }

// Precision is the share of the posts read as k that are k, and 0 if none is read so.
func (c *Confusion) Precision(k int) float64 { return ratio(c[k][k], c.Said(k)) }

// Recall is the share of the posts labelled k that are read as k.
func (c *Confusion) Recall(k int) float64 { return ratio(c[k][k], c.Labelled(k)) }

// F1 is the harmonic mean of precision and recall (van Rijsbergen, 1979, with
// alpha one half): 2·TP / (2·TP + FP + FN).
func (c *Confusion) F1(k int) float64 { return ratio(2*c[k][k], c.Labelled(k)+c.Said(k)) }

// MacroF1 is the plain mean of the F1 of the classes (the "averaged F1" of Opitz
// and Burst, 2019), over the classes that have labelled posts: a group of posts
// without support has no recall of it.
func (c *Confusion) MacroF1() float64 {
	sum, n := 0.0, 0
	for k := range classes {
		if c.Labelled(k) > 0 {
			sum += c.F1(k)
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}

// Accuracy is the share of posts that are read as they are labelled.
func (c *Confusion) Accuracy() float64 { return ratio(c[0][0]+c[1][1]+c[2][2], c.Total()) }

func ratio(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}
