package bluesky

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"
	"github.com/go-json-experiment/json"
	"github.com/klauspost/compress/zstd"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline/live"
	"github.com/hugops/hugops/pipeline/wire"
)

// maxFrame ends a connection that sends a frame without end.
const maxFrame = 64 << 20

var (
	errTooOld     = errors.New("the cursor is too old for the host")
	errDictionary = errors.New("the host has another dictionary now")
)

// socket is one connection. It reads a frame when asked for one and never ahead,
// so that a slow Kafka slows the host down and not this process's memory. It
// sends nothing but what the protocol of websockets demands: pongs.
type socket struct {
	conn    *websocket.Conn
	decoder *zstd.Decoder // nil without compression
	buf     bytes.Buffer
	plain   []byte
}

// message is one frame as it came. With err it could not be had whole: raw is
// its beginning then.
type message struct {
	raw []byte // until the next message
	err error
}

// dial opens the stream, and returns the header of the host's answer.
func (s *Source) dial(ctx context.Context, h host, cursor int64, collections []string, onPing func()) (*socket, http.Header, error) {
	dict := s.dictionaryOf(ctx, h)
	opts := &websocket.DialOptions{
		HTTPClient:      s.client,
		HTTPHeader:      http.Header{"User-Agent": {userAgent}},
		CompressionMode: websocket.CompressionDisabled,
		OnPingReceived:  func(context.Context, []byte) bool { onPing(); return true },
	}
	if h.wire == WireV2 {
		opts.Subprotocols = []string{subprotocol}
	}
	conn, resp, err := websocket.Dial(ctx, h.streamURL(collections, cursor, dict.parameter), opts)
	if err != nil {
		if resp == nil {
			return nil, nil, err
		}
		return nil, resp.Header, s.refusal(h, resp, err)
	}
	conn.SetReadLimit(-1) // next limits frames
	c := &socket{conn: conn}
	if dict.raw != nil {
		if c.decoder, err = newDecoder(dict.raw); err != nil {
			conn.CloseNow()
			return nil, nil, err
		}
	}
	return c, resp.Header, nil
}

// skew is by how much this machine's clock is ahead of the host's, 0 where that
// is less than the header can tell. Some hosts give no date with the upgrade.
func (s *Source) skew(ctx context.Context, h host, header http.Header) time.Duration {
	if header.Get("Date") == "" {
		req, err := http.NewRequestWithContext(ctx, http.MethodHead, h.base+"/", nil)
		if err != nil {
			return 0
		}
		resp, err := s.client.Do(req)
		if err != nil {
			return 0
		}
		resp.Body.Close()
		header = resp.Header
	}
	date, err := http.ParseTime(header.Get("Date"))
	if skew := time.Since(date); err == nil && skew.Abs() > 2*time.Second {
		return skew
	}
	return 0
}

var userAgent = "hugops/" + hugops.Version + " (+https://github.com/hugops/hugops)"

// refusal is the error about an attempt to connect.
func (s *Source) refusal(h host, resp *http.Response, err error) error {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 1024))
	var envelope struct {
		Error string `json:"error"`
	}
	json.Unmarshal(body, &envelope)
	switch envelope.Error {
	case "CursorTooOld":
		return errTooOld
	case "UnknownZstdDictionary":
		return errDictionary
	}
	reason := strings.Join(strings.Fields(string(body[:min(len(body), 200)])), " ")
	switch code := resp.StatusCode; {
	case code == http.StatusSwitchingProtocols:
		return err
	case code >= 300 && code < 400:
		return live.Paused(fmt.Errorf("%s answered %d: redirects are not followed, name the host itself", h.name, code), s.refused)
	case code == http.StatusNotFound:
		return live.Paused(fmt.Errorf("%s has no stream of wire %s (404): try the other wire or another host", h.name, h.wire), s.refused)
	case code == http.StatusTooManyRequests || code >= 500:
		return fmt.Errorf("%s answered %d: %s", h.name, code, reason)
	default:
		return live.Paused(fmt.Errorf("%s refused the connection (%d): %s", h.name, code, reason), s.refused)
	}
}

func refuseRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func newDecoder(dictionary []byte) (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderDicts(dictionary), zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderMaxMemory(wire.MaxBytes))
}

// next reads one frame. An error is about the connection; what is wrong with a
// frame stands in the message.
func (c *socket) next(ctx context.Context) (message, error) {
	kind, r, err := c.conn.Reader(ctx)
	if err != nil {
		return message{}, err
	}
	c.buf.Reset()
	n, err := io.CopyN(&c.buf, r, wire.MaxBytes)
	if err == nil {
		var rest int64
		rest, err = io.CopyN(io.Discard, r, maxFrame)
		if err == nil {
			return message{}, fmt.Errorf("a frame of more than %d bytes", maxFrame)
		}
		n += rest
	}
	if err != io.EOF {
		return message{}, err
	}
	raw := c.buf.Bytes()
	switch {
	case n > wire.MaxBytes:
		return message{raw[:wire.PrefixBytes], wire.TooLong(n)}, nil
	case kind == websocket.MessageText:
		return message{raw: raw}, nil
	case c.decoder == nil:
		return message{raw, wire.Invalidf("Jetstream frame: binary, though no compression was asked for")}, nil
	}
	plain, err := c.decoder.DecodeAll(raw, c.plain[:0])
	if err != nil {
		return message{raw[:min(len(raw), wire.PrefixBytes)], wire.Invalidf("Jetstream frame: zstd: %w", err)}, nil
	}
	c.plain = plain
	return message{raw: plain}, nil
}

func (c *socket) close() {
	c.conn.CloseNow()
	if c.decoder != nil {
		c.decoder.Close()
	}
}
