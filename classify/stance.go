package classify

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
	"unicode"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/classify/internal/linear"
)

//go:embed stance.model
var stanceFile []byte

// Model reads the stance of a text.
type Model interface {
	// Classify returns calibrated probabilities. lang is the BCP 47 tag that the
	// network gave, or "".
	Classify(text, lang string) hugops.Probabilities
	// Version names the model; another model has another version.
	Version() string
	// Errors says how the model errs on posts of an outage that it was not
	// trained on: its covariances hold how far outages differ from each other
	// (docs/MODEL.md, "The error model").
	Errors() hugops.ErrorModel
}

// Stance returns the shipped model, loaded once.
func Stance() (Model, error) { return stance() }

var stance = sync.OnceValues(func() (Model, error) {
	m, err := linear.Load(stanceFile)
	if err != nil {
		return nil, fmt.Errorf("classify: stance.model: %w", err)
	}
	return linearModel{m}, nil
})

type linearModel struct{ m *linear.Model }

func (l linearModel) Version() string           { return l.m.Version() }
func (l linearModel) Errors() hugops.ErrorModel { return l.m.Errors }

// Languages are those that the model has been taught and measured on.
var Languages = []string{"en", "de", "fr", "es", "pt", "nl", "ja"}

// foreignTrust is the weight of what the model says of a post in a language that
// it was never taught; the rest goes to neutral. Emoji and #hugops still speak in
// such posts, but nobody has measured how well: a post that cannot be read takes
// no side.
const foreignTrust = 0.25

func (l linearModel) Classify(text, lang string) hugops.Probabilities {
	p := l.m.Probabilities(text)
	if !taught(text, lang) {
		for k := range p {
			p[k] *= foreignTrust
		}
		p[2] += 1 - foreignTrust
	}
	return hugops.Probabilities{Support: p[0], Venting: p[1], Neutral: p[2]}
}

// taught reports whether the model knows the language: by the tag if there is
// one, else by the script of the letters.
func taught(text, lang string) bool {
	if base := baseLang(lang); base != "" && base != "und" && base != "mul" {
		for _, l := range Languages {
			if base == l {
				return true
			}
		}
		return false
	}
	return knownScript(text)
}

// knownScript reports whether at least half of the letters are Latin, Han or
// kana.
func knownScript(text string) bool {
	if strings.IndexFunc(text, func(r rune) bool { return r >= 0x370 }) < 0 {
		return true // nothing behind the Latin blocks
	}
	known, foreign := 0, 0
	for _, r := range text {
		switch {
		case !unicode.IsLetter(r):
		case unicode.In(r, unicode.Latin, unicode.Han, unicode.Hiragana, unicode.Katakana) || r == 'ー':
			known++
		default:
			foreign++
		}
	}
	return known >= foreign
}
