package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
	"unicode/utf8"

	"github.com/VictoriaMetrics/metrics"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/hugops/hugops"
)

// Stages at which something can turn out to be unusable.
const (
	StageCollect = "collect"
	StageWork    = "work"
)

// Letter is a dead letter: what could not be used, where it came from, and why.
// It travels in TopicDeadLetters, one JSON object a message.
type Letter struct {
	At    time.Time `json:"at"`
	Stage string    `json:"stage"` // StageCollect or StageWork
	// Reason is for people; Class is one word for counting: "json", "invalid",
	// "size", "panic" or "input".
	Reason string `json:"reason"`
	Class  string `json:"class"`
	// Source and Position say where the bytes came from (StageCollect).
	Source   string `json:"source,omitzero"`
	Position string `json:"position,omitzero"`
	// Topic, Partition and Offset name the message (StageWork).
	Topic     string `json:"topic,omitzero"`
	Partition int    `json:"partition"`
	Offset    int64  `json:"offset"`
	// Raw holds the bytes if they are valid UTF-8, RawBase64 otherwise; at most
	// MaxLetterRaw of them. Size is how many there were.
	Raw       string `json:"raw,omitzero"`
	RawBase64 []byte `json:"raw_base64,omitzero"`
	Size      int    `json:"size"`
}

// errTooLarge and errPanic tell two classes of unusable messages from the rest.
var (
	errTooLarge = errors.New("too large")
	errPanic    = errors.New("reader panicked")
)

// keep puts raw into the letter, cut to MaxLetterRaw.
func (l *Letter) keep(raw []byte) {
	l.Size = len(raw)
	short := raw[:min(len(raw), MaxLetterRaw)]
	if !utf8.Valid(short) && len(short) < len(raw) {
		short = []byte(cutPartial(string(short)))
	}
	if utf8.Valid(short) {
		l.Raw = string(short)
	} else {
		l.RawBase64 = append([]byte(nil), short...)
	}
}

// cutPartial takes away the bytes of a character that the cut split, if what is
// before it is whole.
func cutPartial(s string) string {
	for i := 1; i < utf8.UTFMax && i <= len(s); i++ {
		if utf8.ValidString(s[:len(s)-i]) {
			return s[:len(s)-i]
		}
	}
	return s
}

// class names the kind of an error in one word, for counters.
func class(err error) string {
	var syntax *jsontext.SyntacticError
	var types *json.SemanticError
	switch {
	case errors.Is(err, errTooLarge):
		return "size"
	case errors.Is(err, errPanic):
		return "panic"
	case errors.As(err, &syntax), errors.As(err, &types):
		return "json"
	case errors.Is(err, hugops.ErrInvalid):
		return "invalid"
	}
	return "input"
}

// message gives the letter as it travels. Reasons and positions may quote foreign
// bytes, and those that are not UTF-8 are replaced.
func (l *Letter) message() (record, error) {
	raw, err := json.Marshal(l, jsontext.AllowInvalidUTF8(true))
	return record{topic: TopicDeadLetters, value: raw}, err
}

func countLetter(l *Letter) {
	metrics.GetOrCreateCounter(fmt.Sprintf(`hugops_dead_letters_total{stage=%q,reason=%q}`, l.Stage, l.Class)).Inc()
}

// writeLetters writes dead letters and returns when Kafka has them; with an error
// only when ctx ends.
func writeLetters(ctx context.Context, p *Producer, letters []*Letter, log *slog.Logger) error {
	if len(letters) == 0 {
		return nil
	}
	records := make([]record, 0, len(letters))
	for _, l := range letters {
		r, err := l.message()
		if err != nil { // a letter must never stop the line
			log.Error("dead letter could not be written", "reason", l.Reason, "err", err)
			continue
		}
		records = append(records, r)
	}
	refused, err := p.write(ctx, records)
	if err != nil {
		return err
	}
	for _, l := range letters {
		countLetter(l)
	}
	first := letters[0]
	log.Warn("input was unusable and went to the dead letters", "messages", len(letters), "refused", len(refused),
		"stage", first.Stage, "first_reason", first.Reason, "source", first.Source, "position", first.Position,
		"partition", first.Partition, "offset", first.Offset)
	return nil
}
