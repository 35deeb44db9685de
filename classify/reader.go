package classify

import (
	"sync/atomic"

	"github.com/hugops/hugops"
)

// Reader turns posts into readings. It is safe for concurrent use.
type Reader struct {
	model  Model
	linker atomic.Pointer[Linker]
}

// NewReader returns a reader with a stance model and the linker to begin with.
func NewReader(m Model, l *Linker) *Reader {
	r := &Reader{model: m}
	r.linker.Store(l)
	return r
}

// SetLinker replaces the linker, when the outages have changed; readings under
// way end with the one that they began with.
func (r *Reader) SetLinker(l *Linker) { r.linker.Store(l) }

// Read returns the reading of a post.
func (r *Reader) Read(p hugops.Post) hugops.Reading {
	l := r.linker.Load()
	probabilities := r.model.Classify(p.Text, p.Lang)
	services, links := l.Link(&p)
	return hugops.Reading{Post: p, Probabilities: probabilities, Stance: probabilities.Stance(),
		Model: r.model.Version(), Rules: l.Rules(), Services: services, Links: links}
}
