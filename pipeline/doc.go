// Package pipeline is the flow of hugops: posts come from sources, travel
// through Kafka, are read, and reach a sink.
//
//	Source → Collector → Kafka hugops.posts → Worker → Sink
//	             └────────→ hugops.dead-letters ←┘
//
// It owns the two topics, what a message in them looks like, the batching, the
// retries and the commits. It knows no network, no model and no database: those
// stand behind [Source], [Reader] and [Sink]. It is the one package that imports
// kafka-go.
//
// # The delivery contract
//
// Every event is delivered at least once, and nothing is forgotten in silence.
//
//   - A source's item is acknowledged only after Kafka has the event on disk, or
//     the filter dropped it, or its dead letter is written. While Kafka is away,
//     the collector keeps its batch, tries again, and stops taking more.
//   - Data first, offset second: a worker commits an offset only after the sink
//     has accepted every reading and deletion up to it, and after Kafka has the
//     dead letters among them. A crash in between means the same messages again,
//     never fewer, so a sink must give the same result for the same event however
//     often it comes.
//   - All events of one post share a key, so a partition and an order. After a
//     failed send, every event of a post concerned is sent again in its order, so
//     the last word in the log is the last word of the network.
//   - What cannot be used (not JSON, invalid, too large, a reader that panics)
//     goes to the dead letters, with its bytes, its place and the reason. Its
//     neighbours are not touched and the line does not stop.
//   - Memory is bounded by the batches under way: a blocked sink blocks the
//     fetching, a blocked Kafka blocks the sources.
//   - Told to stop, both ends finish what they hold within DrainTime. What they
//     cannot finish stays unacknowledged or uncommitted, and comes again.
package pipeline

import "time"

// Topics, and the consumer group of the workers.
const (
	TopicPosts       = "hugops.posts"
	TopicDeadLetters = "hugops.dead-letters"
	Group            = "hugops-worker"
)

// Limits of one message, and of the time for a clean end.
const (
	// MaxEventBytes is the longest event, as JSON, that travels in Kafka. The
	// longest text that hugops keeps, escaped, is well below it.
	MaxEventBytes = 256 << 10
	// MaxLetterRaw is how many of the raw bytes a dead letter keeps.
	MaxLetterRaw = 64 << 10
	// DrainTime is how long a collector or worker may take to finish what it
	// holds after it was told to stop. Closing connections takes at most
	// closeTime more.
	DrainTime = 8 * time.Second
	closeTime = 2 * time.Second
)

// partitions of the posts topic: the most workers that share the load.
const postPartitions = 8

// retention is how long Kafka keeps posts and dead letters. They hold texts, so
// it stays well under the 30 days after which hugops forgets texts.
const retention = 7 * 24 * time.Hour
