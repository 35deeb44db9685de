package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline/statusfeed"
	"github.com/hugops/hugops/store"
)

// captures are one answer of each kind of status feed, and those in the folder
// that the variable CAPTURES names.
func captures(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, pattern := range []string{"../../pipeline/statusfeed/testdata/*", filepath.Join(os.Getenv("CAPTURES"), "*")} {
		some, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range some {
			if strings.HasSuffix(file, ".json") && !strings.Contains(file, ".want.") || slices.Contains([]string{".rss", ".atom", ".bin"}, filepath.Ext(file)) {
				files = append(files, file)
			}
		}
	}
	if len(files) < 18 {
		t.Fatalf("only %d captures", len(files))
	}
	return files
}

// TestImportAndWatchAgree brings the same answers of status feeds into two
// registries: as files, in the way of "hugops outages import", and from servers,
// by the watcher. Both then have the same outages.
func TestImportAndWatchAgree(t *testing.T) {
	t.Parallel()
	imported, watched := newData(t), newData(t)
	var pages []statusfeed.Page
	var client *http.Client
	var files []hugops.Outage
	for i, file := range captures(t) {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write(raw) }))
		defer srv.Close()
		client = srv.Client()
		service := fmt.Sprintf("%s %d", filepath.Base(file), i)
		page := pageOf(service)
		page.URL, page.Kind = srv.URL+"/feed", statusfeed.Sniff(raw)
		pages = append(pages, page)
		outages, err := readOutages(file, statusfeed.FileOptions{Find: pageOf, Service: service})
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, outages...)
	}
	withStore(t, imported, func(s *store.Store, _ *brain) error { return s.PutOutages(t.Context(), files) })
	want := outagesOf(t, imported)
	withStore(t, watched, func(s *store.Store, _ *brain) error {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		go func() {
			defer cancel()
			for ctx.Err() == nil {
				if all, err := s.Outages(ctx); err == nil && len(all) >= len(want) {
					return
				}
				time.Sleep(50 * time.Millisecond)
			}
		}()
		statusfeed.NewWatcher(statusfeed.Config{Pages: pages, Registry: s, Ledger: s, Client: client}).Run(ctx)
		return nil
	})
	got := outagesOf(t, watched)
	if len(got) != len(want) || len(want) < 50 {
		t.Errorf("%d outages watched, %d imported", len(got), len(want))
	}
	for id, w := range want {
		if !reflect.DeepEqual(got[id], w) {
			t.Errorf("%s: watched\n%+v\nimported\n%+v", id, got[id], w)
		}
	}
	t.Logf("%d captures, %d outages", len(pages), len(want))
}

// outagesOf reads a registry, without what tells where and when an outage was
// seen.
func outagesOf(t *testing.T, data string) map[string]hugops.Outage {
	t.Helper()
	all := map[string]hugops.Outage{}
	withStore(t, data, func(s *store.Store, _ *brain) error {
		list, err := s.Outages(t.Context())
		for _, o := range list {
			o.Source, o.FirstSeen, o.LastSeen = "", time.Time{}, time.Time{}
			if strings.Contains(o.URL, "127.0.0.1") {
				o.URL = "" // of feeds whose addresses are relative to the page
			}
			all[o.ID] = o
		}
		return err
	})
	return all
}

// TestImportFeeds: files of status feeds as users have them.
func TestImportFeeds(t *testing.T) {
	t.Parallel()
	dir, data := t.TempDir(), newData(t)
	const feeds = "../../pipeline/statusfeed/testdata/"
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write([]byte(read(t, feeds+"lines.jsonl")))
	z.Close()
	lines := write(t, dir, "lines.jsonl.gz", packed.String())
	out, _ := runs(t, 0, "", "outages", "import", "--data", data, feeds+"statuspage.json", feeds+"aws.rss", feeds+"google.json", lines)
	if out != "15 outages imported.\n" {
		t.Errorf("got %q", out)
	}
	out, _ = runs(t, 0, read(t, feeds+"slack.json"), "outages", "import", "--data", data, "-")
	if out != "1 outages imported.\n" {
		t.Errorf("standard input: %q", out)
	}
	out, _ = runs(t, 0, "", "outages", "list", "--data", data)
	for _, want := range []string{"slack-1576", "aws-directconnect-eu-north-9_1762092000", "google-cloud-3BvH3LVGcupoYqV6F4Nw", "nimbus-cloud-open1", "chatterbee-mx1"} {
		if !strings.Contains(out, want) {
			t.Errorf("%s is missing in\n%s", want, out)
		}
	}
	for name, c := range map[string]struct{ args, want string }{
		"whose?":        {feeds + "statusio.json", "--service"},
		"which kind?":   {write(t, dir, "empty.json", "[]"), "--kind"},
		"another kind":  {"--kind dogs " + lines, "none of statuspage"},
		"the wrong one": {"--kind google " + feeds + "slack.json", "google feed"},
		"broken":        {write(t, dir, "broken.json", strings.Replace(read(t, feeds+"statuspage.json"), `"id":"done2",`, "", 1)), "incident 2: id is missing"},
	} {
		code := 1
		if name == "another kind" {
			code = 2
		}
		if _, errs := runs(t, code, "", append([]string{"outages", "import", "--data", data}, strings.Fields(c.args)...)...); !strings.Contains(errs, c.want) {
			t.Errorf("%s: %s", name, errs)
		}
	}
}

// TestStatusPages: what a value of --status-pages means.
func TestStatusPages(t *testing.T) {
	cases := []struct {
		value string
		want  statusfeed.Page // the zero page: an error
	}{
		{"github", statusfeed.Page{Service: "github", Name: "GitHub", URL: "https://www.githubstatus.com", Kind: "statuspage"}},
		{"https://www.githubstatus.com/", statusfeed.Page{Service: "github", Name: "GitHub", URL: "https://www.githubstatus.com", Kind: "statuspage"}},
		{"https://status.example.org/eu", statusfeed.Page{Service: "status.example.org", Name: "status.example.org", URL: "https://status.example.org/eu"}},
		{"cachet=https://status.example.org", statusfeed.Page{Service: "status.example.org", Name: "status.example.org", URL: "https://status.example.org", Kind: "cachet"}},
		{"aws=https://status.aws.amazon.com/rss/all.rss", statusfeed.Page{Service: "aws", Name: "AWS", URL: "https://status.aws.amazon.com/rss/all.rss", Kind: "aws"}},
		{"atom=https://www.githubstatus.com/history.atom", statusfeed.Page{Service: "github", Name: "GitHub", URL: "https://www.githubstatus.com/history.atom", Kind: "atom"}},
		{"dogs=https://status.example.org", statusfeed.Page{}},
		{"http://status.example.org", statusfeed.Page{}},
		{"cachet=http://status.example.org", statusfeed.Page{}},
		{"https://me:secret@status.example.org", statusfeed.Page{}},
		{"no-such-service", statusfeed.Page{}},
	}
	for _, c := range cases {
		pages, err := pagesOf(c.value)
		switch {
		case c.want.URL == "" && (err == nil || strings.Contains(err.Error(), "secret")):
			t.Errorf("%s: %+v, %v", c.value, pages, err)
		case c.want.URL != "" && (err != nil || len(pages) != 1 || pages[0] != c.want):
			t.Errorf("%s: %+v, %v, want %+v", c.value, pages, err, c.want)
		}
	}
	all, err := pagesOf("all")
	if err != nil || len(all) < 70 {
		t.Fatalf("%d pages, %v", len(all), err)
	}
	seen := map[string]string{}
	for _, p := range all {
		if other, twice := seen[p.URL]; twice {
			t.Errorf("%s is followed for %s and for %s", p.URL, other, p.Service)
		}
		seen[p.URL] = p.Service
	}
}
