package x

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"
	"testing/iotest"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/live"
	"github.com/hugops/hugops/pipeline/wire"
)

// FuzzLines: however a stream is cut into reads, its lines are the same; none of
// the bytes is lost, and a line that is too long is never held as a whole.
func FuzzLines(f *testing.F) {
	f.Add([]byte("one\r\n\r\ntwo\nthree"), uint16(0))
	f.Add([]byte("\r\r\n\n\r"), uint16(0))
	f.Add([]byte("x\r\n"), uint16(1<<15))
	f.Fuzz(func(t *testing.T, raw []byte, times uint16) {
		raw = append(bytes.Repeat([]byte("0123456789abcdef"), int(times)*2), raw...)
		whole, total := allLines(newLines(bytes.NewReader(raw)))
		halves, _ := allLines(newLines(iotest.HalfReader(bytes.NewReader(raw))))
		if len(raw) < 10_000 {
			halves, _ = allLines(newLines(iotest.OneByteReader(bytes.NewReader(raw))))
		}
		want := bytes.Split(raw, []byte("\n"))
		if len(whole) != len(want) || len(halves) != len(want) || total > len(raw) {
			t.Fatalf("%d and %d lines, want %d", len(whole), len(halves), len(want))
		}
		for i, line := range want {
			if i < len(want)-1 {
				line = bytes.TrimSuffix(line, []byte("\r"))
			}
			if len(line) > wire.MaxBytes {
				line = line[:wire.PrefixBytes]
			}
			if !bytes.Equal(whole[i], line) || !bytes.Equal(halves[i], line) {
				t.Errorf("line %d: %.50q and %.50q, want %.50q", i, whole[i], halves[i], line)
			}
		}
	})
}

func allLines(l *lines) (all [][]byte, total int) {
	for {
		line, size, err := l.next()
		all, total = append(all, bytes.Clone(line)), total+size
		if err != nil {
			return all, total
		}
	}
}

// quiet is a source that is not connected, and what it emits.
func quietSource(t testing.TB) (*Source, *[]pipeline.Item) {
	s, err := New(Config{Token: goodToken, BudgetDay: 1e6, Prices: DefaultPrices, Door: door})
	if err != nil {
		t.Fatal(err)
	}
	var items []pipeline.Item
	s.emit = func(_ context.Context, it pipeline.Item) error {
		items = append(items, it)
		return nil
	}
	s.cursor = live.OpenCursor[position]("", time.Hour, slog.New(slog.DiscardHandler))
	s.ids = &ids{}
	return s, &items
}

// FuzzTake: whatever a line holds, the stream goes on unless X ends it; what comes
// of it is valid, and it is paid for.
func FuzzTake(f *testing.F) {
	f.Add([]byte(`{"data":{"id":"1985000000000000000","author_id":"7","text":"t"},"includes":{"users":[{"id":"7","username":"u"}]},"matching_rules":[{"id":"1","tag":"hugops:github"}],"errors":[{"value":"1"}]}`))
	f.Add([]byte(tooMany))
	f.Add([]byte(`{"errors":[{"title":"operational-disconnect","disconnect_type":"x"}]}`))
	f.Add([]byte(`{"data":{"id":"1"}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, items := quietSource(t)
		err := s.take(t.Context(), raw, len(raw))
		var e *refusal
		if err != nil && !errors.As(err, &e) {
			t.Errorf("ended with %v", err)
		}
		for _, it := range *items {
			if it.Bad == nil && !it.Withheld && it.Event.Validate() != nil {
				t.Errorf("%+v", it.Event)
			}
		}
		if day, _ := s.budget.said(); len(*items) > 0 && day < s.budget.post {
			t.Errorf("%d items for %v", len(*items), day)
		}
	})
}

func FuzzDecodeResult(f *testing.F) {
	f.Add([]byte(`{"id":"1","action":"delete","created_at":"2026-11-01T10:00:00.000Z","redacted_at":"2026-11-02T10:00:00.000Z","reason":"deleted"}`))
	f.Add([]byte(`{"id":"2","action":"rehydrate","reason":"tweet_edited","redacted_at":null}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		event, id, _ := decodeResult(raw, map[uint64]known{1: 2, 2: 5})
		if event != nil && (event.Validate() != nil || event.Network != hugops.X || id != 1 && id != 2) {
			t.Errorf("%+v of %d", event, id)
		}
	})
}

// FuzzRefusal: whatever a server answers, the error is one line fit for a log.
func FuzzRefusal(f *testing.F) {
	f.Add([]byte(`{"title":"Unauthorized","detail":"x\ny","type":"about:blank"}`), 401)
	f.Add([]byte(tooMany), 429)
	f.Fuzz(func(t *testing.T, raw []byte, code int) {
		e := &refusal{Status: code}
		_ = wire.Unmarshal(raw, &e.problem)
		if text := e.Error(); len(text) > 1500 || bytes.ContainsAny([]byte(text), "\r\n\x00\x1b") {
			t.Errorf("%q", text)
		}
		_, _ = io.WriteString(io.Discard, (&rulesError{e.problem}).Error())
	})
}
