package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

// startSite runs "hugops up" until the test ends and returns the site's address.
func startSite(t *testing.T, data string, more ...string) (base string, cmd *exec.Cmd) {
	t.Helper()
	cmd = program(t, append([]string{"up", "--data", data, "--listen", "127.0.0.1:0", "--log-level", "warn"}, more...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("hugops said nothing: %v", err)
	}
	base = regexp.MustCompile(`http://\S+/`).FindString(line)
	if base == "" || strings.Count(line, "\n") != 1 {
		t.Fatalf("the one line is %q, want the address", line)
	}
	return base, cmd
}

// get returns a page of the site, trying again while it is not what ok wants.
func get(t *testing.T, url string, ok func(body string) bool) string {
	t.Helper()
	var body string
	for range 150 {
		resp, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if body = string(raw); resp.StatusCode == http.StatusOK && ok(body) {
			return body
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("%s never became what was wanted; at last: %.2000s", url, body)
	return ""
}

// end sends Ctrl-C and wants a clean end.
func end(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	cmd.Process.Signal(os.Interrupt)
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("Ctrl-C did not end it cleanly: %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("Ctrl-C did not end it within 20 s")
	}
}

// TestSite runs everything in one process as a user does: other commands work on
// the same directory meanwhile, Ctrl-C ends it, and it starts where it was.
func TestSite(t *testing.T) {
	dir, data := t.TempDir(), newData(t)
	outages, posts := write(t, dir, "outages.json", stormOutages), write(t, dir, "posts.ndjson", stormPosts(t, 600))
	base, cmd := startSite(t, data)
	get(t, base+"readyz", func(string) bool { return true })
	get(t, base, func(b string) bool { return strings.Contains(b, "No outage that we know of") })

	// Posts first and outages second: the posts in reach are linked again.
	runs(t, 0, "", "replay", "--data", data, "--keep", "all", posts)
	get(t, base+"metrics", func(b string) bool { return strings.Contains(b, "hugops_worker_written_total") })
	runs(t, 0, "", "outages", "import", "--data", data, outages)
	enough := func(b string) bool {
		var o struct {
			Posts int
			Index struct {
				Enough bool
				Value  *float64
			}
		}
		return json.Unmarshal([]byte(b), &o) == nil && o.Index.Enough && o.Index.Value != nil && o.Posts > 300
	}
	before := get(t, base+"api/v1/outages/storm-1", enough)
	get(t, base+"outages/storm-1", func(b string) bool { return strings.Contains(b, "Storage errors") })
	csv := get(t, base+"api/v1/outages/storm-1/series.csv?bucket=10m", func(b string) bool { return strings.Count(b, "\n") >= 6 })
	if !strings.HasPrefix(csv, "at,support,venting,neutral,authors") {
		t.Errorf("series.csv begins with %.60q", csv)
	}
	out, _ := runs(t, 0, "", "outages", "show", "--data", data, "storm-1")
	if !strings.Contains(out, `"enough": true`) {
		t.Errorf("outages show: %s", out)
	}
	out, _ = runs(t, 0, "", "doctor", "--data", data)
	if !strings.Contains(out, "has the embedded servers") || strings.Contains(out, "✗") {
		t.Errorf("doctor beside a running hugops: %s", out)
	}
	out, errs := runs(t, 1, "", "serve", "--data", data, "--listen", "127.0.0.1:0", "--contact", "us")
	if out != "" || !strings.Contains(errs, `"us" is neither an e-mail address`) {
		t.Errorf("a contact that is none: %s%s", out, errs)
	}
	_, errs = runs(t, 1, "", "up", "--data", data, "--listen", "127.0.0.1:0")
	if !strings.Contains(errs, "already") {
		t.Errorf("a second up on the directory: %s", errs)
	}
	end(t, cmd)

	base, cmd = startSite(t, data)
	after := get(t, base+"api/v1/outages/storm-1", enough)
	port := regexp.MustCompile(`127\.0\.0\.1:\d+`)
	if port.ReplaceAllString(after, "") != port.ReplaceAllString(before, "") {
		t.Errorf("after a restart\n%s\nbefore\n%s", after, before)
	}
	end(t, cmd)
}

// TestMissingEngine: one line says what to run.
func TestMissingEngine(t *testing.T) {
	cmd := program(t, "up", "--data", t.TempDir(), "--listen", "127.0.0.1:0")
	cmd.Env = append(cmd.Env, "HUGOPS_LIBCHDB="+t.TempDir()+"/no-such-file.so")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "make engine") {
		t.Errorf("got %v and %q, want an error that names make engine", err, out)
	}
}
