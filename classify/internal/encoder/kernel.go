package encoder

import "math"

// kernels are the loops that take the time. Each has one meaning and one order
// of operations; the fastest set that the processor can run is chosen once.
type kernels struct {
	name string

	// quantize sets pairs to int16 activations, x = activation * scale, the
	// inputs i and i+len(pairs) together in the low and high half; it returns
	// the scale.
	quantize func(pairs []int32, x []float32) (scale float32)

	// linear sets out [rows][l.out] from activations [rows][l.in/2] and their
	// scales; rows is a multiple of rowBlock.
	linear func(out []float32, pairs []int32, scale []float32, rows int, l *linear)

	// addNorm sets x to LayerNorm(x + y).
	addNorm func(x, y []float32, by norm)

	// gelu replaces each x by x * Phi(x).
	gelu func(x []float32)

	// scores sets out to query * keys, keys being [len(query)][len(out)].
	scores func(out, query, keys []float32)

	// softmax replaces the first n scores by their softmax, the rest by 0.
	softmax func(x []float32, n int)

	// mix sets out to the sum of p[i] * values[i*stride:].
	mix func(out, p, values []float32, stride int)
}

// kernel is the set in use.
var kernel = choose()

// scalarKernels work everywhere.
var scalarKernels = kernels{
	name: "scalar", quantize: quantize, linear: applyLinear, addNorm: addNorm,
	gelu: gelu, scores: scores, softmax: softmax, mix: mix,
}

// actMax is the largest magnitude of an activation: 13 bits and a sign, so that
// a sum of maxWidth products with int8 weights stays within int32.
const actMax = 1<<13 - 1

// roundMagic rounds a float32 below 2^22 in magnitude to the nearest whole
// number, ties to even, by pushing its fraction out of the significand.
const roundMagic = 3 << 22

func round(x float32) float32 { return float32(x+roundMagic) - roundMagic }

func quantize(pairs []int32, x []float32) float32 {
	largest := float32(0)
	for _, v := range x {
		largest = max(largest, abs(v))
	}
	scale, inverse := actScale(largest)
	low, high := x[:len(pairs)], x[len(pairs):][:len(pairs)]
	for i := range pairs {
		a, b := int32(round(float32(low[i]*inverse))), int32(round(float32(high[i]*inverse)))
		pairs[i] = a&0xffff | b<<16
	}
	return scale
}

// actScale gives the scale of activations and its inverse.
func actScale(largest float32) (scale, inverse float32) {
	if !(largest > 1e-30 && largest <= math.MaxFloat32) {
		return 0, 0
	}
	return largest / actMax, actMax / largest
}

// applyLinear takes two tokens at once: it packs their activations into one
// int64, a + b<<32, so that one multiplication by a weight serves both. The
// lower sum is exact in 32 bits; its sign borrows from the upper one.
func applyLinear(out []float32, pairs []int32, scale []float32, rows int, l *linear) {
	half := l.in / 2
	var packed [maxWidth]int64
	for row := 0; row < rows; row += 2 {
		second := min(row+1, rows-1) // the last of an odd number goes with itself
		pack(packed[:l.in], pairs[row*half:][:half], pairs[second*half:][:half])
		for o := 0; o < l.out; o += panel {
			var sum [panel]int64
			panelSums(&sum, l.weights[o*l.in:][:panel*l.in], packed[:l.in])
			finish(out[row*l.out+o:][:panel], out[second*l.out+o:][:panel], &sum, scale[row], scale[second], l.scale[o:], l.bias[o:])
		}
	}
}

// pack joins the activations of two tokens, the inputs of a pair side by side.
func pack(packed []int64, a, b []int32) {
	for p, x := range a {
		y := b[p]
		packed[2*p] = int64(int16(x)) + int64(int16(y))<<32
		packed[2*p+1] = int64(x>>16) + int64(y>>16)<<32
	}
}

// panelSums adds the products of two tokens with the 32 rows of a panel, four
// rows at a time, so that their sums stay in registers.
func panelSums(sum *[panel]int64, weights []byte, packed []int64) {
	for o := 0; o < panel; o += 4 {
		var s0, s1, s2, s3 int64
		column := weights[2*o:]
		for i := 0; i+1 < len(packed); i += 2 {
			w, a, b := (*[8]byte)(column[panel*i:]), packed[i], packed[i+1]
			s0 += int64(int8(w[0]))*a + int64(int8(w[1]))*b
			s1 += int64(int8(w[2]))*a + int64(int8(w[3]))*b
			s2 += int64(int8(w[4]))*a + int64(int8(w[5]))*b
			s3 += int64(int8(w[6]))*a + int64(int8(w[7]))*b
		}
		sum[o], sum[o+1], sum[o+2], sum[o+3] = s0, s1, s2, s3
	}
}

// finish turns exact sums of two tokens into outputs.
func finish(out, second []float32, sum *[panel]int64, act, secondAct float32, scale, bias []float32) {
	for o, s := range sum {
		low := int32(s)
		high := int32((s - int64(low)) >> 32)
		out[o] = float32(float32(float32(low)*act)*scale[o]) + bias[o]
		second[o] = float32(float32(float32(high)*secondAct)*scale[o]) + bias[o]
	}
}

func addNorm(x, y []float32, by norm) {
	var sum, squares [8]float32
	for i := range x {
		x[i] += y[i]
		sum[i%8] += x[i]
	}
	mean := sum8(&sum) / float32(len(x))
	for i := range x {
		x[i] -= mean
		squares[i%8] += float32(x[i] * x[i])
	}
	inverse := inverseDeviation(sum8(&squares), len(x))
	for i := range x {
		x[i] = float32(float32(x[i]*inverse)*by.gain[i]) + by.bias[i]
	}
}

// The error function after Abramowitz and Stegun 1964, formula 7.1.26: its
// error is below 1.5e-7.
const (
	erfP  = 0.3275911 / math.Sqrt2
	erfA1 = 0.254829592 / 2
	erfA2 = -0.284496736 / 2
	erfA3 = 1.421413741 / 2
	erfA4 = -1.453152027 / 2
	erfA5 = 1.061405429 / 2
)

func gelu(x []float32) {
	for i, v := range x {
		z := abs(v)
		t := 1 / (float32(z*erfP) + 1)
		tail := float32(t*erfA5) + erfA4
		tail = float32(tail*t) + erfA3
		tail = float32(tail*t) + erfA2
		tail = float32(tail*t) + erfA1
		tail = float32(float32(tail*t) * exp(-float32(float32(z*z)*0.5)))
		x[i] = max(v, 0) - float32(z*tail)
	}
}

// The exponential function of x <= 0: 2^n times a polynomial (Cephes, expf).
const (
	expLowest = -87
	log2e     = math.Log2E
	ln2High   = 0.693359375
	ln2Low    = -2.12194440e-4
	expC0     = 1.9875691500e-4
	expC1     = 1.3981999507e-3
	expC2     = 8.3334519073e-3
	expC3     = 4.1665795894e-2
	expC4     = 1.6666665459e-1
	expC5     = 5.0000001201e-1
)

func exp(x float32) float32 {
	x = max(x, expLowest)
	n := round(float32(x * log2e))
	x -= float32(n * ln2High)
	x -= float32(n * ln2Low)
	y := float32(x*expC0) + expC1
	y = float32(y*x) + expC2
	y = float32(y*x) + expC3
	y = float32(y*x) + expC4
	y = float32(y*x) + expC5
	y = float32(float32(y*x)*x) + x + 1
	return y * math.Float32frombits(uint32(int32(n)+127)<<23)
}

func scores(out, query, keys []float32) {
	clear(out)
	for d, q := range query {
		row := keys[d*len(out):][:len(out)]
		for i := range out {
			out[i] += float32(q * row[i])
		}
	}
}

func softmax(x []float32, n int) {
	largest := x[0]
	for _, v := range x[1:n] {
		largest = max(largest, v)
	}
	var sum [8]float32
	for i := range x[:n] {
		x[i] = exp(x[i] - largest)
		sum[i%8] += x[i]
	}
	inverse := 1 / sum8(&sum)
	for i := range x[:n] {
		x[i] *= inverse
	}
	clear(x[n:])
}

func mix(out, p, values []float32, stride int) {
	clear(out)
	for i, q := range p {
		row := values[i*stride:][:len(out)]
		for d := range out {
			out[d] += float32(q * row[d])
		}
	}
}

func abs(x float32) float32 { return math.Float32frombits(math.Float32bits(x) &^ (1 << 31)) }
