package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/hugops/hugops"
)

type (
	// apiServiceOutages is a service with what is known of its outages.
	apiServiceOutages struct {
		Slug        string          `json:"slug"`
		Name        string          `json:"name"`
		Parent      *string         `json:"parent"`
		StatusURL   string          `json:"status_url"`
		OutageCount int             `json:"outage_count"`
		OpenCount   int             `json:"open_count"`
		LastOutage  *apiLastOutage  `json:"last_outage"`
		Links       apiServiceLinks `json:"links"`
	}
	apiLastOutage struct {
		ID        string     `json:"id"`
		Title     string     `json:"title"`
		StartedAt time.Time  `json:"started_at"`
		EndedAt   *time.Time `json:"ended_at"`
		Open      bool       `json:"open"`
		Suspected bool       `json:"suspected"`
		Demo      bool       `json:"demo"`
	}
	apiServiceLinks struct {
		Self    string `json:"self"`
		HTML    string `json:"html"`
		Outages string `json:"outages"`
	}
	// apiServiceDetail is a service with a page of its outages.
	apiServiceDetail struct {
		apiServiceOutages
		apiPage
	}
)

// apiServices answers a page of the services, by slug.
func (s *site) apiServices(r *http.Request) (*answer, error) {
	p := readParams(r)
	limit, after := p.whole("limit", pageLimit, pageMost), p.cursor(r.URL.Path)
	if p.err != nil {
		return nil, p.err
	}
	now := s.Now().UTC()
	all, err := s.serviceList(r, now)
	if err != nil {
		return nil, err
	}
	begin, found := findService(all, string(after))
	if found {
		begin++
	}
	base := s.base(r)
	out := struct {
		Services []apiServiceOutages `json:"services"`
		Next     *string             `json:"next"`
	}{Services: []apiServiceOutages{}}
	end := min(begin+limit, len(all))
	for _, one := range all[begin:end] {
		out.Services = append(out.Services, s.newAPIService(one, base, now))
	}
	if end < len(all) {
		out.Next = p.next(base, r.URL, []byte(all[end-1].Slug))
	}
	return pageJSON(out, out.Next)
}

const noService = "No service has this slug: /api/v1/services lists those that are known."

// apiService answers one service with a page of its outages.
func (s *site) apiService(r *http.Request) (*answer, error) {
	now, slug := s.Now().UTC(), r.PathValue("slug")
	all, err := s.serviceList(r, now)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(all, func(one hugops.ServiceOutages) bool { return one.Slug == slug })
	if at < 0 {
		return nil, &failure{code: http.StatusNotFound, safe: noService, err: fmt.Errorf("no service %q", clip(slug, 40))}
	}
	return s.outageList(r, readParams(r), hugops.OutageQuery{Service: slug}, func(page apiPage) any {
		return apiServiceDetail{s.newAPIService(all[at], s.base(r), now), page}
	})
}

// serviceList is all that are known or have outages, by slug.
func (s *site) serviceList(r *http.Request, now time.Time) ([]hugops.ServiceOutages, error) {
	all, err := s.Store.Services(r.Context(), now)
	if err != nil {
		return nil, fmt.Errorf("listing services: %w", err)
	}
	all = slices.Clone(all)
	with := len(all)
	for _, known := range s.Services {
		if _, has := findService(all[:with], known.Slug); !has {
			all = append(all, hugops.ServiceOutages{Slug: known.Slug, Name: known.Name})
		}
	}
	slices.SortFunc(all, func(a, b hugops.ServiceOutages) int { return strings.Compare(a.Slug, b.Slug) })
	return all, nil
}

// findService looks for a slug in services by slug.
func findService(all []hugops.ServiceOutages, slug string) (at int, found bool) {
	return slices.BinarySearchFunc(all, slug, func(one hugops.ServiceOutages, slug string) int { return strings.Compare(one.Slug, slug) })
}

// newAPIService prefers what the registry says of a service to what its outages say.
func (s *site) newAPIService(one hugops.ServiceOutages, base string, now time.Time) apiServiceOutages {
	slug := url.PathEscape(one.Slug)
	out := apiServiceOutages{
		Slug: one.Slug, Name: one.Name, OutageCount: one.Outages, OpenCount: one.Open,
		Links: apiServiceLinks{base + "/api/v1/services/" + slug, base + "/services/" + slug, base + "/api/v1/outages?service=" + url.QueryEscape(one.Slug)},
	}
	if known, is := s.known[one.Slug]; is {
		out.Name, out.StatusURL = known.Name, safeURL(known.StatusURL)
		if known.Parent != "" {
			out.Parent = &known.Parent
		}
	}
	if out.Name == "" {
		out.Name = one.Slug
	}
	if one.Outages > 0 {
		o := one.Last
		out.LastOutage = &apiLastOutage{ID: o.ID, Title: o.Title, StartedAt: o.StartedAt.UTC(), Open: o.OpenAt(now), Suspected: o.Suspected, Demo: o.Demo}
		if !out.LastOutage.Open {
			out.LastOutage.EndedAt = when(o.EndedAt, now)
		}
	}
	return out
}
