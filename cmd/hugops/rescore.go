package main

import (
	"context"
	"fmt"
	"io"

	"github.com/hugops/hugops/store"
)

var rescoreCommand = command{
	name:    "rescore",
	summary: "Read stored posts again that another stance model has read",
	text: `After a new version of hugops with another stance model: reads every stored post
whose reading is another model's again, its stance and its links, from the text
that is kept for 30 days. So it does with the posts of a back-fill (a replay at
full speed), which only the fast first reader has read until then; their model's
version ends in "-fast". Series, index, pages and exports follow at once. Posts
without a kept text stay as they are, and it says how many they are.

It may run while hugops runs, on the same --data or the same --clickhouse: edits
and deletions that come meanwhile stay. Restart the running hugops first, so that
it does not go on reading with the older model. Ctrl-C ends it; run again, it goes
on where it was, and where all is done it does nothing.`,
	setup: func(f *flags) func(context.Context, *invocation) error {
		mf := f.machine()
		return func(ctx context.Context, in *invocation) error {
			if err := in.noArgs(); err != nil {
				return err
			}
			return reading(mf, in.log, func(m *machine) error {
				s, err := m.openStore(ctx)
				if err != nil {
					return err
				}
				return rescore(ctx, m, s, in)
			})
		}
	},
}

// rescore reads again what another model has read, and says what it did.
func rescore(ctx context.Context, m *machine, s *store.Store, in *invocation) error {
	known, err := s.Outages(ctx)
	if err != nil {
		return err
	}
	b, err := newBrain(known)
	if err != nil {
		return err
	}
	if err := s.Settle(ctx); err != nil { // an earlier run may have been killed
		return err
	}
	todo, err := s.Outdated(ctx, b.model)
	if err != nil {
		return err
	}
	if todo.Posts == 0 {
		fmt.Fprintf(in.std.out, "Nothing to do: model %s has read every post whose text is kept.\n", b.model)
		sayGone(in.std.out, todo.Gone)
		return nil
	}
	show := progress(in.std, in.log, "reading posts again", "rescore", "posts")
	done, err := b.rescoreAll(ctx, s, todo, func(done int) {
		show(min(int64(done), int64(todo.Posts)), int64(todo.Posts))
	})
	if err != nil {
		fmt.Fprintf(in.std.out, "Stopped after %d of %d posts; run it again to go on.\n", done, todo.Posts)
		return fmt.Errorf("reading posts again: %w", err)
	}
	left, err := s.Outdated(ctx, b.model)
	if err != nil {
		return err
	}
	fmt.Fprintf(in.std.out, "%d posts read again by model %s.\n", done, b.model)
	sayGone(in.std.out, left.Gone)
	if left.Posts > 0 {
		return fmt.Errorf("another model has read %d posts meanwhile: restart the hugops that runs with an older version, and run this again", left.Posts)
	}
	return nil
}

// rescoreAll reads the posts of todo again, span by span, each with the outages
// known by then, and returns how many it was. Whoever links posts again when
// outages change may have done so before a post was stored that was read earlier:
// so it does that too in the end.
func (b *brain) rescoreAll(ctx context.Context, s *store.Store, todo store.Outdated, show func(done int)) (done int, err error) {
	learn := func() error {
		known, err := s.Outages(ctx)
		if err == nil {
			b.learn(known)
		}
		return err
	}
	if b.linked, err = s.Linked(ctx); err != nil {
		return 0, err
	}
	for _, span := range todo.Spans {
		if err := learn(); err != nil {
			return done, err
		}
		err := b.again(ctx, s, span.From, span.To, b.model, b.reader.Reread, func(posts int) {
			done += posts
			show(done)
		})
		if err != nil {
			return done, err
		}
	}
	if err := learn(); err != nil {
		return done, err
	}
	_, err = b.relink(ctx, s, b.reader.Reread)
	return done, err
}

func sayGone(w io.Writer, posts int) {
	if posts > 0 {
		fmt.Fprintf(w, "%d posts keep what another model said of them: their text is gone (it is kept for 30 days).\n", posts)
	}
}
