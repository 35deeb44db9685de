package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"testing"

	"github.com/hugops/hugops"
)

// workedOut is what hugops index prints of an outage with people of all kinds.
func workedOut(t *testing.T) []byte {
	t.Helper()
	c := config(t)
	dice := rand.New(rand.NewPCG(6, 6))
	sim := &simulation{dice, biased.population(dice)}
	m := sim.errorModel(250)
	m.Model = "m1"
	c.Errors = func(string) hugops.ErrorModel { return m }
	s := open(t, c)
	if err := s.PutOutages(t.Context(), []hugops.Outage{nimbus}); err != nil {
		t.Fatal(err)
	}
	var posts []hugops.Reading
	for i := range 300 {
		x := sim.probabilities(dice.IntN(3))
		who := by(fmt.Sprintf("p1-author%d", dice.IntN(250)))
		posts = append(posts, reading(fmt.Sprintf("w%d", i), float64(i)/4, hugops.Neutral, who, func(r *hugops.Reading) {
			r.Probabilities = hugops.Probabilities{Support: x[0], Venting: x[1], Neutral: x[2]}
			r.Stance = r.Probabilities.Stance()
		}))
	}
	posts = append(posts, copies(20, hugops.Venting, 0x1122334455667788)...)
	for i := range 7 {
		posts = append(posts, reading(fmt.Sprintf("bot%d", i), 5, hugops.Support, by("p1-bot"), func(r *hugops.Reading) { r.Post.Bot = true }))
		posts = append(posts, reading(fmt.Sprintf("ko%d", i), 6, hugops.Neutral, unreadIn("ko")))
	}
	posts = append(posts, reading("own", 5, hugops.Support, func(r *hugops.Reading) { r.Post.AuthorService = "nimbus" }))
	if err := s.Write(t.Context(), posts, nil); err != nil {
		t.Fatal(err)
	}
	w, err := s.Workings(t.Context(), nimbus.ID, later)
	if err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(w)
	if err != nil {
		t.Fatal(err)
	}
	if d := detailOf(t, s); d.Index != w.Index || w.Posts != d.Posts {
		t.Errorf("the page has %+v, the workings %+v", d.Index, w.Index)
	}
	return out
}

// stranger is what somebody reads out of the JSON who has nothing else.
type stranger struct {
	Index struct {
		Value, Lower, Upper, Raw, EMQ, Influence float64
		Authors, Sided, Support, Venting         int
		Copies, Bursts                           int
	}
	Posts   int
	Voters  int
	LeftOut struct{ Bots, Providers, Unread struct{ Posts, Accounts int } } `json:"left_out"`

	Estimate struct {
		Ballots []struct {
			Voters           int
			Support, Venting float64
		}
		Mean       [3]float64
		Covariance [2][2]float64
		Errors     struct {
			Mean [3][3]float64
			Cov  [3][3][3]float64
			N    [3]int
		} `json:"error_model"`
		Corrected, EMQ [3]float64
		Raw, Weight    float64
		Prior          struct{ Mean, Strength float64 }
		Draws          struct {
			Number int
			Weight float64
			Beta   [2]float64
		}
	}
}

type point = [3]float64

func mix(a, b point, x float64) (p point) {
	for j := range 3 {
		p[j] = a[j]*(1-x) + b[j]*x
	}
	return p
}

func away(a, b point) (d float64) {
	for j := range 3 {
		d += (a[j] - b[j]) * (a[j] - b[j])
	}
	return d
}

// nearest walks to the weights of a triangle's corners whose mix is nearest to x, by
// halving steps: slow, and nothing like the closed form that it is held against.
func nearest(corners [3]point, x point) (p point) {
	cost := func(s, v float64) float64 {
		var y point
		for j := range 3 {
			y[j] = s*corners[0][j] + v*corners[1][j] + (1-s-v)*corners[2][j]
		}
		return away(x, y)
	}
	s, v := 1./3, 1./3
	for step := .25; step > 1e-11; {
		moved := false
		for _, d := range [][2]float64{{1, 0}, {-1, 0}, {0, 1}, {0, -1}, {1, -1}, {-1, 1}} {
			a, b := s+d[0]*step, v+d[1]*step
			if a >= 0 && b >= 0 && a+b <= 1 && cost(a, b) < cost(s, v) {
				s, v, moved = a, b, true
			}
		}
		if !moved {
			step /= 2
		}
	}
	return point{s, v, 1 - s - v}
}

func (w *stranger) raw(x point) float64 {
	p := nearest(w.Estimate.Errors.Mean, x)
	return p[0] / (p[0] + p[1])
}

// emqAgain re-weights the ballots until the shares stand still.
func (w *stranger) emqAgain() float64 {
	p := point{1. / 3, 1. / 3, 1. / 3}
	for range 10_000 {
		var next point
		for _, b := range w.Estimate.Ballots {
			n := float64(b.Voters)
			x := point{b.Support / n * p[0], b.Venting / n * p[1], (1 - b.Support/n - b.Venting/n) * p[2]}
			for j := range 3 {
				next[j] += n / float64(w.Voters) * x[j] / (x[0] + x[1] + x[2])
			}
		}
		p = next
	}
	return p[0] / (p[0] + p[1])
}

// TestWorkings computes the index again from the JSON alone: value, raw, EMQ and
// influence to the last digit shown, the interval by draws of its own.
func TestWorkings(t *testing.T) {
	var w stranger
	if err := json.Unmarshal(workedOut(t), &w); err != nil {
		t.Fatal(err)
	}
	e := &w.Estimate
	same := func(name string, got, want, tolerance float64) {
		t.Helper()
		if math.Abs(got-want) > tolerance {
			t.Errorf("%s: %.6f, computed again %.6f", name, want, got)
		}
	}
	n, x := 0, point{}
	for _, b := range e.Ballots {
		n, x[0], x[1] = n+b.Voters, x[0]+b.Support, x[1]+b.Venting
	}
	x[0], x[1] = x[0]/float64(n), x[1]/float64(n)
	x[2] = 1 - x[0] - x[1]
	var cov [2][2]float64
	for _, b := range e.Ballots {
		k := float64(b.Voters)
		d := [2]float64{b.Support/k - x[0], b.Venting/k - x[1]}
		for i := range 2 {
			for j := range 2 {
				cov[i][j] += k * d[i] * d[j] / float64(n*(n-1))
			}
		}
	}
	for i := range 2 {
		same("mean", x[i], e.Mean[i], 1e-9)
		for j := range 2 {
			same("covariance", cov[i][j], e.Covariance[i][j], 1e-12)
		}
	}
	raw := w.raw(x)
	weight := float64(w.Index.Sided) / (float64(w.Index.Sided) + e.Prior.Strength)
	same("raw", 100*raw, w.Index.Raw, 1e-4)
	same("value", 100*(weight*raw+(1-weight)*e.Prior.Mean), w.Index.Value, 1e-4)
	same("EMQ", 100*w.emqAgain(), w.Index.EMQ, 2e-3) // hugops stops when nothing moves by 1e-7
	influence := 0.0
	for _, b := range e.Ballots {
		k := float64(b.Voters)
		one := point{b.Support / k, b.Venting / k, 1 - b.Support/k - b.Venting/k}
		influence = max(influence, math.Abs(w.raw(mix(one, x, float64(n)/float64(n-1)))-raw))
	}
	same("influence", 100*weight*influence, w.Index.Influence, 1e-4)
	lower, upper := w.draw(20_000)
	width := w.Index.Upper - w.Index.Lower
	same("lower", lower, w.Index.Lower, .07*width)
	same("upper", upper, w.Index.Upper, .07*width)
	if w.Voters != n || w.Index.Authors != n+7 || w.Index.Copies != 20 || w.Index.Bursts != 1 || w.Posts != 327 || w.Index.Support+w.Index.Venting != w.Index.Sided {
		t.Errorf("counts: %d voters in ballots of %d, %d posts, %+v", n, w.Voters, w.Posts, w.Index)
	}
	if l := w.LeftOut; l.Bots.Posts != 7 || l.Bots.Accounts != 1 || l.Providers.Posts != 1 || l.Providers.Accounts != 1 || l.Unread.Posts != 7 || l.Unread.Accounts != 7 {
		t.Errorf("left out: %+v", l)
	}
}

// draw draws the interval again with other dice.
func (w *stranger) draw(times int) (lower, upper float64) {
	dice, e := rand.New(rand.NewPCG(99, 99)), &w.Estimate
	var roots [3][3]vec
	for i := range 3 {
		roots[i] = root(e.Errors.Cov[i], e.Errors.N[i])
	}
	a := math.Sqrt(e.Covariance[0][0])
	b := e.Covariance[0][1] / a
	c := math.Sqrt(e.Covariance[1][1] - b*b)
	var values []float64
	for range times {
		y, z := dice.NormFloat64(), dice.NormFloat64()
		s, v := e.Mean[0]+a*y, e.Mean[1]+b*y+c*z
		model := newCorrector(drawMean(e.Errors.Mean, roots, dice))
		values = append(values, e.Draws.Weight*share(model.solve(vec{s, v, 1 - s - v}))+(1-e.Draws.Weight)*drawBeta(dice, e.Draws.Beta[0], e.Draws.Beta[1]))
	}
	slices.Sort(values)
	return 100 * values[times/40], 100 * values[times-times/40]
}

// TestPublic: no ballot that everybody may see is of fewer than five people, and all
// sums stay, so that the index can still be computed from them.
func TestPublic(t *testing.T) {
	var w hugops.Workings
	if err := json.Unmarshal(workedOut(t), &w); err != nil {
		t.Fatal(err)
	}
	sum := func(w hugops.Workings, least int) (n int, s, v float64) {
		for _, b := range w.Estimate.Ballots {
			if b.Voters < least {
				t.Errorf("a ballot of %d people", b.Voters)
			}
			n, s, v = n+b.Voters, s+b.Support, v+b.Venting
		}
		return n, s, v
	}
	before := len(w.Estimate.Ballots)
	public := w.Public()
	n, s, v := sum(w, 1)
	if m, a, b := sum(public, hugops.SmallCell); m != n || math.Abs(a-s) > 1e-6 || math.Abs(b-v) > 1e-6 {
		t.Errorf("%d people, %f and %f, are %d, %f and %f in public", n, s, v, m, a, b)
	}
	if len(w.Estimate.Ballots) != before || len(public.Estimate.Ballots) >= before {
		t.Errorf("%d ballots, %d in public, %d afterwards", before, len(public.Estimate.Ballots), len(w.Estimate.Ballots))
	}
	for n := range 12 { // ballots of one person each
		few := hugops.Workings{Estimate: &hugops.Estimate{Ballots: slices.Repeat([]hugops.Ballot{{Voters: 1, Support: .5}}, n)}}
		total := 0
		for _, b := range few.Public().Estimate.Ballots {
			if total += b.Voters; b.Voters < min(n, hugops.SmallCell) {
				t.Errorf("of %d people one ballot has %d", n, b.Voters)
			}
		}
		if total != n {
			t.Errorf("of %d people %d are left", n, total)
		}
	}
	if w := (hugops.Workings{Posts: 3}); w.Public().Estimate != nil {
		t.Error("too few people have an estimate")
	}
}

// TestDocumentedProgram runs the program that docs/INDEX.md gives to strangers.
func TestDocumentedProgram(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3")
	}
	doc, err := os.ReadFile("../docs/INDEX.md")
	if err != nil {
		t.Fatal(err)
	}
	program := regexp.MustCompile("(?s)```python\n(.*?)```").FindSubmatch(doc)
	if program == nil {
		t.Fatal("docs/INDEX.md has no program")
	}
	out := workedOut(t)
	var w hugops.Workings
	if err := json.Unmarshal(out, &w); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "-c", string(program[1]))
	cmd.Stdin = bytes.NewReader(out)
	said, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	var value, raw, emq, influence, lower, upper float64
	if _, err := fmt.Sscanf(string(said), "value %f raw %f emq %f influence %f\ninterval %f to %f", &value, &raw, &emq, &influence, &lower, &upper); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	width := w.Index.Upper - w.Index.Lower
	for _, x := range []struct {
		name                 string
		got, want, tolerance float64
	}{
		{"value", value, w.Index.Value, 1e-3}, {"raw", raw, w.Index.Raw, 1e-3}, {"emq", emq, w.Index.EMQ, 2e-3}, {"influence", influence, w.Index.Influence, 1e-3},
		{"lower", lower, w.Index.Lower, .1 * width}, {"upper", upper, w.Index.Upper, .1 * width},
	} {
		if math.Abs(x.got-x.want) > x.tolerance {
			t.Errorf("%s: the program says %.4f, hugops %.4f", x.name, x.got, x.want)
		}
	}
}
