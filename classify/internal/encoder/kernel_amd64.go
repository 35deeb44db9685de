//go:build goexperiment.simd && amd64

package encoder

import "simd/archsimd"

// choose takes the last, and fastest, of the available sets.
func choose() kernels {
	sets := available()
	return sets[len(sets)-1]
}

// available lists the sets of kernels that this processor can run.
func available() []kernels {
	sets := []kernels{scalarKernels}
	if archsimd.X86.AVX2() {
		sets = append(sets, avx2Kernels)
	}
	if archsimd.X86.AVX2() && archsimd.X86.AVX512() {
		wide := avx2Kernels
		wide.name, wide.linear = "avx512", applyLinear512
		sets = append(sets, wide)
	}
	return sets
}

var avx2Kernels = kernels{
	name: "avx2", quantize: quantizeAVX2, linear: applyLinearAVX2, addNorm: addNormAVX2,
	gelu: geluAVX2, scores: scoresAVX2, softmax: softmaxAVX2, mix: mixAVX2,
}

type f32 = archsimd.Float32x8

func load(x []float32, i int) f32              { return archsimd.LoadFloat32x8((*[8]float32)(x[i:])) }
func store(v f32, x []float32, i int)          { v.Store((*[8]float32)(x[i:])) }
func all(x float32) f32                        { return archsimd.BroadcastFloat32x8(x) }
func absAVX2(x f32, mask archsimd.Int32x8) f32 { return x.AsInt32x8().And(mask).AsFloat32x8() }
func signMask() archsimd.Int32x8               { return archsimd.BroadcastInt32x8(0x7fffffff) }
func roundAVX2(x, magic f32) f32               { return x.Add(magic).Sub(magic) }

func sumAVX2(v f32) float32 {
	var lanes [8]float32
	v.Store(&lanes)
	return sum8(&lanes)
}

func largestAVX2(v f32) float32 {
	var lanes [8]float32
	v.Store(&lanes)
	largest := lanes[0]
	for _, x := range lanes[1:] {
		largest = max(largest, x)
	}
	return largest
}

func quantizeAVX2(pairs []int32, x []float32) float32 {
	mask, top := signMask(), all(0)
	for i := 0; i+8 <= len(x); i += 8 {
		top = top.Max(absAVX2(load(x, i), mask))
	}
	scale, inverse := actScale(largestAVX2(top))
	by, magic, low := all(inverse), all(roundMagic), archsimd.BroadcastInt32x8(0xffff)
	high := x[len(pairs):]
	for i := 0; i+8 <= len(pairs); i += 8 {
		a := roundAVX2(load(x, i).Mul(by), magic).ConvertToInt32()
		b := roundAVX2(load(high, i).Mul(by), magic).ConvertToInt32()
		a.And(low).Or(b.ShiftAllLeft(16)).Store((*[8]int32)(pairs[i:]))
	}
	archsimd.ClearAVXUpperBits()
	return scale
}

func addNormAVX2(x, y []float32, by norm) {
	sum := all(0)
	for i := 0; i+8 <= len(x); i += 8 {
		v := load(x, i).Add(load(y, i))
		store(v, x, i)
		sum = sum.Add(v)
	}
	mean, squares := all(sumAVX2(sum)/float32(len(x))), all(0)
	for i := 0; i+8 <= len(x); i += 8 {
		v := load(x, i).Sub(mean)
		store(v, x, i)
		squares = squares.Add(v.Mul(v))
	}
	inverse := all(inverseDeviation(sumAVX2(squares), len(x)))
	for i := 0; i+8 <= len(x); i += 8 {
		store(load(x, i).Mul(inverse).Mul(load(by.gain, i)).Add(load(by.bias, i)), x, i)
	}
	archsimd.ClearAVXUpperBits()
}

func geluAVX2(x []float32) {
	one, zero, mask := all(1), all(0), signMask()
	for i := 0; i+8 <= len(x); i += 8 {
		v := load(x, i)
		z := absAVX2(v, mask)
		t := one.Div(z.Mul(all(erfP)).Add(one))
		tail := t.Mul(all(erfA5)).Add(all(erfA4))
		tail = tail.Mul(t).Add(all(erfA3))
		tail = tail.Mul(t).Add(all(erfA2))
		tail = tail.Mul(t).Add(all(erfA1))
		tail = tail.Mul(t).Mul(expFinish(expAVX2(z.Mul(z).Mul(all(-0.5)))))
		store(v.Max(zero).Sub(z.Mul(tail)), x, i)
	}
	archsimd.ClearAVXUpperBits()
}

// expAVX2 is exp in two halves, each small enough to be inlined: it reduces x
// to n*ln2 + r, and expFinish gives 2^n times exp(r).
func expAVX2(x f32) (n, r f32) {
	x = x.Max(all(expLowest))
	n = roundAVX2(x.Mul(all(log2e)), all(roundMagic))
	return n, x.Sub(n.Mul(all(ln2High))).Sub(n.Mul(all(ln2Low)))
}

func expFinish(n, r f32) f32 {
	y := r.Mul(all(expC0)).Add(all(expC1))
	y = y.Mul(r).Add(all(expC2))
	y = y.Mul(r).Add(all(expC3))
	y = y.Mul(r).Add(all(expC4))
	y = y.Mul(r).Add(all(expC5))
	y = y.Mul(r).Mul(r).Add(r).Add(all(1))
	power := n.ConvertToInt32().Add(archsimd.BroadcastInt32x8(127)).ShiftAllLeft(23)
	return y.Mul(power.AsFloat32x8())
}

func scoresAVX2(out, query, keys []float32) {
	i := 0
	for ; i+32 <= len(out); i += 32 {
		a, b, c, d := all(0), all(0), all(0), all(0)
		row := keys[i:]
		for j, q := range query {
			r, by := (*[32]float32)(row[j*len(out):]), all(q)
			a = a.Add(archsimd.LoadFloat32x8((*[8]float32)(r[0:])).Mul(by))
			b = b.Add(archsimd.LoadFloat32x8((*[8]float32)(r[8:])).Mul(by))
			c = c.Add(archsimd.LoadFloat32x8((*[8]float32)(r[16:])).Mul(by))
			d = d.Add(archsimd.LoadFloat32x8((*[8]float32)(r[24:])).Mul(by))
		}
		store(a, out, i)
		store(b, out, i+8)
		store(c, out, i+16)
		store(d, out, i+24)
	}
	for ; i+8 <= len(out); i += 8 {
		a := all(0)
		for j, q := range query {
			a = a.Add(load(keys, j*len(out)+i).Mul(all(q)))
		}
		store(a, out, i)
	}
	archsimd.ClearAVXUpperBits()
}

func softmaxAVX2(x []float32, n int) {
	largest := x[0]
	for _, v := range x[1:n] {
		largest = max(largest, v)
	}
	top := all(largest)
	for i := 0; i+8 <= len(x); i += 8 {
		store(expFinish(expAVX2(load(x, i).Sub(top))), x, i)
	}
	clear(x[n:])
	sum := all(0)
	for i := 0; i+8 <= len(x); i += 8 {
		sum = sum.Add(load(x, i))
	}
	inverse := all(1 / sumAVX2(sum))
	for i := 0; i+8 <= len(x); i += 8 {
		store(load(x, i).Mul(inverse), x, i)
	}
	archsimd.ClearAVXUpperBits()
}

func mixAVX2(out, p, values []float32, stride int) {
	i := 0
	for ; i+32 <= len(out); i += 32 {
		a, b, c, d := all(0), all(0), all(0), all(0)
		column := values[i:]
		for j, q := range p {
			r, by := (*[32]float32)(column[j*stride:]), all(q)
			a = a.Add(archsimd.LoadFloat32x8((*[8]float32)(r[0:])).Mul(by))
			b = b.Add(archsimd.LoadFloat32x8((*[8]float32)(r[8:])).Mul(by))
			c = c.Add(archsimd.LoadFloat32x8((*[8]float32)(r[16:])).Mul(by))
			d = d.Add(archsimd.LoadFloat32x8((*[8]float32)(r[24:])).Mul(by))
		}
		store(a, out, i)
		store(b, out, i+8)
		store(c, out, i+16)
		store(d, out, i+24)
	}
	for ; i+8 <= len(out); i += 8 {
		a := all(0)
		for j, q := range p {
			a = a.Add(load(values, j*stride+i).Mul(all(q)))
		}
		store(a, out, i)
	}
	archsimd.ClearAVXUpperBits()
}
