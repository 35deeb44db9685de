package pipeline

import (
	"context"

	"github.com/hugops/hugops"
)

// Item is one thing that a source hands over: an event, bytes that could not be
// read as one, or word of a post that was left out.
type Item struct {
	Event hugops.Event
	// Bad is set instead of Event: the bytes go to the dead letters.
	Bad *BadInput
	// Withheld is set instead of both: a post was left out because its author
	// opted out. It is counted, and nothing of it is kept.
	Withheld bool
	// Source names where the item came from, such as
	// "mastodon:mastodon.social/public".
	Source string
	// Ack may be nil. It is called once, in the order of emission per source,
	// after Kafka has the event (or the filter dropped it, or the dead letter
	// is written).
	Ack func()
}

// BadInput is foreign bytes that no decoder could read.
type BadInput struct {
	Raw []byte
	Err error
	// Position says where the bytes stood: "file:line" or the like.
	Position string
}

// Emit hands an item over; it blocks while Kafka is slow, so that memory stays
// bounded, and returns an error only when ctx is done.
type Emit func(ctx context.Context, it Item) error

// Source is one stream of posts. Run ends with nil at the end of a finite
// source, with ctx.Err() when told to stop, and with another error only when
// going on is senseless (bad credentials).
type Source interface {
	Name() string
	Run(ctx context.Context, emit Emit) error
}

// Door is what every decoder does with an author before a post leaves it.
type Door struct {
	Pseudonyms hugops.Pseudonyms
	// AuthorService returns the slug of the service whose account this is, ""
	// otherwise; it may be nil.
	AuthorService func(network hugops.Network, handle string) string
	// OptedOut is the operator's own list of people who asked to be left out;
	// it may be nil.
	OptedOut func(network hugops.Network, handle string) bool
}
