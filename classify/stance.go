package classify

import (
	_ "embed"
	"fmt"
	"sync"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/classify/internal/encoder"
	"github.com/hugops/hugops/classify/internal/linear"
	"github.com/hugops/hugops/classify/internal/plain"
)

//go:embed stance.model
var stanceFile []byte

//go:embed encoder.model
var encoderFile []byte

// Model reads the stance of a text.
type Model interface {
	// Classify says what it makes of a text, with calibrated probabilities. lang is
	// the BCP 47 tag that the network gave, or "".
	Classify(text, lang string) hugops.Verdict
	// Skim is Classify at the speed of a whole network: by the first reader alone.
	Skim(text, lang string) hugops.Verdict
	// Version names the model; another model has another version.
	Version() string
	// Errors says how the model errs on posts of an outage that it was not
	// trained on: its covariances hold how far outages differ from each other
	// (docs/MODEL.md, "The error model").
	Errors() hugops.ErrorModel
}

// Stance returns the shipped model, loaded once: a fast first reader, and a
// second one for the English posts of which the first is unsure.
func Stance() (Model, error) {
	m, err := load()
	if err != nil {
		return nil, err
	}
	return m, nil
}

var load = sync.OnceValues(func() (*model, error) {
	first, err := linear.Load(stanceFile)
	if err != nil {
		return nil, fmt.Errorf("classify: stance.model: %w", err)
	}
	second, err := encoder.Load(encoderFile)
	if err != nil {
		return nil, fmt.Errorf("classify: encoder.model: %w", err)
	}
	if err := first.Fits(second.Version()); err != nil {
		return nil, fmt.Errorf("classify: %w", err)
	}
	m := &model{first: first, second: second}
	m.scratch.New = func() any { return second.NewScratch() }
	return m, nil
})

// model is the first reader and the second.
type model struct {
	first   *linear.Model
	second  *encoder.Model
	scratch sync.Pool
}

// Version is that of the first reader: it was calibrated beside just this second
// one and names it in its file.
func (m *model) Version() string           { return m.first.Version() }
func (m *model) Errors() hugops.ErrorModel { return m.first.Errors }

func (m *model) Classify(text, lang string) hugops.Verdict { return m.read(text, lang, true) }
func (m *model) Skim(text, lang string) hugops.Verdict     { return m.read(text, lang, false) }

func (m *model) read(text, tag string, closely bool) hugops.Verdict {
	text = plain.Text(text)
	lang, known := languageOf(text, tag)
	if !known {
		return hugops.Verdict{Probabilities: hugops.Probabilities{Neutral: 1}, Stance: hugops.Neutral, Abstained: true,
			Targets: hugops.Targets{People: 1. / 3, Company: 1. / 3, Situation: 1. / 3}, Lang: lang, Model: m.Version()}
	}
	d := m.decide(text, closely && lang == "en")
	v := hugops.Verdict{
		Probabilities: hugops.Probabilities{Support: d.Stance[0], Venting: d.Stance[1], Neutral: d.Stance[2]},
		Stance:        hugops.Neutral, Abstained: d.Abstained, Sarcasm: d.Sarcasm,
		Targets: hugops.Targets{People: d.Targets[0], Company: d.Targets[1], Situation: d.Targets[2]},
		Lang:    lang, Model: m.Version(),
	}
	if !v.Abstained {
		v.Stance = v.Probabilities.Stance()
	}
	return v
}

// decide asks the first reader, and the second if the first is unsure.
func (m *model) decide(text string, closely bool) linear.Decision {
	first := m.first.Logits(text)
	if !closely || !m.first.Unsure(&first) {
		return m.first.Decide(&first, nil)
	}
	s := m.scratch.Get().(*encoder.Scratch)
	defer m.scratch.Put(s)
	var second linear.Logits
	for k, v := range m.second.Logits(s, plain.ForEncoder(text)) {
		second[k] = float64(v)
	}
	return m.first.Decide(&first, &second)
}
