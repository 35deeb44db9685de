package web

import "net/http"

// apiWorkings is what the index of an outage is made of, as everybody may see it:
// hugops.Workings.Public.
func (s *site) apiWorkings(r *http.Request) (*answer, error) {
	now := s.Now().UTC()
	d, err := s.detailOf(r, r.PathValue("id"), now)
	if err != nil {
		return nil, err
	}
	w, err := s.Store.Workings(r.Context(), d.Outage.ID, now)
	if err != nil {
		return nil, err
	}
	return asJSON(w.Public())
}
