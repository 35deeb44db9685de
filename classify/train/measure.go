package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/hugops/hugops/classify/internal/linear"
)

// scores are counts of a confusion matrix: true class, said class.
type scores [linear.Classes][linear.Classes]float64

func (s *scores) add(label int, p [linear.Classes]float64, weight float64) {
	s[label][argmax(p)] += weight
}

func argmax(p [linear.Classes]float64) int {
	best := 0
	for k := range p {
		if p[k] > p[best] {
			best = k
		}
	}
	return best
}

// of returns precision, recall and F1 of one class.
func (s *scores) of(k int) (precision, recall, f1 float64) {
	said, have := 0.0, 0.0
	for j := range linear.Classes {
		said += s[j][k]
		have += s[k][j]
	}
	if said > 0 {
		precision = s[k][k] / said
	}
	if have > 0 {
		recall = s[k][k] / have
	}
	if precision+recall > 0 {
		f1 = 2 * precision * recall / (precision + recall)
	}
	return precision, recall, f1
}

func (s *scores) macroF1() float64 {
	sum := 0.0
	for k := range linear.Classes {
		_, _, f := s.of(k)
		sum += f
	}
	return sum / linear.Classes
}

func (s *scores) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "macro-F1 %.3f", s.macroF1())
	for k, name := range labels {
		p, r, f := s.of(k)
		fmt.Fprintf(&b, "  %s P %.2f R %.2f F1 %.2f", name, p, r, f)
	}
	return b.String()
}

// calibration gathers how often the model is right at each of ten levels of how
// sure it is.
type calibration [10]struct{ weight, sure, right float64 }

func (c *calibration) add(label int, p [linear.Classes]float64, weight float64) {
	k := argmax(p)
	bin := &c[min(int(p[k]*10), 9)]
	bin.weight += weight
	bin.sure += weight * p[k]
	if k == label {
		bin.right += weight
	}
}

// error is the expected calibration error: the mean distance between how sure
// the model is and how often it is right (Guo et al., 2017).
func (c *calibration) error() float64 {
	total, off := 0.0, 0.0
	for _, b := range c {
		total += b.weight
		off += math.Abs(b.sure - b.right)
	}
	if total == 0 {
		return 0
	}
	return off / total
}
