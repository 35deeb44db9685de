package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hugops/hugops"
)

// askJSON asks for an answer and decodes it.
func askJSON[T any](t *testing.T, h http.Handler, path string) (out T, header http.Header) {
	t.Helper()
	w := get(t, h, path)
	if w.Code != 200 {
		t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return out, w.Header()
}

// local is the path and query of an address of the site.
func local(address string) string { return strings.TrimPrefix(address, "https://hugops.example") }

// TestPages reads lists page by page: each entry comes once, in order, also when
// outages come meanwhile; next and Link say the same, and the parameters stay.
func TestPages(t *testing.T) {
	for _, c := range []struct {
		path string
		want int
	}{
		{"/api/v1/outages?limit=2", 7},
		{"/api/v1/outages?limit=500", 7},
		{"/api/v1/outages?limit=1&q=cloud+storage&from=2026-11-01&to=2026-12-01T00:00:00%2B01:00", 1},
		{"/api/v1/outages?limit=3&open=false", 3},
		{"/api/v1/outages?limit=1&network=mastodon", 1},
		{"/api/v1/services/nimbus-cloud?limit=1", 1},
	} {
		store := fixtures()
		slices.SortStableFunc(store.details, func(a, b hugops.Detail) int { return b.Outage.StartedAt.Compare(a.Outage.StartedAt) })
		h := newSite(t, store)
		var ids []string
		for path, n := c.path, 0; path != ""; n++ {
			page, header := askJSON[apiPage](t, h, path)
			for _, o := range page.Outages {
				ids = append(ids, o.ID)
			}
			if path = ""; page.Next != nil {
				path = local(*page.Next)
				if want := "<" + *page.Next + `>; rel="next"`; header.Get("Link") != want {
					t.Errorf("%s: Link %s, want %s", c.path, header.Get("Link"), want)
				}
			} else if header.Get("Link") != "" {
				t.Errorf("%s: a Link on the last page: %s", c.path, header.Get("Link"))
			}
			fresh := nimbus()
			fresh.Outage.ID, fresh.Outage.StartedAt = fmt.Sprint("new-", n), noon
			store.details = append([]hugops.Detail{fresh}, store.details...)
		}
		if unique := slices.Compact(slices.Sorted(slices.Values(ids))); len(ids) != c.want || len(unique) != c.want {
			t.Errorf("%s: %q, want %d", c.path, ids, c.want)
		}
	}
}

// TestServices: services of the registry and of outages are one list, by slug.
func TestServices(t *testing.T) {
	h := newSite(t, fixtures(), func(c *Config) {
		c.Services = []hugops.Service{
			{Slug: "aardvark", Name: "Aardvark", Parent: "nimbus-cloud", StatusURL: "https://status.aardvark.example"},
			{Slug: "nimbus-cloud", Name: "Nimbus", StatusURL: "javascript:alert(1)"},
			{Slug: "zebra/mail", Name: "Zebra Mail"},
		}
	})
	type list struct {
		Services []apiServiceOutages
		Next     *string
	}
	var all []apiServiceOutages
	for path := "/api/v1/services?limit=4"; path != ""; {
		page, _ := askJSON[list](t, h, path)
		all = append(all, page.Services...)
		if path = ""; page.Next != nil {
			path = local(*page.Next)
		}
	}
	if !slices.IsSortedFunc(all, func(a, b apiServiceOutages) int { return strings.Compare(a.Slug, b.Slug) }) || len(all) != 9 {
		t.Fatalf("%d services: %+v", len(all), all)
	}
	first, last := all[0], all[8]
	if first.Slug != "aardvark" || *first.Parent != "nimbus-cloud" || first.StatusURL != "https://status.aardvark.example" || first.LastOutage != nil || first.OutageCount != 0 {
		t.Errorf("without outages: %+v", first)
	}
	if last.Links.Self != "https://hugops.example/api/v1/services/zebra%2Fmail" {
		t.Errorf("a slug that is no word: %+v", last.Links)
	}
	if one, _ := askJSON[apiServiceDetail](t, h, local(last.Links.Self)); one.Slug != "zebra/mail" || len(one.Outages) != 0 {
		t.Errorf("by its link: %+v", one)
	}
	one, _ := askJSON[apiServiceDetail](t, h, "/api/v1/services/nimbus-cloud")
	if one.Name != "Nimbus" || one.StatusURL != "" || one.OutageCount != 1 || one.OpenCount != 1 || !one.LastOutage.Open || one.LastOutage.EndedAt != nil || len(one.Outages) != 1 {
		t.Errorf("with outages: %+v", one)
	}
	over, _ := askJSON[apiServiceDetail](t, h, "/api/v1/services/pennywhistle-pay")
	if over.Name != "Pennywhistle Pay" || over.OpenCount != 0 || !over.LastOutage.EndedAt.Equal(at("12:00")) {
		t.Errorf("of an outage only: %+v", over)
	}
	if w := get(t, h, "/api/v1/services/unknown"); w.Code != 404 || !strings.Contains(w.Body.String(), noService) {
		t.Errorf("unknown: %d %s", w.Code, w.Body)
	}
}

// TestWindows: from and to narrow a series and what sources saw.
func TestWindows(t *testing.T) {
	h := newSite(t, fixtures())
	for path, want := range map[string]string{
		"/api/v1/outages/nimbus-2026-11-22/series?from=2026-11-22T12:00:00Z&to=2026-11-22T12:10:00Z":          "12:00 12:05",
		"/api/v1/outages/nimbus-2026-11-22/series?from=2026-11-22T13:00:00%2B01:00&to=2026-11-22T12:04:00Z":   "12:00",
		"/api/v1/outages/nimbus-2026-11-22/series?bucket=366d&from=2026-11-23":                                "",
		"/api/v1/outages/suspected-nimbus-cloud-2026-11-22-1110/series?from=2026-11-22T14:20:00Z&bucket=1h5m": "14:20",
	} {
		s, _ := askJSON[apiSeries](t, h, path)
		var got []string
		for _, m := range s.Series {
			got = append(got, m.At.Format("15:04"))
		}
		if strings.Join(got, " ") != want || s.Outage != "nimbus-2026-11-22" {
			t.Errorf("%s: %s of %s, want %s", path, got, s.Outage, want)
		}
	}
	type sources struct {
		From, To time.Time
		Sources  []apiSource
	}
	for query, want := range map[string]string{
		"": "11-21 14:26 to 11-22 14:26, 6 sources",
		"?from=2026-11-22T05:00:00Z&to=2026-11-22T06:00:30Z": "11-22 05:00 to 11-22 06:00, 3 sources",
		"?to=2026-11-22T06:00:00Z":                           "11-21 06:00 to 11-22 06:00, 3 sources",
		"?from=2026-11-20&to=2031-01-01":                     "11-20 00:00 to 11-22 14:26, 6 sources",
	} {
		s, _ := askJSON[sources](t, h, "/api/v1/sources"+query)
		if got := fmt.Sprintf("%s to %s, %d sources", s.From.Format("01-02 15:04"), s.To.Format("01-02 15:04"), len(s.Sources)); got != want {
			t.Errorf("sources%s: %s, want %s", query, got, want)
		}
	}
}

// TestMistakes: what is wrong with a parameter is said, with what to do.
func TestMistakes(t *testing.T) {
	h := newSite(t, fixtures())
	first, _ := askJSON[apiPage](t, h, "/api/v1/outages?limit=2&open=true")
	u, err := url.Parse(*first.Next)
	if err != nil {
		t.Fatal(err)
	}
	cursor := u.Query().Get("cursor")
	const series = "/api/v1/outages/nimbus-2026-11-22/series"
	const aTime = " is a day or a time of 1970 to 2105, such as 2026-11-22 or 2026-11-22T14:00:00Z; the + of a time zone is written %2B."
	const aBucket = "bucket is a length of whole minutes from 1m to 366d, for example 5m, 6h or 7d."
	for _, c := range []struct{ path, parameter, detail string }{
		{"/api/v1/outages?sevice=github", "sevice", `There is no parameter "sevice" here. Those that this address knows: cursor, from, limit, network, open, q, service, to.`},
		{"/api/v1/outages/nimbus-2026-11-22?x=1", "x", `There is no parameter "x" here. This address takes none.`},
		{"/api/v1/outages?limit=1&limit=2", "limit", "limit is given more than once."},
		{"/api/v1/outages?open=", "open", "open is empty: give it a value, or leave it out."},
		{"/api/v1/outages?limit=%zz", "", "The query is malformed: write it as name=value&name=value, with %XX for special characters."},
		{"/api/v1/outages?limit=0", "limit", "limit is a whole number from 1 to 500."},
		{"/api/v1/outages?limit=x", "limit", "limit is a whole number from 1 to 500."},
		{"/api/v1/services?limit=501", "limit", "limit is a whole number from 1 to 500."},
		{"/api/v1/outages?open=maybe", "open", "open is true or false."},
		{"/api/v1/outages?network=icq", "network", "network is one of mastodon, bluesky, x."},
		{"/api/v1/outages?q=" + strings.Repeat("x", 101), "q", "q is at most 100 characters of UTF-8."},
		{"/api/v1/outages?q=%ff", "q", "q is at most 100 characters of UTF-8."},
		{"/api/v1/outages?from=yesterday", "from", "from" + aTime},
		{"/api/v1/outages?to=2026-11-22T10:00:00+01:00", "to", "to" + aTime},
		{"/api/v1/outages?to=2222-11-22", "to", "to" + aTime},
		{"/api/v1/outages?from=2026-11-23&to=2026-11-23", "from", "from is a time before to."},
		{"/api/v1/outages?cursor=" + cursor, "cursor", wrongCursor}, // of another list
		{"/api/v1/outages?open=true&cursor=" + cursor[:len(cursor)-2], "cursor", wrongCursor},
		{"/api/v1/outages?open=true&cursor=x", "cursor", wrongCursor},
		{"/api/v1/services/nimbus-cloud?cursor=" + cursor, "cursor", wrongCursor},
		{"/api/v1/services?cursor=" + cursor, "cursor", wrongCursor},
		{series + "?bucket=90s", "bucket", aBucket},
		{series + "?bucket=0", "bucket", aBucket},
		{series + "?bucket=367d", "bucket", aBucket},
		{series + "?bucket=-1d", "bucket", aBucket},
		{series + ".csv?bucket=9000h", "bucket", aBucket},
		{series + "?bucket=1m", "bucket", "That is more than 10000 buckets: ask for wider ones with bucket, or for a part of the time with from and to."},
		{"/api/v1/sources?from=2026-11-01", "from", "from and to are at most 7 days apart: ask for one week after the other."},
		{"/api/v1/sources?from=2026-11-23", "from", "from is a time before to, and before now."},
	} {
		w := get(t, h, c.path)
		var p apiProblem
		d := json.NewDecoder(w.Body)
		d.DisallowUnknownFields()
		if err := d.Decode(&p); err != nil {
			t.Fatalf("%s: %v", c.path, err)
		}
		want := apiProblem{Type: "https://hugops.example/problems/invalid-parameter", Title: "A parameter is not understood", Status: 400, Detail: c.detail, Parameter: c.parameter}
		if want.Instance, _, _ = strings.Cut(c.path, "?"); c.parameter == "" {
			want.Type, want.Title = "about:blank", "Bad Request"
		}
		if got := fmt.Sprintf("%+v", p); w.Code != 400 || got != fmt.Sprintf("%+v", want) {
			t.Errorf("%s: %d %s\nwant %+v", c.path, w.Code, got, want)
		}
	}
	if w := get(t, h, "/problems/invalid-parameter"); w.Code != 200 {
		t.Errorf("the page of the problem: %d", w.Code)
	}
	if w := get(t, h, "/problems/other"); w.Code != 404 {
		t.Errorf("the page of no problem: %d", w.Code)
	}
}

// FuzzCursor: no cursor makes the reader fail, one that is read is one that was given,
// and a place survives the way there and back.
func FuzzCursor(f *testing.F) {
	f.Add("", int64(0), "")
	f.Add("q7mZ3oCAwPSr9usFbmltYnVz", int64(1), "nimbus")
	f.Fuzz(func(t *testing.T, cursor string, at int64, id string) {
		if key, ok := readCursor("list", cursor); ok && newCursor("list", key) != cursor {
			t.Errorf("%q was read, and is none", cursor)
		}
		placeOf([]byte(cursor))
		place := hugops.OutagePlace{StartedAt: time.UnixMicro(at % (1 << 52)).UTC(), ID: id}
		key, ok := readCursor("list", newCursor("list", placeKey(&place)))
		if back := placeOf(key); !ok || back == nil || !back.StartedAt.Equal(place.StartedAt) || back.ID != place.ID {
			t.Errorf("%v came back as %v", place, back)
		}
		if _, ok := readCursor("other", newCursor("list", placeKey(&place))); ok {
			t.Error("the cursor of another list was read")
		}
	})
}

// FuzzParams: whatever stands in a query, the answer is one of the API, or says what is
// wrong with it.
func FuzzParams(f *testing.F) {
	for _, s := range []string{"limit=1&open=true", "from=2026-11-22&to=2026-11-22T14:00:00Z", "bucket=1h30m", "bucket=366d", "q=%ff;", "cursor=AAAA", "network=x&service=%00"} {
		f.Add(s)
	}
	h := newSite(f, fixtures())
	f.Fuzz(func(t *testing.T, query string) {
		for _, path := range []string{"/api/v1/outages", "/api/v1/outages/nimbus-2026-11-22/series", "/api/v1/services", "/api/v1/sources"} {
			r, err := http.NewRequest("GET", path, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.URL.RawQuery = query
			w := newRecorder()
			h.ServeHTTP(w, r)
			if w.Code != 200 && w.Code != 400 || !json.Valid(w.Body.Bytes()) {
				t.Errorf("%s?%s: %d %s", path, query, w.Code, w.Body)
			}
		}
	})
}
