package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/classify"
	"github.com/hugops/hugops/pipeline/statusfeed"
)

var classifyCommand = command{
	name:    "classify",
	quiet:   true,
	summary: "Read posts on standard input, write stance and links as JSON lines",
	text: `Reads one JSON object a line with "text" and optionally "id", "lang",
"posted_at" (RFC 3339) and "network", and writes one JSON object a line, in the
same order:

    {"id","stance","abstained","probabilities":{"support","venting","neutral"},
     "sarcasm","target","targets":{"people","company","situation"},"lang","model",
     "services":[…],"outages":[{"id","probability","evidence":[…]}]}

"abstained" says that the model is too unsure of the stance, or does not know the
language; the stance is neutral then. "target" is whom a venting post blames, and
null for every other; "targets" are its probabilities, given that the post vents.
"lang" is the language that the text was read in, "und" if nobody knows.
With --explain each line has "explained", the likeliest stance and "words": every
word with its part in the decision, in log-odds; positive speaks for that stance.
A line that cannot be read gives a line with "error" and its number; the rest go
on. A post without posted_at counts as posted now. --outages names the known
outages (as for "hugops outages import"); without it "outages" is empty.
Nothing is stored, and no data directory is needed.`,
	setup: func(f *flags) func(context.Context, *invocation) error {
		outages := f.String("outages", "", "a `file` of known outages")
		explain := f.Bool("explain", false, "say which words carried the decision")
		return func(ctx context.Context, in *invocation) error {
			if err := in.noArgs(); err != nil {
				return err
			}
			var known []hugops.Outage
			if *outages != "" {
				var err error
				if known, err = readOutages(*outages, statusfeed.FileOptions{Find: pageOf}); err != nil {
					return err
				}
			}
			model, err := classify.Stance()
			if err != nil {
				return err
			}
			reader := classify.NewReader(model, classify.NewLinker(classify.Services(), known))
			c := classifier{reader: reader}
			if *explain {
				c.explain = model
			}
			return c.lines(ctx, in.std.in, in.std.out)
		}
	},
}

// classifyInput is a line of standard input.
type classifyInput struct {
	ID       jsontext.Value `json:"id"`
	Text     *string        `json:"text"`
	Lang     string         `json:"lang"`
	PostedAt time.Time      `json:"posted_at"`
	Network  hugops.Network `json:"network"`
}

// classifyOutput is a line of standard output.
type classifyOutput struct {
	ID            jsontext.Value       `json:"id,omitempty"`
	Stance        hugops.Stance        `json:"stance"`
	Abstained     bool                 `json:"abstained"`
	Probabilities hugops.Probabilities `json:"probabilities"`
	Sarcasm       float64              `json:"sarcasm"`
	Target        *hugops.Target       `json:"target"` // nil unless the post vents
	Targets       hugops.Targets       `json:"targets"`
	Lang          string               `json:"lang"`
	Model         string               `json:"model"`
	Services      []string             `json:"services"`
	Outages       []hugops.Link        `json:"outages"`
	Explained     hugops.Stance        `json:"explained,omitempty"` // the stance that the words speak for
	Words         []classify.Word      `json:"words,omitempty"`
}

// classifier answers lines; explain is the model to ask why, nil if nobody asked.
type classifier struct {
	reader  *classify.Reader
	explain classify.Model
}

func newClassifyOutput(id jsontext.Value, r *hugops.Reading) classifyOutput {
	out := classifyOutput{
		ID: id, Stance: r.Stance, Abstained: r.Abstained, Probabilities: r.Probabilities, Sarcasm: r.Sarcasm, Targets: r.Targets,
		Lang: cmp.Or(r.Lang, "und"), Model: r.Model, Services: orEmpty(r.Services), Outages: orEmpty(r.Links),
	}
	if r.Stance == hugops.Venting {
		target := r.Targets.Target()
		out.Target = &target
	}
	return out
}

// classifyError stands in the output for a line that could not be read.
type classifyError struct {
	ID    jsontext.Value `json:"id,omitempty"`
	Line  int            `json:"line"`
	Error string         `json:"error"`
}

const (
	classifyChunk   = 512
	classifyMaxLine = 1 << 20
)

// inputLine is one line of a chunk with its answer.
type inputLine struct {
	number   int
	raw, out []byte
	err      error
}

// lines reads chunks of lines, classifies each chunk on all cores and
// writes the answers in order. A chunk ends early when the input pauses, so that
// a conversation line by line works too.
func (c *classifier) lines(ctx context.Context, r io.Reader, w io.Writer) error {
	in := bufio.NewReaderSize(r, 1<<16)
	out := bufio.NewWriterSize(w, 1<<16)
	for number := 1; ctx.Err() == nil; {
		var chunk []inputLine
		var end error
		for len(chunk) < classifyChunk {
			raw, err := readLine(in, classifyMaxLine)
			if errors.Is(err, io.EOF) {
				end = err
				break
			}
			if err != nil && !errors.Is(err, errLongLine) {
				return err
			}
			if len(bytes.TrimSpace(raw)) > 0 || err != nil {
				chunk = append(chunk, inputLine{number: number, raw: raw, err: err})
			}
			number++
			if in.Buffered() == 0 {
				break
			}
		}
		c.all(chunk)
		for _, l := range chunk {
			out.Write(l.out)
			out.WriteByte('\n')
		}
		if err := out.Flush(); err != nil {
			return fmt.Errorf("cannot write the answers: %w", err)
		}
		if end != nil {
			return nil
		}
	}
	return ctx.Err()
}

func (c *classifier) all(chunk []inputLine) {
	var wg sync.WaitGroup
	n := min(runtime.GOMAXPROCS(0), len(chunk))
	for k := range n {
		wg.Go(func() {
			for i := k; i < len(chunk); i += n {
				chunk[i].out = c.one(chunk[i])
			}
		})
	}
	wg.Wait()
}

func (c *classifier) one(l inputLine) []byte {
	in, err := parseClassifyInput(l)
	var out any
	if err != nil {
		out = classifyError{ID: in.ID, Line: l.number, Error: err.Error()}
	} else {
		post := hugops.Post{Network: in.Network, PostedAt: in.PostedAt, Lang: in.Lang, Text: *in.Text}
		read := c.reader.Study(post)
		answer := newClassifyOutput(in.ID, &read)
		if c.explain != nil {
			answer.Words, answer.Explained = classify.Explain(c.explain, post.Text, post.Lang)
		}
		out = answer
	}
	raw, err := json.Marshal(out)
	if err != nil { // an id that is JSON but not to be written again, such as a lone surrogate
		raw, _ = json.Marshal(classifyError{Line: l.number, Error: err.Error()})
	}
	return raw
}

func parseClassifyInput(l inputLine) (in classifyInput, err error) {
	if l.err != nil {
		return in, l.err
	}
	if !utf8.Valid(l.raw) {
		return in, errors.New("not valid UTF-8")
	}
	if err := json.Unmarshal(l.raw, &in); err != nil {
		return classifyInput{}, fmt.Errorf("not a JSON object as expected: %w", err)
	}
	switch {
	case in.Text == nil:
		return in, errors.New("text is missing")
	case in.Network != "" && !in.Network.Valid():
		return in, fmt.Errorf("network %q is none of mastodon, x, bluesky", in.Network)
	}
	if len(*in.Text) > hugops.MaxText {
		cut := *in.Text
		cut = cut[:hugops.MaxText]
		for !utf8.ValidString(cut) {
			cut = cut[:len(cut)-1]
		}
		in.Text = &cut
	}
	return in, nil
}

var errLongLine = fmt.Errorf("the line is longer than %d bytes", classifyMaxLine)

// readLine reads one line without its end. Of a line longer than limit it
// returns errLongLine, having read past it; io.EOF comes alone, after the last
// line.
func readLine(r *bufio.Reader, limit int) ([]byte, error) {
	var line []byte
	long := false
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(part) > limit {
			long = true
		}
		if !long {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && (len(line) > 0 || long), err == nil:
			if long {
				return nil, errLongLine
			}
			return bytes.TrimRight(line, "\r\n"), nil
		default:
			return nil, err
		}
	}
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
