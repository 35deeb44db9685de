package store

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/hugops/hugops"
)

// The constants of the index. docs/INDEX.md explains them; changing one changes
// every published figure.
const (
	// PriorMean is the long-term mean towards which an index is drawn while its
	// authors are few, on 0–1, and PriorStrength how many authors that mean is
	// worth: with n authors who took a side, the index is
	// (n·raw + PriorStrength·PriorMean) / (n + PriorStrength).
	PriorMean     = 0.5
	PriorStrength = 4
	// The interval leans on the long-term distribution less, since where nearly
	// everybody agrees the truth lies far from the mean: as on so many people, drawn
	// from a beta distribution of which both parameters are beliefShape (Jeffreys).
	beliefStrength = 2
	beliefShape    = 0.5
	// draws is the number of draws behind an interval.
	draws = 1000
	seed1 = 0x6875676f7073
	seed2 = 1
	// coverage of the interval: from the 2.5 % to the 97.5 % quantile.
	tail = 0.025
)

// even are the class shares under which a model's probabilities are calibrated
// (hugops.ErrorModel).
var even = vec{1. / 3, 1. / 3, 1. / 3}

// estimator computes indices for one error model. It holds the draws, which are
// the same for every index, so that equal posts give equal figures and points of
// a curve differ by their posts and not by the dice.
type estimator struct {
	errors hugops.ErrorModel
	best   corrector
	drawn  []corrector // the error model as it might be, given how few posts measured it
	noise  [][2]float64
	belief []float64 // draws of the long-term distribution of indices
}

// newEstimator draws what estimates need. An error model without figures
// corrects nothing.
func newEstimator(m hugops.ErrorModel) *estimator {
	if m.Mean == ([3][3]float64{}) {
		m = identity(m.Model)
	}
	dice := rand.New(rand.NewPCG(seed1, seed2))
	e := &estimator{errors: m, best: newCorrector(m.Mean)}
	e.drawn = make([]corrector, draws)
	e.noise = make([][2]float64, draws)
	e.belief = make([]float64, draws)
	roots := [3][3]vec{}
	for i := range 3 {
		roots[i] = root(m.Cov[i], m.N[i])
	}
	for d := range draws {
		e.drawn[d] = newCorrector(drawMean(m.Mean, roots, dice))
		e.noise[d] = [2]float64{dice.NormFloat64(), dice.NormFloat64()}
		e.belief[d] = drawBeta(dice, beliefShape, beliefShape)
	}
	return e
}

// estimate is an index with what led to it. Below hugops.MinAuthors there is
// nothing but the counts of the index.
type estimate struct {
	index  hugops.Index
	cells  []cell
	m      moments
	weight float64 // of the raw index; the rest is that of the long-term mean
	loose  float64 // the same in draws
	shares vec     // of the true classes, by PACC
	emq    vec     // and by EMQ
}

// index computes the index of a group.
func (e *estimator) index(g *group) hugops.Index { return e.estimate(g).index }

// estimate computes the index of a group with its cross-checks.
func (e *estimator) estimate(g *group) estimate {
	x := e.quantify(g)
	if x.index.Enough {
		x.emq = emq(x.cells, even)
		x.index.EMQ = points(share(x.emq))
		x.index.Influence = points(e.influence(x.cells, x.m, x.weight, share(x.shares)))
	}
	return x
}

// quantify computes the index of a group and its interval.
func (e *estimator) quantify(g *group) estimate {
	x := estimate{index: hugops.Index{Authors: g.authors, Sided: g.sided(), Support: g.support, Venting: g.venting}}
	out := &x.index
	if out.Sided < hugops.MinAuthors {
		return x
	}
	x.cells = g.sorted()
	x.m = momentsOf(x.cells)
	x.weight = float64(out.Sided) / (float64(out.Sided) + PriorStrength)
	x.loose = float64(out.Sided) / (float64(out.Sided) + beliefStrength)
	x.shares = e.best.solve(x.m.mean)
	raw := share(x.shares)
	out.Enough = true
	out.Raw = points(raw)
	out.Value = points(x.weight*raw + (1-x.weight)*PriorMean)
	out.Lower, out.Upper = e.interval(&x)
	out.Lower, out.Upper = min(out.Lower, out.Value), max(out.Upper, out.Value)
	return x
}

// interval is the 95 % interval: the quantiles over draws of the authors' mean
// vector (normal by the central limit theorem, which serves from 30 authors on;
// a test holds it against resampling the authors themselves), of the error
// model, and of the long-term distribution, which has little weight.
func (e *estimator) interval(x *estimate) (lower, upper float64) {
	var values [draws]float64
	for d := range draws {
		values[d] = e.draw(x, d, d)
	}
	slices.Sort(values[:])
	return points(quantile(values[:], tail)), points(quantile(values[:], 1-tail))
}

// draw is an index as it might be, with an error model as it might be.
func (e *estimator) draw(x *estimate, d, model int) float64 {
	m, z := &x.m, e.noise[d]
	s := m.mean[0] + m.root[0]*z[0]
	v := m.mean[1] + m.root[1]*z[0] + m.root[2]*z[1]
	q := share(e.drawn[model].solve(vec{s, v, 1 - s - v}))
	return x.loose*q + (1-x.loose)*e.belief[d]
}

// change compares two indices of one outage. Both are drawn with the same error
// model, since the model errs in both alike; the people are drawn apart, which
// makes the interval somewhat too wide where the same ones are in both.
func (e *estimator) change(was, is *estimate) hugops.Change {
	if !was.index.Enough || !is.index.Enough {
		return hugops.Change{}
	}
	var values [draws]float64
	for d := range draws {
		values[d] = e.draw(is, d, d) - e.draw(was, (d+draws/2)%draws, d)
	}
	slices.Sort(values[:])
	c := hugops.Change{Known: true, Value: math.Round((is.index.Value-was.index.Value)*1e4) / 1e4}
	c.Lower = min(points(quantile(values[:], tail)), c.Value)
	c.Upper = max(points(quantile(values[:], 1-tail)), c.Value)
	return c
}

// influence is the most that leaving out any one author moves the index.
func (e *estimator) influence(cells []cell, m moments, weight, raw float64) float64 {
	most, n := 0.0, m.n
	for i := range cells {
		x := cells[i].mean()
		var without vec
		for j := range 3 {
			without[j] = (m.mean[j]*n - x[j]) / (n - 1)
		}
		most = max(most, weight*math.Abs(share(e.best.solve(without))-raw))
	}
	return most
}

// moments are the mean of the authors' vectors and the lower triangular root of
// the covariance of that mean, in the plane of support and venting.
type moments struct {
	n    float64
	mean vec
	root [3]float64
}

func momentsOf(cells []cell) moments {
	var n, s, v int64
	for _, c := range cells {
		n, s, v = n+c.n, s+c.s, v+c.v
	}
	all := cell{n: n, s: s, v: v}
	m := moments{n: float64(n), mean: all.mean()}
	var ss, sv, vv float64
	for i := range cells {
		x, w := cells[i].mean(), float64(cells[i].n)
		a, b := x[0]-m.mean[0], x[1]-m.mean[1]
		ss, sv, vv = ss+w*a*a, sv+w*a*b, vv+w*b*b
	}
	k := m.n * max(m.n-1, 1) // unbiased, and divided by n for the mean
	m.root[0] = math.Sqrt(ss / k)
	if m.root[0] > 0 {
		m.root[1] = sv / k / m.root[0]
	}
	m.root[2] = math.Sqrt(max(0, vv/k-m.root[1]*m.root[1]))
	return m
}

// share is support among those who took a side; where nobody did, the long-term
// mean.
func share(p vec) float64 {
	if p[0]+p[1] < 1e-9 {
		return PriorMean
	}
	return p[0] / (p[0] + p[1])
}

// points turns a share into points of the index, to a ten-thousandth.
func points(share float64) float64 { return math.Round(share*1e6) / 1e4 }

// quantile of sorted values, between the two nearest.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	f := at - float64(i)
	return sorted[i]*(1-f) + sorted[i+1]*f
}

// sorted lists the cells in an order of their own, so that sums of floats come
// out the same each time.
func (g *group) sorted() []cell {
	places := make([]int32, 0, len(g.cells))
	for at := range g.cells {
		places = append(places, at)
	}
	slices.Sort(places)
	cells := make([]cell, len(places))
	for i, at := range places {
		cells[i] = g.cells[at]
	}
	return cells
}
