package hugops

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// Outage is one incident of one service, known from a status feed, a file or an
// operator.
type Outage struct {
	// ID is unique and stable; it stands in addresses: [A-Za-z0-9._-], at most
	// 128 bytes.
	ID string `json:"id"`
	// Service is the slug of the service ("github"), ServiceName what people
	// call it ("GitHub").
	Service     string    `json:"service"`
	ServiceName string    `json:"service_name"`
	Title       string    `json:"title"`
	StartedAt   time.Time `json:"started_at"`
	// EndedAt is zero while the outage is open.
	EndedAt time.Time `json:"ended_at,omitzero"`
	// URL is the provider's page of the incident.
	URL        string   `json:"url,omitempty"`
	Impact     string   `json:"impact,omitempty"` // none, minor, major, critical, maintenance
	Components []string `json:"components,omitempty"`
	Updates    []Update `json:"updates,omitempty"` // oldest first
	// Source says where it is known from: "file", "demo" or the feed's address.
	Source string `json:"source,omitempty"`
	// Demo marks invented outages; every page says so.
	Demo bool `json:"demo,omitzero"`
	// Suspected marks an outage of which no provider has told: many people did.
	// MergedInto is the id of the provider's own that it turned out to be; it
	// counts for nothing then.
	Suspected  bool   `json:"suspected,omitzero"`
	MergedInto string `json:"merged_into,omitempty"`

	// What follows is known of outages from a status feed.

	// Feed and FeedID name the outage at its provider: the feed ("status:github")
	// and the provider's own id, which are unique together.
	Feed   string `json:"feed,omitempty"`
	FeedID string `json:"feed_id,omitempty"`
	// Severity is the provider's own word or number for what Impact says, where
	// it has one; Regions are the places that it names.
	Severity string   `json:"severity,omitempty"`
	Regions  []string `json:"regions,omitempty"`
	// FirstSeen and LastSeen are when the feed listed it, as the watcher saw.
	// LastSeen is kept to the hour while the outage is open, to the day afterwards.
	FirstSeen time.Time `json:"first_seen,omitzero"`
	LastSeen  time.Time `json:"last_seen,omitzero"`
	// WithdrawnAt is when a feed that should still list it no longer did: the
	// provider took it back. Posts about it happened all the same.
	WithdrawnAt time.Time `json:"withdrawn_at,omitzero"`
	// Raw is the incident as the provider sent it, at most 256 KiB. Only writers
	// have it; it is not read back with the outage.
	Raw []byte `json:"-"`
}

// Sighting is what a watcher saw of an outage that is stored: the times that are
// not zero are to replace those that are known.
type Sighting struct {
	ID                             string
	LastSeen, EndedAt, WithdrawnAt time.Time
}

// Crowd is how many people say that a service is in trouble, at some time. An
// account, and a text that is posted again and again, count once.
type Crowd struct {
	Service string
	Now     int // in the ten minutes before
	Lately  int // in the thirty minutes before
	// Minutes is the number of the ten minutes that have such posts.
	Minutes int
	// Began is when the crowd of the thirty minutes began (a twentieth of it came
	// before), Last when its last post came.
	Began, Last time.Time
}

// Update is one notice of the provider about an outage.
type Update struct {
	At     time.Time `json:"at"`
	Status string    `json:"status"` // investigating, identified, monitoring, resolved, …
	Text   string    `json:"text"`
}

// OpenAt reports whether the outage is going on at t.
func (o *Outage) OpenAt(t time.Time) bool {
	return !t.Before(o.StartedAt) && (o.EndedAt.IsZero() || t.Before(o.EndedAt))
}

// Reach is how far around an outage posts may belong to it: users are faster
// than status pages, and they go on talking after the end.
const (
	ReachBefore = 60 * time.Minute
	ReachAfter  = 6 * time.Hour
)

// InReach reports whether a post of time t may belong to the outage.
func (o *Outage) InReach(t time.Time) bool {
	if t.Before(o.StartedAt.Add(-ReachBefore)) {
		return false
	}
	return o.EndedAt.IsZero() || !t.After(o.EndedAt.Add(ReachAfter))
}

// Validate returns an error wrapping ErrInvalid that says what is missing or
// wrong and how to mend it.
func (o *Outage) Validate() error {
	switch {
	case o.ID == "":
		return fmt.Errorf("%w outage: id is missing", ErrInvalid)
	case len(o.ID) > 128 || strings.Trim(o.ID, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != "":
		return fmt.Errorf("%w outage %q: an id has at most 128 letters, digits, '.', '_' and '-'", ErrInvalid, o.ID)
	case o.Service == "":
		return fmt.Errorf("%w outage %s: service is missing", ErrInvalid, o.ID)
	case o.StartedAt.IsZero():
		return fmt.Errorf("%w outage %s: started_at is missing", ErrInvalid, o.ID)
	case o.StartedAt.Before(earliest) || o.StartedAt.After(latest):
		return fmt.Errorf("%w outage %s: started_at %s is out of range", ErrInvalid, o.ID, o.StartedAt.Format(time.RFC3339))
	case !o.EndedAt.IsZero() && o.EndedAt.Before(o.StartedAt):
		return fmt.Errorf("%w outage %s: ended_at %s is before started_at %s", ErrInvalid, o.ID,
			o.EndedAt.Format(time.RFC3339), o.StartedAt.Format(time.RFC3339))
	}
	return nil
}

// Slug turns a name into what stands in addresses: "Nimbus Cloud" → "nimbus-cloud".
func Slug(name string) string {
	var b strings.Builder
	dash := false
	for _, r := range strings.ToLower(name) {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if dash && b.Len() > 0 {
				b.WriteByte('-')
			}
			dash = false
			b.WriteRune(r)
		default:
			dash = true
		}
	}
	return b.String()
}
