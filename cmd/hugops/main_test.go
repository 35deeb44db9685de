package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test binary be the program: a test that kills hugops starts
// itself with RUN_HUGOPS=1.
func TestMain(m *testing.M) {
	if os.Getenv("RUN_HUGOPS") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// program returns the command that runs hugops as a process of its own.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(cleanEnv(), "RUN_HUGOPS=1")
	return cmd
}

// cleanEnv is the environment without the settings of whoever runs the tests;
// only where the engine lies is kept.
func cleanEnv() []string {
	return slices.DeleteFunc(os.Environ(), func(kv string) bool {
		return strings.HasPrefix(kv, "HUGOPS_") && !strings.HasPrefix(kv, "HUGOPS_LIBCHDB=")
	})
}

// runs runs the program to its end, as a process, and returns its standard
// output; it fails the test unless the exit code is the one wanted.
func runs(t *testing.T, want int, stdin string, args ...string) (stdout, stderr string) {
	t.Helper()
	cmd := program(t, args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	err := cmd.Run()
	if code := cmd.ProcessState.ExitCode(); code != want {
		t.Fatalf("hugops %s: exit code %d (%v), want %d\n%s%s", strings.Join(args, " "), code, err, want, out.String(), errs.String())
	}
	return out.String(), errs.String()
}

// inProcess runs a command that needs no engine within the test.
func inProcess(args, environ []string, stdin string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(context.Background(), args, environ, stdio{strings.NewReader(stdin), &out, &errs})
	return code, out.String(), errs.String()
}

func write(t *testing.T, dir, name, content string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func read(t *testing.T, file string) string {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func jsonLine(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw) + "\n"
}

// storm is the outage of the tests: an invented service, one hour.
var stormStart = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

const stormOutages = `{"outages":[
 {"id":"storm-1","service":"Nimbus Cloud","title":"Storage errors","started_at":"2026-11-02T09:00:00Z","ended_at":"2026-11-02T10:00:00Z",
  "url":"https://status.nimbus-cloud.example/incidents/1","updates":[{"at":"2026-11-02T09:10:00Z","status":"investigating","text":"We are looking into it."}]},
 {"id":"storm-2","service":"Chatterbee","title":"Messages arrive late","started_at":"2026-11-02T09:30:00Z"}]}`

var stormTexts = []string{
	"#hugops to the Nimbus Cloud crew, hang in there, you are doing great work",
	"Nimbus Cloud is down AGAIN, what an absolute joke of a company, I want my money back",
	"Is Nimbus Cloud down for anybody else?",
	"thank you nimbus cloud engineers for fixing the outage so fast, much love",
	"ugh nimbus cloud outage, worst provider ever, useless, day ruined",
	"Chatterbee is down, messages do not arrive",
	"so proud of the Chatterbee ops people tonight, sending hugs #hugops",
	"chatterbee outage again?! pathetic, I am leaving for good",
}

// stormPosts writes n posts of n/2 authors over the hour, with an edit after
// every 50th and a deletion after every 40th, one deletion before its post.
func stormPosts(t *testing.T, n int) string {
	var b strings.Builder
	networks := []string{"mastodon", "bluesky", "x"}
	b.WriteString(jsonLine(t, map[string]any{"kind": "deleted", "at": stormStart, "network": "x", "id": "s5"}))
	for i := range n {
		at := stormStart.Add(time.Duration(i) * time.Hour / time.Duration(n))
		post := map[string]any{
			"id": fmt.Sprintf("s%d", i), "network": networks[i%3], "author": fmt.Sprintf("person%d", i*31%(n/2+1)),
			"posted_at": at.Format(time.RFC3339Nano), "lang": stormLang, "text": stormTexts[i*7%len(stormTexts)],
		}
		b.WriteString(jsonLine(t, post))
		if i%50 == 49 {
			post["edited_at"], post["text"] = at.Add(time.Second).Format(time.RFC3339Nano), stormTexts[(i+3)%len(stormTexts)]
			b.WriteString(jsonLine(t, map[string]any{"kind": "edited", "at": at, "post": post}))
		}
		if i%40 == 39 {
			gone := i - 20
			b.WriteString(jsonLine(t, map[string]any{"kind": "deleted", "at": at, "network": networks[gone%3], "id": fmt.Sprintf("s%d", gone)}))
		}
	}
	return b.String()
}
