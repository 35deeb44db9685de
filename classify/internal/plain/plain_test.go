package plain

import "testing"

func TestText(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"plain", "GitHub is down, 5 < 6 & 7", "GitHub is down, 5 < 6 & 7"},
		{"Mastodon's mark-up", `<p>hugs to <span class="h-card"><a href="https://a.example/@ops">@<span>ops</span></a></span></p><p>you &amp; yours<br />❤️</p>`, "hugs to @ops\nyou & yours\n❤\n"},
		{"entities alone", "down &gt; 2 h &amp; counting", "down > 2 h & counting"},
		{"a heart is no mark-up", "I <3 the ops team", "I <3 the ops team"},
		{"full-width letters", "＃ＨｕｇＯｐｓ　ありがとう", "#HugOps ありがとう"},
		{"zero-width characters", "hug\u200bops to\u2060 the\ufeff team", "hugops to the team"},
		{"tone of skin, variant, joiner", "👏🏽 ❤️ 👩‍💻", "👏 ❤ 👩💻"},
		{"spaced letters", "H U G O P S to all", "HUGOPS to all"},
		{"spaced letters, lower case, at the end", "many h u g s", "many hugs"},
		{"a short row of letters stays", "plan a b or c", "plan a b or c"},
		{"one letter at the start and the end", "I am a", "I am a"},
		{"a retweet", "RT @octocat: hugs for the ops", "hugs for the ops"},
		{"RT inside stays", "see RT @octocat below", "see RT @octocat below"},
		{"invalid bytes", "a\xffb\x00c", "abc"},
		{"Japanese", "お疲れさまです！", "お疲れさまです!"},
		{"nothing", "", ""},
	} {
		if got := Text(c.text); got != c.want {
			t.Errorf("%s: %q becomes %q, want %q", c.name, c.text, got, c.want)
		}
	}
}

func TestForEncoder(t *testing.T) {
	if got, want := ForEncoder("see\nhttps://status.example/x?y=1  and  HTTP://a.b"), "see http and http"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// FuzzText: a plain text stays as it is.
func FuzzText(f *testing.F) {
	for _, s := range []string{"H U G O P S", "<p>a</p>", "RT @a: RT @b: c", "&amp;lt;p&gt;", "ＲＴ @x: y", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(Text(s)) > 4*len(s)+8 {
			t.Errorf("%q grew to %q", s, Text(s))
		}
	})
}

// FuzzQuiet: what needs no closer look has nothing to take off.
func FuzzQuiet(f *testing.F) {
	for _, s := range []string{"quiet is the night", "a b c d e f g h", "eight to a b c d", "1234567 a b c d", "see RT @octocat below", "AT&T is down", "nul\x00 byte here", "I <3 the ops team", "HUGS h u g s", "Störung im Netz"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if quiet(s) && dressed(s) {
			t.Fatalf("%q is quiet and dressed", s)
		}
	})
}
