package statusfeed

import (
	"errors"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

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

// TestStatuspage compares what incidents.json becomes with incidents.want.json:
// times, order of notices, components, addresses, and every way to tell an end.
func TestStatuspage(t *testing.T) {
	outages, err := ParseStatuspage(readFile(t, "incidents.json"), "")
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(outages, jsontext.Multiline(true))
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile("testdata/incidents.want.json", got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := readFile(t, "incidents.want.json"); string(got) != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestStatuspageShapes(t *testing.T) {
	const page = `{"page":{"id":"p","name":"Chatterbee"}`
	const good = `{"id":"a","name":"n","status":"investigating","created_at":"2026-11-02T12:00:00Z"}`
	cases := []struct {
		name, raw string
		want      string // ids of the outages
		err       string
	}{
		{"unresolved.json, nothing open", page + `,"incidents":[]}`, "", ""},
		{"summary.json without incidents", page + `,"status":{"indicator":"none"},"components":[]}`, "", ""},
		{"byte order mark", "\xef\xbb\xbf" + page + `,"incidents":[` + good + `]}`, "chatterbee-a", ""},
		{"one bad incident does not hide the others", page + `,"incidents":[{"name":"no id"},` + good + `,{"id":"b"}]}`, "chatterbee-a", "id is missing"},
		{"an id that may not stand in an address", page + `,"incidents":[` + strings.Replace(good, `"a"`, `"a/../b?c"`, 1) + `]}`, "chatterbee-a..bc", ""},
		{"another JSON", `{"ok":true}`, "", "no Statuspage answer"},
		{"an error page", "\n<!DOCTYPE html><html>Bad gateway</html>", "", "a page of HTML"},
		{"half an answer", page + `,"incidents":[{"id":`, "", "unexpected EOF"},
		{"a bad time", page + `,"incidents":[{"id":"a","created_at":"soon"}]}`, "", "/incidents/0/created_at"},
		{"nothing", "", "", "EOF"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			outages, err := ParseStatuspage([]byte(c.raw), "")
			var ids []string
			for _, o := range outages {
				ids = append(ids, o.ID)
			}
			if got := strings.Join(ids, " "); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("error %v does not say %q", err, c.err)
			}
		})
	}
}

const goodFile = `{"outages":[
 {"id":"nimbus-1","service":"Nimbus Cloud","title":"Storage errors","started_at":"2026-11-02T13:00:00+01:00","ended_at":"2026-11-02T14:00:00Z",
  "url":"https://status.nimbus-cloud.example/1","impact":"major","components":["Storage"],"demo":true,
  "updates":[{"at":"2026-11-02T13:30:00Z","status":"resolved","text":" done "},{"at":"2026-11-02T12:10:00Z","status":"investigating","text":"looking"}]},
 {"id":"bee-1","service":"chatterbee","title":"Late messages","started_at":"2026-11-02T13:15:00Z","parent":"nimbus-1"}]}`

func TestParseFile(t *testing.T) {
	lookup := func(name string) (slug, proper string) {
		if strings.EqualFold(name, "chatterbee") {
			return "chatterbee", "Chatterbee"
		}
		return hugops.Slug(name), name
	}
	outages, err := ParseFile([]byte(goodFile), lookup)
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
	page, err := ParseFile(readFile(t, "incidents.json"), lookup)
	if err != nil || len(page) != 6 || page[0].Service != "nimbus-cloud" || page[0].Source != "file" {
		t.Errorf("a Statuspage file: %d outages, %v", len(page), err)
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
		{"no list", `"outages":[`, `"posts":[`, []string{"neither"}},
		{"cut off", `"Late messages","started_at":"2026-11-02T13:15:00Z","parent":"nimbus-1"}]}`, ``, []string{"unexpected EOF"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			broken := strings.Replace(goodFile, c.from, c.to, 1)
			if broken == goodFile {
				t.Fatal("the case changes nothing")
			}
			outages, err := ParseFile([]byte(broken), nil)
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

// FuzzParse feeds any bytes to both parsers: no panic, and whatever comes out is
// valid and in order.
func FuzzParse(f *testing.F) {
	f.Add(readFile(f, "incidents.json"))
	f.Add([]byte(goodFile))
	f.Fuzz(func(t *testing.T, raw []byte) {
		fromPage, _ := ParseStatuspage(raw, "Some Page")
		fromFile, _ := ParseFile(raw, nil)
		for _, o := range slices.Concat(fromPage, fromFile) {
			if err := o.Validate(); err != nil {
				t.Error(err)
			}
			if !slices.IsSortedFunc(o.Updates, func(a, b hugops.Update) int { return a.At.Compare(b.At) }) {
				t.Errorf("updates out of order: %v", o.Updates)
			}
		}
	})
}
