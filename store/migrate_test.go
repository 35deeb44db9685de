package store

import (
	"errors"
	"strings"
	"testing"

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

// TestClusterStatements: one setting makes every table replicated, everywhere.
func TestClusterStatements(t *testing.T) {
	s := &Store{config: Config{Cluster: "main"}}
	list, err := migrations()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range list {
		text := s.ddl().Replace(m.statement)
		if !strings.Contains(text, "ON CLUSTER `main`") || !strings.Contains(text, "ENGINE = ReplicatedReplacingMergeTree") || strings.Contains(text, "$") {
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
