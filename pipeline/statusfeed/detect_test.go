package statusfeed

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/hugops/hugops"
)

// TestDetect finds the kind of pages as their makers serve them; what is not
// listed answers 404.
func TestDetect(t *testing.T) {
	file := func(name string) string { return string(readFile(t, name)) }
	const slashJSON, html = "bee.example/api/v2/incidents.json", "<html><head><title>Bee</title></head></html>"
	const statusIO = "5b36dc6502d06804c08349f7"
	cases := []struct {
		name, address string
		bodies        map[string]string
		kind, feed    string // and the first feed
	}{
		{"Statuspage", "bee.example", map[string]string{slashJSON: file("statuspage.json")}, "statuspage", "https://" + slashJSON},
		{"… on a path", "https://bee.example/eu/", map[string]string{"bee.example/eu/api/v2/incidents.json": beePage()}, "statuspage", "https://bee.example/eu/api/v2/incidents.json"},
		{"incident.io, by its null", "https://bee.example", map[string]string{slashJSON: file("incidentio.json")}, "incidentio", "https://" + slashJSON},
		{"incident.io, by its HTML", "https://bee.example", map[string]string{"bee.example": "<a href=https://incident.io>", slashJSON: beePage("a")}, "incidentio", "https://" + slashJSON},
		{"Instatus", "https://bee.example", map[string]string{"bee.example/summary.json": file("instatus.json")}, "instatus", "https://bee.example/summary.json"},
		{"Better Stack", "https://bee.example", map[string]string{"bee.example/index.json": file("betterstack.json")}, "betterstack", "https://bee.example/index.json"},
		{"Google", "https://status.cloud.google.com", map[string]string{"status.cloud.google.com/incidents.json": file("google.json")}, "google", "https://status.cloud.google.com/incidents.json"},
		{"Google, nothing in months", "https://status.cloud.google.com/", map[string]string{"status.cloud.google.com/incidents.json": "[]"}, "google", "https://status.cloud.google.com/incidents.json"},
		{"AWS", "https://health.aws.amazon.com/health/status", map[string]string{"health.aws.amazon.com/public/currentevents": file("aws-utf16.json")}, "aws", "https://health.aws.amazon.com/public/currentevents"},
		{"AWS, nothing open", "https://health.aws.amazon.com/health/status", map[string]string{"health.aws.amazon.com/public/currentevents": "[]"}, "aws", "https://health.aws.amazon.com/public/currentevents"},
		{"Azure", "https://azure.status.microsoft/en-us/status", map[string]string{"rssfeed.azure.status.microsoft/en-us/status/feed/": file("azure.rss")}, "azure", "https://rssfeed.azure.status.microsoft/en-us/status/feed/"},
		{"Slack", "https://slack-status.com", map[string]string{"slack-status.com/api/v2.0.0/current": file("slack.json")}, "slack", "https://slack-status.com/api/v2.0.0/current"},
		{"Status.io", "https://bee.example", map[string]string{"bee.example": `{"statuspage_id": x} pageId: "` + statusIO + `"`, "status-api.hostedstatus.com/1.0/status/" + statusIO: file("statusio.json")}, "statusio", "https://status-api.hostedstatus.com/1.0/status/" + statusIO},
		{"Cachet", "https://bee.example", map[string]string{"bee.example/api/incidents": file("cachet.json")}, "cachet", "https://bee.example/api/incidents?per_page=50&include=components,updates"},
		{"Cachet, empty", "https://bee.example", map[string]string{"bee.example": "<i>Powered by Cachet</i>", "bee.example/api/incidents": `{"data":[]}`}, "cachet", "https://bee.example/api/incidents?per_page=50&include=components,updates"},
		{"Heroku", "https://bee.example", map[string]string{"bee.example/api/v4/incidents": file("heroku.json")}, "heroku", "https://bee.example/api/v4/incidents"},
		{"Atom", "https://bee.example", map[string]string{"bee.example/history.atom": file("history.atom")}, "atom", "https://bee.example/history.atom"},
		{"a feed that the page links", "https://bee.example", map[string]string{"bee.example": `<link rel="alternate" type="application/rss+xml" href="/x/feed.php">`, "bee.example/x/feed.php": file("history.rss")}, "rss", "https://bee.example/x/feed.php"},
		{"… but not elsewhere", "https://bee.example", map[string]string{"bee.example": `<link type="application/rss+xml" href="https://wasp.example/feed">`, "wasp.example/feed": file("history.rss")}, "", ""},
		{"the feed itself", "https://bee.example/some/feed", map[string]string{"bee.example/some/feed": file("history.atom")}, "atom", "https://bee.example/some/feed"},
		{"a page that answers anything with itself", "https://bee.example", map[string]string{"bee.example": html, slashJSON: html, "bee.example/summary.json": html, "bee.example/index.json": html}, "", ""},
		{"an API that answers anything with []", "https://bee.example", map[string]string{"bee.example": html + "google slack heroku", "bee.example/incidents.json": "[]", "bee.example/api/v4/incidents": "[]"}, "", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, err := Detect(t.Context(), &http.Client{Transport: &world{bodies: c.bodies}}, c.address)
				if err != nil || f.Kind != c.kind {
					t.Fatalf("%q, %v\n%s", f.Kind, err, strings.Join(f.Tried, "\n"))
				}
				if c.kind != "" && f.Feeds[0] != c.feed {
					t.Errorf("feeds %q", f.Feeds)
				}
				if len(f.Tried) == 0 || len(f.Tried) > 20 {
					t.Errorf("%d addresses were asked", len(f.Tried))
				}
			})
		})
	}
}

func TestDetectErrors(t *testing.T) {
	for _, address := range []string{"http://bee.example", "https://u:p@bee.example", "file:///etc/passwd", "https://"} {
		if _, err := Detect(t.Context(), nil, address); !errors.Is(err, hugops.ErrInvalid) {
			t.Errorf("%s: %v", address, err)
		}
	}
	if f, err := Detect(t.Context(), nil, "https://127.0.0.1"); err == nil || !strings.Contains(err.Error(), "not a public address") {
		t.Errorf("a page on this machine: %+v, %v", f, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Detect(ctx, nil, "https://bee.example"); !errors.Is(err, context.Canceled) {
		t.Errorf("Ctrl-C: %v", err)
	}
}
