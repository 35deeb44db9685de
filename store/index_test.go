package store

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/hugops/hugops"
)

// blurred is a classifier that is right five times in six: its probabilities are
// drawn from Dirichlet distributions, one a true class.
var blurred = [3][3]float64{{4.2, 0.9, 1.4}, {0.7, 4.0, 1.3}, {0.6, 0.8, 4.6}}

func (sim *simulation) probabilities(class int) vec {
	var x vec
	sum := 0.0
	for j := range 3 {
		a := blurred[class][j]
		// Gamma below shape 1 by the boost of Marsaglia and Tsang.
		x[j] = drawGamma(sim.dice, a+1) * math.Pow(sim.dice.Float64(), 1/a)
		sum += x[j]
	}
	for j := range 3 {
		x[j] /= sum
	}
	return x
}

type simulation struct{ dice *rand.Rand }

// errorModel labels n posts of each class and measures the classifier on them.
func (sim *simulation) errorModel(n int) hugops.ErrorModel {
	m := hugops.ErrorModel{N: [3]int{n, n, n}}
	for i := range 3 {
		xs := make([]vec, n)
		for k := range xs {
			xs[k] = sim.probabilities(i)
			for j := range 3 {
				m.Mean[i][j] += xs[k][j] / float64(n)
			}
		}
		for _, x := range xs {
			for a := range 3 {
				for b := range 3 {
					m.Cov[i][a][b] += (x[a] - m.Mean[i][a]) * (x[b] - m.Mean[i][b]) / float64(n-1)
				}
			}
		}
	}
	return m
}

// outage draws n authors of one post each, of whom a share sided took a side,
// and p of those sent support.
func (sim *simulation) outage(n int, sided, p float64) (g group, hardSupport, hardVenting int) {
	for range n {
		class := 2
		if sim.dice.Float64() < sided {
			class = 1
			if sim.dice.Float64() < p {
				class = 0
			}
		}
		x := sim.probabilities(class)
		b := ballot{s: int64(math.Round(x[0] * million)), v: int64(math.Round(x[1] * million))}
		g.add(b, 1)
	}
	return g, g.support, g.venting
}

// TestIntervalCoversTheTruth is the test of the index: over prevalences and
// sizes, the interval holds the true share in 93 to 97 % of simulated outages
// (plus what that many runs allow), while the usual interval on counted labels
// fails.
func TestIntervalCoversTheTruth(t *testing.T) {
	const runs = 400
	slack := 2 * math.Sqrt(0.95*0.05/runs)
	sim := &simulation{rand.New(rand.NewPCG(7, 11))}
	countedWell := 0
	cases := 0
	for _, n := range []int{60, 200, 1000} {
		for _, p := range []float64{0.1, 0.3, 0.5, 0.7, 0.9} {
			t.Run(fmt.Sprintf("n=%d p=%.1f", n, p), func(t *testing.T) {
				covered, counted, width, enough := 0, 0, 0.0, 0
				for range runs {
					e := newEstimator(sim.errorModel(300))
					g, s, v := sim.outage(n, 0.65, p)
					ix := e.index(&g)
					if !ix.Enough {
						continue
					}
					enough++
					width += ix.Upper - ix.Lower
					if ix.Lower <= 100*p && 100*p <= ix.Upper {
						covered++
					}
					if lo, hi := wilson(s, s+v); lo <= p && p <= hi {
						counted++
					}
				}
				got := float64(covered) / float64(enough)
				t.Logf("covered %.3f, counted labels %.3f, width %.1f", got, float64(counted)/float64(enough), width/float64(enough))
				if got < 0.93-slack || got > 0.97+slack {
					t.Errorf("the interval covers the truth in %.1f %% of runs, want 93 to 97", 100*got)
				}
				cases++
				if float64(counted)/float64(enough) > 0.9 {
					countedWell++
				}
			})
		}
	}
	if countedWell > cases/2 {
		t.Errorf("counting labels covered the truth in %d of %d cases: the simulation is too kind to prove anything", countedWell, cases)
	}
}

// wilson is the interval that the index must not use: it knows nothing of the
// classifier.
func wilson(k, n int) (lo, hi float64) {
	z, p, m := 1.96, float64(k)/float64(n), float64(n)
	mid := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return mid - half, mid + half
}
