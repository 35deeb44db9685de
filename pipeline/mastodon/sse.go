package mastodon

import (
	"bytes"

	"github.com/hugops/hugops/pipeline/wire"
)

// serverEvent is one event of a text/event-stream. When length is more than the
// data, the rest was thrown away because the event is too long.
type serverEvent struct {
	name   string
	data   []byte
	length int64
}

// sseParser cuts a byte stream into server-sent events
// (html.spec.whatwg.org/multipage/server-sent-events.html), wherever the pieces
// are cut. Comments (":thump") and unknown fields are ignored. It holds at most
// a little over wire.MaxBytes.
type sseParser struct {
	line     []byte // of the line that is not ended yet, its beginning
	lineLong int64  // and its true length
	event    serverEvent
}

// feed takes the next bytes and hands over each event that they complete.
func (p *sseParser) feed(b []byte, dispatch func(serverEvent) error) error {
	for len(b) > 0 {
		newline := bytes.IndexByte(b, '\n')
		if newline < 0 {
			p.grow(b)
			return nil
		}
		p.grow(b[:newline])
		b = b[newline+1:]
		err := p.endLine(dispatch)
		p.line, p.lineLong = reuse(p.line), 0
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *sseParser) grow(b []byte) {
	const room = wire.MaxBytes + 64 // for the field's name
	p.lineLong += int64(len(b))
	p.line = append(p.line, b[:min(len(b), max(0, room-len(p.line)))]...)
}

func (p *sseParser) endLine(dispatch func(serverEvent) error) error {
	line := bytes.TrimSuffix(p.line, []byte("\r"))
	if len(line) == 0 {
		return p.endEvent(dispatch)
	}
	field, value, _ := bytes.Cut(line, []byte(":"))
	dropped := p.lineLong - int64(len(p.line))
	value = bytes.TrimPrefix(value, []byte(" "))
	switch string(field) {
	case "event":
		p.event.name = string(value[:min(len(value), 64)])
	case "data":
		if p.event.length > 0 {
			value = append([]byte("\n"), value...)
		}
		p.event.length += int64(len(value)) + dropped
		free := max(0, wire.MaxBytes-len(p.event.data))
		p.event.data = append(p.event.data, value[:min(len(value), free)]...)
	}
	return nil
}

func (p *sseParser) endEvent(dispatch func(serverEvent) error) error {
	event := p.event
	p.event = serverEvent{data: reuse(event.data)}
	if event.name == "" {
		return nil
	}
	return dispatch(event)
}

// reuse empties a buffer, or drops one that a rare long event has blown up.
func reuse(buf []byte) []byte {
	if cap(buf) > 64<<10 {
		return nil
	}
	return buf[:0]
}
