package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

func TestCommandLine(t *testing.T) {
	for _, c := range []struct {
		name    string
		args    []string
		environ []string
		code    int
		want    string // in standard output or standard error
	}{
		{"no command", nil, nil, 2, "Usage: hugops COMMAND"},
		{"help", []string{"help"}, nil, 0, "Everything in one process"},
		{"help of a command", []string{"help", "up"}, nil, 0, "--until-idle"},
		{"--help of a command", []string{"up", "--help"}, nil, 0, "--until-idle"},
		{"help of nothing", []string{"help", "dance"}, nil, 2, `no command "dance"`},
		{"unknown command", []string{"dance"}, nil, 2, `no command "dance"`},
		{"unknown flag", []string{"up", "--dance"}, nil, 2, "dance"},
		{"stray argument", []string{"up", "now"}, nil, 2, `argument "now"`},
		{"unknown log level", []string{"version", "--log-level", "loud"}, nil, 2, "none of debug"},
		{"mistyped variable", []string{"version"}, []string{"HUGOPS_LISTENN=:80"}, 2, "did you mean HUGOPS_LISTEN?"},
		{"far-off variable", []string{"version"}, []string{"HUGOPS_SOMETHING_ELSE=1"}, 2, "does not know"},
		{"variable of another command", []string{"version"}, []string{"HUGOPS_LISTEN=:80"}, 0, "hugops"},
		{"variable with a bad value", []string{"up"}, []string{"HUGOPS_UNTIL_IDLE=maybe"}, 2, `HUGOPS_UNTIL_IDLE="maybe"`},
		{"until-idle with a live source", []string{"up", "--until-idle", "--mastodon-server", "a.example"}, nil, 2, "live source"},
		{"export without out", []string{"export"}, nil, 2, "--out is missing"},
		{"export of what is not there", []string{"export", "--data", "no-such-directory", "--out", "no-such-directory/csv"}, nil, 1, "no data directory no-such-directory"},
		{"index of what is not there", []string{"index", "--data", "no-such-directory", "a-1"}, nil, 1, "say with --data"},
		{"replay of nothing", []string{"replay"}, nil, 2, "say which FILE"},
		{"collect of nothing", []string{"collect"}, nil, 2, "--mastodon-server"},
		{"collect of no network", []string{"collect", "myspace"}, nil, 2, "mastodon, bluesky or x"},
		{"collect of Mastodon without a server", []string{"collect", "mastodon"}, []string{"HUGOPS_BLUESKY=1"}, 2, "--mastodon-server HOST"},
		{"check of no host", []string{"collect", "bluesky", "--check", "--bluesky-host", "http://far.example"}, nil, 1, "only TLS"},
		{"check of an unknown wire", []string{"collect", "bluesky", "--check", "--bluesky-wire", "v9"}, nil, 1, "v2 or v1"},
		{"check of a host that is not there", []string{"collect", "bluesky", "--check", "--bluesky-host", "ws://127.0.0.1:1", "--bluesky-appview", "none"}, nil, 1, "✗ Bluesky: cannot open the stream"},
		{"check without a token", []string{"collect", "mastodon", "--check", "--mastodon-server", "a.example"}, nil, 1, "✗ Mastodon: a.example needs a user token"},
		{"a token of another server", []string{"collect", "mastodon", "--check", "--mastodon-server", "a.example"}, []string{"HUGOPS_MASTODON_TOKEN=b.example=t"}, 1, "no token for a.example"},
		{"one token for two servers", []string{"collect", "mastodon", "--check", "--mastodon-server", "a.example,b.example"}, []string{"HUGOPS_MASTODON_TOKEN=t"}, 1, "one token for 2 servers"},
		{"a stream that there is not", []string{"collect", "mastodon", "--check", "--mastodon-server", "a.example", "--mastodon-stream", "home"}, []string{"HUGOPS_MASTODON_TOKEN=t"}, 1, "public:local"},
		{"a server that is not there", []string{"collect", "mastodon", "--check", "--mastodon-server", "http://127.0.0.1:1"}, []string{"HUGOPS_MASTODON_TOKEN=s3cret"}, 1, "✗ Mastodon: 127.0.0.1:1/public: cannot reach the server"},
		{"check of an AppView that is not there", []string{"collect", "bluesky", "--check", "--bluesky-host", "ws://127.0.0.1:1", "--bluesky-appview", "http://127.0.0.1:1"}, nil, 1, "✗ Bluesky: the AppView cannot be asked"},
		{"a dictionary for the wrong wire", []string{"collect", "bluesky", "--check", "--bluesky-dictionary", "x"}, nil, 1, "wire v1"},
		{"until-idle with Bluesky", []string{"up", "--until-idle", "--bluesky"}, nil, 2, "live source"},
		{"a rate limit that is none", []string{"serve", "--rate-limit", "-1"}, nil, 2, "--rate-limit -1 is none"},
		{"a proxy that is none", []string{"up"}, []string{"HUGOPS_TRUSTED_PROXIES=10.1.0.0/16,proxy.example"}, 2, `--trusted-proxies "proxy.example" is neither`},
		{"rescore with an argument", []string{"rescore", "m2"}, nil, 2, `argument "m2"`},
		{"outages without a verb", []string{"outages"}, nil, 2, "import FILE"},
		{"watch of an unknown service", []string{"watch", "--status-pages", "no-such-service"}, nil, 2, "no such service"},
		{"watch of http", []string{"watch", "--status-pages", "http://status.example"}, nil, 2, "no https address"},
		{"version", []string{"version"}, nil, 0, "model"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, out, errs := inProcess(c.args, c.environ, "")
			if code != c.code || !strings.Contains(out+errs, c.want) {
				t.Errorf("exit code %d, want %d; output, wanted with %q:\n%s%s", code, c.code, c.want, out, errs)
			}
		})
	}
}

// TestManual holds docs/MANUAL.md to the program's own help.
func TestManual(t *testing.T) {
	_, want, _ := inProcess([]string{"help", "--all"}, nil, "")
	got, err := os.ReadFile("../../docs/MANUAL.md")
	if err != nil || string(got) != want {
		t.Errorf("docs/MANUAL.md is not what \"hugops help --all\" prints (%v): run make manual", err)
	}
}

func TestClassify(t *testing.T) {
	outages := write(t, t.TempDir(), "outages.json", stormOutages)
	in := strings.Join([]string{
		`{"id":"a","text":"#hugops to the Nimbus Cloud crew, hang in there, thank you","posted_at":"2026-11-02T09:20:00Z","network":"x","lang":"en"}`,
		`{"id":17,"text":"what a terrible company, worst outage ever, useless idiots"}`,
		`not json`,
		`{"id":"no text"}`,
		`{"id":"b","text":"hi","network":"icq"}`,
		"{\"id\":\"bad utf-8\",\"text\":\"\xff\"}",
		`{"text":"` + strings.Repeat("long ", 300_000) + `"}`,
		``,
		`{"id":"last","text":""}`,
	}, "\n")
	code, out, errs := inProcess([]string{"classify", "--outages", outages}, nil, in)
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	type answer struct {
		ID            any    `json:"id"`
		Line          int    `json:"line"`
		Error         string `json:"error"`
		Stance        string `json:"stance"`
		Model         string `json:"model"`
		Probabilities map[string]float64
		Abstained     *bool
		Sarcasm       *float64
		Target        *string
		Targets       map[string]float64
		Lang          string
		Services      []string
		Outages       []struct {
			ID          string
			Probability float64
			Evidence    []string
		}
	}
	var got []answer
	for line := range strings.Lines(out) {
		var a answer
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		got = append(got, a)
	}
	if len(got) != 8 {
		t.Fatalf("%d answers, want 8: one for each line that is not blank\n%s", len(got), out)
	}
	a := got[0]
	if a.ID != "a" || a.Stance != "support" || a.Model == "" || len(a.Outages) != 1 || a.Outages[0].ID != "storm-1" || len(a.Outages[0].Evidence) == 0 {
		t.Errorf("a whole line: %+v", a)
	}
	if sum := a.Probabilities["support"] + a.Probabilities["venting"] + a.Probabilities["neutral"]; sum < .999 || sum > 1.001 {
		t.Errorf("the probabilities sum to %v", sum)
	}
	if a.Abstained == nil || *a.Abstained || a.Sarcasm == nil || a.Target != nil || a.Lang != "en" || len(a.Targets) != 3 {
		t.Errorf("a post that does not vent: %s", strings.SplitN(out, "\n", 2)[0])
	}
	if vents := got[1]; vents.Target == nil || vents.Targets[*vents.Target] < 1./3 || vents.Lang == "" {
		t.Errorf("a post that vents: %s", strings.Split(out, "\n")[1])
	}
	if got[1].ID != 17.0 || got[1].Stance != "venting" || got[1].Services == nil || got[1].Outages == nil {
		t.Errorf("a line with text alone: %+v (no services is [], not null)", got[1])
	}
	for i, want := range map[int]string{2: "JSON", 3: "text is missing", 4: `network "icq"`, 5: "UTF-8", 6: "longer than"} {
		if !strings.Contains(got[i].Error, want) || got[i].Line != i+1 || got[i].Stance != "" {
			t.Errorf("line %d: %+v, want an error with %q", i+1, got[i], want)
		}
	}
	if got[7].ID != "last" || got[7].Stance != "neutral" {
		t.Errorf("the line after the bad ones: %+v", got[7])
	}
}

// TestClassifyExplainsLinks: every outage that was weighed, and why those lost that did.
func TestClassifyExplainsLinks(t *testing.T) {
	outages := write(t, t.TempDir(), "outages.json", `{"outages":[
 {"id":"pages","service":"GitLab","title":"Pages unavailable","started_at":"2026-11-02T09:00:00Z","components":["Pages"]},
 {"id":"runners","service":"GitLab","title":"Jobs delayed","started_at":"2026-11-02T09:00:00Z"}]}`)
	in := `{"text":"gitlab pages is down","posted_at":"2026-11-02T09:20:00Z"}`
	code, out, errs := inProcess([]string{"classify", "--explain", "--outages", outages}, nil, in)
	var got struct {
		Candidates []struct {
			ID          string
			Probability float64
			Evidence    []string
			Lost        string
		}
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil || code != 0 || len(got.Candidates) != 2 {
		t.Fatalf("exit code %d, %v, %s%s", code, err, out, errs)
	}
	if won, lost := got.Candidates[0], got.Candidates[1]; won.ID != "pages" || won.Lost != "" || lost.Lost != "less likely than pages" || len(lost.Evidence) == 0 || lost.Probability >= won.Probability {
		t.Errorf("candidates %+v", got.Candidates)
	}
}
