package train

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/hugops/hugops/classify/internal/linear"
)

// Report writes what held-out posts say of the model: a line of scores for each
// domain, and one of what the model says on average of the posts of each class.
func (r *Result) Report(out io.Writer) error {
	m, err := linear.Load(r.File)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s, %d bytes; sharpness %.2f, shift %+.2f, abstains below %.2f\n", m.Version(), len(r.File), m.Sharpness, m.Shift, m.Abstain)
	if m.Encoder != "" {
		fmt.Fprintf(out, "with %s below %.2f; weight of the first %.1f, sharpness %.2f, shift %+.2f, abstains below %.2f\n",
			m.Encoder, m.Gate, m.Mix, m.Second.Sharpness, m.Second.Shift, m.Second.Abstain)
	}
	for i := range r.domains {
		r.domains[i].report(out, &r.header)
	}
	fmt.Fprintf(out, "error model, true class by row: %.3f of %d, in another outage ± %.3f\n", m.Errors.Mean, m.Errors.N, spread(m.Errors))
	return nil
}

func (d *domain) report(out io.Writer, h *linear.Header) {
	var first, both scores
	var c calibration
	unsure, abstained, pairs, right := 0, 0, 0, false
	for i := range d.posts {
		post := &d.posts[i]
		p := post.stance(h)
		first.add(post.example.label, h.Stance(&post.first), 1)
		both.add(post.example.label, p, 1)
		c.add(post.example.label, p, post.weight)
		if h.Unsure(&post.first) {
			unsure++
		}
		ok := argmax(p) == post.example.label
		if post.example.pair != "" && i%2 == 1 && ok && right {
			pairs++
		}
		right = ok
		if limit := limit(h, post); max(p[0], p[1], p[2]) < limit {
			abstained++
		}
	}
	n := float64(max(1, len(d.posts)))
	fmt.Fprintf(out, "%-24s %s  ECE %.3f\n%24s first reader alone %.3f; unsure %.2f, abstains %.2f;", d.name, &both, c.error(), "", first.macroF1(), float64(unsure)/n, float64(abstained)/n)
	if pairs > 0 {
		fmt.Fprintf(out, " both halves right %.3f;", 2*float64(pairs)/n)
	}
	for class := range linear.Classes {
		mo := d.moments(class, h)
		fmt.Fprintf(out, " %s %.2f of %d ", labels[class], mo.mean, mo.n)
	}
	fmt.Fprintln(out)
}

// limit is the level below which the readers abstain from a post.
func limit(h *linear.Header, p *prediction) float64 {
	if p.second != nil && h.Unsure(&p.first) {
		return h.Second.Abstain
	}
	return h.Abstain
}

// scores are counts of a confusion matrix: true class, said class.
type scores [linear.Classes][linear.Classes]float64

func (s *scores) add(label int, p [linear.Classes]float64, weight float64) {
	s[label][argmax(p)] += weight
}

func argmax(p [linear.Classes]float64) int {
	best := 0
	for k := range p {
		if p[k] > p[best] {
			best = k
		}
	}
	return best
}

// of returns precision, recall and F1 of one class.
func (s *scores) of(k int) (precision, recall, f1 float64) {
	said, have := 0.0, 0.0
	for j := range linear.Classes {
		said += s[j][k]
		have += s[k][j]
	}
	if said > 0 {
		precision = s[k][k] / said
	}
	if have > 0 {
		recall = s[k][k] / have
	}
	if precision+recall > 0 {
		f1 = 2 * precision * recall / (precision + recall)
	}
	return precision, recall, f1
}

func (s *scores) macroF1() float64 {
	sum := 0.0
	for k := range linear.Classes {
		_, _, f := s.of(k)
		sum += f
	}
	return sum / linear.Classes
}

func (s *scores) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "macro-F1 %.3f", s.macroF1())
	for k, name := range labels {
		p, r, f := s.of(k)
		fmt.Fprintf(&b, "  %s P %.2f R %.2f F1 %.2f", name, p, r, f)
	}
	return b.String()
}

// calibration gathers how often the model is right at each of ten levels of how
// sure it is.
type calibration [10]struct{ weight, sure, right float64 }

func (c *calibration) add(label int, p [linear.Classes]float64, weight float64) {
	k := argmax(p)
	bin := &c[min(int(p[k]*10), 9)]
	bin.weight += weight
	bin.sure += weight * p[k]
	if k == label {
		bin.right += weight
	}
}

// error is the expected calibration error: the mean distance between how sure
// the model is and how often it is right (Guo et al., 2017).
func (c *calibration) error() float64 {
	total, off := 0.0, 0.0
	for _, b := range c {
		total += b.weight
		off += math.Abs(b.sure - b.right)
	}
	if total == 0 {
		return 0
	}
	return off / total
}
