package store

// emqSteps bounds the iterations; the shares stop moving long before.
const emqSteps = 200

// emq returns the shares of the classes by the EM of Saerens, Latinne and
// Decaestecker (Neural Computation 14, 2002): posteriors that were calibrated
// under the class shares prior are re-weighted until their mean is the prior
// that they imply. It trusts the calibration, where PACC trusts the measured
// errors; so one checks the other.
func emq(cells []cell, prior vec) vec {
	p := prior
	for range emqSteps {
		var next vec
		var total float64
		for i := range cells {
			x, n := cells[i].mean(), float64(cells[i].n)
			var w vec
			for j := range 3 {
				if prior[j] > 0 {
					w[j] = x[j] * p[j] / prior[j]
				}
			}
			sum := w[0] + w[1] + w[2]
			if sum <= 0 {
				continue
			}
			for j := range 3 {
				next[j] += n * w[j] / sum
			}
			total += n
		}
		if total == 0 {
			return p
		}
		moved := 0.0
		for j := range 3 {
			next[j] /= total
			moved = max(moved, next[j]-p[j], p[j]-next[j])
		}
		p = next
		if moved < 1e-7 {
			break
		}
	}
	return p
}
