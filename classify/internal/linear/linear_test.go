package linear

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// form shows the tokens of a text, parted by spaces.
func form(text string) string {
	var c scratch
	c.tokenize(text)
	var out []string
	for _, t := range c.tokens {
		out = append(out, string(c.runes[t.start:t.end]))
	}
	return strings.Join(out, " ")
}

func TestNormalForm(t *testing.T) {
	for text, want := range map[string]string{
		"GitHub is DOWN":                  "github is down",
		"@octocat @me@server.org. hi":     "@ @ . hi",
		"@user.bsky.social, hi":           "@ , hi",
		"see https://example.com/a?b=c !": "see / !",
		"sooooo slooow, 502":              "soo sloow , 000",
		"can’t can't 'quoted'":            "can't can't ' quoted '",
		"#HugOps 💜💜 ❤️":                   "#hugops 💜 💜 ❤",
		"why?!?!!!!!":                     "why ? ! ? !!!",
		"“curly”":                         `" curly "`,
		"GitHubが落ちてる":                     "github が 落 ち て る",
		"ＡＷＳ":                             "aws",
		"Störung, ça va":                  "störung , ça va",
		"a\tb\nc":                         "a b c",
		"mail a@b.c":                      "mail a @", // an address of the other kind: cut at its sign
		"":                                "",
		"\xff\xfe":                        "",
		"http":                            "http",
	} {
		if got := form(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func TestDenseFeatures(t *testing.T) {
	var plain, loud Features
	plain.Extract("github is down")
	loud.Extract("@github SOOO DOWN!!! why? https://example.com #fail 🔥")
	for d, name := range map[int]string{1: "capitals", 2: "shouted", 3: "stretched", 4: "exclamation marks", 5: "question marks",
		8: "handles", 9: "addresses", 10: "hashtags", 11: "emoji", 12: "begins with a handle"} {
		if plain.Dense[d] != 0 || loud.Dense[d] <= 0 {
			t.Errorf("%s: %v without, %v with", name, plain.Dense[d], loud.Dense[d])
		}
	}
}

func TestBucketsLieInTheirRanges(t *testing.T) {
	var f Features
	f.Extract("Some words, 日本語の文字 and #tags for @everybody 💜")
	for _, b := range f.Words {
		if b >= WordBuckets {
			t.Fatalf("word bucket %d", b)
		}
	}
	for _, b := range f.Chars {
		if b < WordBuckets || b >= Buckets {
			t.Fatalf("character bucket %d", b)
		}
	}
}

func TestLoadRefusesWhatIsNoModel(t *testing.T) {
	good, err := Marshal(Header{}, make([]int8, Outputs*Buckets))
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{
		"empty":             nil,
		"other":             []byte("not a model"),
		"magic only":        []byte(magic),
		"cut":               good[:len(good)-1],
		"long":              append(append([]byte(nil), good...), 0),
		"no error model":    good,
		"header is no JSON": append([]byte(magic), append([]byte{0, 0, 0, 1, '{'}, make([]byte, Outputs*Buckets)...)...),
	} {
		if _, err := Load(file); err == nil {
			t.Errorf("%s: loaded", name)
		}
	}
	if _, err := Marshal(Header{}, nil); err == nil {
		t.Error("marshalled without weights")
	}
}

func TestSoftmax(t *testing.T) {
	if p := Softmax([3]float64{1000, 0, -1000}, 1, [3]float64{}); p != [3]float64{1, 0, 0} {
		t.Errorf("%v, want certainty without overflow", p)
	}
	p := Softmax([3]float64{1, 2, 3}, 0, [3]float64{math.Log(1), math.Log(2), math.Log(5)})
	if s := fmt.Sprintf("%.3f", p); s != "[0.125 0.250 0.625]" {
		t.Errorf("shifts alone: %s, want 1/8, 2/8, 5/8", s)
	}
}
