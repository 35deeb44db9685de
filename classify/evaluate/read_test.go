package evaluate

import (
	"fmt"
	"strings"
	"testing"
	"testing/iotest"
)

func TestReadCases(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"JSON lines", `{"id":1,"text":"hang in there","label":"support","lang":"en","network":"x","set":"a","note":"-"}` + "\n\n" + `{"text":"down?","label":"neutral"}`,
			"[{1 hang in there en x a support} {3 down?    neutral}]"},
		{"the corpus", "label\ttarget\tsarcasm\tlang\ttext\r\nventing\tcompany\t1\tde\tna toll \"wieder\"\r\n", "[{2 na toll \"wieder\" de   venting}]"},
		{"a mark before UTF-8", "\ufefftext\tlabel\nhi\tneutral\n", "[{2 hi    neutral}]"},
		{"a tab in JSON", `{"text":"a\tb","label":"neutral"}`, "[{1 a\tb    neutral}]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ReadCases("f", strings.NewReader(c.in))
			if err != nil || fmt.Sprint(got) != c.want {
				t.Errorf("%v (%v), want %s", got, err, c.want)
			}
		})
	}
}

func TestReadErrors(t *testing.T) {
	cases := []Case{{Line: 1}, {Line: 3}}
	readers := map[string]func(in string) error{
		"cases": func(in string) error { _, err := ReadCases("f", strings.NewReader(in)); return err },
		"pairs": func(in string) error { _, err := ReadPairs("f", strings.NewReader(in)); return err },
		"peer":  func(in string) error { _, err := ReadPredictions("f", strings.NewReader(in), cases); return err },
	}
	const pairHeader = "trap\tlabel_a\ttext_a\tlabel_b\ttext_b\tlang\n"
	for _, c := range []struct{ reader, name, in, want string }{
		{"cases", "nothing", "", "f has no posts: give it"},
		{"cases", "blank lines only", "\n \n", "f has no posts: give it"},
		{"cases", "a header only", "label\ttext\n", "f has no posts: give it"},
		{"cases", "no JSON", `{"text":"a","label":"neutral"}` + "\nnot json\n", "f:2: not a JSON object"},
		{"cases", "a list", "{\"text\":\"a\",\"label\":\"neutral\"}\n[]", "f:2: not a JSON object"},
		{"cases", "no text", `{"label":"neutral"}`, "f:1: text is missing"},
		{"cases", "no label", `{"text":"a"}`, "f:1: label is missing: it must be support, venting or neutral"},
		{"cases", "an unknown label", "\n" + `{"text":"a","label":"angry"}`, `f:2: label "angry" is none of support, venting, neutral: correct it`},
		{"cases", "an unknown label in a table", "label\ttext\nSupport\ta\n", `f:2: label "Support" is none of`},
		{"cases", "no column of labels", "text\tlang\na\ten\n", `f:1: the header has no column "label"`},
		{"cases", "a tab too many", "label\ttext\nneutral\ta\tb\n", "f:2: 3 fields parted by tabs, but the header names 2"},
		{"cases", "not UTF-8", "label\ttext\nneutral\t\xff\n", "f:2: not valid UTF-8"},
		{"cases", "a line too long", "label\ttext\nneutral\t" + strings.Repeat("a", maxLine), "f:2: the line is longer than"},
		{"pairs", "nothing", "", "f has no pairs"},
		{"pairs", "no header", "thanks\tsupport\ta\tventing\tb\ten\n", `f:1: the header has no column "trap"`},
		{"pairs", "an unknown label", pairHeader + "thanks\tsupport\ta\tsarcasm\tb\ten\n", `f:2: label_b "sarcasm" is none of`},
		{"pairs", "no difference", pairHeader + "thanks\tsupport\ta\tsupport\tb\ten\n", "f:2: both posts are labelled support"},
		{"peer", "too few", "1\tneutral\n", "f has no prediction for the labelled post on line 3"},
		{"peer", "too many", "1\tneutral\n3\tneutral\n4\tneutral\n", "f:3: the labelled posts have none on line 4"},
		{"peer", "twice", "1\tneutral\n1\tneutral\n", "f:2: a second prediction for line 1"},
		{"peer", "no number", "one\tneutral\n", `f:1: "one" is no line number`},
		{"peer", "an unknown stance", "1\tpositive\n", `f:1: stance "positive" is none of`},
		{"peer", "one probability", "1\tneutral\t0.5\n", "f:1: 3 fields"},
		{"peer", "probabilities that are none", "1\tneutral\t0.5\t-0.5\t1\n", `f:1: "-0.5" is no probability`},
		{"peer", "not a number", "1\tneutral\t0.5\tNaN\t0.5\n", `f:1: "NaN" is no probability`},
		{"peer", "a sum of 2", "1\tneutral\t1\t0\t1\n", "f:1: the probabilities sum to 2.000"},
	} {
		t.Run(c.reader+": "+c.name, func(t *testing.T) {
			if err := readers[c.reader](c.in); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
	if _, err := ReadCases("f", iotest.ErrReader(fmt.Errorf("the disk is gone"))); err == nil || !strings.Contains(err.Error(), "cannot read f: the disk is gone") {
		t.Error(err)
	}
}

func TestReadPredictions(t *testing.T) {
	got, err := ReadPredictions("f", strings.NewReader("3\tventing\n1\tsupport\t0.5\t0.25\t0.25\n"), []Case{{Line: 1}, {Line: 3}})
	if want := "[{support {0.5 0.25 0.25} false } {venting {0 0 0} false }]"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("%v (%v), want %s", got, err, want)
	}
}

func TestReadPairs(t *testing.T) {
	got, err := ReadPairs("f", strings.NewReader("trap\tlabel_a\ttext_a\tlabel_b\ttext_b\tlang\nagain\tneutral\tdown again?\tventing\tdown AGAIN\ten\n"))
	if want := "[{2 again en [down again? down AGAIN] [neutral venting]}]"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("%v (%v), want %s", got, err, want)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`{"text":"a","label":"neutral"}`)
	f.Add("label\ttext\nneutral\ta\n")
	f.Add("trap\tlabel_a\ttext_a\tlabel_b\ttext_b\tlang\nx\tneutral\ta\tventing\tb\ten\n")
	f.Add("1\tneutral\t0.2\t0.2\t0.6\n")
	f.Fuzz(func(t *testing.T, in string) {
		cases, err := ReadCases("f", strings.NewReader(in))
		if (err == nil) != (len(cases) > 0) {
			t.Errorf("%d cases, error %v", len(cases), err)
		}
		pairs, err := ReadPairs("f", strings.NewReader(in))
		if (err == nil) != (len(pairs) > 0) {
			t.Errorf("%d pairs, error %v", len(pairs), err)
		}
		said, err := ReadPredictions("f", strings.NewReader(in), []Case{{Line: 1}})
		if err == nil && classOf(said[0].Stance) < 0 {
			t.Errorf("the stance %q", said[0].Stance)
		}
	})
}
