package web

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// openAPIDocument describes the API (OpenAPI 3.1). It is the contract: an address takes
// the parameters that it has there and no others, and the tests hold every answer against
// its schema. To add an address, add its path there and its route in web.go.
//
//go:embed openapi.json
var openAPIDocument []byte

// openAPI answers the description of the API.
func (s *site) openAPI(*http.Request) (*answer, error) {
	return &answer{Type: "application/json", Cache: cacheProse, Body: openAPIDocument}, nil
}

// queryParameters returns the names of the query parameters of each path of an OpenAPI
// document.
func queryParameters(document []byte) (map[string][]string, error) {
	type parameter struct {
		Ref  string `json:"$ref"`
		Name string
		In   string
	}
	var doc struct {
		Paths map[string]struct {
			Get struct{ Parameters []parameter }
		}
		Components struct{ Parameters map[string]parameter }
	}
	if err := json.Unmarshal(document, &doc); err != nil {
		return nil, fmt.Errorf("openapi.json: %w", err)
	}
	known := map[string][]string{}
	for path, item := range doc.Paths {
		known[path] = []string{}
		for _, p := range item.Get.Parameters {
			if name, isRef := strings.CutPrefix(p.Ref, "#/components/parameters/"); isRef {
				p = doc.Components.Parameters[name]
			}
			if p.Name == "" {
				return nil, fmt.Errorf("openapi.json: %s has a parameter without a name (%q)", path, p.Ref)
			}
			if p.In == "query" {
				known[path] = append(known[path], p.Name)
			}
		}
		slices.Sort(known[path])
	}
	return known, nil
}

// documentedOnly refuses parameters that the route does not have in openapi.json.
func (s *site) documentedOnly(pattern string, do action) action {
	known, documented := s.parameters[pattern]
	if !documented {
		return do
	}
	return func(r *http.Request) (*answer, error) {
		if err := checkParams(r, known); err != nil {
			return nil, err
		}
		return do(r)
	}
}
