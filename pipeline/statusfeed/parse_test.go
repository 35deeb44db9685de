package statusfeed

import (
	"errors"
	"flag"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/hugops/hugops"
)

var update = flag.Bool("update", false, "write the golden files anew")

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// fixtures are one answer or more of each kind of feed. What they hold stands in
// the .want.json beside them.
var fixtures = []struct{ file, kind string }{
	{"statuspage.json", "statuspage"},        // times, order of notices, components, addresses, every way to tell an end
	{"incidentio.json", "incidentio"},        // null for an empty list, no components, no shortlink
	{"incidentio-widget.json", "incidentio"}, // a start that only the id tells
	{"instatus.json", "instatus"},            // JavaScript's dates, durations as strings and numbers, two shapes of status, ids in addresses only
	{"google.json", "google"},                // open without end, whatever the updates say; Markdown
	{"aws.json", "aws"},                      // a status of "0" alone is over; strings and numbers
	{"aws-utf16.json", "aws"},                // the same, as AWS sends it
	{"aws.rss", "aws"},                       // items are updates: grouped, closed by word or by a day's silence
	{"azure.rss", "azure"},                   // "Z" for a zone
	{"slack.json", "slack"},                  // an id that is a number, HTML
	{"slack-history.json", "slack"},          // an id that is a string
	{"statusio.json", "statusio"},            // codes
	{"betterstack.json", "betterstack"},      // resolved without ends_at
	{"cachet.json", "cachet"},                // times without a zone
	{"cachet-schedules.json", "cachet"},      // ids that are those of incidents as well
	{"heroku.json", "heroku"},                // resolved false on what is resolved
	{"history.atom", "atom"},                 // notices without a year, ids of the JSON feed, XHTML
	{"history.rss", "rss"},                   // a zone by name, Latin-1
}

var nimbus = Page{Service: "nimbus-cloud", Name: "Nimbus Cloud", URL: "https://status.nimbus-cloud.example"}

// TestParse compares what each fixture becomes with its golden file.
func TestParse(t *testing.T) {
	for _, f := range fixtures {
		t.Run(f.file, func(t *testing.T) {
			a, err := Parse(f.kind, readFile(t, f.file), nimbus)
			if err != nil || len(a.Bad) > 0 {
				t.Fatal(err, a.Bad)
			}
			for _, o := range a.Outages {
				if len(o.Raw) == 0 || o.Source != nimbus.URL || o.Feed != "status:nimbus-cloud" {
					t.Errorf("%s: raw %d bytes, source %q, feed %q", o.ID, len(o.Raw), o.Source, o.Feed)
				}
			}
			got, err := json.Marshal(a.Outages, jsontext.Multiline(true))
			if err != nil {
				t.Fatal(err)
			}
			golden := "testdata/" + strings.TrimSuffix(f.file, ".json") + ".want.json"
			got = append(got, '\n')
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil || string(got) != string(want) {
				t.Errorf("%v: got\n%s\nwant\n%s", err, got, want)
			}
		})
	}
}

// TestSniff tells the kind of every fixture, and of what is none.
func TestSniff(t *testing.T) {
	for _, f := range fixtures {
		want := f.kind
		if f.file == "cachet-schedules.json" {
			want = "cachet"
		}
		if got := Sniff(readFile(t, f.file)); got != want {
			t.Errorf("%s: %q, want %q", f.file, got, want)
		}
	}
	for _, raw := range []string{"", " ", "[]", "{}", "null", "{", "<html><title>Oops</title></html>", `{"page":{}}`, `{"data":[]}`, `{"result":{}}`, "\xfe\xff\x00", goodFile} {
		if got := Sniff([]byte(raw)); got != "" {
			t.Errorf("%q: %q", raw, got)
		}
	}
}

// TestHealthyEmptiness: for each kind what a page without incidents answers, and
// what must not pass for it.
func TestHealthyEmptiness(t *testing.T) {
	const azure = `<?xml version="1.0"?><rss version="2.0"><channel><title>Azure Status</title><lastBuildDate>Mon, 02 Nov 2026 15:42:00 Z</lastBuildDate></channel></rss>`
	const page = `{"page":{"id":"p","name":"Chatterbee"}`
	cases := []struct{ kind, healthy, broken string }{
		{"statuspage", page + `,"incidents":[]}`, `{"incidents":[]}`},
		{"statuspage", page + `,"status":{"indicator":"none"},"components":[]}`, `{"ok":true}`}, // a summary may leave the lists out
		{"statuspage", "\xef\xbb\xbf" + page + `,"incidents":[]}`, "\n<!DOCTYPE html><html>Bad gateway</html>"},
		{"incidentio", page + `,"incidents":null,"scheduled_maintenances":null}`, `{"message":"not found"}`},
		{"incidentio", `{"ongoing_incidents":[],"in_progress_maintenances":[],"scheduled_maintenances":[]}`, `[]`},
		{"instatus", `{"page":{"name":"Bee","url":"https://bee.example","status":"UP"}}`, `{"page":{"name":"Bee"}}`},
		{"google", `[]`, `null`},
		{"aws", `[]`, `{}`},
		{"aws", "\xfe\xff\x00[\x00]", "\xfe\xff\x00[\x00"},
		{"aws", `<rss><channel><title>Amazon Web Services Service Status</title></channel></rss>`, `<rss><channel></channel></rss>`},
		{"azure", azure, strings.Replace(azure, "<title>Azure Status</title>", "", 1)},
		{"azure", azure, `<html><head><title>Azure</title></head></html>`},
		{"slack", `{"status":"ok","active_incidents":[]}`, `{"status":"ok"}`},
		{"slack", `[]`, `{"ok":false,"error":"ratelimited"}`},
		{"statusio", `{"result":{"status_overall":{"status_code":100},"incidents":[],"maintenance":{"active":[],"upcoming":[]}}}`, `{"status":{"error":"yes"},"result":{}}`},
		{"betterstack", `{"data":{"id":"1","type":"status_page","attributes":{}},"included":[]}`, `{"data":{"type":"monitor"}}`},
		{"cachet", `{"data":[],"links":{}}`, `{"message":"Unauthenticated."}`},
		{"heroku", `{"status":[{"system":"Apps","status":"green"}],"incidents":[],"scheduled":[]}`, `{"id":"not_found"}`},
		{"atom", `<feed xmlns="http://www.w3.org/2005/Atom"><title>Bee</title></feed>`, azure},
		{"rss", azure, `<feed xmlns="http://www.w3.org/2005/Atom"><title>Bee</title></feed>`},
	}
	for _, c := range cases {
		if a, err := Parse(c.kind, []byte(c.healthy), nimbus); err != nil || len(a.Outages) != 0 || len(a.Bad) != 0 {
			t.Errorf("%s %.60q: %v, %v", c.kind, c.healthy, a, err)
		}
		for _, broken := range []string{c.broken, "", "<html>Oops</html>", c.healthy[:len(c.healthy)-2], strings.Repeat("[", 100_000)} {
			if _, err := Parse(c.kind, []byte(broken), nimbus); !errors.Is(err, hugops.ErrInvalid) {
				t.Errorf("%s takes %.60q: %v", c.kind, broken, err)
			}
		}
	}
}

// TestMalformed breaks one incident of a feed: the others stay, and what was
// broken is named, with its bytes.
func TestMalformed(t *testing.T) {
	cases := []struct {
		file, kind, from, to string
		err                  string
	}{
		{"statuspage.json", "statuspage", `"id":"done2",`, ``, "id is missing"},
		{"statuspage.json", "statuspage", `"id":"done2",`, `"id":{},`, "/id"},
		{"statuspage.json", "statuspage", `"2026-10-30T09:00:00Z","impact"`, `"soon","impact"`, `"soon" is no time`},
		{"statuspage.json", "statuspage", `"incident_updates":[]},
  {"id":"gap4"`, `"incident_updates":7},
  {"id":"gap4"`, "/incident_updates"},
		{"incidentio.json", "incidentio", `"2026-11-02T14:00:00Z"`, `null`, "started_at is missing"},
		{"incidentio-widget.json", "incidentio", `"id":"01M6E8YKR0ZFWQ861WYJKC4XE1"`, `"id":""`, "id is missing"},
		{"instatus.json", "instatus", `"started":"2026-11-02T12:00:00Z"`, `"started":"yesterday"`, `"yesterday" is no time`},
		{"google.json", "google", `"2026-11-02T12:57:00+00:00"`, `"0000-00-00T00:00:00"`, "is no time"},
		{"aws.json", "aws", `"arn":"arn:aws:health:us-east-1`, `"nra":"arn:aws:health:us-east-1`, "arn is missing"},
		{"azure.rss", "azure", `Mon, 02 Nov 2026 09:30:00 Z`, `lately`, `"lately" is no time`},
		{"slack-history.json", "slack", `"id":545`, `"id":null`, "id is missing"},
		{"statusio.json", "statusio", `"state":200,"status":500`, `"state":"x","status":500`, "/messages/0/state"},
		{"betterstack.json", "betterstack", `"starts_at":"2026-11-02T14:00:00.000Z"`, `"starts_at":null`, "started_at is missing"},
		{"cachet.json", "cachet", `"id":"6","type":"incidents"`, `"id":"6","type":"dogs"`, "neither an incident"},
		{"heroku.json", "heroku", `"state":"open"`, `"state":null`, "state is missing"},
		{"history.atom", "atom", `<published>2026-11-02T16:00:00Z</published>`, `<published>now</published>`, `"now" is no time`},
	}
	for _, c := range cases {
		t.Run(c.kind+" "+c.err, func(t *testing.T) {
			whole, err := Parse(c.kind, readFile(t, c.file), nimbus)
			if err != nil {
				t.Fatal(err)
			}
			broken := strings.Replace(string(readFile(t, c.file)), c.from, c.to, 1)
			if broken == string(readFile(t, c.file)) {
				t.Fatal("the case changes nothing")
			}
			a, err := Parse(c.kind, []byte(broken), nimbus)
			if err != nil || len(a.Outages) != len(whole.Outages)-1 || len(a.Bad) != 1 {
				t.Fatalf("%d of %d outages, %d bad, %v", len(a.Outages), len(whole.Outages), len(a.Bad), err)
			}
			if len(a.Bad[0].Raw) == 0 || !strings.Contains(a.Bad[0].Err.Error(), c.err) {
				t.Errorf("error %q does not say %q; raw: %d bytes", a.Bad[0].Err, c.err, len(a.Bad[0].Raw))
			}
		})
	}
}

func TestParseTime(t *testing.T) {
	const noon = "2026-11-02T12:00:00Z"
	for _, text := range []string{noon, "2026-11-02T13:00:00+01:00", "2026-11-02T12:00:00.000Z", "2026-11-02T12:00:00+0000", "2026-11-02 12:00:00", "2026-11-02 12:00:00 UTC",
		"1793620800", "1793620800000", "1.7936208e9", "Mon, 02 Nov 2026 12:00:00 GMT", "Mon, 02 Nov 2026 12:00:00 Z", "Mon, 2 Nov 2026 12:00:00 +0000", "02 Nov 2026 12:00:00 UT",
		"Mon, 02 Nov 2026 04:00:00 PST", "Mon, 02 Nov 2026 05:00:00 PDT", "Mon Nov 02 2026 13:00:00 GMT+0100 (Central European Standard Time)"} {
		if got, err := parseTime(text); err != nil || got.Format(time.RFC3339) != noon {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"soon", "Mon, 02 Nov 2026 12:00:00 XYZ", "0001-01-01T00:00:00Z", "9999-01-01T00:00:00Z", "1e300", "-1", "NaN"} {
		if got, err := parseTime(text); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// TestOutageID: ids that may stand in an address, and are as distinct as the
// provider's.
func TestOutageID(t *testing.T) {
	seen := map[string]bool{}
	for _, id := range []string{"abc", "a/b", "ab", "a/../b?c", "tag:x,2005:Incident/1", "", "ü", strings.Repeat("x", 300), strings.Repeat("x", 299) + "y"} {
		got := outageID("bee", id)
		o := hugops.Outage{ID: got, Service: "bee", StartedAt: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
		if err := o.Validate(); err != nil || seen[got] {
			t.Errorf("%q: %q, %v", id, got, err)
		}
		seen[got] = true
	}
	if got := outageID("github", "5jfkz8q1mlql"); got != "github-5jfkz8q1mlql" {
		t.Error(got)
	}
}

// TestContinue: what has left AWS's RSS at its end stays part of the event, and
// the event keeps its id.
func TestContinue(t *testing.T) {
	whole, err := Parse("aws", readFile(t, "aws.rss"), nimbus)
	if err != nil {
		t.Fatal(err)
	}
	text := string(readFile(t, "aws.rss"))
	cut := strings.LastIndex(text[:strings.Index(text, "directconnect-eu-north-9_1762092000")], "<item>")
	rest, err := Parse("aws", []byte(text[:cut]+"</channel></rss>"), nimbus)
	if err != nil {
		t.Fatal(err)
	}
	if rest.Outages[0].ID == whole.Outages[0].ID || len(rest.Outages[0].Updates) != 2 {
		t.Fatalf("the case cuts nothing: %+v", rest.Outages[0])
	}
	Continue(whole.Outages, rest.Outages)
	rest.Outages[0].Raw = whole.Outages[0].Raw
	if !reflect.DeepEqual(rest.Outages[0], whole.Outages[0]) {
		t.Errorf("got\n%+v\nwant\n%+v", rest.Outages[0], whole.Outages[0])
	}
	other := slices.Clone(rest.Outages)
	for i := range other {
		other[i].Feed = "status:bee"
	}
	before := other[0].ID
	if Continue(whole.Outages, other); other[0].ID != before {
		t.Error("an event goes on in another feed")
	}
}

const goodFile = `{"outages":[
 {"id":"nimbus-1","service":"Nimbus Cloud","title":"Storage errors","started_at":"2026-11-02T13:00:00+01:00","ended_at":"2026-11-02T14:00:00Z",
  "url":"https://status.nimbus-cloud.example/1","impact":"major","components":["Storage"],"demo":true,
  "updates":[{"at":"2026-11-02T13:30:00Z","status":"resolved","text":" done "},{"at":"2026-11-02T12:10:00Z","status":"investigating","text":"looking"}]},
 {"id":"bee-1","service":"chatterbee","title":"Late messages","started_at":"2026-11-02T13:15:00Z","parent":"nimbus-1"}]}`

// find knows one service by its name.
func find(name string) Page {
	if strings.EqualFold(name, "chatterbee") {
		return Page{Service: "chatterbee", Name: "Chatterbee"}
	}
	return Page{Service: hugops.Slug(name), Name: name}
}

func TestParseFile(t *testing.T) {
	outages, err := ParseFile([]byte(goodFile), FileOptions{Find: find})
	if err != nil || len(outages) != 2 {
		t.Fatalf("%d outages, %v", len(outages), err)
	}
	nimbus, bee := outages[0], outages[1]
	if nimbus.Service != "nimbus-cloud" || nimbus.ServiceName != "Nimbus Cloud" || nimbus.StartedAt.Format("15:04Z07:00") != "12:00Z" ||
		nimbus.Updates[0].Text != "looking" || nimbus.Updates[1].Text != "done" || !nimbus.Demo || nimbus.Source != "demo" {
		t.Errorf("%+v", nimbus)
	}
	if bee.ServiceName != "Chatterbee" || !bee.EndedAt.IsZero() || bee.Source != "file" || bee.Parent != "nimbus-1" {
		t.Errorf("%+v", bee)
	}
}

// TestParsePayloads: every fixture is taken as a file, and gives what Parse
// gives; those that do not say whose they are need to be told.
func TestParsePayloads(t *testing.T) {
	for _, f := range fixtures {
		want, err := Parse(f.kind, readFile(t, f.file), nimbus)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseFile(readFile(t, f.file), FileOptions{Find: func(string) Page { return nimbus }, Service: "Nimbus Cloud"})
		for i := range want.Outages {
			want.Outages[i].Source = "file"
		}
		if err != nil || !reflect.DeepEqual(got, want.Outages) {
			t.Errorf("%s: %d outages, want %d, %v", f.file, len(got), len(want.Outages), err)
		}
		_, err = ParseFile(readFile(t, f.file), FileOptions{})
		if nameless := slices.Contains([]string{"statusio", "cachet"}, f.kind); nameless != (err != nil && strings.Contains(err.Error(), "--service")) {
			t.Errorf("%s without a name: %v", f.file, err)
		}
	}
	if _, err := ParseFile([]byte("[]"), FileOptions{Kind: "google", Service: "x"}); err != nil {
		t.Errorf("an empty feed whose kind is said: %v", err)
	}
}

func TestParseLines(t *testing.T) {
	outages, err := ParseFile(readFile(t, "lines.jsonl"), FileOptions{Find: find})
	if err != nil || len(outages) != 2 {
		t.Fatalf("%d outages, %v", len(outages), err)
	}
	a, b := outages[0], outages[1]
	if a.ID != "nimbus-2nmfnbknhlnv" || a.Updates[1].Status != "resolved" || a.Updates[0].Text != "We look." || a.Components[0] != "Storage" || a.EndedAt.IsZero() {
		t.Errorf("%+v", a)
	}
	if b.ID != "chatterbee-mx1" || b.Impact != "" || b.Updates[0].Text != "Over." {
		t.Errorf("%+v", b)
	}
	for name, c := range map[string]struct{ from, to, want string }{
		"no service":     {`"vendor":"nimbus",`, ``, "line 1: the line does not tell whose"},
		"no id":          {`"native_id":"mx1",`, ``, "Chatterbee: incident 1: id is missing"},
		"a bad time":     {`2026-11-01T09:45:37.229Z`, `noon`, `"noon" is no time`},
		"another impact": {`"unknown"`, `"huge"`, `impact "huge"`},
		"cut off":        {`"components":[],`, `"components":[]}`, "line 3"},
	} {
		broken := strings.Replace(string(readFile(t, "lines.jsonl")), c.from, c.to, 1)
		if got, err := ParseFile([]byte(broken), FileOptions{Find: find}); got != nil || err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestParseFileErrors breaks one thing in the good file at a time: nothing is
// imported, and the error names the entry and the member.
func TestParseFileErrors(t *testing.T) {
	cases := []struct {
		name, from, to string
		want           []string
	}{
		{"no id", `"id":"bee-1",`, ``, []string{"outage 2: id is missing"}},
		{"its own parent", `"parent":"nimbus-1"`, `"parent":"bee-1"`, []string{"outage 2 (bee-1)", "its own parent"}},
		{"no service", `"service":"chatterbee",`, ``, []string{"outage 2 (bee-1): service is missing"}},
		{"no title", `"title":"Late messages",`, ``, []string{"outage 2 (bee-1): title is missing"}},
		{"no start", `,"started_at":"2026-11-02T13:15:00Z"`, ``, []string{"outage 2 (bee-1): started_at is missing"}},
		{"no time", `2026-11-02T13:15:00Z`, `noon`, []string{"outage 2", "/started_at", "noon"}},
		{"an end before the start", `2026-11-02T14:00:00Z`, `2026-11-01T14:00:00Z`, []string{"outage 1 (nimbus-1)", "ended_at", "before started_at"}},
		{"a mistyped member", `"ended_at"`, `"end_at"`, []string{"outage 1", "end_at"}},
		{"the same id twice", `bee-1`, `nimbus-1`, []string{"outage 2 (nimbus-1)", "outage 1"}},
		{"an id with a slash", `bee-1`, `bee/1`, []string{"outage 2 (bee/1)", "letters, digits"}},
		{"no web address", `https://status`, `javascript:status`, []string{"outage 1 (nimbus-1): url"}},
		{"an unknown impact", `"major"`, `"huge"`, []string{"outage 1 (nimbus-1): impact \"huge\""}},
		{"a notice without a time", `"at":"2026-11-02T12:10:00Z",`, ``, []string{"outage 1 (nimbus-1): updates[1].at is missing"}},
		{"two things wrong", `"title":"Late messages","started_at":"2026-11-02T13:15:00Z"`, `"url":"x"`, []string{"title is missing", "started_at is missing", "url \"x\""}},
		{"a file of something else", goodFile, "127.0.0.1 localhost\n", []string{"neither", "--kind"}},
		{"no list", `"outages":[`, `"posts":[`, []string{"neither"}},
		{"cut off", `"Late messages","started_at":"2026-11-02T13:15:00Z","parent":"nimbus-1"}]}`, ``, []string{"unexpected EOF"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			broken := strings.Replace(goodFile, c.from, c.to, 1)
			if broken == goodFile {
				t.Fatal("the case changes nothing")
			}
			outages, err := ParseFile([]byte(broken), FileOptions{})
			if outages != nil || !errors.Is(err, hugops.ErrInvalid) {
				t.Fatalf("%d outages, %v", len(outages), err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
		})
	}
}

// fuzzParse feeds any bytes to one parser: no panic, and whatever comes out is
// valid, in order, and bounded.
func fuzzParse(f *testing.F, kind string) {
	for _, fixture := range fixtures {
		if fixture.kind == kind {
			f.Add(readFile(f, fixture.file))
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, err := Parse(kind, raw, nimbus)
		if err != nil {
			return
		}
		Continue(a.Outages, a.Outages)
		ids := map[string]bool{}
		for _, o := range a.Outages {
			if err := o.Validate(); err != nil || ids[o.ID] {
				t.Error(o.ID, err)
			}
			ids[o.ID] = true
			if !slices.IsSortedFunc(o.Updates, func(a, b hugops.Update) int { return a.At.Compare(b.At) }) || len(o.Raw) > maxRaw || len(o.Title) > maxTitle || len(o.Updates) > maxUpdates {
				t.Errorf("%+v", o)
			}
			if _, err := json.Marshal(o); err != nil {
				t.Error(err)
			}
		}
	})
}

func FuzzStatuspage(f *testing.F)  { fuzzParse(f, "statuspage") }
func FuzzIncidentIO(f *testing.F)  { fuzzParse(f, "incidentio") }
func FuzzInstatus(f *testing.F)    { fuzzParse(f, "instatus") }
func FuzzGoogle(f *testing.F)      { fuzzParse(f, "google") }
func FuzzAWS(f *testing.F)         { fuzzParse(f, "aws") }
func FuzzAzure(f *testing.F)       { fuzzParse(f, "azure") }
func FuzzSlack(f *testing.F)       { fuzzParse(f, "slack") }
func FuzzStatusIO(f *testing.F)    { fuzzParse(f, "statusio") }
func FuzzBetterStack(f *testing.F) { fuzzParse(f, "betterstack") }
func FuzzCachet(f *testing.F)      { fuzzParse(f, "cachet") }
func FuzzHeroku(f *testing.F)      { fuzzParse(f, "heroku") }
func FuzzAtom(f *testing.F)        { fuzzParse(f, "atom") }
func FuzzRSS(f *testing.F)         { fuzzParse(f, "rss") }

// FuzzParseFile feeds any bytes to what reads files of any form.
func FuzzParseFile(f *testing.F) {
	f.Add([]byte(goodFile))
	f.Add(readFile(f, "lines.jsonl"))
	for _, fixture := range fixtures {
		f.Add(readFile(f, fixture.file))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		outages, err := ParseFile(raw, FileOptions{})
		if err != nil && !errors.Is(err, hugops.ErrInvalid) {
			t.Error(err)
		}
		for _, o := range outages {
			if err := o.Validate(); err != nil {
				t.Error(err)
			}
		}
	})
}
