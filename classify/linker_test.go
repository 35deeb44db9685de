package classify

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hugops/hugops"
)

// noon is the start of the outages of these tests.
var noon = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

func at(offset string) time.Time {
	d, err := time.ParseDuration(offset)
	if err != nil {
		panic(err)
	}
	return noon.Add(d)
}

func outage(id, service, title string, length time.Duration, components ...string) hugops.Outage {
	slug, name := Services().Lookup(service)
	o := hugops.Outage{ID: id, Service: slug, ServiceName: name, Title: title, StartedAt: noon, Components: components}
	if length > 0 {
		o.EndedAt = noon.Add(length)
	}
	return o
}

var linkOutages = func() []hugops.Outage {
	github := outage("gh-1", "GitHub", "Incident with Actions", 2*time.Hour, "Actions")
	github.URL = "https://www.githubstatus.com/incidents/abc123"
	pages := outage("gl-pages", "GitLab", "GitLab Pages unavailable", 3*time.Hour, "Pages")
	runners := outage("gl-ci", "GitLab", "Shared runners delayed", 3*time.Hour, "CI/CD")
	old := outage("zoom-old", "Zoom", "Meetings fail to start", 0)
	old.StartedAt = noon.Add(-30 * 24 * time.Hour)
	return []hugops.Outage{github, pages, runners, old,
		outage("aws-1", "AWS", "Increased error rates in us-east-1", 4*time.Hour),
		outage("slack-1", "Slack", "Trouble sending messages", 0),
		outage("nimbus-1", "Nimbus Cloud", "API errors in Frankfurt", time.Hour),
		outage("ember-1", "Ember", "Login unavailable", time.Hour),
		outage("quillo-1", "Quilloro", "Drafts are lost", time.Hour), // coined: no word of any language
		outage("otters-1", "Otters", "Rides cannot be booked", time.Hour),
	}
}()

func TestLink(t *testing.T) {
	l := NewLinker(Services(), linkOutages)
	for _, c := range []struct {
		text, when string
		want       string   // the outage linked best, "" for none
		low, high  float64  // bounds of its probability
		evidence   []string // some of its evidence
	}{
		{"GitHub is down again", "10m", "gh-1", 0.9, 0.95, []string{"alias:github", "time:during"}},
		{"github actions is down", "10m", "gh-1", 0.85, 0.98, []string{"alias:github actions", "time:during"}},
		{"@githubstatus any news on the outage?", "30m", "gh-1", 0.9, 0.95, []string{"handle:@githubstatus"}},
		{"everything red here #githubdown", "30m", "gh-1", 0.9, 0.95, []string{"hashtag:#githubdown"}},
		{"see https://www.githubstatus.com/incidents/abc123?x=1", "30m", "gh-1", 0.99, 0.99, []string{"url:githubstatus.com"}},
		{"watching https://www.githubstatus.com", "30m", "gh-1", 0.93, 0.96, []string{"url:githubstatus.com"}},
		{"github.com is unreachable from here", "30m", "gh-1", 0.9, 0.95, []string{"domain:github.com"}},
		{"github down?", "-10m", "gh-1", 0.8, 0.9, []string{"time:before"}},
		{"github down?", "-59m", "gh-1", 0.5, 0.6, []string{"time:before"}},
		{"github down?", "-61m", "", 0, 0, nil},
		{"my new github repo is public", "30m", "", 0, 0, nil}, // named, at the time: that alone does not do
		{"hugs to the github people", "30m", "gh-1", 0.85, 0.95, nil},
		{"ugh github, again", "30m", "gh-1", 0.6, 0.7, nil},
		{"github, why again", "30m", "gh-1", 0.6, 0.7, []string{"alias:github"}},
		{"remember when github was down for a day in 2018", "30m", "", 0, 0, nil},
		{"we are hiring a github admin, on call one week in six", "30m", "", 0, 0, nil},
		{"my brain is down like github", "30m", "", 0, 0, nil},
		{"feels like github is down, anyone?", "30m", "gh-1", 0.9, 0.95, nil},
		{"worst github outage since 2018", "30m", "gh-1", 0.9, 0.95, nil},
		{"the lift is broken\nSent from my GitHub", "30m", "", 0, 0, nil},
		{"my new github repo is public", "-10m", "", 0, 0, nil},
		{"my new github repo is public", "3h30m", "", 0, 0, nil},
		{"github fixed, thank you all", "3h", "gh-1", 0.75, 0.85, []string{"time:after"}},
		{"github outage of today", "7h30m", "", 0, 0, nil},
		{"github outage of today", "9h", "", 0, 0, nil},
		{"S3 returns 503 for us", "1h", "aws-1", 0.8, 0.95, []string{"alias:s3"}},
		{"hugs to the team at nimbuscloud", "20m", "nimbus-1", 0.9, 0.95, []string{"alias:nimbuscloud"}},
		{"Nimbus Cloud frankfurt is down", "20m", "nimbus-1", 0.9, 0.98, nil},
		{"#nimbuscloud down for anyone?", "20m", "nimbus-1", 0.9, 0.95, []string{"hashtag:#nimbuscloud"}},
		{"@nimbus_cloud what is going on, all errors", "20m", "nimbus-1", 0.9, 0.95, []string{"handle:@nimbus_cloud"}},
		{"Nimbus Cloud is down in Frankfurt", "20m", "nimbus-1", 0.9, 0.98, []string{"title:frankfurt"}},
		{"@NimbusCloud errors everywhere", "20m", "nimbus-1", 0.9, 0.95, []string{"handle:@nimbuscloud"}},
		{"Ember login is down", "20m", "ember-1", 0.8, 0.9, []string{"alias:ember"}},
		{"a glowing ember in the dark", "20m", "", 0, 0, nil},
		{"quilloro ate my essay", "20m", "quillo-1", 0.7, 0.8, []string{"alias:quilloro", "time:during"}},
		{"quilloro is down", "20m", "quillo-1", 0.9, 0.95, nil},
		{"well done Quilloro, very funny", "20m", "quillo-1", 0.7, 0.8, nil},
		{"quilloro ate my essay", "-5m", "quillo-1", 0.5, 0.6, []string{"time:before"}},
		{"quilloro ate my essay", "-30m", "", 0, 0, nil},
		{"still no apology, quilloro", "3h", "quillo-1", 0.5, 0.6, []string{"time:after"}}, // two hours after the end
		{"quilloro ate my essay", "5h", "", 0, 0, nil},
		{"two otters in the river", "20m", "", 0, 0, nil}, // an ordinary word needs support
		{"Otters app is down", "20m", "otters-1", 0.8, 0.9, nil},
		{"gitlab is slow today", "1h", "", 0, 0, nil}, // two of GitLab's, nothing to choose by
		{"gitlab pages is down", "1h", "gl-pages", 0.6, 0.98, []string{"component:pages"}},
		{"gitlab runners delayed, jobs stuck", "1h", "gl-ci", 0.6, 0.98, nil},
		{"zoom is down", "1h", "", 0, 0, nil}, // an incident that nobody closed for a month
		{"#hugops to whoever is on call tonight", "1h", "", 0, 0, nil},
		{"lovely weather", "1h", "", 0, 0, nil},
	} {
		_, links := l.Link(&hugops.Post{Text: c.text, PostedAt: at(c.when)})
		if c.want == "" {
			if len(links) > 0 {
				t.Errorf("%q at %s: linked to %+v, want nothing", c.text, c.when, links)
			}
			continue
		}
		if len(links) == 0 || links[0].Outage != c.want || links[0].Probability < c.low || links[0].Probability > c.high {
			t.Errorf("%q at %s: links %+v, want %s at %.2f–%.2f", c.text, c.when, links, c.want, c.low, c.high)
			continue
		}
		for _, e := range c.evidence {
			if !slices.Contains(links[0].Evidence, e) {
				t.Errorf("%q at %s: evidence %q, want %q among it", c.text, c.when, links[0].Evidence, e)
			}
		}
	}
}

// TestOrdinary tells the names that may be a word from the coined ones.
func TestOrdinary(t *testing.T) {
	for name, want := range map[string]bool{
		"Bolt": true, "bolts": true, "Notion": true, "Wolke": true, "Oslo": true, "Grace": true, // words.tsv
		"coffee": true, "Thanks": true, // ordinary.txt
		"Storing": true, "PQX": true, "Z": true, // an outage word; too short to be sure
		"Quilloro": false, "Brindlehost": false, "Zendesk": false, "メルカリ": false,
	} {
		if got := ordinary(name); got != want {
			t.Errorf("ordinary(%q) = %v, want %v", name, got, want)
		}
	}
}

func TestLinkSeveral(t *testing.T) {
	l := NewLinker(Services(), linkOutages)
	services, links := l.Link(&hugops.Post{Text: "AWS is down and takes Slack with it", PostedAt: at("1h")})
	if !slices.Equal(services, []string{"aws", "slack"}) {
		t.Errorf("services %q, want aws and slack in the order of the post", services)
	}
	if len(links) != 2 || links[0].Outage != "aws-1" || links[1].Outage != "slack-1" || links[0].Probability < links[1].Probability {
		t.Errorf("links %+v, want aws-1, then slack-1", links)
	}
}

// TestLinkCascade: Slack fell with AWS, and Trello with nobody.
func TestLinkCascade(t *testing.T) {
	aws, slack, trello := outage("aws-2", "AWS", "Errors in us-east-1", 0), outage("slack-2", "Slack", "Trouble", 0), outage("trello-2", "Trello", "Trouble", 0)
	slack.Parent = "aws-2"
	l := NewLinker(Services(), []hugops.Outage{aws, slack, trello})
	for text, want := range map[string]string{
		"Slack is down":                        "slack-2 0.86, aws-2 0.52",
		"Slack is down since AWS is down":      "aws-2 0.92, slack-2 0.86", // named: by its own name
		"Trello is down":                       "trello-2 0.92",
		"Slack again, ugh":                     "slack-2 0.66", // too weak a link to pass on
		"AWS is down":                          "aws-2 0.92",   // not the other way round
		"Slack and Trello are down, of course": "trello-2 0.92, slack-2 0.86, aws-2 0.52",
	} {
		_, links := l.Link(&hugops.Post{Text: text, PostedAt: at("20m")})
		var got []string
		for _, k := range links {
			got = append(got, fmt.Sprintf("%s %.2f", k.Outage, k.Probability))
			if k.Outage == "aws-2" && !strings.Contains(text, "AWS") && !slices.Contains(k.Evidence, "cascade:slack-2") {
				t.Errorf("%q: evidence %q, want cascade:slack-2", text, k.Evidence)
			}
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%q: %s, want %s", text, strings.Join(got, ", "), want)
		}
	}
}

// TestLinkOfAReply: an answer to the provider's account is about its outage.
func TestLinkOfAReply(t *testing.T) {
	l := NewLinker(Services(), linkOutages)
	p := hugops.Post{Text: "@githubstatus any estimate for our releases?", ReplyTo: "1", PostedAt: at("20m")}
	_, links := l.Link(&p)
	if len(links) != 1 || links[0].Outage != "gh-1" || !slices.Contains(links[0].Evidence, "reply:@githubstatus") {
		t.Errorf("links %+v, want gh-1 by reply:@githubstatus", links)
	}
}

func TestCandidates(t *testing.T) {
	l := NewLinker(Services(), linkOutages)
	for text, want := range map[string][]string{ // outage and why it lost, most probable first
		"github is down":                {"gh-1: "},
		"gitlab pages is down":          {"gl-pages: ", "gl-ci: less likely than gl-pages"},
		"gitlab is slow today":          {"gl-ci: nothing tells it from its rivals", "gl-pages: less likely than gl-ci"},
		"my new github repo is public":  {"gh-1: its outage does not seem to be meant"},
		"remember when github was down": {"gh-1: the sentence is about something else"},
		"lovely weather":                nil,
	} {
		var got []string
		for _, c := range l.Candidates(&hugops.Post{Text: text, PostedAt: at("1h")}) {
			got = append(got, c.Outage+": "+c.Lost)
			if (c.Lost == "") != (c.Probability > LinkThreshold) || len(c.Evidence) == 0 {
				t.Errorf("%q: %+v", text, c)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestLinkOfTheProvidersOwnPost(t *testing.T) {
	l := NewLinker(Services(), linkOutages)
	_, links := l.Link(&hugops.Post{Text: "We are looking into reports of trouble.", AuthorService: "slack", PostedAt: at("5m")})
	if len(links) != 1 || links[0].Outage != "slack-1" || !slices.Contains(links[0].Evidence, "author:slack") {
		t.Errorf("links %+v, want slack-1 by its author", links)
	}
}

func TestLinkDoesNotDependOnTheOrderOfOutages(t *testing.T) {
	turned := slices.Clone(linkOutages)
	slices.Reverse(turned)
	a, b := NewLinker(Services(), linkOutages), NewLinker(Services(), turned)
	for _, text := range []string{"AWS and Slack are down", "gitlab pages down", "s3 errors, github down", "nimbus cloud outage"} {
		p := hugops.Post{Text: text, PostedAt: at("1h")}
		_, la := a.Link(&p)
		_, lb := b.Link(&p)
		if !slices.EqualFunc(la, lb, func(x, y hugops.Link) bool {
			return x.Outage == y.Outage && x.Probability == y.Probability && slices.Equal(x.Evidence, y.Evidence)
		}) {
			t.Errorf("%q: %+v in one order, %+v in the other", text, la, lb)
		}
	}
}

func TestRelevant(t *testing.T) {
	l := NewLinker(Services(), linkOutages)
	for _, c := range []struct {
		post   hugops.Post
		keep   bool
		reason string
	}{
		{hugops.Post{Text: "big #HugOps to everybody on call"}, true, "hashtag"},
		{hugops.Post{Text: "#hugsops !"}, true, "hashtag"},
		{hugops.Post{Text: "fyi", URLs: []string{"https://www.githubstatus.com/"}}, true, "status-url"},
		{hugops.Post{Text: "https://status.openai.com/incidents/x"}, true, "status-url"},
		{hugops.Post{Text: "Spotify geht nicht"}, true, "service+outage-words"},
		{hugops.Post{Text: "GitHubが落ちてる"}, true, "service+outage-words"},
		{hugops.Post{Text: "whatsapp caiu?"}, true, "service+outage-words"},
		{hugops.Post{Text: "discord en panne"}, true, "service+outage-words"},
		{hugops.Post{Text: "se cayó Instagram"}, true, "service+outage-words"},
		{hugops.Post{Text: "Ziggo storing in Utrecht"}, true, "service+outage-words"},
		{hugops.Post{Text: "oh GitHub, you sweet thing"}, true, "service+open-outage"},
		{hugops.Post{Text: "oh Netflix, you sweet thing"}, false, "no-outage"},
		{hugops.Post{Text: "my toaster is broken"}, false, "no-service"},
		{hugops.Post{Text: ""}, false, "no-service"},
		{hugops.Post{Text: "cut them some slack, the bakery is closed"}, false, "no-service"},
	} {
		c.post.PostedAt = at("30m")
		if keep, reason := l.Relevant(&c.post); keep != c.keep || reason != c.reason {
			t.Errorf("%q %q: %v %q, want %v %q", c.post.Text, c.post.URLs, keep, reason, c.keep, c.reason)
		}
	}
}

func TestRules(t *testing.T) {
	if v := NewLinker(Services(), nil).Rules(); !strings.HasPrefix(v, rulesCode+"-") || len(v) != len(rulesCode)+9 {
		t.Errorf("version %q, want %s-<8 hex digits>", v, rulesCode)
	}
}

//go:embed testdata/services.tsv
var serviceCases string

// serviceCase is a line of testdata/services.tsv.
type serviceCase struct {
	line        int
	lang, text  string
	want        []string
	word, meant bool // in the part about names that are words
}

func readServiceCases(t *testing.T) (cases []serviceCase) {
	word, meant := false, false
	for n, line := range strings.Split(serviceCases, "\n") {
		if line == "" || line[0] == '#' {
			word = word || strings.HasPrefix(line, "# words:")
			meant = line == "# words: meant"
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 3 {
			t.Fatalf("testdata/services.tsv:%d: %d fields, want 3", n+1, len(f))
		}
		c := serviceCase{line: n + 1, lang: strings.Trim(f[0], "-"), text: f[2], word: word, meant: meant}
		if f[1] != "-" {
			c.want = strings.Split(f[1], ",")
			slices.Sort(c.want)
		}
		cases = append(cases, c)
	}
	return cases
}

// TestServices holds the bounds of what naming a service is worth: precision 0.95
// and recall 0.9, over all cases and over those of names that are words.
func TestServices(t *testing.T) {
	cases := readServiceCases(t)
	words := slices.DeleteFunc(slices.Clone(cases), func(c serviceCase) bool { return !c.word })
	if len(cases) < 150 || len(words) < 50 {
		t.Fatalf("%d cases, %d of them words; want 150 and 50", len(cases), len(words))
	}
	l := NewLinker(Services(), nil)
	for name, cases := range map[string][]serviceCase{"all": cases, "words": words} {
		var right, wrong, missed int
		for _, c := range cases {
			got, _ := l.Link(&hugops.Post{Text: c.text, Lang: c.lang, PostedAt: noon})
			slices.Sort(got)
			for _, s := range got {
				if slices.Contains(c.want, s) {
					right++
				} else {
					wrong++
				}
			}
			for _, s := range c.want {
				if !slices.Contains(got, s) {
					missed++
				}
			}
			if name == "all" && !slices.Equal(got, c.want) {
				t.Logf("testdata/services.tsv:%d: %q: found %q, want %q", c.line, c.text, got, c.want)
			}
		}
		precision, recall := float64(right)/float64(right+wrong), float64(right)/float64(right+missed)
		t.Logf("%s: %d cases, precision %.3f, recall %.3f", name, len(cases), precision, recall)
		if precision < 0.95 || recall < 0.9 {
			t.Errorf("%s: precision %.3f and recall %.3f, want 0.95 and 0.9", name, precision, recall)
		}
	}
}

// TestReadersShareALinker is for the race detector: linkers, models and the
// tagger are used by many workers at once, while the linker is replaced.
func TestReadersShareALinker(t *testing.T) {
	r := NewReader(shippedModel(t), NewLinker(Services(), linkOutages))
	p := hugops.Post{Text: "so slack just crashed on me, hugs to the azure people", Lang: "en", PostedAt: at("10m")}
	want := r.Read(p)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 20 {
				if got := r.Read(p); !slices.Equal(got.Services, want.Services) || got.Probabilities != want.Probabilities {
					t.Errorf("%+v, want %+v", got, want)
				}
			}
		})
	}
	r.SetLinker(NewLinker(Services(), linkOutages))
	group.Wait()
}

// TestHostileTextsTakeBoundedTime would run for minutes if any step were
// quadratic or if every doubtful word went to the tagger.
func TestHostileTextsTakeBoundedTime(t *testing.T) {
	l, m := NewLinker(Services(), linkOutages), shippedModel(t)
	for _, unit := range []string{"so slack just broke ", "a.", "@", "@a", "#", "github down ", "http://", "zoom ", "\"", "www.", "ー"} {
		p := hugops.Post{Text: strings.Repeat(unit, hugops.MaxText/len(unit)), PostedAt: at("10m")}
		l.Link(&p)
		checkProbabilities(t, m.Classify(p.Text, "").Probabilities)
	}
}

// TestLinkBoundsItsWork: whatever a post repeats, few of its names are judged.
func TestLinkBoundsItsWork(t *testing.T) {
	l := NewLinker(Services(), nil)
	asked := 0
	l.ask = func(_, _, _ string) clause { asked++; return clause{} }
	s := new(scan)
	l.read(s, &hugops.Post{Text: strings.Repeat("slack line box ring signal ", 2000), Lang: "en"})
	if s.sensed != maxSensed || asked > maxAsked || len(s.hits) > maxSensed {
		t.Errorf("%d names judged by the model, %d by the tagger, %d of them services", s.sensed, asked, len(s.hits))
	}
}
