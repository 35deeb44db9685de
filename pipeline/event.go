package pipeline

import (
	"fmt"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/hugops/hugops"
)

// EncodeEvent gives the event as it travels in Kafka: one JSON object, fields
// that are zero left out. The error wraps hugops.ErrInvalid when the event is
// invalid or longer than MaxEventBytes.
func EncodeEvent(e *hugops.Event) ([]byte, error) {
	if err := e.Validate(); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(e, json.OmitZeroStructFields(true))
	if err != nil {
		return nil, fmt.Errorf("%w event: %w", hugops.ErrInvalid, err)
	}
	return raw, checkSize(raw)
}

// DecodeEvent reads what EncodeEvent wrote; members it does not know are
// skipped, so that older programs read newer events. It refuses, with an error
// that wraps hugops.ErrInvalid, everything that is no valid event: not JSON, not
// UTF-8, nested or long beyond reason, or incomplete. Texts longer than
// hugops.MaxText are cut at a character's border.
func DecodeEvent(raw []byte) (hugops.Event, error) {
	if err := checkSize(raw); err != nil {
		return hugops.Event{}, err
	}
	var e hugops.Event
	if err := json.Unmarshal(raw, &e); err != nil {
		return hugops.Event{}, fmt.Errorf("%w event: %w", hugops.ErrInvalid, err)
	}
	if err := e.Validate(); err != nil {
		return hugops.Event{}, err
	}
	if e.Post != nil {
		e.Post.Text = cut(e.Post.Text, hugops.MaxText)
	}
	return e, nil
}

// encodeAnyway gives the bytes of an event that is refused, for its dead letter.
func encodeAnyway(e *hugops.Event) []byte {
	raw, err := json.Marshal(e, json.OmitZeroStructFields(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return fmt.Appendf(nil, "%+v", *e)
	}
	return raw
}

func checkSize(raw []byte) error {
	if len(raw) > MaxEventBytes {
		return fmt.Errorf("%w event: %w: %d bytes, at most %d travel in Kafka",
			hugops.ErrInvalid, errTooLarge, len(raw), MaxEventBytes)
	}
	return nil
}

// cut shortens s to at most n bytes without splitting a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
