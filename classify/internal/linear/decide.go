package linear

// Decision is what a model says of a text.
type Decision struct {
	Stance    [Classes]float64 // support, venting, neutral
	Sarcasm   float64
	Targets   [3]float64 // people, company, situation
	Abstained bool
}

// Unsure reports whether a post is for the second reader: the first is right in
// less than Gate of such cases.
func (h *Header) Unsure(first *Logits) bool {
	return largest(h.Stance(first)) < h.Gate
}

// Decide makes a decision of the first reader's logits, and the second's if it
// was asked. Together they are averaged with the weight Mix for the first.
func (h *Header) Decide(first, second *Logits) Decision {
	if second == nil {
		return h.decide(first)
	}
	var z Logits
	for k := range z {
		z[k] = h.Mix*first[k] + (1-h.Mix)*second[k]
	}
	return h.Second.decide(&z)
}

func (c *Calibration) decide(z *Logits) Decision {
	d := Decision{Stance: c.Stance(z), Sarcasm: c.Sarcasm(z), Targets: c.Targets(z)}
	d.Abstained = largest(d.Stance) < c.Abstain
	return d
}

func largest(p [Classes]float64) float64 { return max(p[0], p[1], p[2]) }
