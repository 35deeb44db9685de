package main

import (
	"cmp"
	"context"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/classify"
	"github.com/hugops/hugops/classify/evaluate"
)

var evalCommand = command{
	name:    "eval",
	args:    "FILE",
	summary: "Measure the stance model on labelled posts, beside its peers",
	text: `Reads labelled posts, has the stance model read each, and prints macro-F1,
precision, recall and F1 of each stance, the confusion matrix, the calibration
(expected calibration error and reliability table), how often it abstains, and the
same by language, network and set, with 95 % bootstrap intervals.

Beside it stand its first reader alone; VADER, the usual sentiment lexicon, with its
usual thresholds and with the best ones that it could get on these very posts (an
upper bound in its favour); and every --peer; each with the interval by which hugops
is ahead of it on the same draws.

FILE is JSON lines with "text", "label" (support, venting or neutral) and optionally
"lang", "network" and "set"; or fields parted by tabs under a header line with label,
text and optionally the others, as in classify/corpus. "-" is standard input.

A --peer file has one line for each post: its line number in FILE and the stance,
parted by a tab, and optionally the probabilities of support, venting and neutral.
"make eval" makes such files for three peers.

--pairs names minimal pairs, two posts that share most words and differ in stance:
fields parted by tabs under a header line with trap, label_a, text_a, label_b, text_b
and lang. It prints how often both posts of a pair are read right, by trap.

--linking measures instead how well services and outages are found in posts, on a
folder like classify/linking, whose files say what their columns mean: precision
and recall of services, the share of posts about an outage whose best link is right,
and the share of the others that are linked to nothing, on the part that rules are
tuned by and on the two that are only ever counted. It takes no FILE.`,
	setup: func(f *flags) func(context.Context, *invocation) error {
		peers := f.list("peer", "a peer's name and its predictions, as `NAME=FILE`")
		pairs := f.String("pairs", "", "a `file` of minimal pairs")
		linking := f.String("linking", "", "measure the linker instead, on posts.tsv and outages.tsv of a `folder`")
		misses := f.Bool("misses", false, "with --linking: list the posts of the part for tuning that were read wrong")
		asJSON := f.Bool("json", false, "print one JSON object instead, with the scores of every reader")
		return func(ctx context.Context, in *invocation) error {
			if *linking != "" {
				if err := in.noArgs(); err != nil {
					return err
				}
				return evalLinking(in, *linking, *asJSON, *misses)
			}
			if len(in.args) != 1 {
				return usagef("say which FILE of labelled posts to measure on (\"-\" is standard input)")
			}
			model, err := classify.Stance()
			if err != nil {
				return err
			}
			ev := evaluation{model: model, vader: evaluate.NewVADER(), in: in}
			report, err := ev.run(ctx, in.args[0], *peers, *pairs)
			if err != nil {
				return err
			}
			if *asJSON {
				return json.MarshalWrite(in.std.out, report, jsontext.Multiline(true), json.Deterministic(true))
			}
			return report.Print(in.std.out)
		}
	},
}

// evaluation is one run of "hugops eval".
type evaluation struct {
	model classify.Model
	vader evaluate.VADER
	in    *invocation
}

func (ev *evaluation) run(ctx context.Context, file string, peers []string, pairsFile string) (*evaluate.Report, error) {
	cases, err := readInput(file, ev.in.std.in, evaluate.ReadCases)
	if err != nil {
		return nil, err
	}
	others, err := readPeers(peers, cases)
	if err != nil {
		return nil, err
	}
	var pairs []evaluate.Pair
	if pairsFile != "" {
		if pairs, err = readInput(pairsFile, ev.in.std.in, evaluate.ReadPairs); err != nil {
			return nil, err
		}
	}
	texts := make([]textLang, len(cases), len(cases)+2*len(pairs))
	for i, c := range cases {
		texts[i] = textLang{c.Text, c.Lang}
	}
	for _, p := range pairs {
		texts = append(texts, textLang{p.Text[0], p.Lang}, textLang{p.Text[1], p.Lang})
	}
	said, err := ev.readAll(ctx, texts)
	if err != nil {
		return nil, err
	}
	n := len(cases)
	usual, best := evaluate.UsualThresholds, evaluate.BestThresholds(cases, said.compound[:n])
	readers := []evaluate.Reader{
		{Name: "hugops", Predictions: said.own[:n]},
		{Name: "hugops, forced to choose", Note: "the likeliest stance where it abstains", Predictions: forced(said.own[:n])},
		{Name: "hugops, first reader alone", Note: "without the second one, which reads the posts of which the first is unsure", Predictions: said.first[:n]},
		{Name: "VADER", Note: usual.String(), Predictions: usual.Predictions(said.compound[:n])},
		{Name: "VADER, best thresholds", Note: best.String() + ", chosen on these very posts: an upper bound in its favour",
			Predictions: best.Predictions(said.compound[:n])},
	}
	report := evaluate.NewReport(ev.model.Version(), cases, append(readers, others...))
	if len(pairs) > 0 {
		report.Pairs = []evaluate.PairsReport{
			evaluate.ScorePairs("hugops", pairs, halves(said.own[n:])),
			evaluate.ScorePairs("VADER", pairs, halves(usual.Predictions(said.compound[n:]))),
		}
	}
	return report, nil
}

// readPeers reads the predictions of peers given as NAME=FILE.
func readPeers(peers []string, cases []evaluate.Case) (readers []evaluate.Reader, err error) {
	for _, peer := range peers {
		name, file, ok := strings.Cut(peer, "=")
		if !ok || name == "" || file == "" {
			return nil, usagef("--peer %q is not NAME=FILE", peer)
		}
		said, err := readInput(file, nil, func(file string, r io.Reader) ([]evaluate.Prediction, error) {
			return evaluate.ReadPredictions(file, r, cases)
		})
		if err != nil {
			return nil, err
		}
		readers = append(readers, evaluate.Reader{Name: name, Predictions: said})
	}
	return readers, nil
}

// readInput reads a file, or standard input if it is "-" and there is one.
func readInput[T any](file string, stdin io.Reader, read func(name string, r io.Reader) ([]T, error)) ([]T, error) {
	if file == "-" && stdin != nil {
		return read("standard input", stdin)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return read(file, f)
}

type textLang struct{ text, lang string }

// evalChunk is how many texts are read between two looks at Ctrl-C and the
// progress.
const evalChunk = 64

// answers are what the readers say of each text.
type answers struct {
	own, first []evaluate.Prediction
	compound   []float64 // VADER's
}

// readAll has all readers read all texts, on all cores.
func (ev *evaluation) readAll(ctx context.Context, texts []textLang) (*answers, error) {
	n := len(texts)
	out := &answers{own: make([]evaluate.Prediction, n), first: make([]evaluate.Prediction, n), compound: make([]float64, n)}
	show := progress(ev.in.std, ev.in.log, "reading posts", "eval", "posts")
	for from := 0; from < n; from += evalChunk {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		to := min(from+evalChunk, n)
		inParallel(from, to, func(i int) {
			out.own[i] = predict(ev.model.Classify, texts[i])
			out.first[i] = predict(ev.model.Skim, texts[i])
			out.compound[i] = ev.vader.Compound(texts[i].text)
		})
		show(int64(to), int64(n))
	}
	return out, nil
}

func predict(read func(text, lang string) hugops.Verdict, t textLang) evaluate.Prediction {
	v := read(t.text, t.lang)
	return evaluate.Prediction{Stance: v.Stance, Probabilities: v.Probabilities, Abstained: v.Abstained, Lang: cmp.Or(v.Lang, "und")}
}

// forced returns the predictions without abstaining.
func forced(said []evaluate.Prediction) []evaluate.Prediction {
	out := slices.Clone(said)
	for i := range out {
		out[i].Stance, out[i].Abstained = out[i].Probabilities.Stance(), false
	}
	return out
}

// inParallel does the work for each number from from to below to, on all cores.
func inParallel(from, to int, do func(i int)) {
	var wg sync.WaitGroup
	n := min(runtime.GOMAXPROCS(0), to-from)
	for k := range n {
		wg.Go(func() {
			for i := from + k; i < to; i += n {
				do(i)
			}
		})
	}
	wg.Wait()
}

// halves puts the predictions of texts that come two by two into pairs.
func halves(said []evaluate.Prediction) [][2]evaluate.Prediction {
	out := make([][2]evaluate.Prediction, len(said)/2)
	for i := range out {
		out[i] = [2]evaluate.Prediction{said[2*i], said[2*i+1]}
	}
	return out
}
