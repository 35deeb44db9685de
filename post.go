package hugops

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Network is where a post was published.
type Network string

// The networks that hugops reads.
const (
	Mastodon Network = "mastodon"
	X        Network = "x"
	Bluesky  Network = "bluesky"
)

// Networks lists every network in the order in which pages show them.
var Networks = []Network{Mastodon, Bluesky, X}

// Valid reports whether n is a network that hugops knows.
func (n Network) Valid() bool { return n == Mastodon || n == X || n == Bluesky }

// Name is the network's name as people write it.
func (n Network) Name() string {
	switch n {
	case Mastodon:
		return "Mastodon"
	case X:
		return "X"
	case Bluesky:
		return "Bluesky"
	}
	return string(n)
}

// MaxText is the longest text of a post that hugops keeps, in bytes. Longer
// texts are cut at a character's border when the post is decoded.
const MaxText = 16 << 10

// Post is one public message as collected. It is also the wire format inside an
// Event, so its JSON names are a contract (docs/ARCHITECTURE.md, "What travels
// in Kafka").
type Post struct {
	// ID is unique within the network and never changes: the URI on Mastodon,
	// the number of the first version on X, the at:// URI on Bluesky.
	ID      string  `json:"id"`
	Network Network `json:"network"`
	// Alias is a second name by which deletions may come: "server/local id" on
	// Mastodon, empty elsewhere.
	Alias string `json:"alias,omitempty"`
	// Author is a pseudonym (see Pseudonyms), never a handle.
	Author string `json:"author"`
	// AuthorService is the slug of the service whose own account wrote the post,
	// empty for everybody else. It is decided at the door, where the handle is
	// still known.
	AuthorService string `json:"author_service,omitempty"`
	// Bot is true when the account declares itself automated.
	Bot bool `json:"bot,omitzero"`
	// PostedAt is when the post was created. It never changes, not by an edit.
	PostedAt time.Time `json:"posted_at"`
	// EditedAt is when this version was made; zero for the first version.
	EditedAt time.Time `json:"edited_at,omitzero"`
	// Lang is the BCP 47 tag that the network gives, empty when it gives none.
	Lang string `json:"lang,omitempty"`
	// Text is plain text: no markup, a content warning set before it on a line
	// of its own.
	Text string `json:"text"`
	// URLs are the addresses in the post, expanded.
	URLs []string `json:"urls,omitempty"`
	// ReplyTo is the ID of the post that this one answers, if any.
	ReplyTo string `json:"reply_to,omitempty"`
	// Source names the collector's source, e.g. "replay:demo.ndjson", or
	// "backfill:posts.ndjson" if it came as fast as it could.
	Source string `json:"source,omitempty"`
}

// Backfill reports whether the post came in a back-fill: old posts, as many and as
// fast as a machine can take.
func (p *Post) Backfill() bool { return strings.HasPrefix(p.Source, "backfill:") }

// Version orders the versions of one post: the time at which this one was made,
// in microseconds since 1970. A later version replaces an earlier one whatever
// the order of arrival.
func (p *Post) Version() uint64 {
	t := p.PostedAt
	if !p.EditedAt.IsZero() {
		t = p.EditedAt
	}
	return uint64(max(t.UnixMicro(), 0))
}

// ErrInvalid is wrapped by every error about a post or event that cannot be
// used as it is: a worker sends what carries it to the dead letters.
var ErrInvalid = errors.New("invalid")

// earliest and latest bound the times that hugops accepts: ClickHouse's
// DateTime ends in 2106, and no network is older than 2006.
var (
	earliest = time.Date(2006, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

// Validate returns an error wrapping ErrInvalid that says what is missing or
// wrong.
func (p *Post) Validate() error {
	switch {
	case p.ID == "":
		return fmt.Errorf("%w post: id is missing", ErrInvalid)
	case len(p.ID) > 1024:
		return fmt.Errorf("%w post: id of %d bytes is longer than 1024", ErrInvalid, len(p.ID))
	case !p.Network.Valid():
		return fmt.Errorf("%w post: network %q is none of mastodon, x, bluesky", ErrInvalid, p.Network)
	case p.Author == "":
		return fmt.Errorf("%w post: author is missing", ErrInvalid)
	case p.PostedAt.IsZero():
		return fmt.Errorf("%w post: posted_at is missing", ErrInvalid)
	case p.PostedAt.Before(earliest) || p.PostedAt.After(latest):
		return fmt.Errorf("%w post: posted_at %s is out of range", ErrInvalid, p.PostedAt.Format(time.RFC3339))
	case !utf8.ValidString(p.Text) || !utf8.ValidString(p.ID) || !utf8.ValidString(p.Author):
		return fmt.Errorf("%w post: not valid UTF-8", ErrInvalid)
	}
	return nil
}

// EventKind says what happened.
type EventKind string

// What can happen to a post, and to an author.
const (
	Created    EventKind = "created"
	Edited     EventKind = "edited"
	Deleted    EventKind = "deleted"
	AuthorGone EventKind = "author_gone"
)

// Event is what travels in Kafka, one JSON object a message, keyed by Key.
type Event struct {
	Kind EventKind `json:"kind"`
	// At is when it happened, by the network's clock if it tells.
	At time.Time `json:"at"`
	// Post is the whole post for created and edited, nil otherwise.
	Post *Post `json:"post,omitempty"`

	// Network with ID or Alias names the post of a deleted event; Network with
	// Author the one who left. All are empty for created and edited.
	Network Network `json:"network,omitempty"`
	ID      string  `json:"id,omitempty"`
	Alias   string  `json:"alias,omitempty"`
	Author  string  `json:"author,omitempty"`
}

// Key is the Kafka key: all events of one post share it, and so a partition and
// an order. A deletion known by its alias only has a key of its own; that is
// harmless, since a deletion wins in any order.
func (e *Event) Key() string {
	switch {
	case e.Post != nil:
		return string(e.Post.Network) + ":" + e.Post.ID
	case e.ID != "":
		return string(e.Network) + ":" + e.ID
	case e.Alias != "":
		return string(e.Network) + ":alias:" + e.Alias
	default:
		return string(e.Network) + ":author:" + e.Author
	}
}

// Validate returns an error wrapping ErrInvalid that says what is missing or
// wrong.
func (e *Event) Validate() error {
	switch e.Kind {
	case Created, Edited:
		if e.Post == nil {
			return fmt.Errorf("%w %s event: post is missing", ErrInvalid, e.Kind)
		}
		return e.Post.Validate()
	case Deleted:
		if e.ID == "" && e.Alias == "" {
			return fmt.Errorf("%w deleted event: id and alias are missing", ErrInvalid)
		}
	case AuthorGone:
		if e.Author == "" {
			return fmt.Errorf("%w author_gone event: author is missing", ErrInvalid)
		}
	default:
		return fmt.Errorf("%w event: kind %q is none of created, edited, deleted, author_gone", ErrInvalid, e.Kind)
	}
	if !e.Network.Valid() {
		return fmt.Errorf("%w %s event: network %q is none of mastodon, x, bluesky", ErrInvalid, e.Kind, e.Network)
	}
	return nil
}
