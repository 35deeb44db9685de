package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/classify/evaluate"
)

var update = flag.Bool("update", false, "write the golden files anew; read the difference before you commit it")

// wordModel reads the stance off a few words, and abstains from what is long.
type wordModel struct{ sure float64 }

func (wordModel) Version() string           { return "words-1" }
func (wordModel) Errors() hugops.ErrorModel { return hugops.ErrorModel{} }
func (m wordModel) Skim(text, lang string) hugops.Verdict {
	return wordModel{.8}.Classify(text, lang)
}
func (m wordModel) Classify(text, lang string) hugops.Verdict {
	rest := (1 - m.sure) / 2
	v := hugops.Verdict{Probabilities: hugops.Probabilities{Support: rest, Venting: rest, Neutral: m.sure}, Lang: lang}
	switch text = strings.ToLower(text); {
	case strings.Contains(text, "hug") || strings.Contains(text, "thank"):
		v.Probabilities = hugops.Probabilities{Support: m.sure, Venting: rest, Neutral: rest}
	case strings.Contains(text, "again") || strings.Contains(text, "joke"):
		v.Probabilities = hugops.Probabilities{Support: rest, Venting: m.sure, Neutral: rest}
	}
	v.Stance, v.Abstained = v.Probabilities.Stance(), len(text) > 60
	if v.Abstained {
		v.Stance = hugops.Neutral
	}
	return v
}

func evalRun(t *testing.T, ctx context.Context, stdin string, file string, peers []string, pairs string) (*evaluate.Report, error) {
	t.Helper()
	in := &invocation{std: stdio{strings.NewReader(stdin), io.Discard, io.Discard}, log: slog.New(slog.DiscardHandler)}
	ev := evaluation{model: wordModel{.9}, vader: evaluate.NewVADER(), in: in}
	return ev.run(ctx, file, peers, pairs)
}

const evalData = "testdata/eval/"

// TestEvalReport holds the whole report, of posts, a peer and pairs of
// testdata/eval, to what it was when somebody last read it.
func TestEvalReport(t *testing.T) {
	report, err := evalRun(t, t.Context(), "", evalData+"posts.jsonl", []string{"a peer=" + evalData + "peer.tsv"}, evalData+"pairs.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := report.Print(&out); err != nil {
		t.Fatal(err)
	}
	golden := evalData + "report.golden"
	if *update {
		if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := read(t, golden); out.String() != want {
		t.Errorf("the report is\n%s\nand not\n%s", &out, want)
	}
}

func TestEvalStandardInput(t *testing.T) {
	posts := read(t, evalData+"posts.jsonl")
	piped, err := evalRun(t, t.Context(), posts, "-", nil, "")
	if err != nil {
		t.Fatal(err)
	}
	file, err := evalRun(t, t.Context(), "", evalData+"posts.jsonl", nil, "")
	if err != nil || piped.Readers[0].Confusion != file.Readers[0].Confusion || piped.Posts == 0 {
		t.Errorf("standard input gives %+v, the file %+v (%v)", piped, file, err)
	}
}

func TestEvalEndsOnCtrlC(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := evalRun(t, ctx, "", evalData+"posts.jsonl", nil, ""); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestEvalJSON runs the command as a user would, with the shipped model.
func TestEvalJSON(t *testing.T) {
	code, out, errs := inProcess([]string{"eval", "--json", "--peer", "a peer=" + evalData + "peer.tsv", evalData + "posts.jsonl"}, nil, "")
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	var report struct {
		Model   string
		Posts   int
		Readers []struct {
			Name      string
			MacroF1   struct{ Value, Low, High float64 } `json:"macro_f1"`
			Confusion [3][3]int
			Behind    *struct{ Value float64 }
			ECE       *float64
		}
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if report.Model == "" || report.Posts == 0 || len(report.Readers) != 6 {
		t.Fatalf("model %q, %d posts, %d readers", report.Model, report.Posts, len(report.Readers))
	}
	for i, r := range report.Readers {
		sum := 0
		for _, row := range r.Confusion {
			sum += row[0] + row[1] + row[2]
		}
		if sum != report.Posts || r.MacroF1.Low > r.MacroF1.Value || r.MacroF1.High < r.MacroF1.Value || (r.Behind == nil) != (i == 0) {
			t.Errorf("%s: %+v", r.Name, r)
		}
	}
}

func TestEvalErrors(t *testing.T) {
	dir := t.TempDir()
	posts := write(t, dir, "posts.tsv", "label\ttext\nneutral\tdown?\nsupport\thugs\n")
	for _, c := range []struct {
		name  string
		args  []string
		stdin string
		code  int
		want  string
	}{
		{"no file", nil, "", 2, "say which FILE"},
		{"two files", []string{posts, posts}, "", 2, "say which FILE"},
		{"a file that is not there", []string{dir + "/none"}, "", 1, "no such file"},
		{"an empty file", []string{"-"}, "", 1, "standard input has no posts: give it one labelled post a line"},
		{"bad JSON", []string{"-"}, "{\"text\":", 1, "standard input:1: not a JSON object as expected"},
		{"a bad label", []string{write(t, dir, "bad.tsv", "label\ttext\nneutral\ta\nhappy\tb\n")}, "", 1, `bad.tsv:3: label "happy" is none of support, venting, neutral`},
		{"a peer without a name", []string{"--peer", posts, posts}, "", 2, "is not NAME=FILE"},
		{"a peer of other posts", []string{"--peer", "p=" + write(t, dir, "short.tsv", "2\tneutral\n"), posts}, "", 1, "short.tsv has no prediction for the labelled post on line 3"},
		{"pairs that are none", []string{"--pairs", posts, posts}, "", 1, `posts.tsv:1: the header has no column "trap"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, out, errs := inProcess(append([]string{"eval"}, c.args...), nil, c.stdin)
			if code != c.code || !strings.Contains(errs, c.want) || out != "" {
				t.Errorf("exit code %d, want %d; wanted %q in\n%s%s", code, c.code, c.want, out, errs)
			}
		})
	}
}

// TestEvalLinking measures the linker on the cases of the repository, and on none.
func TestEvalLinking(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"eval", "--linking", "../../classify/linking"}, 0, "no link where none belongs"},
		{[]string{"eval", "--linking", "../../classify/linking", "--json"}, 0, `"measures"`},
		{[]string{"eval", "--linking", "../../classify/linking", "--misses"}, 0, "want ["},
		{[]string{"eval", "--linking", "../../classify/linking", "a.tsv"}, 2, "argument"},
		{[]string{"eval", "--linking", t.TempDir()}, 1, "no such file"},
	} {
		if code, out, errs := inProcess(c.args, nil, ""); code != c.code || !strings.Contains(out+errs, c.want) {
			t.Errorf("%q: exit code %d, want %d; output, wanted with %q:\n%.500s%s", c.args, code, c.code, c.want, out, errs)
		}
	}
}
