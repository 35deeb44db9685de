package x

import (
	"sync"
	"time"
)

// rateMinutes is how far back the rate of posts is measured.
const rateMinutes = 15

// rates counts the posts of each subject, minute by minute.
type rates struct {
	mu       sync.Mutex
	subjects map[string]*rate
}

// rate is how often posts of one subject come.
type rate struct {
	since time.Time        // when the counting began
	asked float64          // posts a minute, as X counted them before
	posts [rateMinutes]int // those before sampling, by minute modulo
	last  int64            // the minute that was counted last
}

// begin starts to count a subject of which X says that it has so many posts a
// minute.
func (r *rates) begin(service string, perMinute float64, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.subjects == nil {
		r.subjects = make(map[string]*rate)
	}
	r.subjects[service] = &rate{since: now, asked: perMinute, last: now.Unix() / 60}
}

func (r *rates) has(service string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.subjects[service] != nil
}

func (r *rates) end(service string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.subjects, service)
}

// count adds posts of the stream; weight is how many each stands for.
func (r *rates) count(service string, weight int, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.subjects[service]; s != nil {
		s.move(now)
		s.posts[s.last%rateMinutes] += weight
	}
}

// perMinute is the rate of a subject now: what the last minutes brought, or, in
// its first minutes, what X counted.
func (r *rates) perMinute(service string, now time.Time) float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.subjects[service]
	if s == nil {
		return 0
	}
	s.move(now)
	sum := 0
	for _, n := range s.posts {
		sum += n
	}
	minutes := min(now.Sub(s.since).Minutes(), rateMinutes)
	measured := float64(sum) / max(minutes, 1)
	if minutes < 3 {
		return max(s.asked, measured)
	}
	return measured
}

// move clears the minutes in which nothing came.
func (s *rate) move(now time.Time) {
	minute := now.Unix() / 60
	if minute-s.last >= rateMinutes {
		s.posts = [rateMinutes]int{}
	} else {
		for m := s.last + 1; m <= minute; m++ {
			s.posts[m%rateMinutes] = 0
		}
	}
	s.last = max(s.last, minute)
}

// remaining is how long a subject will still be read today (UTC). An outage is
// taken to last as long again as it has lasted, an hour at least; one that has
// ended is read until its reach ends.
func (s *subject) remaining(now time.Time, reachAfter time.Duration) time.Duration {
	today := now.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour).Sub(now)
	if len(s.outages) == 0 {
		return today
	}
	var longest time.Duration
	for _, o := range s.outages {
		d := max(time.Hour, now.Sub(o.StartedAt)) + reachAfter
		if !o.EndedAt.IsZero() {
			d = o.EndedAt.Add(reachAfter).Sub(now)
		}
		longest = max(longest, d)
	}
	return min(longest, today)
}

// samples are the percentages in which rules let posts through.
var samples = []int{100, 50, 25, 10, 5, 2, 1}

// sampleFor says which percentage keeps what is forecast within what is left. It
// goes up again only where there is room to spare, so that it does not swing.
func sampleFor(forecast, left money, now int) int {
	for _, percent := range samples {
		cost := forecast / 100 * money(percent)
		if percent > now {
			cost = cost / 2 * 3
		}
		if cost <= left {
			return percent
		}
	}
	return samples[len(samples)-1]
}
