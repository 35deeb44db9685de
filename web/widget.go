package web

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/hugops/hugops"
)

// loadEmbeds reads what embeds are made of.
func (s *site) loadEmbeds() (err error) {
	if s.words, err = loadLexicons(); err != nil {
		return err
	}
	if s.types, err = loadTypefaces(); err != nil {
		return err
	}
	s.pictures = newGallery()
	s.widget, err = loadWidget(s.words)
	return err
}

// wordsMark is where widget.js takes its words.
const wordsMark = "const [keys, words] = [[], {}];"

// loadWidget makes the script that travels: without its comments and indents, with
// the words of all languages, packed once as tightly as gzip can.
func loadWidget(words lexicons) (*answer, error) {
	src, err := assetFiles.ReadFile("assets/widget.js")
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for line := range bytes.Lines(src) {
		if line = bytes.TrimSpace(line); len(line) > 0 && !bytes.HasPrefix(line, []byte("//")) {
			b.Write(append(line, '\n'))
		}
	}
	if !bytes.Contains(b.Bytes(), []byte(wordsMark)) {
		return nil, fmt.Errorf("widget.js has no line %q for its words", wordsMark)
	}
	body := bytes.Replace(b.Bytes(), []byte(wordsMark), wordsScript(words), 1)
	return &answer{Type: contentType(".js"), Cache: cacheProse, Body: body, packed: gzipped(body, gzip.BestCompression)}, nil
}

// wordsScript writes the words as script: the keys once, then a list a language.
func wordsScript(words lexicons) []byte {
	var keys []string
	for key := range words["en"].Widget {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	lists := map[string][]string{}
	for code, l := range words {
		for _, key := range keys {
			lists[code] = append(lists[code], l.Widget[key])
		}
	}
	k, _ := json.Marshal(keys) // strings always marshal
	l, _ := json.Marshal(lists)
	return fmt.Appendf(nil, "const [keys, words] = [%s, %s];", k, l)
}

func (s *site) widgetScript(*http.Request) (*answer, error) { return s.widget, nil }

// shown is what an embed shows: an outage, and how many others of its service go on.
type shown struct {
	hugops.Summary
	More int
}

// ofOutage finds an outage for an embed.
func (s *site) ofOutage(r *http.Request, id string, now time.Time) (*shown, error) {
	d, err := s.detailOf(r, id, now)
	if err != nil {
		return nil, err
	}
	return &shown{Summary: d.Summary}, nil
}

// ofService finds what goes on for a service: the outage with most posts, nil when all
// is well, or an error wrapping hugops.ErrNotFound for a service that nobody knows.
func (s *site) ofService(r *http.Request, slug string, now time.Time) (*shown, error) {
	going := true
	page, err := s.outagePage(r, now, hugops.OutageQuery{Service: slug, Open: &going, Limit: most})
	if err != nil {
		return nil, err
	}
	if lead := leadOf(page.Summaries); lead != nil {
		found := &shown{Summary: *lead}
		if lead.Index.Pending { // right after a start; embeds have no words for it, so they wait
			if found, err = s.ofOutage(r, lead.Outage.ID, now); err != nil {
				return nil, err
			}
		}
		found.More = len(page.Summaries) - 1
		return found, nil
	}
	if _, known := s.known[slug]; known {
		return nil, nil
	}
	page, err = s.outagePage(r, now, hugops.OutageQuery{Service: slug, Limit: 1})
	if err == nil && len(page.Summaries) == 0 {
		err = fmt.Errorf("service %q: %w", clip(slug, 40), hugops.ErrNotFound)
	}
	return nil, err
}

// The shape that widget.js reads; doc.go shows it.
type (
	widgetFigures struct {
		Outage *widgetOutage `json:"outage"` // null: all is well
		More   int           `json:"more"`   // others of the service that go on
		All    string        `json:"all"`    // where they stand
	}
	widgetOutage struct {
		ID        string      `json:"id"`
		Open      bool        `json:"open"`
		Demo      bool        `json:"demo"`
		Suspected bool        `json:"suspected"`
		URL       string      `json:"url"`
		Index     widgetIndex `json:"index"`
	}
	// widgetIndex is rounded as readers see it; the first three are 0 unless Enough.
	widgetIndex struct {
		Enough  bool `json:"enough"`
		Value   int  `json:"value"`
		Lower   int  `json:"lower"`
		Upper   int  `json:"upper"`
		Sided   int  `json:"sided"`
		Support int  `json:"support"`
	}
)

// cacheWidget is shorter than the minute in which widgets ask.
const cacheWidget = "public, max-age=15"

func (s *site) widgetOutage(r *http.Request) (*answer, error) {
	now := s.Now().UTC()
	found, err := s.ofOutage(r, r.PathValue("id"), now)
	if err != nil {
		return nil, err
	}
	return s.widgetAnswer(r, found, now)
}

func (s *site) widgetService(r *http.Request) (*answer, error) {
	now := s.Now().UTC()
	found, err := s.ofService(r, r.PathValue("slug"), now)
	if err != nil {
		return nil, err
	}
	return s.widgetAnswer(r, found, now)
}

func (s *site) widgetAnswer(r *http.Request, found *shown, now time.Time) (*answer, error) {
	f, base := widgetFigures{}, s.base(r)
	if found != nil {
		o, ix := found.Outage, newFigure(found.Index, false)
		f = widgetFigures{More: found.More, All: base + servicePath(o.Service), Outage: &widgetOutage{
			o.ID, o.OpenAt(now), o.Demo, o.Suspected, base + "/outages/" + o.ID,
			widgetIndex{ix.Enough, ix.Value, ix.Lower, ix.Upper, ix.Sided, ix.Support},
		}}
	}
	a, err := asJSON(f)
	if err == nil {
		a.Cache = cacheWidget
	}
	return a, err
}

// unknown reports whether nobody knows what was asked for.
func unknown(err error) bool { return errors.Is(err, hugops.ErrNotFound) }
