package web

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/hugops/hugops"
)

// shape is one element of a drawing. The template knows five kinds: rect, path,
// circle, text and end (the figure at the end of a curve).
type shape struct {
	Kind, Class, D, Text, More, Fill string
	X, Y, W, H, R                    float64
}

// drawing is a list of shapes on a ground of W × H pixels.
type drawing struct {
	ID     string
	W, H   float64
	Plot   string // where the panels lie, for script: see layout.plot
	Label  string
	Shapes []shape
}

// layout is where the panels of a chart lie at one width.
type layout struct {
	id                string
	wide              bool // words beside the lines, not above them
	w, x0, x1         float64
	top, foot         float64 // index panel: 100 and 0
	title             float64 // heading of the posts panel
	postsTop, postsEn float64
	base              float64 // the time axis
	strip, stripStep  float64
	ticks             int
}

// plot is the layout as numbers that script reads: x0 x1, index panel, heading and
// panel of posts, time axis, first strip and the distance of the next.
func (l layout) plot() string {
	var b strings.Builder
	for _, v := range []float64{l.x0, l.x1, l.top, l.foot, l.title, l.postsTop, l.postsEn, l.base, l.strip, l.stripStep} {
		b.WriteString(num(v) + " ")
	}
	return strings.TrimSpace(b.String())
}

var (
	wideLayout = layout{
		id: "wide", wide: true, w: 1120, x0: 76, x1: 958, top: 46, foot: 262, title: 294,
		postsTop: 312, postsEn: 468, base: 480, strip: 526, stripStep: 30, ticks: 8,
	}
	middleLayout = layout{
		id: "middle", wide: true, w: 720, x0: 76, x1: 558, top: 46, foot: 242, title: 276,
		postsTop: 294, postsEn: 438, base: 450, strip: 496, stripStep: 30, ticks: 5,
	}
	phoneLayout = layout{
		id: "phone", w: 358, x0: 34, x1: 352, top: 42, foot: 222, title: 256,
		postsTop: 272, postsEn: 408, base: 420, strip: 490, stripStep: 38, ticks: 4,
	}
)

// Drawings are the chart for wide screens, redrawn (not shrunk) for smaller ones;
// the style sheet shows the one that fits.
func (c *chart) Drawings() []drawing {
	return []drawing{c.draw(wideLayout), c.draw(middleLayout), c.draw(phoneLayout)}
}

// pen collects the shapes of one chart.
type pen struct {
	*chart
	layout
	axis   timeAxis
	shapes []shape
}

func (c *chart) draw(l layout) drawing {
	p := &pen{chart: c, layout: l, axis: timeAxis{c.From, c.To, l.x0, l.x1}}
	p.gapColumns()
	p.indexGrid()
	p.updates()
	p.curve()
	p.posts()
	p.timeTicks()
	p.coverage()
	h := l.base + 30
	if n := len(c.Strips); n > 0 {
		h = l.strip + float64(n-1)*l.stripStep + 14
	}
	return drawing{l.id, l.w, h, l.plot(), c.Label(), p.shapes}
}

func (p *pen) add(s shape) {
	s.X, s.Y, s.W, s.H = round1(s.X), round1(s.Y), round1(s.W), round1(s.H)
	p.shapes = append(p.shapes, s)
}

func (p *pen) path(class, d string) { p.add(shape{Kind: "path", Class: class, D: d}) }

func (p *pen) text(class string, x, y float64, s string) {
	p.add(shape{Kind: "text", Class: class, X: x, Y: y, Text: s})
}

func (p *pen) hline(class string, y float64) {
	p.path(class, "M"+num(p.x0)+","+num(y)+"H"+num(p.x1))
}

func (p *pen) vline(class string, x, y0, y1 float64) {
	p.path(class, "M"+num(x)+","+num(y0)+"V"+num(y1))
}

// gapColumns tints the time in which a network was not seen.
func (p *pen) gapColumns() {
	for _, g := range p.Unseen {
		x := p.axis.x(g.From)
		p.add(shape{Kind: "rect", Class: "gapcol", X: x, Y: p.top - 6, W: max(p.axis.x(g.To)-x, 1), H: p.base - p.top + 24})
	}
}

func (p *pen) y(v float64) float64 { return p.foot - (p.foot-p.top)*v/100 }

func (p *pen) indexGrid() {
	for _, v := range []float64{0, 50, 100} {
		class := "grid"
		if v == 50 {
			class = "grid mid"
		}
		p.hline(class, p.y(v))
		p.text("ax e", p.x0-10, p.y(v)+4, num(v))
	}
	if p.wide {
		p.text("ax e", p.x0-10, p.y(100)+19, "all support")
		p.text("ax e", p.x0-10, p.y(50)+19, "even")
		p.text("ax e", p.x0-10, p.y(0)-12, "all venting")
	}
}

// updates draws the provider's updates through all panels. Numbers that would
// touch share one pill ("3–5"); words stand where there is room for them.
func (p *pen) updates() {
	type group struct {
		first, last int
		x, half     float64
		label, word string
	}
	var groups []group
	for _, u := range p.Updates {
		if u.At.Before(p.From) || u.At.After(p.To) {
			continue
		}
		x := p.axis.x(u.At)
		p.vline("upd", x, 26, p.base)
		if k := len(groups) - 1; k >= 0 && x-groups[k].x < groups[k].half+33 {
			g := &groups[k]
			g.last, g.label = u.N, strconv.Itoa(g.first)+"–"+strconv.Itoa(u.N)
			g.half = max(21, 8+4.2*float64(utf8.RuneCountInString(g.label)))
			continue
		}
		groups = append(groups, group{u.N, u.N, x, 11, strconv.Itoa(u.N), u.Word})
	}
	for i, g := range groups {
		one := g.first == g.last
		x := min(g.x, p.w-g.half-3)
		if !one {
			x = max(x, g.half)
		}
		p.add(shape{Kind: "rect", Class: "updc", X: x - g.half, Y: 4, W: 2 * g.half, H: 22, R: 11})
		p.text("updn", x, 19.5, g.label)
		room := p.x1 + 140 - x
		if i+1 < len(groups) {
			room = groups[i+1].x - groups[i+1].half - x
		}
		if p.wide && one && room > g.half+14+7.2*float64(len(g.word)) {
			p.text("updw", x+g.half+7, 19.5, g.word)
		}
	}
}

// curve draws the band and the line of the index, in pieces, and what it is now.
func (p *pen) curve() {
	if len(p.Curve) == 0 {
		words := "under 30 people in every hour"
		if p.Open {
			words += " so far"
		}
		p.text("ax m", (p.x0+p.x1)/2, p.y(50)-10, words)
		return
	}
	for _, run := range runs(p.Curve, p.Unseen) {
		band, curve := bandOf(run, p.axis.x2, p.y)
		p.path("band", band)
		p.path("curve", curve)
	}
	if x := p.axis.x(p.Curve[0].At); p.wide && p.Early && x-8 > p.x0+100 {
		p.text("ax e", x-8, p.y(30), "under 30 people")
	}
	p.end(p.Curve[len(p.Curve)-1])
}

// x2 is x for callers that need a function of a time.
func (a timeAxis) x2(p hugops.CurvePoint) float64 { return a.x(p.At) }

// bandOf is the path data of the interval and of the value along one run.
func bandOf(run []hugops.CurvePoint, x func(hugops.CurvePoint) float64, y func(float64) float64) (band, curve string) {
	var upper, lower, mid []point
	for _, c := range run {
		ix := c.Index
		upper = append(upper, point{x(c), y(min(ix.Upper, 100))})
		lower = append(lower, point{x(c), y(max(ix.Lower, 0))})
		mid = append(mid, point{x(c), y(min(max(ix.Value, 0), 100))})
	}
	if len(run) == 1 { // a lone point is drawn as a short stroke
		nudge := func(ps []point) []point { return append(ps, point{ps[0].X + 3, ps[0].Y}) }
		upper, lower, mid = nudge(upper), nudge(lower), nudge(mid)
	}
	return ring(upper, lower), line(mid)
}

func (p *pen) end(last hugops.CurvePoint) {
	f := newFigure(last.Index, false)
	x, y := p.axis.x(last.At), p.y(float64(f.Value))
	p.add(shape{Kind: "circle", Class: "g-end", X: x, Y: y, R: 4.5})
	when := "this hour"
	if !p.Open || p.To.Sub(last.At) > 2*p.Bucket {
		when = "at " + clock(last.At)
	}
	value := strconv.Itoa(f.Value)
	if p.wide {
		y = min(max(y, p.top+8), p.foot-20)
		p.add(shape{Kind: "end", Class: "end", X: x + 14, Y: y + 3, Text: value, More: when})
		p.text("ax", x+14, y+22, "very likely "+f.Range())
		return
	}
	below := p.clear(x - 170)
	p.add(shape{Kind: "end", Class: "end e", X: x, Y: below, Text: value + " ", More: f.Range() + ", " + when})
}

// clear is where, near the end of the curve and right of x, words stand free of
// it: below the band, or above where there is no room below.
func (p *pen) clear(x float64) float64 {
	low, high := p.top, p.foot
	for _, c := range p.Curve {
		if p.axis.x(c.At) >= x {
			low, high = max(low, p.y(max(c.Index.Lower, 0))), min(high, p.y(min(c.Index.Upper, 100)))
		}
	}
	if low+26 > p.foot-4 {
		return max(high-8, p.top+22)
	}
	return low + 26
}
