package mastodon

import (
	"cmp"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hugops/hugops"
)

// position is how far a stream was brought into Kafka.
type position struct {
	// ID is the newest local id of a post; "0" says that the timeline was empty.
	ID string `json:"id,omitempty"`
	// At is up to when all that the stream sent was dealt with, by this machine's
	// clock.
	At time.Time `json:"at,omitzero"`
	// Hole is what was not streamed and is still to be read over REST.
	Hole hole `json:"hole,omitzero"`
}

// hole is what was not streamed: posts with ids after ID may be missing, of the
// times without a stream.
type hole struct {
	ID    string `json:"id,omitempty"`
	Times []span `json:"times,omitempty"`
}

// span is a time without a stream, by this machine's clock, and why.
type span struct {
	From time.Time            `json:"from"`
	To   time.Time            `json:"to"`
	Why  hugops.CoverageState `json:"why"`
}

// maxSpans bounds what is remembered of a stream that breaks off faster than what
// it did not give is read.
const maxSpans = 100

// widen adds a time without a stream after id. What is missing before it, if
// anything still is, is read first.
func (h hole) widen(id string, s span) hole {
	if len(h.Times) == 0 {
		h.ID = id
	}
	h.Times = append(slices.Clone(h.Times), s) // an earlier position may have it
	if len(h.Times) > maxSpans {
		h.Times[1].From = h.Times[0].From
		h.Times = h.Times[1:]
	}
	return h
}

// closed leaves out the first n times.
func (h hole) closed(n int) hole {
	if n >= len(h.Times) {
		return hole{}
	}
	h.Times = h.Times[n:]
	return h
}

// compareIDs orders local ids: Mastodon's are numbers, those of other software
// are words of one length that sort by time.
func compareIDs(a, b string) int {
	return cmp.Or(len(a)-len(b), strings.Compare(a, b))
}

func newer(a, b string) string {
	if compareIDs(a, b) > 0 {
		return a
	}
	return b
}

// firstSnowflake is the id of 2016, the year Mastodon began; smaller numbers are
// of servers that counted their posts one by one, as Mastodon did before 2.0.
const firstSnowflake = 1451606400000 << 16

// idTime is when Mastodon gave an id out, by the server's clock: its upper 48
// bits are milliseconds since 1970. It is zero for ids that do not tell.
func idTime(id string) time.Time {
	n, err := strconv.ParseUint(id, 10, 63)
	if err != nil || n < firstSnowflake {
		return time.Time{}
	}
	return time.UnixMilli(int64(n >> 16)).UTC()
}

// rewound is an id so much earlier. A post from another server gets the id of when
// it was written and not of when it came, so those that were on their way have
// ids before the newest one. Ids that do not tell their time stay as they are.
func rewound(id string, by time.Duration) string {
	if idTime(id).IsZero() {
		return id
	}
	n, _ := strconv.ParseUint(id, 10, 63)
	return strconv.FormatUint(n-uint64(by.Milliseconds())<<16, 10)
}

// stateFile is the file of the position.
func (s *Source) stateFile() string {
	if s.cfg.StateDir == "" {
		return ""
	}
	return filepath.Join(s.cfg.StateDir, "mastodon-"+strings.ReplaceAll(s.server.host+"_"+s.stream.name, ":", "_")+".json")
}

// recent are the ids of posts that came lately, so that a fill does not count
// them again.
type recent struct {
	known map[string]bool
	ring  [1024]string
	next  int
}

func (r *recent) add(id string) {
	if id == "" || r.known[id] {
		return
	}
	if r.known == nil {
		r.known = make(map[string]bool)
	}
	delete(r.known, r.ring[r.next])
	r.ring[r.next], r.known[id] = id, true
	r.next = (r.next + 1) % len(r.ring)
}
