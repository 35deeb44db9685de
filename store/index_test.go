package store

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/hugops/hugops"
)

// A classifier's probabilities are drawn from Dirichlet distributions, one a true
// class. blurred is right five times in six; biased takes one in three who vent for
// neutral, and some neutral ones for venting, and knows support better than both.
type classifier [3][3]float64

var (
	blurred = classifier{{4.2, 0.9, 1.4}, {0.7, 4.0, 1.3}, {0.6, 0.8, 4.6}}
	biased  = classifier{{4.6, 0.5, 1.2}, {0.9, 2.6, 2.2}, {0.4, 1.7, 3.6}}
)

// population is what a classifier gives to each of many posts of a true class; runs
// draw from it with replacement, which is quicker than to draw anew.
type population [3][]vec

func (c classifier) population(dice *rand.Rand) (p population) {
	for class, shapes := range c {
		p[class] = make([]vec, 5000)
		for i := range p[class] {
			x, sum := &p[class][i], 0.0
			for j := range 3 {
				x[j] = drawGamma(dice, shapes[j])
				sum += x[j]
			}
			for j := range 3 {
				x[j] /= sum
			}
		}
	}
	return p
}

type simulation struct {
	dice  *rand.Rand
	posts population
}

func (sim *simulation) probabilities(class int) vec {
	return sim.posts[class][sim.dice.IntN(len(sim.posts[class]))]
}

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

// world is a kind of outage: of so many people a share takes a side, and of those a
// share sends support.
type world struct {
	people   int
	sided, p float64
}

// worlds is the sweep: from the smallest outage that has an index to large ones, and
// from hardly anybody to nearly everybody.
func worlds() (list []world) {
	for _, n := range []world{{people: 40, sided: 0.95}, {people: 100, sided: 0.65}, {people: 300, sided: 0.65}, {people: 1000, sided: 0.4}} {
		for _, p := range []float64{0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98} {
			list = append(list, world{n.people, n.sided, p})
		}
	}
	return list
}

// outcome counts over the runs of a world.
type outcome struct {
	runs, covered, counted int
	width                  float64
}

// simulate runs every world a thousand times, each time with an error model measured
// anew on 300 labelled posts a class.
func simulate(reads classifier, runs int) []outcome {
	list, posts := worlds(), reads.population(rand.New(rand.NewPCG(7, 7)))
	parts := make([][]outcome, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for part := range parts {
		parts[part] = make([]outcome, len(list))
		wg.Go(func() {
			for run := part; run < runs; run += len(parts) {
				sim := &simulation{rand.New(rand.NewPCG(7, uint64(run))), posts}
				e := newEstimator(sim.errorModel(300))
				for i, w := range list {
					parts[part][i].add(sim, e, w)
				}
			}
		})
	}
	wg.Wait()
	for _, part := range parts[1:] {
		for i, o := range part {
			sum := &parts[0][i]
			sum.runs, sum.covered, sum.counted, sum.width = sum.runs+o.runs, sum.covered+o.covered, sum.counted+o.counted, sum.width+o.width
		}
	}
	return parts[0]
}

func (o *outcome) add(sim *simulation, e *estimator, w world) {
	g, s, v := sim.outage(w.people, w.sided, w.p)
	x := e.quantify(&g).index
	if !x.Enough {
		return
	}
	o.runs++
	o.width += x.Upper - x.Lower
	if x.Lower <= 100*w.p && 100*w.p <= x.Upper {
		o.covered++
	}
	if lo, hi := wilson(s, s+v); lo <= w.p && w.p <= hi {
		o.counted++
	}
}

// TestIntervalCoversTheTruth is the test of the index: over prevalences and sizes,
// the interval holds the true share in 93 to 97 % of a thousand simulated outages,
// while the usual interval on counted labels fails. A thousand runs of a true 96 %
// have a standard error of 0.6 points, and 56 worlds are looked at: two of them are
// allowed at the upper end, where two worlds have 97.1 %. (In 8,000 runs each, those of
// up to 300 people lie between 93.8 and 96.6 %.)
//
// Two kinds of worlds leave the band (docs/INDEX.md says so): where the classifier is
// biased and hardly 30 people took a side, an index at the end that it favours is
// held by wider arms than need be; and at the other end there is an index only by an
// accident of the reading, in less than half of the runs, which is not judged.
func TestIntervalCoversTheTruth(t *testing.T) {
	t.Parallel()
	for name, reads := range map[string]classifier{"blurred": blurred, "biased": biased} {
		for i, o := range simulate(reads, 1000) {
			w := worlds()[i]
			got, counted := float64(o.covered)/float64(o.runs), float64(o.counted)/float64(o.runs)
			t.Logf("%s, %d people, p=%.2f: covered %.3f in %d runs, counted labels %.3f, width %.1f", name, w.people, w.p, got, o.runs, counted, o.width/float64(o.runs))
			least, most := 0.93, 0.97+0.011
			if name == "biased" && w.people == 40 && w.p == 0.98 {
				most = 1
			}
			if o.runs >= 500 && (got < least || got > most) {
				t.Errorf("%s, %d people, p=%.2f: the interval covers the truth in %.1f %% of runs, want 93 to 97", name, w.people, w.p, 100*got)
			}
			if w.people == 1000 && w.p == 0.9 && counted > 0.5 {
				t.Errorf("%s: an interval on counted labels covers the truth in %.1f %% of runs: the simulation is too kind to prove anything", name, 100*counted)
			}
		}
	}
}

// TestGoldenIndex computes an index by hand. The model gives each class 0.8 to
// itself and 0.1 to the others, and was measured on so many posts that nothing is
// left to draw.
//
//	48 authors support (0.8, 0.1, 0.1), 16 vent (0.1, 0.8, 0.1), 36 are neutral.
//	mean      s = 0.48·0.8 + 0.16·0.1 + 0.36·0.1 = 0.436
//	          v = 0.48·0.1 + 0.16·0.8 + 0.36·0.1 = 0.212
//	corrected S: (0.436 − 0.1) / 0.7 = 0.48   V: (0.212 − 0.1) / 0.7 = 0.16
//	raw       0.48 / 0.64 = 0.75
//	shrunk    (64·0.75 + 4·0.5) / 68 = 0.735294
//	left out  a venting author: s = (43.6 − 0.1)/99, v = (21.2 − 0.8)/99
//	          S = 0.484848, V = 0.151515, raw = 0.761905, × 64/68: moved by 1.1204
//	EMQ       takes the vectors for calibrated posteriors: of those who look like
//	          support, 0.8 do support. So 0.7·S + 0.1 = 0.48 and 0.7·V + 0.1 = 0.16;
//	          S = 0.542857, V = 0.085714, index 0.863636
func TestGoldenIndex(t *testing.T) {
	var g group
	g.add(ballot{s: 800_000, v: 100_000}, 48)
	g.add(ballot{s: 100_000, v: 800_000}, 16)
	g.add(ballot{s: 100_000, v: 100_000}, 36)
	m := blurredErrors("m")
	m.N = [3]int{1e12, 1e12, 1e12}
	x := newEstimator(m).index(&g)
	want := hugops.Index{Enough: true, Value: 73.5294, Raw: 75, EMQ: 86.3636, Influence: 1.1204,
		Authors: 100, Sided: 64, Support: 48, Venting: 16, Lower: x.Lower, Upper: x.Upper}
	if x != want {
		t.Errorf("got %+v,\nwant %+v", x, want)
	}
	// √(0.75·0.25/64) = 0.054 is the error of the share; 2·1.96·0.054·64/68 = 0.2.
	if width := x.Upper - x.Lower; width < 17 || width > 25 || x.Lower > 75 || x.Upper < 75 {
		t.Errorf("interval %.1f to %.1f", x.Lower, x.Upper)
	}
}

// TestIntervalIsTheBootstraps holds the normal draws of the mean against
// resampling the authors one by one, which they stand for.
func TestIntervalIsTheBootstraps(t *testing.T) {
	dice := rand.New(rand.NewPCG(3, 9))
	sim := &simulation{dice, blurred.population(dice)}
	for _, n := range []int{50, 120, 500} {
		for _, p := range []float64{0.15, 0.5, 0.85} {
			e := newEstimator(sim.errorModel(300))
			g, _, _ := sim.outage(n, 0.8, p)
			x := e.index(&g)
			lower, upper := resampled(sim.dice, e, &g)
			// Each quantile of a thousand draws is off by a fiftieth of the width, give or take.
			if most := 0.09 * (x.Upper - x.Lower); math.Abs(x.Lower-lower) > most || math.Abs(x.Upper-upper) > most {
				t.Errorf("n=%d p=%.2f: %.1f to %.1f, and by resampling %.1f to %.1f", n, p, x.Lower, x.Upper, lower, upper)
			}
		}
	}
}

// resampled is the interval by drawing authors with replacement.
func resampled(dice *rand.Rand, e *estimator, g *group) (lower, upper float64) {
	var people []vec
	for _, c := range g.sorted() {
		for range c.n {
			people = append(people, c.mean())
		}
	}
	weight := float64(g.sided()) / (float64(g.sided()) + beliefStrength)
	values := make([]float64, draws)
	for d := range draws {
		var sum vec
		for range people {
			x := people[dice.IntN(len(people))]
			for j := range 3 {
				sum[j] += x[j] / float64(len(people))
			}
		}
		values[d] = weight*share(e.drawn[d].solve(sum)) + (1-weight)*e.belief[d]
	}
	slices.Sort(values)
	return 100 * quantile(values, tail), 100 * quantile(values, 1-tail)
}

// TestOneAuthorOneVote: ten thousand posts of one author weigh as much as one,
// and move an index of n authors by 1/n at most (of an uncorrected index: the
// correction for errors magnifies everybody alike).
func TestOneAuthorOneVote(t *testing.T) {
	votes := func(loud int) *tally {
		tl := newTally(1, 1, 0, 3600)
		for i := range 100 {
			tl.add(vote{author: uint64(i), minute: int64(i * 30), s: int64(i%2) * million, v: int64(1-i%2) * million})
		}
		for i := range loud {
			tl.add(vote{author: 1000, minute: int64(i % 3600), s: 0, v: million})
		}
		tl.flush()
		return tl
	}
	e := newEstimator(identity("m"))
	none, one, many := e.index(&votes(0).all), e.index(&votes(1).all), e.index(&votes(10_000).all)
	if one != many {
		t.Errorf("10,000 posts of one author give %+v, one gives %+v", many, one)
	}
	if moved := none.Value - many.Value; moved <= 0 || moved > 100./101 || moved > none.Influence+0.1 {
		t.Errorf("one author moved the index by %.3f points; influence is said to be %.3f", moved, none.Influence)
	}
}

// TestUnread: who wrote only posts that the model cannot read is a person with a
// post, and moves nothing else; who wrote others too is judged by those.
func TestUnread(t *testing.T) {
	count := func(more ...vote) hugops.Index {
		tl := newTally(1, 1, 0, 3600)
		for i := range 100 {
			tl.add(vote{author: uint64(i), s: int64(i%2) * million, v: int64(1-i%2) * 700_000})
		}
		for _, v := range more {
			tl.add(v)
		}
		tl.flush()
		return newEstimator(blurredErrors("m")).index(&tl.all)
	}
	hug := vote{author: 200, s: 900_000}
	none, one := count(), count(hug)
	for _, test := range []struct {
		name string
		more []vote
		want hugops.Index
		also int // people
	}{
		{"two people who cannot be read", []vote{{author: 200, unread: true}, {author: 201, unread: true}}, none, 2},
		{"twice the same one", []vote{{author: 200, unread: true}, {author: 200, unread: true}}, none, 1},
		{"one who can be read once", []vote{{author: 200, unread: true}, hug, {author: 200, unread: true}}, one, 0},
	} {
		test.want.Authors += test.also
		if got := count(test.more...); got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}

// TestBallots says how an author's posts become one vote, in millionths.
func TestBallots(t *testing.T) {
	tests := []struct {
		name  string
		posts []ballot
		want  ballot
		side  int
	}{
		{"one post is itself", []ballot{{s: 700_000, v: 100_000}}, ballot{s: 700_000, v: 100_000}, 1},
		{"a hug among questions is heard", []ballot{{s: 0, v: 0}, {s: 900_000, v: 0}, {s: 0, v: 0}}, ballot{s: 900_000, v: 0}, 1},
		{"who changes his mind is split", []ballot{{s: 800_000, v: 0}, {s: 0, v: 800_000}}, ballot{s: 400_000, v: 400_000}, 0},
		{"questions only", []ballot{{s: 0, v: 0}}, ballot{}, 0},
		{"a tie is neutral", []ballot{{s: 400_000, v: 200_000}}, ballot{s: 400_000, v: 200_000}, 0},
		{"venting", []ballot{{s: 0, v: 600_000}, {s: 100_000, v: 500_000}}, ballot{s: 50_000, v: 550_000}, -1},
	}
	for _, test := range tests {
		var most, sum, sided int64
		for _, p := range test.posts {
			most, sum, sided = max(most, p.s+p.v), sum+p.s, sided+p.s+p.v
		}
		if b := ballotOf(most, sum, sided); b != test.want || b.side() != test.side {
			t.Errorf("%s: %+v, side %d", test.name, b, b.side())
		}
	}
}

// TestSolve holds the closed form against a search over the whole simplex, for
// error models good, bad and useless.
func TestSolve(t *testing.T) {
	models := [][3][3]float64{
		{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
		{{.8, .1, .1}, {.2, .7, .1}, {.1, .2, .7}},
		{{.4, .3, .3}, {.3, .4, .3}, {.3, .3, .4}},
		{{.5, .3, .2}, {.5, .3, .2}, {.1, .1, .8}},                                     // cannot tell support from venting
		{{1. / 3, 1. / 3, 1. / 3}, {1. / 3, 1. / 3, 1. / 3}, {1. / 3, 1. / 3, 1. / 3}}, // knows nothing
	}
	for m, mean := range models {
		c := newCorrector(mean)
		cost := func(p, x vec) (f float64) {
			for j := range 3 {
				d := mean[0][j]*p[0] + mean[1][j]*p[1] + mean[2][j]*p[2] - x[j]
				f += d * d
			}
			return f
		}
		for i := 0; i <= 10; i++ {
			for k := 0; i+k <= 10; k++ {
				x := vec{float64(i) / 10, float64(k) / 10, float64(10-i-k) / 10}
				p, least := c.solve(x), math.Inf(1)
				for a := 0; a <= 100; a++ {
					for b := 0; a+b <= 100; b++ {
						least = min(least, cost(vec{float64(a) / 100, float64(b) / 100, float64(100-a-b) / 100}, x))
					}
				}
				if p[0] < 0 || p[1] < 0 || p[2] < -1e-12 || math.Abs(p[0]+p[1]+p[2]-1) > 1e-9 || cost(p, x) > least+1e-9 {
					t.Errorf("model %d, mean %v: %v costs %.6f, and %.6f is possible", m, x, p, cost(p, x), least)
				}
			}
		}
	}
}

// TestNotEnough: below 30 people who took a side there are counts and no index.
func TestNotEnough(t *testing.T) {
	var g group
	g.add(ballot{s: 900_000, v: 0}, 29)
	g.add(ballot{}, 500)
	e := newEstimator(hugops.ErrorModel{})
	if x := e.index(&g); x != (hugops.Index{Authors: 529, Sided: 29, Support: 29}) {
		t.Errorf("29 of 30: %+v", x)
	}
	g.add(ballot{s: 0, v: 900_000}, 1)
	if x := e.index(&g); !x.Enough || x.Lower > x.Value || x.Value > x.Upper {
		t.Errorf("30 of 30: %+v", x)
	}
}

// TestCurveAgreesWithEachHour counts every hour of a curve anew.
func TestCurveAgreesWithEachHour(t *testing.T) {
	for _, span := range []int64{600, 5 * 3600, 40 * 3600, 30 * 24 * 3600} {
		dice := rand.New(rand.NewPCG(uint64(span), 1))
		var votes []vote
		for a := range 300 {
			for range 1 + dice.IntN(4) {
				s := dice.Int64N(million)
				v := vote{author: uint64(a), minute: dice.Int64N(span/60) * 60, s: s, v: dice.Int64N(million - s)}
				if dice.IntN(5) == 0 {
					v.s, v.v, v.unread = 0, 0, true
				}
				votes = append(votes, v)
			}
		}
		tl := newTally(1, 1, 0, span)
		for _, v := range votes {
			tl.add(v)
		}
		e := newEstimator(identity("m"))
		points, _ := tl.curve(e)
		if len(points) > maxPoints {
			t.Errorf("%d points", len(points))
		}
		for _, p := range points {
			hour := newTally(1, 1, 0, span)
			for _, v := range votes {
				if v.minute < p.At.Unix() && v.minute >= p.At.Unix()-window {
					hour.add(v)
				}
			}
			hour.flush()
			if want := e.index(&hour.all); p.Index != want {
				t.Fatalf("hour to %s: %+v, want %+v", p.At, p.Index, want)
			}
		}
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
