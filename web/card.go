package web

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"path"
	"strings"

	"golang.org/x/image/font/opentype"
)

// The hug card: what is shared of an outage. It shows support only: no index, no
// venting. One geometry, in pixels of a 1200 × 630 picture, is written as SVG and
// drawn as PNG.
const (
	cardW, cardH   = 1200.0, 630.0
	cardX, cardY   = 330.0, 315.0 // middle of the dots
	cardReach      = 200.0        // from there to the outermost dot, at most
	cardMostDots   = 1500
	cardText       = 668.0 // where words begin
	cardRoom       = cardW - cardText - 70
	cardGround     = "#431536"
	cardInk        = "#FFF6FB"
	cardDot        = "#F3C3E2"
	cardSmall      = "#E9BFD9"
	cardWords      = 46.0
	cardLongName   = 34.0
	cardArmsStroke = 15.0
)

// cardView is everything that a card shows.
type cardView struct {
	Dots  []point // from the middle
	DotR  float64
	Open  bool // one hollow dot: nobody has sent a hug yet
	Lines []cardLine
	Label string
}

// cardLine is one line of words.
type cardLine struct {
	X, Y, Size, Spacing float64
	Bold, Sans          bool
	Fill, Text          string
}

// newCard lays out the card of an outage.
func newCard(r row, date string, types typefaces) cardView {
	n, v := r.Figure.Support, cardView{}
	v.scatter(n)
	to := "to the people fixing"
	if r.Figure.Ended {
		to = "to those who fixed"
	}
	if r.Demo {
		date += ".  Demo: invented"
	}
	said := count(n) + " people sent a hug"
	switch {
	case n == 0:
		said = "Send a hug"
		v.Lines = append(v.Lines, bigLine(300, 88, said, types), wordLine(370, to))
	case n < fewest:
		said = "Someone sent a hug"
		v.Lines = append(v.Lines, bigLine(236, 110, "Someone", types), wordLine(312, "sent a hug"), wordLine(370, to))
	default:
		v.Lines = append(v.Lines, bigLine(236, 158, count(n), types), wordLine(312, "people sent a hug"), wordLine(370, to))
	}
	v.Lines = append(v.Lines, nameLines(r.Service, types)...)
	for i, t := range []string{date, dotWords(n)} {
		v.Lines = append(v.Lines, cardLine{X: cardText + 2, Y: 508 + 36*float64(i), Size: 25, Sans: true, Fill: cardSmall, Text: t})
	}
	v.Label = strings.ReplaceAll(said+" "+to+" "+r.Service+". "+date+". "+dotWords(n), "  ", " ")
	return v
}

// dotWords says what a dot is.
func dotWords(n int) string {
	switch each := perDot(n); {
	case n < fewest:
		return "#HugOps"
	case each == 1:
		return "Each dot is one person.  #HugOps"
	default:
		return "Each dot is " + count(each) + " people.  #HugOps"
	}
}

// bigLine is the number, or the word in its place, as large as there is room for.
func bigLine(y, size float64, s string, types typefaces) cardLine {
	l := cardLine{X: cardText - 4, Y: y, Size: size, Spacing: -0.038 * size, Bold: true, Fill: cardInk, Text: s}
	if w, _ := width(face(types.bold, size), s, l.Spacing); w > cardRoom {
		l.Size, l.Spacing = size*cardRoom/w, l.Spacing*cardRoom/w
	}
	return l
}

func wordLine(y float64, s string) cardLine {
	return cardLine{X: cardText, Y: y, Size: cardWords, Fill: cardInk, Text: s}
}

// perDot is how many people one dot stands for.
func perDot(n int) int {
	for each := 1; ; each *= 10 {
		for _, k := range []int{1, 2, 5} {
			if (n+each*k-1)/(each*k) <= cardMostDots {
				return each * k
			}
		}
	}
}

// scatter places the dots as a sunflower does its seeds, each 137.5° on from the last
// (Vogel 1979), so that they fill a disc evenly however many there are. Under five
// people one dot stands for someone.
func (v *cardView) scatter(n int) {
	dots := (n + perDot(n) - 1) / perDot(n)
	if n < fewest {
		dots, v.Open = 1, n == 0
	}
	step := min(cardReach/math.Sqrt(float64(dots)), 34)
	v.DotR = 0.64 * step
	golden := math.Pi * (3 - math.Sqrt(5))
	for i := range dots {
		radius, angle := step*math.Sqrt(float64(i)+0.5), golden*float64(i)
		if dots == 1 {
			radius = 0
		}
		v.Dots = append(v.Dots, point{round1(radius * math.Cos(angle)), round1(radius * math.Sin(angle))})
	}
}

// nameLines writes the service's name: smaller if it is long, on two lines if it is
// longer, cut short if it is longer still.
func nameLines(name string, types typefaces) []cardLine {
	line := func(y, size float64, s string) cardLine {
		return cardLine{X: cardText, Y: y, Size: size, Bold: true, Fill: cardInk, Text: s}
	}
	fits := func(size float64, s string) bool {
		w, ok := width(face(types.bold, size), s, 0)
		if !ok { // the browser's own font writes it; its letters may be as wide as high
			w = size * float64(len([]rune(s)))
		}
		return w <= cardRoom
	}
	switch {
	case fits(cardWords, name):
		return []cardLine{line(428, cardWords, name)}
	case fits(cardLongName, name):
		return []cardLine{line(424, cardLongName, name)}
	}
	first, rest := "", strings.Fields(name)
	for len(rest) > 0 && fits(cardLongName, strings.TrimSpace(first+" "+rest[0])) {
		first, rest = strings.TrimSpace(first+" "+rest[0]), rest[1:]
	}
	second := strings.Join(rest, " ")
	if first == "" { // one long word
		first, second = shorten(name, func(s string) bool { return fits(cardLongName, s) }), ""
	}
	second = shorten(second, func(s string) bool { return fits(cardLongName, s) })
	if second == "" {
		return []cardLine{line(424, cardLongName, first)}
	}
	return []cardLine{line(416, cardLongName, first), line(456, cardLongName, second)}
}

// shorten cuts letters off the end until a text fits.
func shorten(s string, fits func(string) bool) string {
	for n := len([]rune(s)); n > 1 && !fits(s); n-- {
		s = clip(s, n-1)
	}
	return s
}

// card answers /card/{id}.svg and .png.
func (s *site) card(r *http.Request) (*answer, error) {
	file, now := r.PathValue("file"), s.Now().UTC()
	ext := path.Ext(file)
	if ext != ".svg" && ext != ".png" {
		return nil, errNoPage
	}
	found, err := s.ofOutage(r, strings.TrimSuffix(file, ext), now)
	if err != nil {
		return nil, err
	}
	v := newCard(newRow(found.Summary, now), date(found.Outage.StartedAt), s.types)
	var b bytes.Buffer
	if err := s.pages["card"].ExecuteTemplate(&b, "card", v); err != nil {
		return nil, fmt.Errorf("rendering card: %w", err)
	}
	svg := bytes.TrimSpace(b.Bytes())
	if ext == ".svg" {
		return &answer{Type: "image/svg+xml", Cache: badgeCache, Body: svg}, nil
	}
	body, err := s.pictures.get(r.Context(), "card "+etag(svg), func() ([]byte, error) { return s.paint(v) })
	if err != nil {
		return nil, err
	}
	return &answer{Type: "image/png", Cache: badgeCache, Body: body}, nil
}

// paint draws a card. A name in letters that the font lacks becomes "this outage".
func (s *site) paint(v cardView) ([]byte, error) {
	c := newCanvas(cardW, cardH, 1)
	c.ground(colour(cardGround))
	c.fill(colour(cardDot), func(o outline) {
		for _, d := range v.Dots {
			o.disc(cardX+d.X, cardY+d.Y, v.DotR)
		}
	})
	if v.Open {
		c.fill(colour(cardGround), func(o outline) { o.disc(cardX, cardY, v.DotR-4) })
	}
	for _, side := range []float64{-1, 1} {
		c.stroke(colour(cardInk), point{cardX + side*150, cardY - 262}, point{cardX + side*382, cardY}, point{cardX + side*150, cardY + 262}, cardArmsStroke)
	}
	for _, l := range readable(v.Lines, s.types) {
		c.text(l.font(s.types), l.Size, colour(l.Fill), l.X, l.Y, l.Spacing, l.Text)
	}
	return c.png(colour(cardGround), colour(cardDot), colour(cardInk), colour(cardSmall))
}

func (l cardLine) font(t typefaces) *opentype.Font {
	switch {
	case l.Sans:
		return t.sans
	case l.Bold:
		return t.bold
	}
	return t.serif
}

// readable puts "this outage" in place of a name that the fonts cannot write.
func readable(lines []cardLine, t typefaces) []cardLine {
	var out []cardLine
	lost := false
	for _, l := range lines {
		if _, ok := width(face(l.font(t), l.Size), l.Text, 0); !ok {
			if lost {
				continue
			}
			lost, l.Text = true, "this outage"
		}
		out = append(out, l)
	}
	return out
}

// DotW is the width of a dot, HollowR the radius of the line around a hollow one.
func (v cardView) DotW() float64    { return 2 * v.DotR }
func (v cardView) HollowR() float64 { return v.DotR - 2 }
