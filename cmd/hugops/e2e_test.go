package main

import (
	"context"
	"encoding/csv"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/broker"
)

// exported runs "hugops export" and returns the three files by name.
func exported(t *testing.T, data string) map[string]string {
	t.Helper()
	out := t.TempDir()
	runs(t, 0, "", "export", "--data", data, "--out", out)
	files := map[string]string{}
	for _, name := range []string{"outages.csv", "series.csv", "readings.csv"} {
		files[name] = read(t, filepath.Join(out, name))
	}
	return files
}

// column returns one column of a CSV file, without its header.
func column(t *testing.T, file, name string) []string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(file)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, h := range rows[0] {
		if h == name {
			var values []string
			for _, row := range rows[1:] {
				values = append(values, row[i])
			}
			return values
		}
	}
	t.Fatalf("no column %s in %v", name, rows[0])
	return nil
}

// newData is a data directory with a given key, so that two of them give the
// same pseudonyms and their exports can be compared byte by byte.
func newData(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "secret.key", strings.Repeat("5a", 32)+"\n")
	return dir
}

// upArgs is the main job on the files of a test.
func upArgs(data, posts, outages string, more ...string) []string {
	return append([]string{"up", "--data", data, "--replay", posts, "--outages", outages, "--until-idle", "--log-level", "warn"}, more...)
}

// soon is a pace at which a replay is no back-fill and takes no time.
const soon = "1000000"

// TestMainJob is the whole way on a small input: what was posted, edited and
// deleted is what the export shows.
func TestMainJob(t *testing.T) {
	dir, data := t.TempDir(), newData(t)
	posts, outages := write(t, dir, "posts.ndjson", stormPosts(t, 400)), write(t, dir, "outages.json", stormOutages)
	runs(t, 0, "", upArgs(data, posts, outages)...)
	files := exported(t, data)

	ids := map[string]bool{}
	for _, id := range column(t, files["readings.csv"], "post") {
		ids[id] = true
	}
	if len(ids) < 300 {
		t.Errorf("only %d of 400 posts are linked", len(ids))
	}
	for _, gone := range []string{"s5", "s19", "s59"} {
		if ids[gone] {
			t.Errorf("the deleted post %s is still exported", gone)
		}
	}
	if got := strings.Join(column(t, files["outages.csv"], "id"), " "); !strings.Contains(got, "storm-1") || !strings.Contains(got, "storm-2") {
		t.Errorf("outages: %s", got)
	}
	for i, enough := range column(t, files["outages.csv"], "enough") {
		if enough != "true" {
			t.Errorf("outage %d has no index: %s", i, files["outages.csv"])
		}
	}
	for name, file := range files {
		for _, secret := range []string{"person1", "p1-", "Nimbus Cloud crew"} {
			if strings.Contains(file, secret) {
				t.Errorf("%s holds %q", name, secret)
			}
		}
	}
	again := exported(t, data)
	for name := range files {
		if again[name] != files[name] {
			t.Errorf("%s: the same data gave other bytes", name)
		}
	}
}

// TestKill kills the process at random points of a replay, ten times; the run
// that may then end must leave exactly what an undisturbed run leaves.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	posts, outages := write(t, dir, "posts.ndjson", stormPosts(t, 6000)), write(t, dir, "outages.json", stormOutages)

	calm := newData(t)
	runs(t, 0, "", upArgs(calm, posts, outages, "--speed", soon)...)
	want := exported(t, calm)

	data := newData(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	killed := 0
	for range 10 {
		// An hour in five seconds, so that each life gets a part of it.
		cmd := program(t, upArgs(data, posts, outages, "--speed", "720")...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case <-time.After(time.Duration(300+random.IntN(900)) * time.Millisecond):
			cmd.Process.Kill()
			<-ended
			killed++
		case err := <-ended:
			if err != nil {
				t.Fatalf("hugops ended by itself: %v", err)
			}
		}
	}
	if killed < 5 {
		t.Errorf("only %d of 10 lives were cut short: the replay is too fast for this test", killed)
	}
	runs(t, 0, "", upArgs(data, posts, outages, "--speed", soon)...)
	got := exported(t, data)
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s differs from that of an undisturbed run: %d and %d bytes\n%s", name, len(got[name]), len(want[name]), firstDifference(got[name], want[name]))
		}
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return "got:  " + g[i] + "\nwant: " + w[i]
		}
	}
	return "one is the beginning of the other"
}

// TestPoison: what cannot be read stands in the dead letters with its reason,
// and its neighbours are stored.
func TestPoison(t *testing.T) {
	dir, data := t.TempDir(), newData(t)
	good := func(id string) string {
		return jsonLine(t, map[string]any{"id": id, "network": "x", "author": "someone" + id, "posted_at": stormStart, "text": stormTexts[0]})
	}
	posts := good("before") +
		"this is not JSON\n" + good("after-words") +
		`{"id":"big","network":"x","author":"a","posted_at":"2026-11-02T09:00:00Z","text":"` + strings.Repeat("x", 10<<20) + "\"}\n" + good("after-big") +
		"{\"id\":\"utf\",\"network\":\"x\",\"author\":\"a\",\"posted_at\":\"2026-11-02T09:00:00Z\",\"text\":\"\xff\xfe\"}\n" + good("after-utf") +
		"\x00\x00\x00\n" + good("after-nul") +
		`{"id":"late","network":"x","author":"a","text":"no time"}` + "\n" + good("after-late") +
		strings.Repeat("[", 10_000) + "\n" + good("last")
	file, outages := write(t, dir, "posts.ndjson", posts), write(t, dir, "outages.json", stormOutages)
	runs(t, 0, "", upArgs(data, file, outages)...)

	got := strings.Join(column(t, exported(t, data)["readings.csv"], "post"), " ")
	for _, id := range []string{"before", "after-words", "after-big", "after-utf", "after-nul", "after-late", "last"} {
		if !strings.Contains(" "+got+" ", " "+id+" ") {
			t.Errorf("the neighbour %s is lost; stored: %s", id, got)
		}
	}
	letters := deadLetters(t, data)
	if len(letters) != 6 {
		t.Errorf("%d dead letters, want 6: %v", len(letters), letters)
	}
	all := strings.Join(letters, "\n")
	for _, want := range []string{"posts.ndjson:2", "posts.ndjson:4", "posts.ndjson:6", "posts.ndjson:8", "posts.ndjson:10", "posts.ndjson:12", "UTF-8", "posted_at"} {
		if !strings.Contains(all, want) {
			t.Errorf("no dead letter says %q: %.2000s", want, all)
		}
	}
}

// TestBadInput: a wrong outage file is refused as a whole and says what is wrong.
func TestBadInput(t *testing.T) {
	dir, data := t.TempDir(), newData(t)
	for name, c := range map[string]struct{ content, want string }{
		"not JSON":      {"outages: none", "json"},
		"no outages":    {`{"posts":[]}`, "outages"},
		"missing start": {`{"outages":[{"id":"a","service":"GitHub","title":"t"}]}`, "started_at"},
		"one of two":    {`{"outages":[{"id":"ok","service":"GitHub","title":"t","started_at":"2026-11-02T09:00:00Z"},{"id":"b/c","service":"GitHub","title":"t","started_at":"2026-11-02T09:00:00Z"}]}`, "b/c"},
	} {
		_, errs := runs(t, 1, "", "outages", "import", "--data", data, write(t, dir, "bad.json", c.content))
		if !strings.Contains(errs, c.want) || !strings.Contains(errs, "bad.json") {
			t.Errorf("%s: the error names neither file nor fault: %s", name, errs)
		}
	}
	out, _ := runs(t, 0, "", "outages", "list", "--data", data)
	if strings.Contains(out, "ok") {
		t.Errorf("half of a wrong file was imported: %s", out)
	}
	_, errs := runs(t, 1, "", upArgs(data, filepath.Join(dir, "missing.ndjson"), write(t, dir, "o.json", stormOutages))...)
	if !strings.Contains(errs, "missing.ndjson") {
		t.Errorf("a missing file is not named: %s", errs)
	}
	if _, err := os.Stat(filepath.Join(data, "run.json")); err == nil {
		t.Error("run.json was left behind")
	}
}

// deadLetters returns what lies in the dead letters of a data directory that no
// process uses.
func deadLetters(t *testing.T, data string) []string {
	t.Helper()
	b, err := broker.Open(filepath.Join(data, "kafka"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := kafka.DialLeader(ctx, "tcp", b.Addr(), pipeline.TopicDeadLetters, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	first, last, err := conn.ReadOffsets()
	if err != nil {
		t.Fatal(err)
	}
	r := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{b.Addr()}, Topic: pipeline.TopicDeadLetters, MaxBytes: 10 << 20})
	defer r.Close()
	var letters []string
	for range last - first {
		m, err := r.ReadMessage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		letters = append(letters, string(m.Value))
	}
	return letters
}
