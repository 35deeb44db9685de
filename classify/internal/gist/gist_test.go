package gist

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// agreed is in how many bytes of eight two gists agree.
func agreed(a, b uint64) (n int) {
	for i := range 8 {
		if byte(a>>(8*i)) == byte(b>>(8*i)) {
			n++
		}
	}
	return n
}

const petition = "We the users of Nimbus ask you to say sorry and to give us our money back today"

// TestOf says what makes no difference, and what is too short to be told from
// chance.
func TestOf(t *testing.T) {
	for _, test := range []struct {
		name, text string
		same       bool
	}{
		{"as it is", petition, true},
		{"capitals and signs", "WE THE USERS of Nimbus: ask you to say sorry — and to give us our money back, today!!!", true},
		{"an address, a handle, hashtags, numbers, emoji", "@nimbus@cloud.example " + petition + " 17 🔥 #NimbusDown #boycott https://petition.example/?from=me", true},
		{"an address in front", "www.petition.example/17 " + petition, true},
		{"mark-up and invisible letters", "<p>We the users of <b>Nim\u200bbus</b> ask you to say sorry</p><p>and to give us our money back today</p>", true},
		{"an old retweet", "RT @somebody: " + petition, true},
		{"other words", "Thank you to all the people who get up tonight and mend Nimbus for the rest of us", false},
		{"the words of one side about another thing", "We the fans of Nimbus ask you to play more and to bring our songs back home soon", false},
	} {
		a, b := Of(petition), Of(test.text)
		if a == 0 || b == 0 || (a == b) != test.same || !test.same && agreed(a, b) > 3 {
			t.Errorf("%s: agree in %d bytes (%x, %x)", test.name, agreed(a, b), a, b)
		}
	}
	for name, text := range map[string]string{
		"nothing":                 "",
		"a tag":                   "#hugops",
		"a tag and a heart":       "#hugops <3 ❤️",
		"a hug":                   "Hugs to the people at Nimbus, hang in there",
		"seven words, repeated":   strings.Repeat("hugs to the team at Nimbus you ", 5),
		"tags and links":          strings.Repeat("#a #b @c https://d.example/e?f=g ", 20),
		"eleven words with dress": "#HugOps and a hug to everyone who is on call at GitHub 💜 https://www.githubstatus.com/ @github",
		"Japanese":                "GitHubの中の人、お疲れさまです！ #hugops",
		"numbers":                 strings.Repeat("12 4 567 ", 20),
		"no words":                "\xff\xfe\x00 ?!",
	} {
		if g := Of(text); g != 0 {
			t.Errorf("%s has the gist %x: it is too short for one", name, g)
		}
	}
	for _, message := range []string{ // what the site fills in for a hug: docs/INDEX.md says that it is known again
		"Thank you to everyone at GitHub who is fixing things right now. We see you. #HugOps",
		"Thank you to everyone at GitHub who fixed things. We saw you. #HugOps",
	} {
		if Of(message) == 0 {
			t.Errorf("%q has no gist", message)
		}
	}
	long := "ギットハブが落ちているので今日の会議はすべて中止にして、みんなで散歩に行くことにしました。担当の方々、本当にお疲れさまです。"
	if a, b := Of(long), Of("【速報】"+long+"https://a.example"); a == 0 || agreed(a, b) < 6 {
		t.Errorf("a long Japanese text and a copy of it agree in %d bytes", agreed(a, b))
	}
}

// TestOverlap: gists agree in as many bytes as the sets of pairs overlap, and the
// bytes are independent of each other.
func TestOverlap(t *testing.T) {
	dice := rand.New(rand.NewPCG(2, 4))
	text := func(words []int) string {
		var b strings.Builder
		for _, w := range words {
			for range 5 {
				b.WriteByte('a' + byte(w%26))
				w /= 26
			}
			b.WriteByte(' ')
		}
		return b.String()
	}
	for _, changed := range []int{0, 1, 3, 6, 10, 20} {
		const words, runs = 21, 4000
		sum, near := 0, 0
		for range runs {
			p := make([]int, words+changed)
			for i := range p {
				p[i] = dice.IntN(26 * 26 * 26 * 26 * 26)
			}
			n := agreed(Of(text(p[:words])), Of(text(p[changed:])))
			if sum += n; n >= 6 {
				near++
			}
		}
		jaccard := max(0, float64(words-1-changed)/float64(words-1+changed))
		want := jaccard + (1-jaccard)/256 // a byte agrees by chance
		if got := float64(sum) / 8 / runs; math.Abs(got-want) > 0.02 {
			t.Errorf("%d of %d words changed: %.3f of the bytes agree, want %.3f", changed, words, got, want)
		}
		binomial := math.Pow(want, 8) + 8*math.Pow(want, 7)*(1-want) + 28*math.Pow(want, 6)*(1-want)*(1-want)
		if got := float64(near) / runs; math.Abs(got-binomial) > 0.03 {
			t.Errorf("%d of %d words changed: six bytes agree in %.3f of cases, want %.3f", changed, words, got, binomial)
		}
	}
}

func FuzzOf(f *testing.F) {
	for _, s := range []string{"", petition, "@@ ## @a@b.c # https://", "’''", "\xff\xfe", "障害が発生しています", "İSTANBUL ß ﬁ", "www.", "h", "W"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		g := Of(text)
		if g == 0 || !utf8.ValidString(text) || strings.Contains(text, "T @") { // the head of a retweet is one only in front
			return
		}
		if dressed := "#tag 12 " + text + " 34 @you #more https://a.example/b"; Of(dressed) != g {
			t.Errorf("%q: %x, and with tags and an address %x", text, g, Of(dressed))
		}
	})
}

// BenchmarkOf is the cost of the gist of a post of about 150 bytes.
func BenchmarkOf(b *testing.B) {
	for name, text := range map[string]string{
		"plain":   petition + ", or else all of us shall go to another cloud. #NimbusDown https://petition.example",
		"dressed": "Störung bei Nimbus – wir alle bitten euch: gebt uns unser Geld zurück, und zwar „heute“. Danke für nichts 😡 #NimbusDown @nimbus@cloud.example",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Of(text)
			}
		})
	}
}
