package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hugops/hugops"
)

// TestMigrate: run again, cut off at every statement, and on a database newer
// than the program.
func TestMigrate(t *testing.T) {
	t.Parallel()
	c := config(t)
	line := &failing{RoundTripper: c.Transport}
	c.Transport = line
	s, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	drop := func() {
		if err := s.server.Exec(t.Context(), "DROP DATABASE IF EXISTS "+quoteName(c.Database)); err != nil {
			t.Fatal(err)
		}
	}
	defer drop()
	for _, after := range []bool{false, true} {
		for k := int64(1); ; k++ {
			drop()
			line.after = after
			line.left.Store(k)
			err := s.Migrate(t.Context())
			reached := line.left.Load() <= 0
			line.left.Store(0)
			if reached && !errors.Is(err, errCut) {
				t.Fatalf("request %d was cut, and Migrate said: %v", k, err)
			}
			for range 2 {
				if err := s.Migrate(t.Context()); err != nil {
					t.Fatalf("after a cut at request %d: %v", k, err)
				}
			}
			if !reached {
				break
			}
		}
	}
	if err := s.Write(t.Context(), []hugops.Reading{reading("a", 1, hugops.Support)}, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.db.Exec(t.Context(), "INSERT INTO migrations (version, name) VALUES (999, 'future')"); err != nil {
		t.Fatal(err)
	}
	if err := s.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "run a newer hugops") {
		t.Errorf("a newer database: %v", err)
	}
}

// TestOldRows: a row from before migration 7 keeps what it says, says nothing
// where its model said nothing, and may be read again.
func TestOldRows(t *testing.T) {
	s, err := Open(t.Context(), config(t))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx := t.Context()
	list, err := migrations()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.migrate(ctx, list[:6]); err != nil {
		t.Fatal(err)
	}
	defer s.server.Exec(context.Background(), "DROP DATABASE "+quoteName(s.config.Database))
	rows := rowsOf([]hugops.Reading{reading("a", 1, hugops.Venting)}, time.Now().Unix())
	insert := fmt.Sprintf(`INSERT INTO readings (minute, post_key, version, digest, collected, network, id, author, author_key,
		posted_at, lang, text, support, venting, neutral, stance, model, rules, outages, link_p, evidence)
		VALUES (%d, %d, %d, 1, now(), 'mastodon', 'a', 'p1-a', %d, %d, 'en', 'words', 0.1, 0.8, 0.1, 'venting', 'm0', 'r0', ['nimbus-1'], [0.9], ['x'])`,
		rows[0].minute, rows[0].key, rows[0].version, rows[0].author, begin.Add(time.Minute).Unix())
	if err := s.db.Exec(ctx, insert); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Migrate(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	steps := []struct {
		write []hugops.Reading
		cells string
		blame hugops.Blame
	}{
		{nil, ",m0,r0,,,,,,,\r\n", hugops.Blame{}},
		{[]hugops.Reading{reading("a", 1, hugops.Venting)}, ",m1,r1,0.0500,0.1000,0.6000,0.3000,false,en,\r\n",
			hugops.Blame{Posts: 1, People: .1, Company: .6, Situation: .3, Sarcasm: .05}},
	}
	for _, step := range steps {
		if err := s.Write(ctx, step.write, nil); err != nil {
			t.Fatal(err)
		}
		if got := exported(t, s)["readings.csv"]; !strings.HasSuffix(got, step.cells) {
			t.Errorf("got %s, want it to end with %s", got, step.cells)
		}
		d, err := s.Detail(ctx, nimbus.ID, later)
		if err != nil || d.Posts != 1 || d.Blame != step.blame || d.Abstained != 0 {
			t.Errorf("got %d posts, %+v, %v; want %+v", d.Posts, d.Blame, err, step.blame)
		}
	}
}

// TestClusterStatements: one setting makes every table replicated, everywhere,
// and every later change is made everywhere.
func TestClusterStatements(t *testing.T) {
	s := &Store{config: Config{Cluster: "main"}}
	list, err := migrations()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range list {
		text := s.ddl().Replace(m.statement)
		made := strings.Contains(text, "ENGINE = ReplicatedReplacingMergeTree") || strings.Contains(text, "ALTER TABLE")
		if !strings.Contains(text, "ON CLUSTER `main`") || !made || strings.Contains(text, "$") {
			t.Errorf("%04d_%s:\n%s", m.version, m.name, text)
		}
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	for url, want := range map[string]string{
		"":                               "http://host:8123/hugops",
		"localhost:8123":                 "http://host:8123/hugops",
		"tcp://localhost:9000":           "http://host:8123/hugops",
		"http://a:secret@127.0.0.1:1/db": "is it running",
	} {
		_, err := Open(t.Context(), Config{URL: url})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", url, err)
		}
	}
}

// TestServer runs over real HTTP, with the address as an operator gives it.
func TestServer(t *testing.T) {
	c := config(t)
	url := serve(t)
	s := open(t, Config{URL: url + "/" + c.Database, Database: c.Database, Stale: -1})
	if err := s.Write(t.Context(), crowd(100), nil); err != nil {
		t.Fatal(err)
	}
	if got := figuresOf(t, s, nimbus.ID); !strings.HasPrefix(got, "0:0/1/0/1 1:1/0/0/1 ") {
		t.Error(got)
	}
}
