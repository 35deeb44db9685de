package statusfeed

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// xmlFeed is an Atom feed (RFC 4287) or an RSS channel (2.0 or 1.0).
type xmlFeed struct {
	root    string // feed, rss or RDF
	title   string
	link    string
	updated time.Time // of the feed itself; in some it moves with the clock
	items   []xmlItem
}

// xmlItem is an entry or an item.
type xmlItem struct {
	id, title, link, body string
	published, updated    time.Time
	categories            []string
	raw                   []byte
	err                   error // in one of the times
}

// parseXML reads either. A page of HTML is an error.
func parseXML(raw []byte) (*xmlFeed, error) {
	if text := bytes.TrimSpace(raw); len(text) == 0 || text[0] != '<' {
		return nil, fmt.Errorf("no XML: it begins with %.20q", text)
	}
	f := &xmlFeed{}
	d := xml.NewDecoder(bytes.NewReader(raw))
	d.Strict, d.Entity, d.CharsetReader = false, xml.HTMLEntity, charset
	for {
		begin := d.InputOffset()
		token, err := d.Token()
		switch {
		case err == io.EOF && f.root == "":
			return nil, errors.New("XML without an element")
		case err == io.EOF:
			return f, nil
		case err != nil:
			return nil, err
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if err := f.element(d, start, raw, begin); err != nil {
			return nil, err
		}
	}
}

// element reads what begins at start: the root, something about the feed, or an
// item with all that is in it.
func (f *xmlFeed) element(d *xml.Decoder, start xml.StartElement, raw []byte, begin int64) error {
	name := start.Name.Local
	switch {
	case f.root == "":
		if name != "feed" && name != "rss" && name != "RDF" {
			return fmt.Errorf("neither Atom nor RSS: the root is <%.20s>", name)
		}
		f.root = name
		return nil
	case name == "item" || name == "entry":
		var e xmlEntry
		if err := d.DecodeElement(&e, &start); err != nil {
			return err
		}
		it := e.item()
		it.raw = raw[begin:d.InputOffset()]
		f.items = append(f.items, it)
		return nil
	case name == "channel":
		return nil
	}
	var v struct {
		Text string `xml:",chardata"`
		Href string `xml:"href,attr"`
	}
	if err := d.DecodeElement(&v, &start); err != nil {
		return err
	}
	text := strings.TrimSpace(v.Text)
	switch name {
	case "title":
		f.title = cmp.Or(f.title, text)
	case "link":
		f.link = cmp.Or(f.link, text, v.Href)
	case "updated", "lastBuildDate", "date":
		if t, err := parseTime(text); err == nil {
			f.updated = later(f.updated, t)
		}
	}
	return nil
}

// xmlEntry has the elements of Atom and of RSS.
type xmlEntry struct {
	Title string `xml:"title"`
	ID    string `xml:"id"`
	GUID  string `xml:"guid"`
	Links []struct {
		Href string `xml:"href,attr"`
		Rel  string `xml:"rel,attr"`
		Text string `xml:",chardata"`
	} `xml:"link"`
	Published   string  `xml:"published"`
	Updated     string  `xml:"updated"`
	PubDate     string  `xml:"pubDate"`
	Date        string  `xml:"date"`
	Content     xmlText `xml:"content"`
	Encoded     string  `xml:"encoded"`
	Summary     xmlText `xml:"summary"`
	Description string  `xml:"description"`
	Categories  []struct {
		Term string `xml:"term,attr"`
		Text string `xml:",chardata"`
	} `xml:"category"`
}

// xmlText is text, escaped HTML, or XHTML as it stands.
type xmlText struct {
	Type  string `xml:"type,attr"`
	Text  string `xml:",chardata"`
	Inner string `xml:",innerxml"`
}

func (t xmlText) html() string {
	if t.Type == "xhtml" {
		return t.Inner
	}
	return strings.TrimSpace(t.Text)
}

func (e *xmlEntry) item() xmlItem {
	it := xmlItem{id: strings.TrimSpace(cmp.Or(e.ID, e.GUID)), title: strings.TrimSpace(plain(e.Title)),
		body: cmp.Or(e.Content.html(), strings.TrimSpace(e.Encoded), e.Summary.html(), strings.TrimSpace(e.Description))}
	for _, l := range e.Links {
		if l.Rel == "" || l.Rel == "alternate" {
			it.link = cmp.Or(it.link, strings.TrimSpace(l.Href), strings.TrimSpace(l.Text))
		}
	}
	for _, c := range e.Categories {
		it.categories = append(it.categories, cmp.Or(c.Term, strings.TrimSpace(c.Text)))
	}
	var err error
	it.published, it.err = parseTime(cmp.Or(e.Published, e.PubDate, e.Date, e.Updated))
	it.updated, err = parseTime(cmp.Or(e.Updated, e.PubDate, e.Published, e.Date))
	it.err = errors.Join(it.err, err)
	return it
}

// charset reads what is no UTF-8. UTF-16 has been turned before, whatever the
// declaration says then.
func charset(label string, r io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "utf-8", "utf8", "us-ascii", "utf-16", "utf-16be", "utf-16le":
		return r, nil
	case "iso-8859-1", "latin1":
		raw, err := io.ReadAll(r)
		if err != nil {
			return nil, err
		}
		runes := make([]rune, len(raw))
		for i, b := range raw {
			runes[i] = rune(b)
		}
		return strings.NewReader(string(runes)), nil
	}
	return nil, fmt.Errorf("the encoding %.20q is not known", label)
}
