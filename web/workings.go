package web

import "net/http"

// apiWorkings is what the index of an outage is made of, as everybody may see it:
// hugops.Workings.Public.
func (s *site) apiWorkings(r *http.Request) (*answer, error) {
	w, err := s.Store.Workings(r.Context(), r.PathValue("id"), s.Now().UTC())
	if err != nil {
		return nil, err
	}
	return asJSON(w.Public())
}
