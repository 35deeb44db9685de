//go:build goexperiment.simd && amd64

package encoder

import (
	"simd/archsimd"
	"unsafe"
)

// The linear kernels hold the sums of three tokens and 32 (AVX-512) or 16 (AVX2)
// rows of weights in six registers. A step takes a pair of inputs: it widens
// their weights to int16, broadcasts the pair of activations of each token, and
// adds the products (VPMADDWD), exactly. Six sums, six products, two weights and
// a pair fill the 15 vector registers that the compiler allocates; with a fourth
// token it spills sums within the loop, and the speed halves.
//
// Steps address by pointers, which saves a bounds check and a slice for each
// load; newTile checks once that all steps stay within its slices.

// tile is what a kernel needs to compute the outputs of a few tokens.
type tile struct {
	out         []float32 // begins at the first output of the first token
	stride      int       // outputs of a token
	weights     *byte     // of the first pair; a pair has 2*panel weights
	pairs       *int32    // of the first token
	half        int       // pairs of a token
	act         *[rowBlock]float32
	scale, bias []float32 // of the first output
}

// newTile begins at a token and an output.
func newTile(out []float32, pairs []int32, scale []float32, row, at int, l *linear) tile {
	half := l.in / 2
	weights := l.weights[at/panel*panel*l.in:][:panel*l.in]
	tokens := pairs[row*half:][:rowBlock*half+3] // a load of one pair takes four
	return tile{
		out: out[row*l.out+at:], stride: l.out,
		weights: &weights[2*(at%panel)], pairs: &tokens[0], half: half,
		act: (*[rowBlock]float32)(scale[row:]), scale: l.scale[at:], bias: l.bias[at:],
	}
}

func applyLinearAVX2(out []float32, pairs []int32, scale []float32, rows int, l *linear) {
	for o := 0; o < l.out; o += panel {
		for row := 0; row < rows; row += rowBlock {
			for at := o; at < o+panel; at += 16 {
				t := newTile(out, pairs, scale, row, at, l)
				tileAVX2(&t)
			}
		}
	}
	archsimd.ClearAVXUpperBits()
}

func applyLinear512(out []float32, pairs []int32, scale []float32, rows int, l *linear) {
	for o := 0; o < l.out; o += panel {
		for row := 0; row < rows; row += rowBlock {
			t := newTile(out, pairs, scale, row, o, l)
			tile512(&t)
		}
	}
	archsimd.ClearAVXUpperBits()
}

// at loads four activation pairs, of which the first counts.
func at(pairs unsafe.Pointer, offset uintptr) archsimd.Int32x4 {
	return archsimd.LoadInt32x4((*[4]int32)(unsafe.Add(pairs, offset)))
}

func tileAVX2(t *tile) {
	var a0, a1, b0, b1, c0, c1 archsimd.Int32x8
	row := uintptr(t.half) * 4
	for p := range uintptr(t.half) {
		w, x := unsafe.Add(unsafe.Pointer(t.weights), 2*panel*p), unsafe.Add(unsafe.Pointer(t.pairs), 4*p)
		w0 := archsimd.LoadInt8x16((*[16]int8)(w)).ExtendToInt16()
		w1 := archsimd.LoadInt8x16((*[16]int8)(unsafe.Add(w, 16))).ExtendToInt16()
		pair := at(x, 0).Broadcast1To8().AsInt16x16()
		a0, a1 = a0.Add(w0.DotProductPairs(pair)), a1.Add(w1.DotProductPairs(pair))
		pair = at(x, row).Broadcast1To8().AsInt16x16()
		b0, b1 = b0.Add(w0.DotProductPairs(pair)), b1.Add(w1.DotProductPairs(pair))
		pair = at(x, 2*row).Broadcast1To8().AsInt16x16()
		c0, c1 = c0.Add(w0.DotProductPairs(pair)), c1.Add(w1.DotProductPairs(pair))
	}
	t.finishAVX2(0, a0, a1)
	t.finishAVX2(1, b0, b1)
	t.finishAVX2(2, c0, c1)
}

// finishAVX2 turns exact sums of one token into outputs.
func (t *tile) finishAVX2(token int, low, high archsimd.Int32x8) {
	out, act := t.out[token*t.stride:], all(t.act[token])
	store(low.ConvertToFloat32().Mul(act).Mul(load(t.scale, 0)).Add(load(t.bias, 0)), out, 0)
	store(high.ConvertToFloat32().Mul(act).Mul(load(t.scale, 8)).Add(load(t.bias, 8)), out, 8)
}

func tile512(t *tile) {
	var a0, a1, b0, b1, c0, c1 archsimd.Int32x16
	row := uintptr(t.half) * 4
	for p := range uintptr(t.half) {
		w, x := unsafe.Add(unsafe.Pointer(t.weights), 2*panel*p), unsafe.Add(unsafe.Pointer(t.pairs), 4*p)
		w0 := archsimd.LoadInt8x32((*[32]int8)(w)).ExtendToInt16()
		w1 := archsimd.LoadInt8x32((*[32]int8)(unsafe.Add(w, 32))).ExtendToInt16()
		pair := at(x, 0).Broadcast1To16().AsInt16x32()
		a0, a1 = a0.Add(w0.DotProductPairs(pair)), a1.Add(w1.DotProductPairs(pair))
		pair = at(x, row).Broadcast1To16().AsInt16x32()
		b0, b1 = b0.Add(w0.DotProductPairs(pair)), b1.Add(w1.DotProductPairs(pair))
		pair = at(x, 2*row).Broadcast1To16().AsInt16x32()
		c0, c1 = c0.Add(w0.DotProductPairs(pair)), c1.Add(w1.DotProductPairs(pair))
	}
	t.finish512(0, a0, a1)
	t.finish512(1, b0, b1)
	t.finish512(2, c0, c1)
}

func (t *tile) finish512(token int, low, high archsimd.Int32x16) {
	out, act := (*[32]float32)(t.out[token*t.stride:]), archsimd.BroadcastFloat32x16(t.act[token])
	scale, bias := (*[32]float32)(t.scale), (*[32]float32)(t.bias)
	low.ConvertToFloat32().Mul(act).Mul(archsimd.LoadFloat32x16((*[16]float32)(scale[:16]))).
		Add(archsimd.LoadFloat32x16((*[16]float32)(bias[:16]))).Store((*[16]float32)(out[:16]))
	high.ConvertToFloat32().Mul(act).Mul(archsimd.LoadFloat32x16((*[16]float32)(scale[16:]))).
		Add(archsimd.LoadFloat32x16((*[16]float32)(bias[16:]))).Store((*[16]float32)(out[16:]))
}
