package web

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// Source Serif 4 (OFL 1.1) stands in for Charter in pictures that are drawn here; the
// sans is Go's own.
//
//go:embed fonts/*.ttf
var fontFiles embed.FS

// typefaces are what pictures are written in. A face of one size is made for each
// picture: faces keep state.
type typefaces struct{ serif, bold, sans *opentype.Font }

func loadTypefaces() (typefaces, error) {
	var t typefaces
	for _, f := range []struct {
		into **opentype.Font
		name string
	}{{&t.serif, "SourceSerif4_400Regular"}, {&t.bold, "SourceSerif4_700Bold"}, {&t.sans, ""}} {
		body := goregular.TTF
		if f.name != "" {
			var err error
			if body, err = fontFiles.ReadFile("fonts/" + f.name + ".ttf"); err != nil {
				return t, err
			}
		}
		one, err := opentype.Parse(body)
		if err != nil {
			return t, fmt.Errorf("reading font %s: %w", f.name, err)
		}
		*f.into = one
	}
	return t, nil
}

// face is a font at a size in pixels. Only sizes that make no sense fail.
func face(f *opentype.Font, size float64) font.Face {
	one, err := opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		panic(err)
	}
	return one
}

// width measures a text in pixels, with extra space after each letter. ok is false
// when the font lacks a letter.
func width(f font.Face, s string, spacing float64) (w float64, ok bool) {
	ok = true
	for _, r := range s {
		advance, has := f.GlyphAdvance(r)
		w += float64(advance)/64 + spacing
		ok = ok && has
	}
	return w, ok
}

// canvas is a picture that shapes are filled on, anti-aliased. Units are those of the
// drawing; scale makes them pixels.
type canvas struct {
	img   *image.RGBA
	scale float64
}

func newCanvas(w, h, scale float64) *canvas {
	return &canvas{image.NewRGBA(image.Rect(0, 0, int(math.Ceil(w*scale)), int(math.Ceil(h*scale)))), scale}
}

// outline is a path under construction, in units of the drawing.
type outline struct {
	*vector.Rasterizer
	scale float64
}

func (o outline) to(x, y float64) (float32, float32) {
	return float32(x * o.scale), float32(y * o.scale)
}

func (o outline) move(x, y float64) { o.MoveTo(o.to(x, y)) }
func (o outline) line(x, y float64) { o.LineTo(o.to(x, y)) }

// fill fills what shape outlines.
func (c *canvas) fill(col color.Color, shape func(outline)) {
	b := c.img.Bounds()
	o := outline{vector.NewRasterizer(b.Dx(), b.Dy()), c.scale}
	shape(o)
	o.Draw(c.img, b, image.NewUniform(col), image.Point{})
}

// disc adds a circle.
func (o outline) disc(x, y, r float64) {
	const k = 0.5522847498 // a quarter of a circle as a Bézier curve
	o.move(x+r, y)
	for _, q := range [4][2]float64{{1, 0}, {0, 1}, {-1, 0}, {0, -1}} {
		dx, dy := q[0], q[1] // where the quarter begins; it ends at (-dy, dx)
		ax, ay := o.to(x+r*(dx-k*dy), y+r*(dy+k*dx))
		bx, by := o.to(x+r*(-dy+k*dx), y+r*(dx+k*dy))
		ex, ey := o.to(x-r*dy, y+r*dx)
		o.CubeTo(ax, ay, bx, by, ex, ey)
	}
	o.ClosePath()
}

// box adds a rectangle with round corners.
func (o outline) box(x, y, w, h, r float64) {
	corners := [4][4]float64{{x + w - r, y, x + w, y + r}, {x + w, y + h - r, x + w - r, y + h}, {x + r, y + h, x, y + h - r}, {x, y + r, x + r, y}}
	at := [4][2]float64{{x + w, y}, {x + w, y + h}, {x, y + h}, {x, y}}
	o.move(x+r, y)
	for i, c := range corners {
		o.line(c[0], c[1])
		ax, ay := o.to(at[i][0], at[i][1])
		bx, by := o.to(c[2], c[3])
		o.QuadTo(ax, ay, bx, by)
	}
	o.ClosePath()
}

// stroke fills a quadratic curve of a width, with round ends.
func (c *canvas) stroke(col color.Color, from, by, to point, w float64) {
	const steps = 64
	at := func(t float64) (p, n point) { // place and normal
		u := 1 - t
		p = point{u*u*from.X + 2*u*t*by.X + t*t*to.X, u*u*from.Y + 2*u*t*by.Y + t*t*to.Y}
		dx, dy := u*(by.X-from.X)+t*(to.X-by.X), u*(by.Y-from.Y)+t*(to.Y-by.Y)
		l := math.Hypot(dx, dy)
		return p, point{-dy / l * w / 2, dx / l * w / 2}
	}
	c.fill(col, func(o outline) {
		for i := range 2 * (steps + 1) {
			t, side := float64(i)/steps, 1.0
			if i > steps {
				t, side = float64(2*steps+1-i)/steps, -1
			}
			p, n := at(t)
			if i == 0 {
				o.move(p.X+n.X, p.Y+n.Y)
				continue
			}
			o.line(p.X+side*n.X, p.Y+side*n.Y)
		}
		o.ClosePath()
	})
	c.fill(col, func(o outline) { o.disc(from.X, from.Y, w/2) })
	c.fill(col, func(o outline) { o.disc(to.X, to.Y, w/2) })
}

// text writes a line whose base begins at (x, y).
func (c *canvas) text(f *opentype.Font, size float64, col color.Color, x, y, spacing float64, s string) {
	d := font.Drawer{Dst: c.img, Src: image.NewUniform(col), Face: face(f, size*c.scale)}
	for _, r := range s {
		d.Dot = fixed.Point26_6{X: fixed.Int26_6(x * c.scale * 64), Y: fixed.Int26_6(y * c.scale * 64)}
		d.DrawString(string(r))
		advance, _ := d.Face.GlyphAdvance(r)
		x += float64(advance)/64/c.scale + spacing
	}
}

// png encodes the picture with a palette, which makes it a quarter as large: the main
// colours as they are, the steps between them four levels apart, which nobody sees.
func (c *canvas) png(main ...color.RGBA) ([]byte, error) {
	flat := image.NewPaletted(c.img.Bounds(), nil)
	known := map[[4]uint8]uint8{}
	index := func(p color.RGBA) uint8 {
		key := [4]uint8{p.R >> 2, p.G >> 2, p.B >> 2, p.A >> 2}
		i, ok := known[key]
		if !ok && len(flat.Palette) < 256 {
			i = uint8(len(flat.Palette))
			known[key], flat.Palette = i, append(flat.Palette, p)
		} else if !ok {
			i = uint8(flat.Palette.Index(p))
			known[key] = i
		}
		return i
	}
	for _, p := range main {
		index(p)
	}
	for i := range flat.Pix { // both pictures lie in memory without gaps
		p := c.img.Pix[4*i : 4*i+4]
		flat.Pix[i] = index(color.RGBA{p[0], p[1], p[2], p[3]})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, flat); err != nil {
		return nil, fmt.Errorf("encoding a picture: %w", err)
	}
	return b.Bytes(), nil
}

// ground fills the whole canvas.
func (c *canvas) ground(col color.Color) {
	draw.Draw(c.img, c.img.Bounds(), image.NewUniform(col), image.Point{}, draw.Src)
}

// colour reads a colour of six hexadecimal digits behind '#'.
func colour(s string) color.RGBA {
	var r, g, b uint8
	fmt.Sscanf(s, "#%02x%02x%02x", &r, &g, &b) // all callers write it out
	return color.RGBA{r, g, b, 255}
}

// gallery keeps drawn pictures by what they show. One is drawn at a time, so that many
// who ask cost no more than one; those that hang are given out meanwhile.
type gallery struct {
	easel chan struct{} // whoever draws has its one place

	mu    sync.Mutex
	byKey map[string][]byte
	order []string // oldest first
}

// hung is how many pictures are kept; a card has about 50 kB.
const hung = 64

func newGallery() *gallery {
	return &gallery{easel: make(chan struct{}, 1), byKey: map[string][]byte{}}
}

// get returns a picture; it stands in line to draw one no longer than ctx.
func (g *gallery) get(ctx context.Context, key string, paint func() ([]byte, error)) ([]byte, error) {
	if p := g.find(key); p != nil {
		return p, nil
	}
	select {
	case g.easel <- struct{}{}:
		defer func() { <-g.easel }()
	case <-ctx.Done():
		return nil, fmt.Errorf("in line for a picture: %w", ctx.Err())
	}
	if p := g.find(key); p != nil { // the one before drew it
		return p, nil
	}
	p, err := paint()
	if err == nil {
		g.hang(key, p)
	}
	return p, err
}

func (g *gallery) find(key string) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.byKey[key]
}

// hang keeps a picture in place of the oldest one.
func (g *gallery) hang(key string, p []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.order) == hung {
		delete(g.byKey, g.order[0])
		g.order = g.order[1:]
	}
	g.byKey[key], g.order = p, append(g.order, key)
}
