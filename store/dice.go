package store

import (
	"math"
	"math/rand/v2"
)

// root is the lower triangular root (Cholesky) of cov/n, row by row. A
// covariance of probabilities that sum to 1 is singular; a part without variance
// gets none.
func root(cov [3][3]float64, n int) [3]vec {
	var l [3]vec
	if n <= 0 {
		return l
	}
	for i := range 3 {
		for j := 0; j <= i; j++ {
			sum := cov[i][j] / float64(n)
			for k := range j {
				sum -= l[i][k] * l[j][k]
			}
			switch {
			case i == j:
				l[i][i] = math.Sqrt(max(sum, 0))
			case l[j][j] > 1e-9:
				l[i][j] = sum / l[j][j]
			}
		}
	}
	return l
}

// drawMean draws the rows of the error model from their sampling distribution,
// and brings each back into the simplex.
func drawMean(mean [3][3]float64, roots [3][3]vec, dice *rand.Rand) [3][3]float64 {
	for i := range 3 {
		z := vec{dice.NormFloat64(), dice.NormFloat64(), dice.NormFloat64()}
		sum := 0.0
		for j := range 3 {
			mean[i][j] = max(0, mean[i][j]+dot(roots[i][j], z))
			sum += mean[i][j]
		}
		for j := range 3 {
			mean[i][j] /= sum
		}
	}
	return mean
}

// drawBeta draws from Beta(a, b).
func drawBeta(dice *rand.Rand, a, b float64) float64 {
	x, y := drawGamma(dice, a), drawGamma(dice, b)
	return x / (x + y)
}

// drawGamma draws from Gamma(shape, 1) (Marsaglia and Tsang 2000).
func drawGamma(dice *rand.Rand, shape float64) float64 {
	if shape < 1 {
		return drawGamma(dice, shape+1) * math.Pow(1-dice.Float64(), 1/shape)
	}
	d := shape - 1./3
	c := 1 / math.Sqrt(9*d)
	for {
		x := dice.NormFloat64()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		if math.Log(1-dice.Float64()) < 0.5*x*x+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}
