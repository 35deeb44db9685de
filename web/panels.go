package web

import (
	"strings"

	"github.com/hugops/hugops"
)

// posts draws support above and venting below one base line, in the same unit, so
// that both can be read and compared.
func (p *pen) posts() {
	p.text("pt", 0, p.title, "Posts per "+p.BucketWords())
	up, down := 0, 0
	for _, b := range p.Buckets {
		up, down = max(up, b.Support), max(down, b.Venting)
	}
	unit := (p.postsEn - p.postsTop) / float64(max(up+down, 1))
	zero := p.postsTop + unit*float64(up)
	if up+down == 0 {
		zero = (p.postsTop + p.postsEn) / 2
	}
	for _, run := range p.lit() {
		p.area(run, zero, unit)
	}
	p.hline("zero", zero)
	p.postTicks(zero, unit, up, down)
	p.sideWords(zero)
	p.marks(zero, unit)
}

// lit splits the buckets wherever no network at all was seen. The bucket that is
// still filling is left out: it would look like a fall.
func (p *pen) lit() [][]hugops.Minute {
	var out [][]hugops.Minute
	open := false
	for _, b := range p.Buckets {
		if inside(b.At.Add(p.Bucket/2), p.Dark) || p.filling(b) {
			open = false
			continue
		}
		if !open {
			out, open = append(out, nil), true
		}
		out[len(out)-1] = append(out[len(out)-1], b)
	}
	return out
}

func (p *pen) area(run []hugops.Minute, zero, unit float64) {
	x0, x1 := p.axis.x(run[0].At), p.axis.x(run[len(run)-1].At.Add(p.Bucket))
	side := func(count func(hugops.Minute) int, unit float64) string {
		ps := []point{{x0, zero}}
		for _, b := range run {
			ps = append(ps, point{p.axis.x(b.At.Add(p.Bucket / 2)), zero - unit*float64(count(b))})
		}
		last := ps[len(ps)-1]
		return line(append(ps, point{x1, last.Y}, point{x1, zero})) + "Z"
	}
	p.path("a-sup", side(func(m hugops.Minute) int { return m.Support }, unit))
	vent := side(func(m hugops.Minute) int { return m.Venting }, -unit)
	p.path("a-ven0", vent)
	p.add(shape{Kind: "path", Class: "a-ven", D: vent, Fill: "url(#hatch-" + p.id + ")"})
}

// postTicks labels the scale of posts, above and below the base line.
func (p *pen) postTicks(zero, unit float64, up, down int) {
	p.text("ax e", p.x0-10, zero+4, "0")
	if up+down == 0 {
		return
	}
	step := niceStep(max(up, down))
	label := func(n int, y float64) {
		if d := y - zero; d > -14 && d < 14 {
			return
		}
		if p.wide {
			p.path("tick", "M"+num(p.x0-5)+","+num(y)+"H"+num(p.x0))
		}
		p.text("ax e", p.x0-10, y+4, count(n))
	}
	for n := step; n <= up; n += step {
		label(n, zero-unit*float64(n))
	}
	for n := step; n <= down; n += step {
		label(n, zero+unit*float64(n))
	}
}

func (p *pen) sideWords(zero float64) {
	if !p.wide {
		p.text("lab sup", p.x0+2, p.postsTop+10, "Support")
		p.text("lab ven e", p.x1, p.postsEn+4, "Venting")
		return
	}
	x := p.x1 + 9.7
	p.text("lab sup", x, zero-24, "Support")
	p.text("ax", x, zero-7, posts(p.Support))
	p.text("lab ven", x, zero+20, "Venting")
	p.text("ax", x, zero+37, posts(p.Venting))
}

func posts(n int) string {
	if n == 1 {
		return "1 post"
	}
	return count(n) + " posts"
}

// marks sets the first post and the end of the outage on the base line.
func (p *pen) marks(zero, unit float64) {
	if !p.FirstPost.IsZero() && !p.FirstPost.Before(p.From) {
		x := p.axis.x(p.FirstPost)
		p.add(shape{Kind: "circle", Class: "first", X: x, Y: zero, R: 4})
		if p.wide {
			right := max(x+30, p.x0+104)
			p.text("ax e", right, p.above(zero, unit, right-104, right), "first post "+clock(p.FirstPost))
		}
	}
	if !p.Resolved.IsZero() && !p.Resolved.After(p.To) {
		x := p.axis.x(p.Resolved)
		p.add(shape{Kind: "rect", Class: "resolved-mark", X: x - 4, Y: zero - 4, W: 8, H: 8})
		if p.wide {
			p.text("ax m", min(x, p.x1-50), p.postsEn+8, "ended "+clock(p.Resolved))
		}
	}
}

// above is where words stand clear of the support drawn between x0 and x1: above
// it, or below the base line where there is no room above.
func (p *pen) above(zero, unit, x0, x1 float64) float64 {
	y := zero - 14
	for _, b := range p.Buckets {
		if x := p.axis.x(b.At.Add(p.Bucket / 2)); x >= x0-10 && x <= x1+10 {
			y = min(y, zero-unit*float64(b.Support)-9)
		}
	}
	if y < p.postsTop {
		return zero + 22
	}
	return y
}

func (p *pen) timeTicks() {
	p.hline("zero", p.base)
	for _, t := range p.axis.ticks(p.ticks) {
		x := p.axis.x(t.At)
		p.path("tick", "M"+num(x)+","+num(p.base)+"v5")
		p.text("ax m", x, p.base+18, t.Text)
	}
}

// coverage draws one line a network: solid where it was seen, ticked where only a
// sample, nothing and a cross where it was not.
func (p *pen) coverage() {
	for i, s := range p.Strips {
		y := p.strip + float64(i)*p.stripStep
		if p.wide {
			p.text("ax e", p.x0-10, y+4, s.Network.Name())
			p.beside(y, s.words())
		} else {
			p.add(shape{Kind: "end", Class: "ax net", X: 0, Y: y - 9, Text: s.Network.Name(), More: ", " + s.words()})
		}
		p.stripLine(s, y)
	}
}

// beside writes what is said of a strip at its right, where there is room for 21
// letters: what is longer takes two lines.
func (p *pen) beside(y float64, words string) {
	letters := []rune(words)
	if len(letters) <= 21 {
		p.text("ax", p.x1+9.7, y+4, words)
		return
	}
	cut := strings.LastIndex(string(letters[:22]), " ")
	p.text("ax", p.x1+9.7, y-3, words[:cut])
	p.text("ax", p.x1+9.7, y+12, words[cut+1:])
}

func (p *pen) stripLine(s strip, y float64) {
	lines := map[string]*strings.Builder{"cov-on": {}, "cov-some": {}, "covx": {}}
	for _, gap := range s.gaps() {
		if x0, x1 := p.axis.x(gap.From), p.axis.x(gap.To); x1-x0 >= 3 {
			lines["covx"].WriteString("M" + num(x0+3) + "," + num(y-3) + "l6,6m0,-6l-6,6")
		}
	}
	for _, part := range s.Spans {
		x0, x1 := p.axis.x(part.From), p.axis.x(part.To)
		switch {
		case part.State.Blind():
		case part.State == hugops.CoverageSample:
			lines["cov-some"].WriteString("M" + num(x0) + "," + num(y) + "H" + num(x1))
		default:
			lines["cov-on"].WriteString("M" + num(x0) + "," + num(y) + "H" + num(x1))
		}
	}
	for _, class := range []string{"cov-on", "cov-some", "covx"} {
		if d := lines[class].String(); d != "" {
			p.path(class, d)
		}
	}
}

// spark is the small trend of a list row: always 0 to 100, 112 × 34.
type spark struct {
	Runs []struct{ Band, Curve string }
	End  point
}

// newSpark returns nil when there are fewer than two points to draw.
func newSpark(points []hugops.CurvePoint, gaps []seen) *spark {
	var known []hugops.CurvePoint
	for _, p := range points {
		if p.Index.Enough {
			known = append(known, p)
		}
	}
	if len(known) < 2 {
		return nil
	}
	last := known[len(known)-1]
	axis := timeAxis{known[0].At, last.At, 2, 106}
	y := func(v float64) float64 { return 3 + 28*(1-v/100) }
	s := &spark{End: point{106, round1(y(last.Index.Value))}}
	for _, run := range runs(known, gaps) {
		band, curve := bandOf(run, axis.x2, y)
		s.Runs = append(s.Runs, struct{ Band, Curve string }{band, curve})
	}
	return s
}
