package chdb

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// shared is the engine of this test process: there is one per process.
var shared struct {
	engine *Engine
	err    error
}

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		child(dir)
	}
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "chdb")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path, err := Find()
	if err == nil {
		shared.engine, err = Open(path, dir)
	}
	shared.err = err
	code := m.Run()
	if shared.engine != nil {
		if err := shared.engine.Close(); err != nil {
			panic(err)
		}
	}
	return code
}

// engine returns the shared engine. Tests of the engine are skipped where its
// library is not installed, and only there.
func engine(tb testing.TB) *Engine {
	tb.Helper()
	if errors.Is(shared.err, ErrMissing) {
		tb.Skip(shared.err)
	}
	if shared.err != nil {
		tb.Fatal(shared.err)
	}
	return shared.engine
}

// client is clickhouse-go on an engine, in a database.
func client(tb testing.TB, e *Engine, database string) driver.Conn {
	tb.Helper()
	conn, err := clickhouse.Open(&clickhouse.Options{
		Protocol:      clickhouse.HTTP,
		Addr:          []string{"embedded:8123"},
		Auth:          clickhouse.Auth{Database: database},
		TransportFunc: func(*http.Transport) (http.RoundTripper, error) { return e, nil },
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { conn.Close() })
	return conn
}

// fresh is a client in a database of the test's own.
func fresh(tb testing.TB) driver.Conn {
	tb.Helper()
	e := engine(tb)
	name := "t_" + strings.NewReplacer("/", "_", "#", "_").Replace(tb.Name())
	admin := client(tb, e, "default")
	ctx := context.Background()
	must(tb, admin.Exec(ctx, "DROP DATABASE IF EXISTS `"+name+"` SYNC"))
	must(tb, admin.Exec(ctx, "CREATE DATABASE `"+name+"`"))
	return client(tb, e, name)
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
