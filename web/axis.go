package web

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// round1 rounds to one decimal and never gives a negative zero.
func round1(v float64) float64 { return math.Round(v*10)/10 + 0 }

// num writes a coordinate: one decimal at most.
func num(v float64) string { return strconv.FormatFloat(round1(v), 'f', -1, 64) }

// timeAxis maps times onto pixels.
type timeAxis struct {
	From, To time.Time
	X0, X1   float64
}

func (a timeAxis) x(t time.Time) float64 {
	if t.Before(a.From) {
		t = a.From
	}
	if t.After(a.To) {
		t = a.To
	}
	return a.X0 + (a.X1-a.X0)*a.share(t)
}

// share is where t lies between From (0) and To (1).
func (a timeAxis) share(t time.Time) float64 {
	return float64(t.Sub(a.From)) / float64(max(a.To.Sub(a.From), time.Second))
}

// steps are the distances that ticks of a time axis may have.
var steps = []time.Duration{
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 48 * time.Hour,
	7 * 24 * time.Hour, 30 * 24 * time.Hour, 90 * 24 * time.Hour, 180 * 24 * time.Hour, 365 * 24 * time.Hour,
}

// tickStep is the smallest step that needs at most n intervals for d.
func tickStep(d time.Duration, n int) time.Duration {
	for _, s := range steps {
		if d <= s*time.Duration(n) {
			return s
		}
	}
	return steps[len(steps)-1]
}

// tick is a mark of an axis and what stands beside it.
type tick struct {
	At   time.Time
	Text string
}

// ticks are at most n+1 round times within the axis.
func (a timeAxis) ticks(n int) []tick {
	step := tickStep(a.To.Sub(a.From), n)
	var out []tick
	for t := a.From.UTC().Truncate(step); !t.After(a.To); t = t.Add(step) {
		if t.Before(a.From) {
			continue
		}
		text := clock(t)
		if step >= 24*time.Hour || text == "00:00" {
			text = t.Format("2 Jan")
		}
		out = append(out, tick{t, text})
	}
	return out
}

// niceStep is a round distance (1, 2, 5 × 10ⁿ) with which v is reached in two
// to five steps.
func niceStep(v int) int {
	for s := 1; ; s *= 10 {
		for _, m := range []int{1, 2, 5} {
			if v <= 3*s*m {
				return s * m
			}
		}
	}
}

// point is a place in a drawing.
type point struct{ X, Y float64 }

// line is path data through points.
func line(ps []point) string {
	var b strings.Builder
	for i, p := range ps {
		b.WriteByte("ML"[min(i, 1)])
		b.WriteString(num(p.X) + "," + num(p.Y))
	}
	return b.String()
}

// ring is path data of the closed area between an upper and a lower line.
func ring(upper, lower []point) string {
	all := make([]point, 0, len(upper)+len(lower))
	all = append(all, upper...)
	for i := len(lower) - 1; i >= 0; i-- {
		all = append(all, lower[i])
	}
	if len(all) == 0 {
		return ""
	}
	return line(all) + "Z"
}
