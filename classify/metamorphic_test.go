package classify

import (
	"fmt"
	"html"
	"strings"
	"testing"

	"github.com/hugops/hugops"
)

// plainPosts are read with some certainty; no dress may change how.
var plainPosts = []struct {
	text string
	want hugops.Stance
}{
	{"Huge thanks to the engineers at GitHub who got everything back so quickly, hugops to all of you", hugops.Support},
	{"I feel for the on-call team at Slack tonight, hang in there, you are doing great", hugops.Support},
	{"Give the Cloudflare folks a break, they are humans and they are working on it, hugops", hugops.Support},
	{"Third outage this month and still not a word from support, what a useless company, I want my money back", hugops.Venting},
	{"Absolute joke of a service, down AGAIN in the middle of the working day, cancelling my subscription", hugops.Venting},
	{"Well done Slack, another brilliant update that broke everything, do you even test your garbage", hugops.Venting},
	{"We are investigating elevated error rates in the EU region and will provide an update within 30 minutes", hugops.Neutral},
	{"Is GitHub down for anybody else or is it just me? git push times out from Berlin", hugops.Neutral},
}

// dresses change what a text looks like and not what it says.
var dresses = []struct {
	name string
	on   func(string) string
}{
	{"Mastodon's HTML", func(s string) string { return "<p>" + html.EscapeString(s) + "</p>" }},
	{"HTML with a link and a break", func(s string) string {
		return `<p>` + html.EscapeString(s) + `<br /><a href="https://example.com/x" rel="nofollow"><span class="invisible">https://</span>example.com/x</a></p>`
	}},
	{"full-width letters", fullWidth},
	{"zero-width spaces inside words", func(s string) string { return strings.ReplaceAll(s, "a", "a\u200b") }},
	{"soft hyphens", func(s string) string { return strings.ReplaceAll(s, "e", "e\u00ad") }},
	{"a word joiner at the start", func(s string) string { return "\ufeff" + s }},
	{"spaced tag", func(s string) string { return strings.ReplaceAll(s, "hugops", "H U G O P S") }},
	{"a link", func(s string) string { return s + " https://t.co/AbCdEf123" }},
	{"a link in front", func(s string) string { return "https://example.com/status?id=7 " + s }},
	{"a handle in front", func(s string) string { return "@someone " + s }},
	{"a handle behind", func(s string) string { return s + " @someone@example.social" }},
	{"a retweet", func(s string) string { return "RT @octocat: " + s }},
	{"quotation marks", func(s string) string { return "“" + s + "”" }},
	{"white space", func(s string) string { return "\n  " + strings.ReplaceAll(s, " ", "  ") + "\t" }},
	{"no-break spaces", func(s string) string { return strings.ReplaceAll(s, " ", "\u00a0") }},
	{"curly apostrophes", func(s string) string { return strings.ReplaceAll(s, "'", "’") }},
}

func fullWidth(s string) string {
	return strings.Map(func(r rune) rune {
		if '!' <= r && r <= '~' {
			return r - '!' + '！'
		}
		return r
	}, s)
}

func TestDressesDoNotChangeTheAnswer(t *testing.T) {
	m := shippedModel(t)
	for _, p := range plainPosts {
		plain := m.Classify(p.text, "en")
		if plain.Stance != p.want {
			t.Errorf("%q: %s %.2f, want %s", p.text, plain.Stance, plain.Probabilities, p.want)
			continue
		}
		for _, d := range dresses {
			if got := m.Classify(d.on(p.text), "en"); got.Stance != plain.Stance {
				t.Errorf("%s: %q: %s %.2f, plain it is %s", d.name, d.on(p.text), got.Stance, got.Probabilities, plain.Stance)
			}
		}
	}
}

// TestEmojiVariants: a tone of skin, a variant selector and a joiner change
// nothing at all.
func TestEmojiVariants(t *testing.T) {
	m := shippedModel(t)
	for _, c := range [][2]string{{"❤️", "❤"}, {"👏🏽", "👏"}, {"🙏🏿", "🙏"}, {"🤷🏼‍♀️", "🤷♀"}, {"☕️", "☕"}} {
		a, b := m.Classify(fmt.Sprintf("ops team %s tonight", c[0]), "en"), m.Classify(fmt.Sprintf("ops team %s tonight", c[1]), "en")
		if a != b {
			t.Errorf("%s: %+v; %s: %+v", c[0], a, c[1], b)
		}
	}
}
