package wire

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
)

func TestHTMLText(t *testing.T) {
	cases := []struct {
		name, html, text string
		urls             string
	}{
		{"paragraphs and breaks", "<p>one</p><p>two<br>three<br/>four</p>", "one\ntwo\nthree\nfour", ""},
		{"entities, once", "<p>a &amp;lt; b &#128591; &quot;c&quot; &nosuch;</p>", "a &lt; b 🙏 \"c\" &nosuch;", ""},
		{"a long link, its ends hidden", `<a href="https://status.example/incidents/1234567890"><span class="invisible">https://</span><span class="ellipsis">status.example/incid</span><span class="invisible">ents/1234567890</span></a>`,
			"https://status.example/incidents/1234567890", "https://status.example/incidents/1234567890"},
		{"mention and hashtag are no addresses", `<a href="https://a.example/@bo" class="u-url mention">@<span>bo</span></a> <a href="https://a.example/tags/hugops" class="mention hashtag">#<span>hugops</span></a>`, "@bo #hugops", ""},
		{"an address in a query", `<a href="https://a.example/?a=1&amp;b=2">x</a>`, "x", "https://a.example/?a=1&b=2"},
		{"no web address", `<a href="javascript:alert(1)">x</a><a href="mailto:a@b.example">y</a>`, "xy", ""},
		{"the same address twice", `<a href="https://a.example/">x</a><a href="https://a.example/">y</a>`, "xy", "https://a.example/"},
		{"scripts and styles are no text", `a<script>if (1<2) b()</script><style>p{}</style>c`, "ac", ""},
		{"quote for servers without quotes", `<p class="quote-inline">RE: <a href="https://a.example/1">a</a></p><p>so true</p>`, "so true", ""},
		{"a list", "<ul><li>one</li><li>two</li></ul>", "one\ntwo", ""},
		{"no markup", "1 < 2 and 3 > 2", "1 < 2 and 3 > 2", ""},
		{"unclosed", "<p>open <b>bold <a href=", "open bold", ""},
		{"nothing", "", "", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			text, urls := HTMLText(c.html)
			if text != c.text || strings.Join(urls, " ") != c.urls {
				t.Errorf("got %q %q, want %q %q", text, urls, c.text, c.urls)
			}
		})
	}
}

func FuzzHTMLText(f *testing.F) {
	f.Add(`<p>a<br>b <a href="https://a.example/">c</a></p>`)
	f.Add("<p class=quote-inline><p>x</p>")
	f.Fuzz(func(t *testing.T, content string) {
		text, urls := HTMLText(content)
		if utf8.ValidString(content) && !utf8.ValidString(text) {
			t.Errorf("%q became invalid UTF-8", content)
		}
		if slices.ContainsFunc(urls, func(u string) bool { return !WebURL(u) }) {
			t.Errorf("urls %q", urls)
		}
	})
}

func TestCutText(t *testing.T) {
	long := strings.Repeat("a", hugops.MaxText-1) + "🫂🫂"
	cut := CutText(long)
	if len(cut) != hugops.MaxText-1 || !utf8.ValidString(cut) {
		t.Errorf("%d bytes, valid %t", len(cut), utf8.ValidString(cut))
	}
	if CutText("short") != "short" {
		t.Error("a short text is changed")
	}
}

func TestLang(t *testing.T) {
	for tag, want := range map[string]string{"en": "en", "pt-BR": "pt-BR", "und": "", "UND": "", "zxx": "", "qme": "", "": "", strings.Repeat("x", 36): ""} {
		if got := Lang(tag); got != want {
			t.Errorf("%q became %q, want %q", tag, got, want)
		}
	}
}

func TestUnmarshal(t *testing.T) {
	type object struct {
		ID   ID         `json:"id"`
		Soft Soft[bool] `json:"soft"`
	}
	cases := []struct {
		name, raw string
		want      object
		err       bool
	}{
		{"a string", `{"id":"7"}`, object{ID: "7"}, false},
		{"a number", `{"id":123456789012345678}`, object{ID: "123456789012345678"}, false},
		{"null", `{"id":null}`, object{}, false},
		{"an object is no id", `{"id":{}}`, object{}, true},
		{"a negative number is no id", `{"id":-1}`, object{}, true},
		{"soft: the right shape", `{"soft":true}`, object{Soft: Soft[bool]{V: true}}, false},
		{"soft: another shape", `{"id":"1","soft":[1]}`, object{ID: "1"}, false},
		{"soft: still JSON", `{"soft":[1}`, object{}, true},
		{"duplicate names", `{"id":"1","id":"2"}`, object{ID: "2"}, false},
		{"invalid UTF-8", "{\"id\":\"\xff\"}", object{}, true},
		{"too long", `{"id":"` + strings.Repeat("1", MaxBytes) + `"}`, object{}, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var got object
			err := Unmarshal([]byte(c.raw), &got)
			if (err != nil) != c.err || err != nil && !errors.Is(err, hugops.ErrInvalid) {
				t.Fatalf("error %v", err)
			}
			if err == nil && got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// TestAdmit shows what the door does with three people, and that a door without
// lists lets everybody through as a pseudonym.
func TestAdmit(t *testing.T) {
	door := pipeline.Door{
		Pseudonyms: hugops.NewPseudonyms([]byte("k")),
		OptedOut:   func(_ hugops.Network, handle string) bool { return handle == "shy" },
		AuthorService: func(_ hugops.Network, handle string) string {
			return map[string]string{"nimbus": "nimbus-cloud"}[handle]
		},
	}
	if _, ok := Admit(door, hugops.X, "1", "shy"); ok {
		t.Error("who opted out came through")
	}
	provider, ok := Admit(door, hugops.X, "2", "nimbus")
	if !ok || provider.Service != "nimbus-cloud" || !hugops.IsPseudonym(provider.Pseudonym) {
		t.Errorf("the provider: %+v, %t", provider, ok)
	}
	open := pipeline.Door{Pseudonyms: door.Pseudonyms}
	if a, ok := Admit(open, hugops.X, "3", "shy"); !ok || a.Service != "" || !hugops.IsPseudonym(a.Pseudonym) {
		t.Errorf("a door without lists: %+v, %t", a, ok)
	}
}
