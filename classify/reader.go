package classify

import (
	"sync/atomic"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/classify/internal/gist"
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

// Read returns the reading of a post. A post that is linked to no outage is only
// skimmed: it counts for nothing. So is one of a back-fill, for speed; its model
// then has another version, so that it can be read again at leisure (Reread).
func (r *Reader) Read(p hugops.Post) hugops.Reading {
	reading := r.link(p)
	switch {
	case len(reading.Links) == 0:
		reading.Verdict = r.model.Skim(p.Text, p.Lang)
	case p.Backfill():
		reading.Verdict = r.model.Skim(p.Text, p.Lang)
		reading.Model += skimmed
	default:
		reading.Verdict = r.model.Classify(p.Text, p.Lang)
	}
	return reading
}

// skimmed marks the version of a model that did not look closely where it should.
const skimmed = "-fast"

// Reread is Read for a post that was read before: one of a back-fill is now read
// as closely as any other.
func (r *Reader) Reread(p hugops.Post) hugops.Reading {
	reading := r.link(p)
	if len(reading.Links) == 0 {
		reading.Verdict = r.model.Skim(p.Text, p.Lang)
	} else {
		reading.Verdict = r.model.Classify(p.Text, p.Lang)
	}
	return reading
}

// Study reads a post as closely as the model can, linked or not.
func (r *Reader) Study(p hugops.Post) hugops.Reading {
	reading := r.link(p)
	reading.Verdict = r.model.Classify(p.Text, p.Lang)
	return reading
}

func (r *Reader) link(p hugops.Post) hugops.Reading {
	l := r.linker.Load()
	reading := hugops.Reading{Post: p, Rules: l.Rules(), Known: l.Known()}
	if reading.Services, reading.Links = l.Link(&p); len(reading.Services) > 0 {
		reading.Troubled = l.Troubled(&p)
	}
	if len(reading.Links) > 0 {
		reading.Gist = gist.Of(p.Text)
	}
	return reading
}
