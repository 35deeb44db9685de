package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// badgeView is a badge of two words and its geometry.
type badgeView struct {
	Left, Right, Label   string
	LeftW, RightW, Total int
	Ground               string
	Unknown              bool // nobody knows what was asked for
}

const (
	badgeGround = "#332D3A"
	badgeNow    = "#8A2A6B" // there is a current number
	badgeNone   = "#5C5466"
	badgeCache  = "public, max-age=60"
)

// badgeOutage answers /badge/{id}.svg, .png (twice the size, for mail) and .json (for
// shields.io): the index with its range, or with ?show=hugs the number of people who
// sent support.
func (s *site) badgeOutage(r *http.Request) (*answer, error) {
	return s.badge(r, func(id string, now time.Time) (*shown, error) { return s.ofOutage(r, id, now) })
}

// badgeService is the badge of what goes on for a service now.
func (s *site) badgeService(r *http.Request) (*answer, error) {
	return s.badge(r, func(slug string, now time.Time) (*shown, error) { return s.ofService(r, slug, now) })
}

// badge answers what nobody knows with a badge too: a picture in a read-me must not
// break.
func (s *site) badge(r *http.Request, find func(name string, now time.Time) (*shown, error)) (*answer, error) {
	file, q := r.PathValue("file"), r.URL.Query()
	ext := path.Ext(file)
	as := map[string]func(context.Context, badgeView) (*answer, error){".svg": s.badgeSVG, ".png": s.badgePNG, ".json": shieldsEndpoint}[ext]
	if as == nil {
		return nil, errNoPage
	}
	words := s.words.of(q.Get("lang"))
	if ext == ".png" && !s.types.has(words.Badge) {
		words = s.words.of("en")
	}
	now := s.Now().UTC()
	found, err := find(strings.TrimSuffix(file, ext), now)
	if err != nil && !unknown(err) {
		return nil, err
	}
	v := newBadge(words.Badge["empathy"], words.Badge["unknown"], false, "hugops: "+words.Say("lost"))
	switch v.Unknown = err != nil; {
	case err != nil:
	case found == nil:
		v = newBadge(words.Badge["empathy"], words.Badge["well"], false, "hugops: "+words.Badge["well"])
	default:
		v = badgeOf(newRow(found.Summary, now), words, q.Get("show") == "hugs")
	}
	return as(r.Context(), v)
}

func badgeOf(r row, w lexicon, hugs bool) badgeView {
	what, left, f := r.Service+": ", w.Badge["empathy"], w.In(r.Figure)
	if hugs {
		left = w.Badge["hugs"]
	}
	if r.Demo {
		what, left = w.Say("demo")+", "+what, left+", "+strings.ToLower(w.Say("demo"))
	}
	switch {
	case hugs && f.Support >= fewest:
		return newBadge(left, w.Count(f.Support), true, what+w.Say("sent", "n", w.Count(f.Support)))
	case hugs:
		return newBadge(left, w.Badge["welcome"], true, what+w.Say("send"))
	case f.Enough:
		return newBadge(left, strconv.Itoa(f.Value)+" ("+f.Range()+")", true, what+f.Label)
	}
	return newBadge(left, w.Badge["few"], false, what+f.Label)
}

func newBadge(left, right string, current bool, label string) badgeView {
	v := badgeView{Left: left, Right: right, Label: label, LeftW: textWidth(left), RightW: textWidth(right), Ground: badgeNone}
	if current {
		v.Ground = badgeNow
	}
	v.Total = 25 + v.LeftW + 6 + 8 + v.RightW + 8
	return v
}

// Split is where the two halves of the badge meet.
func (v badgeView) Split() int { return v.LeftW + 31 }

// RightX is where the second word begins.
func (v badgeView) RightX() int { return v.Split() + 8 }

// RightRect is the width of the second half without its round corners.
func (v badgeView) RightRect() int { return v.Total - v.Split() - 3 }

// code is 404 for what nobody knows: programs see it, pictures show.
func (v badgeView) code() int {
	if v.Unknown {
		return http.StatusNotFound
	}
	return http.StatusOK
}

func (s *site) badgeSVG(_ context.Context, v badgeView) (*answer, error) {
	var b bytes.Buffer
	if err := s.pages["badge"].ExecuteTemplate(&b, "badge", v); err != nil {
		return nil, fmt.Errorf("rendering badge: %w", err)
	}
	return &answer{Code: v.code(), Type: "image/svg+xml", Cache: badgeCache, Body: bytes.TrimSpace(b.Bytes())}, nil
}

// badgePNG is the badge at twice its size.
func (s *site) badgePNG(ctx context.Context, v badgeView) (*answer, error) {
	body, err := s.pictures.get(ctx, fmt.Sprintf("badge %+v", v), func() ([]byte, error) {
		c := newCanvas(float64(v.Total), 20, 2)
		c.fill(colour(badgeGround), func(o outline) { o.box(0, 0, float64(v.Total), 20, 3) })
		c.fill(colour(v.Ground), func(o outline) { o.box(float64(v.Split()), 0, float64(v.Total-v.Split()), 20, 3) })
		c.fill(colour(v.Ground), func(o outline) { o.box(float64(v.Split()), 0, 6, 20, 0) })
		markOn(c, 6, 4.6, .46, colour("#FFFFFF"), colour("#F3C3E2"))
		for _, t := range []struct {
			x, room float64
			text    string
		}{{25, float64(v.LeftW), v.Left}, {float64(v.RightX()), float64(v.RightW), v.Right}} {
			const size = 12 // Go's sans is narrower than Verdana
			w, _ := width(face(s.types.sans, size), t.text, 0)
			c.text(s.types.sans, size, colour("#FFFFFF"), t.x+(t.room-w)/2, 14.2, 0, t.text)
		}
		return c.png(colour(badgeGround), colour(v.Ground), colour("#FFFFFF"))
	})
	if err != nil {
		return nil, err
	}
	return &answer{Code: v.code(), Type: "image/png", Cache: badgeCache, Body: body}, nil
}

// markOn draws the mark of the house, 30 × 24 before scaling.
func markOn(c *canvas, x, y, scale float64, arms, dot interface{ RGBA() (r, g, b, a uint32) }) {
	at := func(px, py float64) point { return point{x + px*scale, y + py*scale} }
	c.stroke(arms, at(8.5, 2), at(-1.5, 12), at(8.5, 22), 3.2*scale)
	c.stroke(arms, at(21.5, 2), at(31.5, 12), at(21.5, 22), 3.2*scale)
	c.fill(dot, func(o outline) { o.disc(at(15, 12).X, at(15, 12).Y, 4.6*scale) })
}

// shieldsEndpoint is the badge in the schema of https://shields.io/badges/endpoint-badge.
// It is 200 for what nobody knows, since Shields draws nothing from a 404.
func shieldsEndpoint(_ context.Context, v badgeView) (*answer, error) {
	body, err := json.Marshal(struct {
		SchemaVersion int    `json:"schemaVersion"`
		Label         string `json:"label"`
		Message       string `json:"message"`
		Color         string `json:"color"`
		LabelColor    string `json:"labelColor"`
		IsError       bool   `json:"isError,omitempty"`
		CacheSeconds  int    `json:"cacheSeconds"`
	}{1, v.Left, v.Right, strings.TrimPrefix(v.Ground, "#"), strings.TrimPrefix(badgeGround, "#"), v.Unknown, 300})
	if err != nil {
		return nil, fmt.Errorf("encoding badge: %w", err)
	}
	return &answer{Type: "application/json", Cache: badgeCache, Body: append(body, '\n')}, nil
}

// has reports whether the sans can write all of these words.
func (t typefaces) has(words map[string]string) bool {
	f := face(t.sans, 12)
	for _, w := range words {
		if _, ok := width(f, w, 0); !ok {
			return false
		}
	}
	return true
}

// textWidth is about how wide a word stands in 11 px Verdana; textLength in the
// SVG makes it exact whatever the font.
func textWidth(s string) int {
	w := 0.0
	for _, r := range s {
		switch {
		case strings.ContainsRune("ijl.,'|", r):
			w += 3.6
		case strings.ContainsRune("ft(r)- ", r):
			w += 4.7
		case strings.ContainsRune("mwMW", r):
			w += 9.6
		case r >= 0x2E80: // Chinese, Japanese, Korean
			w += 11
		case r >= '0' && r <= '9' || r >= utf8.RuneSelf:
			w += 7
		default:
			w += 6.6
		}
	}
	return int(w + 0.5)
}
