package web

import (
	"encoding/xml"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// oembedAnswer is the answer of https://oembed.com, 2.3.4: type rich.
type oembedAnswer struct {
	XMLName      xml.Name `json:"-" xml:"oembed"`
	Type         string   `json:"type" xml:"type"`
	Version      string   `json:"version" xml:"version"`
	Title        string   `json:"title" xml:"title"`
	ProviderName string   `json:"provider_name" xml:"provider_name"`
	ProviderURL  string   `json:"provider_url" xml:"provider_url"`
	CacheAge     int      `json:"cache_age" xml:"cache_age"` // seconds
	HTML         string   `json:"html" xml:"html"`
	Width        int      `json:"width" xml:"width"`
	Height       int      `json:"height" xml:"height"`
	// The card, where it fits into what was asked for.
	ThumbnailURL    string `json:"thumbnail_url,omitempty" xml:"thumbnail_url,omitempty"`
	ThumbnailWidth  int    `json:"thumbnail_width,omitempty" xml:"thumbnail_width,omitempty"`
	ThumbnailHeight int    `json:"thumbnail_height,omitempty" xml:"thumbnail_height,omitempty"`
}

const oembedWidth = 600

// oembed answers /oembed?url=…: the iframe of one of our own pages.
func (s *site) oembed(r *http.Request) (*answer, error) {
	q := r.URL.Query()
	format := q.Get("format")
	if format != "" && format != "json" && format != "xml" {
		return nil, &failure{code: http.StatusNotImplemented, safe: "format is json or xml.", err: fmt.Errorf("oEmbed format %q", clip(format, 20))}
	}
	maxW, err := wholeParam(q.Get("maxwidth"), math.MaxInt32, math.MaxInt32)
	if err != nil {
		return nil, badRequest("maxwidth is a whole number of pixels.")
	}
	maxH, err := wholeParam(q.Get("maxheight"), math.MaxInt32, math.MaxInt32)
	if err != nil {
		return nil, badRequest("maxheight is a whole number of pixels.")
	}
	if q.Get("url") == "" {
		return nil, badRequest("url is missing: give the address of an outage or of a service here.")
	}
	code, title, err := s.embeddable(r, q.Get("url"))
	if err != nil {
		return nil, err
	}
	return oembedOf(code, title, maxW, maxH, format)
}

// embeddable finds what one of our own addresses shows.
func (s *site) embeddable(r *http.Request, address string) (embedCode, string, error) {
	code, now := embedCode{Base: s.base(r)}, s.Now().UTC()
	u, err := url.Parse(address)
	base, _ := url.Parse(code.Base) // s.base makes addresses
	if err != nil || !strings.EqualFold(u.Host, base.Host) || u.Scheme != "http" && u.Scheme != "https" {
		return code, "", errNoPage
	}
	for _, p := range []struct {
		prefix string
		into   *string
		find   func(*http.Request, string, time.Time) (*shown, error)
	}{
		{"/outages/", &code.ID, s.ofOutage}, {"/services/", &code.Service, s.ofService},
		{"/embed/service/", &code.Service, s.ofService}, {"/embed/", &code.ID, s.ofOutage},
	} {
		name, ok := strings.CutPrefix(u.Path, p.prefix)
		if !ok {
			continue
		}
		found, err := p.find(r, name, now)
		if err != nil {
			return code, "", err
		}
		*p.into = name
		if found == nil {
			return code, name, nil
		}
		one := newRow(found.Summary, now)
		if code.ID != "" {
			code.ID = one.ID // it may have turned out to be another one
		}
		return code, one.Service + ": " + one.Title, nil
	}
	return code, "", errNoPage
}

func oembedOf(code embedCode, title string, maxW, maxH int, format string) (*answer, error) {
	o := oembedAnswer{
		Type: "rich", Version: "1.0", Title: title, ProviderName: "hugops", ProviderURL: code.Base + "/", CacheAge: 300,
		Width: min(oembedWidth, maxW), Height: frameHeight,
	}
	if o.Width < frameNarrow {
		o.Height = frameTall
	}
	o.Height = min(o.Height, maxH)
	o.HTML = frameTag(code.Base+code.FramePath(), fmt.Sprint(o.Width), o.Height)
	if code.ID != "" && maxW >= cardW && maxH >= cardH {
		o.ThumbnailURL, o.ThumbnailWidth, o.ThumbnailHeight = code.Base+"/card/"+code.ID+".png", cardW, cardH
	}
	if format != "xml" {
		return asJSON(o)
	}
	body, err := xml.MarshalIndent(o, "", " ")
	if err != nil {
		return nil, fmt.Errorf("encoding oEmbed: %w", err)
	}
	return &answer{Type: "text/xml; charset=utf-8", Cache: cacheShort, Body: append([]byte(xml.Header), body...)}, nil
}
