package store

import "github.com/hugops/hugops"

// vec is a point of the simplex: probabilities or shares of support, venting
// and neutral.
type vec [3]float64

// corrector turns a mean of the model's probabilities into the shares of the
// true classes, given how the model errs: probabilistic adjusted counting (PACC;
// Bella et al. 2010, as reviewed by González et al. 2017). It holds what the
// least squares need, computed once.
type corrector struct {
	a, b, origin vec     // rows support−neutral, venting−neutral, and neutral
	aa, ab, bb   float64 // their products
	det          float64
}

// newCorrector prepares the correction for the mean probabilities mean[i][j]
// given to class j on posts of true class i.
func newCorrector(mean [3][3]float64) corrector {
	var c corrector
	c.origin = mean[2]
	for j := range 3 {
		c.a[j] = mean[0][j] - mean[2][j]
		c.b[j] = mean[1][j] - mean[2][j]
	}
	c.aa, c.ab, c.bb = dot(c.a, c.a), dot(c.a, c.b), dot(c.b, c.b)
	c.det = c.aa*c.bb - c.ab*c.ab
	return c
}

// singular is the determinant below which the model cannot tell the classes
// apart in the plane; the best point is then looked for on the border, where one
// always lies.
const singular = 1e-12

// solve returns the shares p of the simplex that minimise |meanᵀp − x|². The
// problem is convex in two dimensions, so the minimum is the free one if that
// lies within, and else the best of the three edges.
func (c *corrector) solve(x vec) vec {
	var d vec
	for j := range 3 {
		d[j] = x[j] - c.origin[j]
	}
	ad, bd := dot(c.a, d), dot(c.b, d)
	if c.det > singular {
		s := (ad*c.bb - bd*c.ab) / c.det
		v := (bd*c.aa - ad*c.ab) / c.det
		if s >= 0 && v >= 0 && s+v <= 1 {
			return vec{s, v, 1 - s - v}
		}
	}
	return c.onEdge(ad, bd)
}

// onEdge returns the best point of the simplex' border.
func (c *corrector) onEdge(ad, bd float64) vec {
	cost := func(s, v float64) float64 { // |s·a + v·b − d|² without the constant
		return s*s*c.aa + 2*s*v*c.ab + v*v*c.bb - 2*s*ad - 2*v*bd
	}
	best, least := vec{0, 0, 1}, 0.0
	try := func(s, v float64) {
		if f := cost(s, v); f < least {
			best, least = vec{s, v, 1 - s - v}, f
		}
	}
	try(ratio(ad, c.aa), 0)
	try(0, ratio(bd, c.bb))
	s := ratio(ad-bd-c.ab+c.bb, c.aa-2*c.ab+c.bb)
	try(s, 1-s)
	return best
}

// ratio is n/d held within 0 and 1, and 0 where it has no meaning.
func ratio(n, d float64) float64 {
	if d <= 0 {
		return 0
	}
	return min(max(n/d, 0), 1)
}

func dot(a, b vec) float64 { return a[0]*b[0] + a[1]*b[1] + a[2]*b[2] }

// identity is the error model of a classifier that never errs, used where
// nothing is known of the real one: the index is then the uncorrected mean.
func identity(model string) hugops.ErrorModel {
	return hugops.ErrorModel{Model: model, Mean: [3][3]float64{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}
}
