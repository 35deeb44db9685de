package pipeline

import (
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/hugops/hugops"
)

// readAll decodes and reads batch after batch.
func (w *Worker) readAll(in <-chan *parcel, out chan<- *parcel) {
	defer close(out)
	for b := range in {
		if b.closed == nil {
			consumed.Add(len(b.msgs))
			w.read(b)
		}
		out <- b
	}
}

// read turns the messages of a batch into readings, deletions and dead letters,
// on all processors.
func (w *Worker) read(b *parcel) {
	outcomes := make([]outcome, len(b.msgs))
	readings := make([]hugops.Reading, len(b.msgs))
	chunk := max(256, len(b.msgs)/(4*runtime.GOMAXPROCS(0))+1)
	var reading sync.WaitGroup
	for start := 0; start < len(b.msgs); start += chunk {
		reading.Go(func() {
			for i := start; i < min(start+chunk, len(b.msgs)); i++ {
				outcomes[i] = w.readOne(&b.msgs[i], &readings[i])
			}
		})
	}
	reading.Wait()
	b.collect(outcomes, readings)
}

// outcome is what became of one message: one of the three.
type outcome struct {
	post     *hugops.Post // was read
	deletion *hugops.Deletion
	letter   *Letter
}

func (w *Worker) readOne(m *kafka.Message, into *hugops.Reading) (o outcome) {
	defer func() {
		if r := recover(); r != nil {
			o = outcome{letter: workLetter(m, fmt.Errorf("%w: %v", errPanic, r))}
		}
	}()
	e, err := DecodeEvent(m.Value)
	if err != nil {
		return outcome{letter: workLetter(m, err)}
	}
	if e.Post == nil {
		return outcome{deletion: &hugops.Deletion{Network: e.Network, ID: e.ID, Alias: e.Alias, Author: e.Author}}
	}
	*into = w.cfg.Reader.Read(*e.Post)
	return outcome{post: e.Post}
}

func workLetter(m *kafka.Message, err error) *Letter {
	l := &Letter{
		At: time.Now().UTC(), Stage: StageWork, Reason: err.Error(), Class: class(err),
		Topic: m.Topic, Partition: m.Partition, Offset: m.Offset,
	}
	l.keep(m.Value)
	return l
}

// collect sorts the outcomes. Of several versions of one post the last one stays:
// the latest by Post.Version, of equal ones the latest in the log. It frees the
// messages and keeps what the commit needs.
func (b *parcel) collect(outcomes []outcome, readings []hugops.Reading) {
	type name struct {
		network hugops.Network
		id      string
	}
	type spot struct {
		index   int
		version uint64
	}
	at := make(map[name]spot, len(readings))
	ends := make(map[int]kafka.Message)
	kept := readings[:0]
	for i, o := range outcomes {
		m := &b.msgs[i]
		if end, ok := ends[m.Partition]; !ok || m.Offset > end.Offset {
			ends[m.Partition] = kafka.Message{Topic: m.Topic, Partition: m.Partition, Offset: m.Offset}
		}
		switch {
		case o.letter != nil:
			b.letters = append(b.letters, o.letter)
		case o.deletion != nil:
			b.deletions = append(b.deletions, *o.deletion)
		default:
			key := name{o.post.Network, o.post.ID}
			before, seen := at[key]
			if !seen {
				at[key] = spot{len(kept), o.post.Version()}
				kept = append(kept, readings[i])
			} else if v := o.post.Version(); v >= before.version {
				at[key] = spot{before.index, v}
				kept[before.index] = readings[i]
			}
		}
	}
	for _, m := range ends {
		b.commits = append(b.commits, m)
	}
	b.readings, b.msgs = kept, nil
}
