package web

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// object is a JSON object of the description.
type object = map[string]any

// description is openapi.json, and all its schemas.
type description struct {
	doc      object
	compiler *jsonschema.Compiler
}

const descriptionURL = "https://hugops.example/api/v1/openapi.json"

// describe reads the description. Its schemas are made strict: a member that they do not
// have is a mistake here, though users are told that new ones may come.
func describe(t testing.TB) *description {
	t.Helper()
	d := &description{compiler: jsonschema.NewCompiler()}
	raw, err := jsonschema.UnmarshalJSON(bytes.NewReader(openAPIDocument))
	if err != nil {
		t.Fatal(err)
	}
	d.doc = raw.(object)
	schemas := within(d.doc, "components", "schemas")
	parts := map[string]bool{} // of an allOf, which alone knows all its members
	for _, s := range schemas {
		for _, part := range items(s.(object)["allOf"]) {
			ref, _ := part.(object)["$ref"].(string)
			parts[strings.TrimPrefix(ref, "#/components/schemas/")] = true
		}
	}
	for name, s := range schemas {
		if parts[name] { // strict by another name, for where it stands alone
			copied := maps.Clone(s.(object))
			copied["unevaluatedProperties"] = false
			schemas[name+"Alone"] = copied
			continue
		}
		if s := s.(object); s["properties"] != nil || s["allOf"] != nil {
			s["unevaluatedProperties"] = false
		}
	}
	d.compiler.AssertFormat()
	if err := d.compiler.AddResource(descriptionURL, d.doc); err != nil {
		t.Fatal(err)
	}
	return d
}

func within(o object, keys ...string) object {
	for _, k := range keys {
		o, _ = o[k].(object)
	}
	return o
}

func items(v any) []any {
	l, _ := v.([]any)
	return l
}

// resolve follows a $ref within the description.
func (d *description) resolve(v any) object {
	o, _ := v.(object)
	if ref, is := o["$ref"].(string); is {
		return within(d.doc, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
	}
	return o
}

// pointer is where something stands in the description.
func pointer(keys ...string) string {
	var b strings.Builder
	for _, k := range keys {
		b.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(k))
	}
	return b.String()
}

// answer is what a route may answer with a status in a media type, and its schema.
func (d *description) answer(t *testing.T, path, status, mediaType string) (media object, schema *jsonschema.Schema) {
	t.Helper()
	keys := []string{"paths", path, "get", "responses", status}
	response := within(d.doc, keys...)
	if ref, is := response["$ref"].(string); is {
		keys = strings.Split(strings.TrimPrefix(ref, "#/"), "/")
		response = within(d.doc, keys...)
	}
	if response == nil {
		t.Fatalf("%s: no answer %s is described", path, status)
	}
	media = within(response, "content", mediaType)
	if media == nil {
		t.Fatalf("%s: no answer %s of %s is described", path, status, mediaType)
	}
	schema, err := d.compiler.Compile(descriptionURL + "#" + pointer(append(keys, "content", mediaType, "schema")...))
	if err != nil {
		t.Fatal(err)
	}
	return media, schema
}

// decoded is a body as schemas are held against it.
func decoded(t *testing.T, mediaType string, body []byte) any {
	t.Helper()
	if !strings.HasSuffix(mediaType, "json") {
		return string(body)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestDescriptionIsOpenAPI: the description is a valid document of OpenAPI 3.1, by the
// schema that the OpenAPI Initiative publishes for it (Apache-2.0), and its own schemas
// are valid ones.
func TestDescriptionIsOpenAPI(t *testing.T) {
	raw, err := os.ReadFile("testdata/openapi-3.1.json")
	if err != nil {
		t.Fatal(err)
	}
	meta, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("openapi-3.1.json", meta); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("openapi-3.1.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(decoded(t, "json", openAPIDocument)); err != nil {
		t.Errorf("%#v", err)
	}
	d := describe(t)
	for name := range within(d.doc, "components", "schemas") {
		if _, err := d.compiler.Compile(descriptionURL + "#" + pointer("components", "schemas", name)); err != nil {
			t.Error(err)
		}
	}
	served := get(t, newSite(t, fixtures()), "/api/v1/openapi.json")
	if !bytes.Equal(served.Body.Bytes(), openAPIDocument) || served.Header().Get("Content-Type") != "application/json" {
		t.Error("what is served is not the description")
	}
}

// TestDescriptionKnowsEveryRoute, and there is a route for each path that it knows.
func TestDescriptionKnowsEveryRoute(t *testing.T) {
	d := describe(t)
	paths := slices.Sorted(maps.Keys(within(d.doc, "paths")))
	source, err := os.ReadFile("web.go")
	if err != nil {
		t.Fatal(err)
	}
	var routes []string
	for piece := range strings.SplitSeq(string(source), `"/api/v1/`) {
		if route, _, _ := strings.Cut(piece, `"`); len(routes) > 0 || !strings.HasPrefix(piece, "package") {
			routes = append(routes, "/api/v1/"+route)
		}
	}
	slices.Sort(routes)
	routes = slices.Compact(routes)
	if !slices.Equal(paths, routes) {
		t.Errorf("paths  %q\nroutes %q", paths, routes)
	}
	ids := map[any]string{}
	for _, path := range paths {
		id := within(d.doc, "paths", path, "get")["operationId"]
		if ids[id] != "" {
			t.Errorf("%s and %s are both %v", path, ids[id], id)
		}
		ids[id] = path
		for name, ok := range placeholders(d, path) {
			if !ok {
				t.Errorf("%s: {%s} is no parameter", path, name)
			}
		}
	}
}

// placeholders are the names in braces of a path, and whether they are parameters.
func placeholders(d *description, path string) map[string]bool {
	found := map[string]bool{}
	for part := range strings.SplitSeq(path, "/") {
		if strings.HasPrefix(part, "{") {
			name := strings.Trim(part[:strings.Index(part, "}")+1], "{}")
			found[name] = slices.ContainsFunc(d.parameters(path), func(p object) bool { return p["name"] == name && p["in"] == "path" })
		}
	}
	return found
}

func (d *description) parameters(path string) (all []object) {
	for _, p := range items(within(d.doc, "paths", path, "get")["parameters"]) {
		all = append(all, d.resolve(p))
	}
	return all
}

// TestExamples: every example of the description is what its schema says.
func TestExamples(t *testing.T) {
	d := describe(t)
	check := func(where string, schema *jsonschema.Schema, example any) {
		t.Helper()
		if example == nil {
			t.Errorf("%s has no example", where)
		} else if err := schema.Validate(example); err != nil {
			t.Errorf("%s: %v", where, err)
		}
	}
	for path := range within(d.doc, "paths") {
		for status := range within(d.doc, "paths", path, "get", "responses") {
			response := d.resolve(within(d.doc, "paths", path, "get", "responses")[status])
			for mediaType := range within(response, "content") {
				media, schema := d.answer(t, path, status, mediaType)
				check(path+" "+status, schema, media["example"])
			}
		}
	}
	for name, p := range within(d.doc, "components", "parameters") {
		schema, err := d.compiler.Compile(descriptionURL + "#" + pointer("components", "parameters", name, "schema"))
		if err != nil {
			t.Fatal(err)
		}
		if name != "cursor" { // it is opaque
			check(name, schema, p.(object)["example"])
		}
	}
}

// TestAnswersAreAsDescribed holds every answer of the API, good and bad, against the
// description: its body against the schema, and its headers against those that it names.
func TestAnswersAreAsDescribed(t *testing.T) {
	d, h := describe(t), newSite(t, fixtures(), func(c *Config) { c.RateLimit = 100 })
	empty, once := newSite(t, &shelf{}), newSite(t, fixtures(), func(c *Config) { c.RateLimit = 1 })
	broken := newSite(t, &shelf{err: os.ErrPermission})
	get(t, once, "/api/v1/outages")
	for _, c := range []struct {
		site         http.Handler
		path, status string
		ask          string
	}{
		{h, "/api/v1/outages", "200", ""},
		{h, "/api/v1/outages", "200", "?limit=1"},
		{empty, "/api/v1/outages", "200", ""},
		{h, "/api/v1/outages", "400", "?x=1"},
		{once, "/api/v1/outages", "429", ""},
		{broken, "/api/v1/outages", "500", ""},
		{h, "/api/v1/outages/{id}", "200", "nimbus-2026-11-22"},
		{h, "/api/v1/outages/{id}", "200", "hopscotch-3"},
		{h, "/api/v1/outages/{id}", "200", "pennywhistle-pay-1"},
		{h, "/api/v1/outages/{id}", "200", "suspected-larkspur-mail-2026-11-22-1340"},
		{h, "/api/v1/outages/{id}", "200", "teapot-video-2"},
		{h, "/api/v1/outages/{id}", "404", "unknown"},
		{h, "/api/v1/outages/{id}/index", "200", "nimbus-2026-11-22"},
		{h, "/api/v1/outages/{id}/index", "200", "hopscotch-3"},
		{h, "/api/v1/outages/{id}/index", "404", "unknown"},
		{h, "/api/v1/outages/{id}/series", "200", "nimbus-2026-11-22"},
		{h, "/api/v1/outages/{id}/series", "200", "teapot-video-2"},
		{h, "/api/v1/outages/{id}/series", "404", "unknown"},
		{h, "/api/v1/outages/{id}/series.csv", "200", "nimbus-2026-11-22"},
		{h, "/api/v1/outages/{id}/coverage.csv", "200", "nimbus-2026-11-22"},
		{h, "/api/v1/services", "200", "?limit=2"},
		{empty, "/api/v1/services", "200", ""},
		{h, "/api/v1/services/{slug}", "200", "nimbus-cloud"},
		{h, "/api/v1/services/{slug}", "404", "unknown"},
		{h, "/api/v1/sources", "200", ""},
		{empty, "/api/v1/sources", "200", ""},
		{h, "/api/v1/openapi.json", "200", ""},
	} {
		path := strings.NewReplacer("{id}", c.ask, "{slug}", c.ask).Replace(c.path)
		if path == c.path {
			path += c.ask
		}
		w := get(t, c.site, path)
		mediaType, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";")
		if got := http.StatusText(w.Code); got != http.StatusText(atoi(c.status)) {
			t.Errorf("%s: %d, want %s", path, w.Code, c.status)
			continue
		}
		_, schema := d.answer(t, c.path, c.status, mediaType)
		if err := schema.Validate(decoded(t, mediaType, w.Body.Bytes())); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		d.checkHeaders(t, c.path, c.status, w)
	}
}

// TestEventsAreAsDescribed: so is the data of the events of a stream.
func TestEventsAreAsDescribed(t *testing.T) {
	d := describe(t)
	schema, err := d.compiler.Compile(descriptionURL + "#" + pointer("components", "schemas", "LiveState"))
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range fixtures().details {
		o.UpdatedAt = noon
		if len(o.Series) > 0 {
			o.Latest, o.LatestWidth = o.Series[0], o.Bucket
		}
		e, err := encode(o.Summary, noon)
		if err != nil {
			t.Fatal(err)
		}
		_, data, _ := strings.Cut(string(e.bytes), "data: ")
		if err := schema.Validate(decoded(t, "json", []byte(data))); err != nil {
			t.Errorf("%s: %v", o.Outage.ID, err)
		}
	}
}

func atoi(s string) (n int) {
	json.Unmarshal([]byte(s), &n)
	return n
}

// checkHeaders wants the headers of an answer that mean something to programs to be among
// those that are described.
func (d *description) checkHeaders(t *testing.T, path, status string, w *httptest.ResponseRecorder) {
	t.Helper()
	response := d.resolve(within(d.doc, "paths", path, "get", "responses")[status])
	for name := range w.Header() {
		exposed := strings.Contains(w.Header().Get("Access-Control-Expose-Headers"), name)
		described := slices.ContainsFunc(slices.Collect(maps.Keys(within(response, "headers"))), func(h string) bool { return http.CanonicalHeaderKey(h) == name })
		if name == "Etag" {
			exposed = true
		}
		if exposed && !described {
			t.Errorf("%s %s: the header %s is not described", path, status, name)
		}
	}
}

// TestParametersAreAsDescribed: what is described is taken, with a value as in its
// example, and everything else is refused.
func TestParametersAreAsDescribed(t *testing.T) {
	d, h := describe(t), newSite(t, fixtures())
	fill := map[string]string{"{id}": "nimbus-2026-11-22", "{slug}": "nimbus-cloud"}
	values := url.Values{"from": {"2026-11-22T00:00:00Z"}}
	for path := range within(d.doc, "paths") {
		address := strings.NewReplacer("{id}", fill["{id}"], "{slug}", fill["{slug}"]).Replace(path)
		known := map[string]bool{}
		for _, p := range d.parameters(path) {
			name := p["name"].(string)
			if known[name] = p["in"] == "query"; !known[name] || name == "cursor" { // TestPages takes cursors
				continue
			}
			example, _ := json.Marshal(p["example"])
			value := strings.Trim(string(example), `"`)
			if values.Has(name) {
				value = values.Get(name)
			}
			if w := get(t, h, address+"?"+url.Values{name: {value}}.Encode()); w.Code != 200 {
				t.Errorf("%s?%s=%s: %d %s", address, name, value, w.Code, w.Body)
			}
		}
		for _, name := range []string{"id", "slug", "limit", "cursor", "from", "to", "bucket", "service", "open", "q", "network", "Limit", "days", "page", "", "_"} {
			if w := get(t, h, address+"?"+url.QueryEscape(name)+"=1"); !known[name] && (w.Code != 400 || !strings.Contains(w.Body.String(), "There is no parameter")) {
				t.Errorf("%s?%s=1 is not described: %d %s", address, name, w.Code, w.Body)
			}
		}
	}
}

// TestDocumentsTellOfEveryRoute: docs/API.md and the page about data have every address,
// and the former every parameter.
func TestDocumentsTellOfEveryRoute(t *testing.T) {
	d := describe(t)
	guide, err := os.ReadFile("../docs/API.md")
	if err != nil {
		t.Fatal(err)
	}
	page := get(t, newSite(t, fixtures()), "/data").Body.String()
	for path := range within(d.doc, "paths") {
		_, row, told := strings.Cut(string(guide), "\n| `"+path+"` |")
		if !told {
			t.Errorf("docs/API.md has no row of %s", path)
		}
		row, _, _ = strings.Cut(row, "\n")
		for _, p := range d.parameters(path) {
			if name := p["name"].(string); p["in"] == "query" && (!strings.Contains(row, "`"+name+"`") || !strings.Contains(string(guide), "`"+name+"`")) {
				t.Errorf("docs/API.md: %s does not tell of %s", path, name)
			}
		}
		if !strings.Contains(page, "<code>"+path+"</code>") {
			t.Errorf("the page about data has no %s", path)
		}
	}
}

func TestQueryParametersRefusesNonsense(t *testing.T) {
	for _, doc := range []string{"", `{"paths":{"/a":{"get":{"parameters":[{"$ref":"#/components/parameters/none"}]}}}}`, `{"paths":[]}`} {
		if known, err := queryParameters([]byte(doc)); err == nil {
			t.Errorf("%s: %v", doc, known)
		}
	}
}
