package live

import (
	"sync"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
)

// maxLearnt bounds what is learnt and not yet asked for; the oldest goes first.
const maxLearnt = 10_000

// Sight is how well a source sees its stream: it implements pipeline.Stater and
// pipeline.Amender for it. A new one sees nothing.
type Sight struct {
	mu     sync.Mutex
	now    hugops.CoverageState
	worst  hugops.CoverageState // since State was asked last
	learnt []pipeline.Amendment
}

// Set says how the source sees from now on.
func (s *Sight) Set(state hugops.CoverageState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.worst = s.worst.Worse(s.current())
	s.now = state
}

// Now is how the source sees now.
func (s *Sight) Now() hugops.CoverageState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current()
}

func (s *Sight) current() hugops.CoverageState {
	if s.now == "" {
		return hugops.CoverageGap
	}
	return s.now
}

// State is the worst that was set since it was asked last, so that nothing short
// is overlooked.
func (s *Sight) State() hugops.CoverageState {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := s.current().Worse(s.worst)
	s.worst = ""
	return state
}

// Learn says how a time that is past was seen after all.
func (s *Sight) Learn(from, to time.Time, state hugops.CoverageState) {
	if !from.Before(to) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.learnt = append(s.learnt, pipeline.Amendment{From: from, To: to, State: state})
	if drop := len(s.learnt) - maxLearnt; drop > 0 {
		s.learnt = append(s.learnt[:0], s.learnt[drop:]...)
	}
}

// Amend returns what was learnt since it was asked last.
func (s *Sight) Amend() []pipeline.Amendment {
	s.mu.Lock()
	defer s.mu.Unlock()
	learnt := s.learnt
	s.learnt = nil
	return learnt
}
