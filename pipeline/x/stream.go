package x

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/live"
	"github.com/hugops/hugops/pipeline/wire"
)

const streamPath = "/2/tweets/search/stream"

// badTokens is how often in a row X may refuse the token before it is believed.
const badTokens = 5

var (
	errBudget  = errors.New("the budget is spent")
	errWebPage = errors.New("a web page answered in place of X: is there a proxy or a login page between?")
)

// fields are what is asked of posts.
func fields() url.Values {
	return url.Values{
		"tweet.fields": {"author_id,created_at,edit_history_tweet_ids,entities,lang,note_tweet,referenced_tweets"},
		"expansions":   {"author_id"},
		"user.fields":  {"protected,username"},
	}
}

// session waits until there is money, brings the rules in order, and reads one
// connection.
func (s *Source) session(ctx context.Context) error {
	if err := s.awaitBudget(ctx); err != nil {
		return err
	}
	err := s.plan.ready(func() error { return s.reconcile(ctx) })
	if err == nil {
		err = s.connects.wait(ctx, s.cfg.Log)
	}
	if err == nil {
		err = s.connection(ctx)
	}
	if ctx.Err() != nil {
		return ctx.Err() // told to stop: nothing of the last minute is missing
	}
	s.view.set(hugops.CoverageGap)
	return s.judge(ctx, err)
}

// judge says what an error means for the next session.
func (s *Source) judge(ctx context.Context, err error) error {
	var e *refusal
	if !errors.As(err, &e) {
		return err
	}
	if !e.bad() {
		s.refused = 0
	} else if s.refused++; s.refused >= badTokens {
		return live.Fatal(err)
	}
	if e.capped() {
		s.cfg.Log.Warn("X is left alone for a while", "error", err, "pause", s.pauses.capped)
		s.view.set(hugops.CoverageBudget)
		if err := pipeline.Sleep(ctx, s.pauses.capped); err != nil {
			return err
		}
		return nil
	}
	after := http.Header{}
	if e.Status == http.StatusTooManyRequests && !e.tooManyConnections() && e.Reset > 0 {
		after.Set("Retry-After", strconv.Itoa(int(e.Reset/time.Second)+1))
	}
	s.loop.Obey(after, time.Now())
	return s.pauses.of(err)
}

// awaitBudget waits until posts may be bought again. The time is known to be not
// seen, and nothing fills it afterwards.
func (s *Source) awaitBudget(ctx context.Context) error {
	renews, closed := s.budget.closed()
	if !closed {
		return nil
	}
	day, month := s.budget.said()
	s.cfg.Log.Warn("the budget for X is spent: nothing more is read until it begins anew", "day", day, "month", month, "until", renews)
	s.view.set(hugops.CoverageBudget)
	began := time.Now()
	s.sight.Learn(began.Add(-time.Second), began, hugops.CoverageBudget) // whatever else is learnt of that minute
	for closed {
		if err := pipeline.Sleep(ctx, s.tick); err != nil {
			return err
		}
		s.heard.set(time.Now())
		s.cursor.Passed(s.position())
		_, closed = s.budget.closed()
	}
	s.sight.Learn(began, time.Now(), hugops.CoverageBudget)
	s.given = true
	s.cfg.Log.Info("the budget for X begins anew")
	return nil
}

// connection opens the stream and reads it to its end.
func (s *Source) connection(outer context.Context) error {
	ctx, dog := live.Watch(outer, s.silence)
	defer dog.Close()
	dog.Listen()
	resp, err := s.api.open(ctx, http.MethodGet, streamPath, fields(), nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	dog.Rest()
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		return errWebPage
	}
	s.loop.Opened()
	now := time.Now()
	missed := s.heard.get()
	if missed.IsZero() && now.Sub(s.began) > s.overlap {
		missed = s.began // X did not let us in at first
	}
	if !missed.IsZero() && !s.given {
		s.holes.add(hole{from: missed, to: now, due: now.Add(s.settle)})
	}
	s.given = false
	s.heard.set(now)
	s.view.set(hugops.CoverageLive)
	return s.read(ctx, outer, resp.Body, dog)
}

// read takes line after line. What Kafka takes its time for is not X's silence,
// but nothing is seen meanwhile either.
func (s *Source) read(ctx, outer context.Context, body io.Reader, dog *live.Watchdog) error {
	stalled := time.AfterFunc(s.quiet, func() { s.view.set(hugops.CoverageStalled) })
	defer stalled.Stop()
	opened := time.Now()
	in := newLines(readFunc(func(p []byte) (int, error) {
		dog.Listen()
		asked := time.Now()
		n, err := body.Read(p)
		dog.Rest()
		if n > 0 {
			if now := time.Now(); now.Sub(asked) > s.waited {
				s.heard.set(now) // nothing lay ready: all that was sent before is read
			}
			stalled.Reset(s.quiet)
			s.view.set(hugops.CoverageLive)
			s.refused = 0
			if time.Since(opened) > s.silence/3 {
				s.loop.Progress() // an early heartbeat is none: the next connection may end as soon
			}
		}
		return n, err
	}))
	for {
		line, size, err := in.next()
		if err != nil {
			if size > 0 { // X charges it, and the search for the gap brings it
				err = errors.Join(err, s.budget.pay(s.budget.item()))
			}
			return because(ctx, err)
		}
		if err := s.take(outer, line, size); err != nil {
			return err
		}
	}
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

// because is why a connection ended.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// take deals with one line. Its error ends the connection; what cannot be read is
// counted, goes to the dead letters, and the stream goes on.
func (s *Source) take(ctx context.Context, line []byte, size int) error {
	if size == 0 { // a heartbeat
		s.cursor.Passed(s.position())
		return nil
	}
	if size > wire.MaxBytes {
		return s.bought(ctx, wire.Decoded{}, line, wire.TooLong(int64(size)), s.budget.item())
	}
	var o object
	if err := wire.Unmarshal(line, &o); err != nil {
		return s.bought(ctx, wire.Decoded{}, line, err, s.budget.item())
	}
	if len(o.Data) == 0 {
		return s.notice(line)
	}
	s.loop.Progress()
	s.countRules(&o)
	dec, err := o.decode(s.cfg.Door)
	s.hear(dec.Events)
	return s.bought(ctx, dec, line, err, s.budget.post+s.budget.user*money(len(o.Includes.Users)))
}

// hear moves on to the time of a post, as our clock tells it. Where Kafka is slow
// that is how far behind the stream we are: what X has sent since is lost when
// the connection breaks, and must be searched for.
func (s *Source) hear(events []hugops.Event) {
	for _, e := range events {
		at := e.At.Add(-time.Duration(s.api.skew.Load()))
		if at.After(s.heard.get()) && at.Before(time.Now()) {
			s.heard.set(at)
		}
	}
}

// bought pays for a frame and delivers it.
func (s *Source) bought(ctx context.Context, dec wire.Decoded, line []byte, bad error, price money) error {
	if err := s.budget.pay(price); err != nil {
		return err
	}
	if bad != nil {
		s.loop.Count("bad_frames")
	}
	if _, err := s.deliver(ctx, dec, line, bad, s.position()); err != nil {
		return err
	}
	if _, closed := s.budget.closed(); closed {
		return errBudget
	}
	return nil
}

// countRules counts a post for the services whose rules brought it.
func (s *Source) countRules(o *object) {
	current := s.plan.current()
	last := ""
	for i, r := range o.Rules {
		service, ours := strings.CutPrefix(r.Tag, tagPrefix)
		if !ours || i > 0 && service == last {
			continue
		}
		weight := 100 / current.sample
		if service == standing {
			weight = 1
		}
		s.rates.count(service, weight, time.Now())
		last = service
	}
}

// notice deals with a line that holds no post: an error of the stream, or a kind
// of message that nobody knows yet.
func (s *Source) notice(line []byte) error {
	var p problem
	if err := wire.Unmarshal(line, &p); err != nil || p.Title == "" && p.Type == "" && len(p.Errors) == 0 {
		s.loop.Count("unknown_messages")
		s.cursor.Passed(s.position())
		return nil
	}
	for _, p := range append(p.Errors, p) {
		if p.ends() {
			return fmt.Errorf("the stream was ended by X: %w", &refusal{Status: statusOf(p), problem: p})
		}
	}
	s.loop.Count("stream_errors")
	s.cfg.Log.Warn("X reports an error in the stream, which goes on", "error", append(p.Errors, p)[0].String())
	return nil
}

// ends reports whether a problem is one after which X closes the stream.
func (p *problem) ends() bool {
	return p.DisconnectType != "" || p.ConnectionIssue != "" || p.is("operational-disconnect") || p.is("streaming-connection") || p.is("usage-capped")
}

// statusOf is with which status X answers such a problem when it comes before the
// stream.
func statusOf(p problem) int {
	if p.ConnectionIssue != "" || p.is("streaming-connection") || p.is("usage-capped") {
		return http.StatusTooManyRequests
	}
	return http.StatusServiceUnavailable
}
