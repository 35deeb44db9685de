package encoder

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Every set of kernels gives the same bits as the scalar one, at every shape
// that has its own path: tails of 8 beside blocks of 32, one and many panels.

func normals(r *rand.Rand, n int, deviation float64) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(r.NormFloat64() * deviation)
	}
	return out
}

// same runs f with scalar kernels and with each other set, and compares.
func same(t *testing.T, f func(k kernels) []float32) {
	t.Helper()
	want := f(scalarKernels)
	for _, k := range available()[1:] {
		if got := f(k); !slices.Equal(got, want) {
			t.Errorf("%s kernels differ from scalar ones:\n%v\n%v", k.name, got, want)
		}
	}
}

func TestKernelsAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{8, 32, 40, 64, 384} {
		x, y := normals(r, n, 3), normals(r, n, 1)
		by := norm{normals(r, n, 1), normals(r, n, 1)}
		same(t, func(k kernels) []float32 { c := slices.Clone(x); k.addNorm(c, y, by); return c })
		same(t, func(k kernels) []float32 { c := slices.Clone(x); k.gelu(c); return c })
		for _, used := range []int{1, n - 7, n} {
			same(t, func(k kernels) []float32 { c := slices.Clone(x); k.softmax(c, used); return c })
		}
		for _, size := range []int{8, 16, 32, 40, 64} {
			keys, query := normals(r, size*n, 1), normals(r, size, 1)
			same(t, func(k kernels) []float32 { c := make([]float32, n); k.scores(c, query, keys); return c })
			values := normals(r, n*size*3, 1)
			same(t, func(k kernels) []float32 { c := make([]float32, size); k.mix(c, x, values, 3*size); return c })
		}
	}
}

func TestLinearKernelsAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, shape := range [][3]int{{32, 32, 1}, {64, 192, 2}, {384, 64, 3}, {2048, 32, 1}} {
		in, out, rows := shape[0], shape[1], shape[2]*rowBlock
		l := linear{in, out, make([]byte, in*out), normals(r, out, 0.01), normals(r, out, 1)}
		for i := range l.weights {
			l.weights[i] = byte(int8(r.IntN(255) - 127))
		}
		x := normals(r, rows*in, 2)
		same(t, func(k kernels) []float32 {
			pairs, scale, got := make([]int32, rows*in/2+4), make([]float32, rows), make([]float32, rows*out)
			for row := range rows {
				scale[row] = k.quantize(pairs[row*in/2:][:in/2], x[row*in:][:in])
			}
			k.linear(got, pairs, scale, rows, &l)
			return got
		})
	}
}

// The sums are exact at the largest width and magnitudes: no overflow.
func TestLinearExtremes(t *testing.T) {
	const in = maxWidth
	l := linear{in, panel, make([]byte, in*panel), make([]float32, panel), make([]float32, panel)}
	for i := range l.weights {
		l.weights[i] = 0x80 // -128, which only a foreign file has
	}
	x := make([]float32, in)
	for i := range l.scale {
		l.scale[i] = 1
	}
	for i := range x {
		x[i] = 1
	}
	for _, k := range available() {
		pairs, got := make([]int32, rowBlock*in/2+4), make([]float32, rowBlock*panel)
		scale := k.quantize(pairs[:in/2], x)
		k.linear(got, pairs, []float32{scale, 0, 0, 0}, rowBlock, &l)
		if want := -128.0 * in; math.Abs(float64(got[0])-want) > 1 {
			t.Errorf("%s: sum is %v, want %v", k.name, got[0], want)
		}
	}
}

// Rounding an activation loses at most half a step; a row of zeros stays zero.
func TestQuantize(t *testing.T) {
	x := normals(rand.New(rand.NewPCG(5, 6)), 64, 3)
	for _, k := range available() {
		pairs := make([]int32, 32)
		scale := k.quantize(pairs, x)
		for i, pair := range pairs {
			low, high := float32(int16(pair))*scale, float32(pair>>16)*scale
			if abs(low-x[i]) > 0.51*scale || abs(high-x[i+32]) > 0.51*scale {
				t.Errorf("%s: %v and %v became %v and %v", k.name, x[i], x[i+32], low, high)
			}
		}
		if scale := k.quantize(pairs, make([]float32, 64)); scale != 0 || pairs[0] != 0 {
			t.Errorf("%s: zeros became %v with scale %v", k.name, pairs[0], scale)
		}
	}
}

func TestGELU(t *testing.T) {
	x := make([]float32, 0, 4000)
	for v := -10.0; v < 10; v += 0.005 {
		x = append(x, float32(v))
	}
	for _, k := range available() {
		got := slices.Clone(x)
		k.gelu(got)
		for i, v := range x {
			want := float64(v) * 0.5 * math.Erfc(-float64(v)/math.Sqrt2)
			if math.Abs(float64(got[i])-want) > 2e-6 {
				t.Fatalf("%s: gelu(%v) is %v, want %v", k.name, v, got[i], want)
			}
		}
	}
}

func TestExp(t *testing.T) {
	for x := float32(0); x > -80; x -= 0.0137 {
		if want := math.Exp(float64(x)); math.Abs(float64(exp(x))/want-1) > 3e-7 {
			t.Fatalf("exp(%v) is %v, want %v", x, exp(x), want)
		}
	}
}
