package store

import "math"

// million is the unit of probabilities inside the figures: whole millionths, so
// that sums do not depend on the order of the posts, and the same posts give the
// same index to the last digit.
const million = 1_000_000

// levels is the fineness of the grid of cells on which authors are gathered.
// Means stay exact (a cell keeps its sums), only the spread within a cell of
// 1/64 is lost: 2·10⁻⁵ of variance, where that of authors is around 10⁻¹.
const levels = 64

// cell gathers the authors whose vectors lie close to each other.
type cell struct {
	n    int64
	s, v int64 // sums of the vectors' first two parts, in millionths
}

func (c *cell) mean() vec {
	n := float64(c.n) * million
	s, v := float64(c.s)/n, float64(c.v)/n
	return vec{s, v, max(0, 1-s-v)}
}

// group gathers the authors of one index: one author, one vote.
type group struct {
	cells                     map[int32]cell
	authors, support, venting int
}

// ballot is one author's vote: his vector in millionths. Who wrote nothing that
// the model can read has no vote: he is counted as a person and nowhere else,
// since the error model says nothing of such posts.
type ballot struct {
	s, v   int64
	unread bool
}

// ballotOf weighs an author's posts into one vote: how much he took a side is
// that of his most sided post, m = max(s+v); on which, that of all his posts,
// q = Σs / Σ(s+v). So ten thousand posts weigh as much as one, a single hug
// among questions is heard, and who changes his mind is split.
func ballotOf(most, sumSupport, sumSided int64) ballot {
	if most == unread {
		return ballot{unread: true}
	}
	if sumSided <= 0 {
		return ballot{}
	}
	s := int64(math.Round(float64(most) * (float64(sumSupport) / float64(sumSided))))
	return ballot{s: s, v: most - s}
}

// side is the most probable stance of the author: +1 support, −1 venting, 0
// neutral; ties are neutral, as in hugops.Probabilities.Stance.
func (b ballot) side() int {
	n := million - b.s - b.v
	switch {
	case b.s > b.v && b.s > n:
		return 1
	case b.v > b.s && b.v > n:
		return -1
	}
	return 0
}

// where is the ballot's place on the grid.
func (b ballot) where() int32 {
	return int32(b.s*levels/million)*(levels+1) + int32(b.v*levels/million)
}

// add counts n authors (or takes them away: −1) with the ballot b.
func (g *group) add(b ballot, n int64) {
	g.authors += int(n)
	if b.unread {
		return
	}
	if g.cells == nil {
		g.cells = map[int32]cell{}
	}
	at := b.where()
	c := g.cells[at]
	c.n += n
	c.s += n * b.s
	c.v += n * b.v
	g.set(at, c)
	switch b.side() {
	case 1:
		g.support += int(n)
	case -1:
		g.venting += int(n)
	}
}

// set stores a cell, and keeps no empty ones.
func (g *group) set(at int32, c cell) {
	if c == (cell{}) {
		delete(g.cells, at)
	} else {
		g.cells[at] = c
	}
}

// merge adds everybody of o, who may be fewer than none: o is then the change
// from one hour to the next. Only groups without common authors may be merged.
func (g *group) merge(o *group) {
	if g.cells == nil {
		g.cells = map[int32]cell{}
	}
	for at, c := range o.cells {
		mine := g.cells[at]
		g.set(at, cell{n: mine.n + c.n, s: mine.s + c.s, v: mine.v + c.v})
	}
	g.authors += o.authors
	g.support += o.support
	g.venting += o.venting
}

func (g *group) sided() int { return g.support + g.venting }
