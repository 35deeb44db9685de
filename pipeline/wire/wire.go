// Package wire is what the decoders of foreign bytes share: one way to read
// JSON and HTML that others wrote, one way past the Door, one way to count what
// is left out.
//
// It owns no network's shapes; those live in mastodon, x and bluesky. It
// guarantees that no line or frame above MaxBytes is decoded, that invalid UTF-8 is an
// error and never a silent replacement, and that an author leaves Admit as a
// pseudonym or not at all.
package wire

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/VictoriaMetrics/metrics"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
)

// MaxBytes is the longest line or frame that is decoded. Longer ones are bad
// input.
const MaxBytes = 1 << 20

// PrefixBytes is how much of a line above MaxBytes is kept for the dead letters.
const PrefixBytes = 4 << 10

// The reasons for which a post is left out.
const (
	SkipRepost    = "repost"     // a boost, retweet or repost: not its author's own words
	SkipOptedOut  = "opted-out"  // the account, the post or the operator's list says no
	SkipNotPublic = "not-public" // unlisted, followers-only, direct, protected
	SkipOther     = "other"      // nothing about a post: likes, identities, notices
)

// Decoded is what a decoder made of one line or frame: the events in it, and
// the reason for each thing that it left out. A decoder that fails half-way
// returns what it has together with the error.
type Decoded struct {
	Events []hugops.Event
	Skips  []string
}

// Add appends an event that is valid, and returns what is wrong with one that is
// not.
func (d *Decoded) Add(e hugops.Event) error {
	if err := e.Validate(); err != nil {
		return err
	}
	d.Events = append(d.Events, e)
	return nil
}

// Skip appends the reason for something left out.
func (d *Decoded) Skip(reason string) { d.Skips = append(d.Skips, reason) }

// Withheld counts the posts left out because their authors opted out.
func (d *Decoded) Withheld() int {
	n := 0
	for _, reason := range d.Skips {
		if reason == SkipOptedOut {
			n++
		}
	}
	return n
}

// tolerant accepts what the networks send: duplicate names (the last one wins)
// are no reason to lose a post. Invalid UTF-8 is.
var tolerant = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(false))

// Unmarshal reads foreign JSON. Unknown members are ignored; the error says
// where in the input it went wrong.
func Unmarshal(raw []byte, into any) error {
	if len(raw) > MaxBytes {
		return TooLong(int64(len(raw)))
	}
	return UnmarshalFile(raw, into)
}

// UnmarshalFile is Unmarshal for a whole file, whose size the caller has capped.
func UnmarshalFile(raw []byte, into any) error {
	if err := json.Unmarshal(raw, into, tolerant); err != nil {
		return fmt.Errorf("%w json: %w", hugops.ErrInvalid, err)
	}
	return nil
}

// TooLong is the error about a line or frame of so many bytes.
func TooLong(bytes int64) error {
	return fmt.Errorf("%w input: %d bytes are more than %d", hugops.ErrInvalid, bytes, MaxBytes)
}

// Invalidf is an error wrapping hugops.ErrInvalid.
func Invalidf(format string, args ...any) error {
	return fmt.Errorf("%w "+format, append([]any{hugops.ErrInvalid}, args...)...)
}

// Author is what leaves the Door of an author.
type Author struct {
	Pseudonym string
	Service   string // slug, when a service's own account wrote the post
}

// Admit takes an author through the Door. Canonical is what names the account
// for ever and everywhere (its URL, its number, its DID), handle what people
// call it; handle may be empty. It returns false for those who opted out.
func Admit(door pipeline.Door, network hugops.Network, canonical, handle string) (Author, bool) {
	if handle != "" && door.OptedOut != nil && door.OptedOut(network, handle) {
		return Author{}, false
	}
	author := Author{Pseudonym: door.Pseudonyms.Of(network, canonical)}
	if handle != "" && door.AuthorService != nil {
		author.Service = door.AuthorService(network, handle)
	}
	return author, true
}

// CutText cuts a text to hugops.MaxText at a character's border.
func CutText(s string) string {
	if len(s) <= hugops.MaxText {
		return s
	}
	n := hugops.MaxText
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// Lang turns a network's language into a BCP 47 tag: "und" and its like mean
// that the network does not know.
func Lang(tag string) string {
	switch strings.ToLower(tag) {
	case "und", "zxx", "qme", "qam", "qct", "qht", "qst", "art":
		return ""
	}
	if len(tag) > 35 {
		return ""
	}
	return tag
}

// WebURL reports whether s is a web address that is worth keeping.
func WebURL(s string) bool {
	return len(s) <= 2048 && (strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://"))
}

// CountSkips adds to hugops_source_skipped_total{source,reason}.
func CountSkips(source string, reasons []string) {
	for _, reason := range reasons {
		metrics.GetOrCreateCounter(`hugops_source_skipped_total{source=` + strconv.Quote(source) +
			`,reason=` + strconv.Quote(reason) + `}`).Inc()
	}
}

// ID is an identifier that some servers write as a string and others as a
// number.
type ID string

// UnmarshalJSON accepts a string or a number; null is the empty ID.
func (id *ID) UnmarshalJSON(raw []byte) error {
	if string(raw) == "null" {
		*id = ""
		return nil
	}
	if len(raw) > 0 && raw[0] == '"' {
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return err
		}
		*id = ID(s)
		return nil
	}
	if len(raw) == 0 || raw[0] < '0' || raw[0] > '9' {
		return fmt.Errorf("an id is a string or a number, not %.20s", raw)
	}
	*id = ID(raw)
	return nil
}

// Soft is a part of a foreign object that is nice to have: when it has another
// shape than expected, V stays zero and the object is read without it.
type Soft[T any] struct{ V T }

// UnmarshalJSON never fails.
func (s *Soft[T]) UnmarshalJSON(raw []byte) error {
	var v T
	if json.Unmarshal(raw, &v, tolerant) == nil {
		s.V = v
	}
	return nil
}
