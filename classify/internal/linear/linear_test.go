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
	for i := range c.tokens {
		out = append(out, string(c.bytes(nil, &c.tokens[i])))
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
	plain.Extract("github is down", new(Vocabulary))
	loud.Extract("@github SOOO DOWN!!! why? https://example.com #fail 🔥", new(Vocabulary))
	for d, name := range map[int]string{1: "capitals", 2: "shouted", 3: "stretched", 4: "exclamation marks", 5: "question marks",
		8: "handles", 9: "addresses", 10: "hashtags", 11: "emoji", 12: "begins with a handle"} {
		if plain.Dense[d] != 0 || loud.Dense[d] <= 0 {
			t.Errorf("%s: %v without, %v with", name, plain.Dense[d], loud.Dense[d])
		}
	}
}

func TestBucketsLieInTheirRanges(t *testing.T) {
	var f Features
	f.Extract("Some words, 日本語の文字 and #tags for @everybody 💜", new(Vocabulary))
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
	good, err := Marshal(Header{}, new(Vocabulary), make([]int8, Outputs*Buckets))
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
		"header is no JSON": append([]byte(magic), append([]byte{0, 0, 0, 1, '{'}, make([]byte, vocabularyBytes+Outputs*Buckets)...)...),
	} {
		if _, err := Load(file); err == nil {
			t.Errorf("%s: loaded", name)
		}
	}
	if _, err := Marshal(Header{}, nil, nil); err == nil {
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

// TestUnknownWordsAreSpelt: a word of the vocabulary counts by itself, another by
// its characters.
func TestUnknownWordsAreSpelt(t *testing.T) {
	var f Features
	var v Vocabulary
	for _, h := range f.Spelt(nil, "github is down") {
		v.Put(h, true)
	}
	f.Extract("github is down", &v)
	if len(f.Words) != 3+4 || len(f.Chars) != 0 { // words, and pairs with both ends
		t.Errorf("known words: %d words and pairs, %d groups of characters; want 7 and 0", len(f.Words), len(f.Chars))
	}
	f.Extract("github is doof", &v)
	if len(f.Words) != 2+4 || len(f.Chars) != 4+3+2 { // " doof ": 4 groups of three, 3 of four, 2 of five
		t.Errorf("one unknown word: %d words and pairs, %d groups of characters; want 6 and 9", len(f.Words), len(f.Chars))
	}
}

// FuzzPlainWord holds the fast reading of plain words against the slow one.
func FuzzPlainWord(f *testing.F) {
	for _, s := range []string{"down", "DOWN", "GitHub is", "seventeenletters", "fifteenlettersx", "sooo", "so", "aaa", "http://", "https", "abcdefgaaa ", "don't", "a\x00b", "Kö", "abcdefgggh"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if s == "" || plain[s[0]] == 0 {
			return
		}
		fast := scratch{text: append([]byte(s), make([]byte, 16)...)}
		var slow scratch
		n := fast.plainWord(0)
		if n == 0 {
			return // left to the slow one
		}
		if m := slow.word(s, word); m != n || slow.tokens[0].key != fast.tokens[0].key {
			t.Fatalf("%q: %d bytes %q, want %d bytes %q", s, n, fast.bytes(nil, &fast.tokens[0]), m, slow.bytes(nil, &slow.tokens[0]))
		}
		if slow.letters != fast.letters || slow.capitals != fast.capitals || slow.shouted != fast.shouted || slow.stretched != fast.stretched {
			t.Fatalf("%q: %+v, want %+v", s, fast, slow)
		}
	})
}
