package wire

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// HTMLText turns foreign HTML into plain text and the web addresses that it
// links to, each once. Paragraphs, list items and line breaks end a line.
//
// It knows Mastodon's habits: the ends of long links that stand in spans of the
// classes invisible and ellipsis are kept, links of mentions and hashtags are no
// addresses, and the line "RE: …" for servers without quotes is left out.
func HTMLText(content string) (text string, urls []string) {
	var b textBuilder
	t := html.NewTokenizer(strings.NewReader(content))
	t.SetMaxBuf(MaxBytes)
	for {
		switch t.Next() {
		case html.ErrorToken:
			return strings.TrimSpace(b.text.String()), b.urls
		case html.TextToken:
			b.write(t.Text())
		case html.StartTagToken, html.SelfClosingTagToken:
			name, attrs := t.TagName()
			b.open(atom.Lookup(name), attributes(t, attrs))
		case html.EndTagToken:
			name, _ := t.TagName()
			b.close(atom.Lookup(name))
		}
	}
}

type tagAttributes struct{ class, href string }

func attributes(t *html.Tokenizer, more bool) (a tagAttributes) {
	for more {
		var key, value []byte
		key, value, more = t.TagAttr()
		switch string(key) {
		case "class":
			a.class = string(value)
		case "href":
			a.href = string(value)
		}
	}
	return a
}

type textBuilder struct {
	text strings.Builder
	urls []string
	// hidden is the element whose content is left out until it closes.
	hidden atom.Atom
}

func (b *textBuilder) write(text []byte) {
	if b.hidden == 0 {
		b.text.Write(text) // the tokenizer has resolved the entities
	}
}

func (b *textBuilder) open(tag atom.Atom, a tagAttributes) {
	if b.hidden != 0 {
		return
	}
	switch tag {
	case atom.Br:
		b.text.WriteByte('\n')
	case atom.Script, atom.Style:
		b.hidden = tag
	case atom.P:
		if hasClass(a.class, "quote-inline") {
			b.hidden = tag
		}
	case atom.A:
		if !hasClass(a.class, "mention") && !hasClass(a.class, "hashtag") {
			b.link(a.href)
		}
	}
}

func (b *textBuilder) close(tag atom.Atom) {
	if b.hidden != 0 {
		if tag == b.hidden {
			b.hidden = 0
		}
		return
	}
	switch tag {
	case atom.P, atom.Div, atom.Li, atom.Blockquote, atom.Pre, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		b.text.WriteByte('\n')
	}
}

func (b *textBuilder) link(address string) {
	if WebURL(address) && !slices.Contains(b.urls, address) {
		b.urls = append(b.urls, address)
	}
}

func hasClass(classes, class string) bool {
	return slices.Contains(strings.Fields(classes), class)
}
