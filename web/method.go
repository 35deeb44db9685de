package web

import (
	"bytes"
	"net/http"

	"github.com/hugops/hugops"
)

// methodView is the method with the error model of the stance model in use.
type methodView struct {
	Min   int
	Model string
	Rows  []errorRow // empty when the model is not known
	Total int
}

// errorRow is one true stance with the mean probabilities that the model gives.
type errorRow struct {
	Stance                    string
	Support, Venting, Neutral string
	N                         int
}

// methodology tells how the index is made, with the measured errors of the model that
// reads the posts.
func (s *site) methodology(r *http.Request) (*answer, error) {
	v := methodView{Min: hugops.MinAuthors, Model: s.Errors.Model}
	v.fill(s.Errors)
	return s.render(r, "methodology", cacheProse, view{
		Title: "How we measure", Nav: "methodology", Data: v,
		Description: "What the empathy index is, how it is computed, how sure it is, and what it cannot say.",
	})
}

func (v *methodView) fill(m hugops.ErrorModel) {
	for i, stance := range []string{"support", "venting", "neutral"} {
		if m.N[i] == 0 {
			v.Rows, v.Total = nil, 0
			return
		}
		p := m.Mean[i]
		v.Rows = append(v.Rows, errorRow{stance, num(100 * p[0]), num(100 * p[1]), num(100 * p[2]), m.N[i]})
		v.Total += m.N[i]
	}
}

// metrics writes what the program counts, in the Prometheus text format.
func (s *site) metrics(*http.Request) (*answer, error) {
	if s.Metrics == nil {
		return nil, errNoPage
	}
	var b bytes.Buffer
	s.Metrics(&b)
	return &answer{Type: "text/plain; version=0.0.4; charset=utf-8", Cache: cacheNever, Body: b.Bytes()}, nil
}
