package classify

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hugops/hugops"
)

// TestTroubled: which of the services that a post names it says are in trouble.
func TestTroubled(t *testing.T) {
	l := NewLinker(Services(), nil)
	for _, c := range []struct{ network, text, want string }{
		{"mastodon", "is github down for anyone else?", "github"},
		{"mastodon", "Spotify geht nicht mehr", "spotify"},
		{"mastodon", "#hugops to the GitHub folks", "github"},
		{"mastodon", "GitHub and Slack are both down, time for lunch", "github slack"},
		{"mastodon", "we use GitHub and Slack at work", ""},
		{"mastodon", "my brain is down like AWS", ""},
		{"mastodon", "remember when Facebook was down for six hours in 2021?", ""},
		{"mastodon", "GitHub is hiring an outage manager", ""},
		{"mastodon", "my toaster is broken", ""},
		{"x", "Twitter is down", ""},
		{"bluesky", "Twitter is down", "x"},
	} {
		got := l.Troubled(&hugops.Post{Network: hugops.Network(c.network), Text: c.text, Lang: "", PostedAt: noon})
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s, %q: %q, want %q", c.network, c.text, s, c.want)
		}
	}
}

// TestRegion: of two outages at the same time, a post means the one whose region it
// names; TestMergedInto: one that turned out to be another is none.
func TestRegion(t *testing.T) {
	east := hugops.Outage{ID: "east", Service: "aws", ServiceName: "AWS", Title: "Errors", StartedAt: noon, Regions: []string{"us-east-1"}}
	south := hugops.Outage{ID: "south", Service: "aws", ServiceName: "AWS", Title: "Errors", StartedAt: noon, Regions: []string{"sa-east-1"}}
	l := NewLinker(Services(), []hugops.Outage{east, south})
	_, links := l.Link(&hugops.Post{Text: "aws sa-east-1 is down", PostedAt: noon.Add(time.Minute)})
	if len(links) != 1 || links[0].Outage != "south" || !slices.Contains(links[0].Evidence, "region:sa-east-1") {
		t.Errorf("%+v", links)
	}
}

func TestMergedInto(t *testing.T) {
	guess := hugops.Outage{ID: "guess", Service: "github", ServiceName: "GitHub", Title: "Many people report problems", StartedAt: noon, Suspected: true}
	post := hugops.Post{Text: "github is down", PostedAt: noon.Add(time.Minute)}
	if _, links := NewLinker(Services(), []hugops.Outage{guess}).Link(&post); len(links) != 1 {
		t.Errorf("a suspected outage has no links: %+v", links)
	}
	guess.MergedInto = "real"
	if _, links := NewLinker(Services(), []hugops.Outage{guess}).Link(&post); len(links) != 0 {
		t.Errorf("one that became another has links: %+v", links)
	}
}

// TestDigest: everything about an outage that a link may depend on changes the
// digest; what was seen of it when, and its other words, do not.
func TestDigest(t *testing.T) {
	same := map[string]bool{"Severity": true, "Source": true, "Demo": true, "Suspected": true, "Feed": true, "FeedID": true, "FirstSeen": true, "LastSeen": true,
		"WithdrawnAt": true, "Raw": true, "Updates": true}
	base := hugops.Outage{ID: "a", Service: "github", StartedAt: noon}
	want := Digest(base)
	for i := range reflect.TypeFor[hugops.Outage]().NumField() {
		o := base
		f := reflect.TypeFor[hugops.Outage]().Field(i)
		switch v := reflect.ValueOf(&o).Elem().Field(i); f.Type.String() {
		case "string":
			v.SetString("changed")
		case "bool":
			v.SetBool(true)
		case "time.Time":
			v.Set(reflect.ValueOf(noon.Add(time.Hour)))
		case "[]string":
			v.Set(reflect.ValueOf([]string{"changed"}))
		case "[]uint8":
			v.SetBytes([]byte("changed"))
		case "[]hugops.Update":
			v.Set(reflect.ValueOf([]hugops.Update{{At: noon, Text: "changed"}}))
		default:
			t.Fatalf("%s: no value for %s", f.Name, f.Type)
		}
		if (Digest(o) == want) != same[f.Name] {
			t.Errorf("%s: the digest is the same: %v, want %v", f.Name, Digest(o) == want, same[f.Name])
		}
	}
	other := hugops.Outage{ID: "b", Service: "slack", StartedAt: noon}
	if Digest(base, other) != Digest(other, base) {
		t.Error("the order matters")
	}
	late := base
	late.Updates = []hugops.Update{{At: noon.Add(30 * time.Minute)}}
	if Digest(late) == want {
		t.Error("a first notice that changes the lead time changes nothing")
	}
}

// TestUpstream: what a provider says of another one's outage makes a cascade.
func TestUpstream(t *testing.T) {
	aws := hugops.Outage{ID: "aws", Service: "aws", ServiceName: "AWS", Title: "Increased error rates", StartedAt: noon}
	s3 := hugops.Outage{ID: "s3", Service: "aws-s3", ServiceName: "Amazon S3", Title: "Errors", StartedAt: noon}
	later := hugops.Outage{ID: "later", Service: "cloudflare", ServiceName: "Cloudflare", Title: "Errors", StartedAt: noon.Add(3 * time.Hour)}
	for text, want := range map[string]string{
		"We are looking into errors.": "",
		"The cause is an outage at our upstream provider AWS. We are waiting for them.": "aws",
		"This is due to the ongoing AWS outage in us-east-1.":                           "aws",
		"Slack is down for some people.":                                                "",
		"An outage at Cloudflare hits us.":                                              "", // there was none yet
	} {
		slack := hugops.Outage{ID: "slack", Service: "slack", ServiceName: "Slack", Title: "Messages fail", StartedAt: noon.Add(10 * time.Minute),
			Updates: []hugops.Update{{At: noon.Add(20 * time.Minute), Text: "We see it too."}, {At: noon.Add(30 * time.Minute), Text: text}}}
		if got := NewLinker(Services(), []hugops.Outage{aws, slack, later}).Upstream(&slack); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	s3.Updates = []hugops.Update{{At: noon.Add(time.Minute), Text: "AWS is down, and S3 with it."}}
	if got := NewLinker(Services(), []hugops.Outage{aws, s3}).Upstream(&s3); got != "" {
		t.Errorf("a part fell with its whole: %q", got)
	}
}
