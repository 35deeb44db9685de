package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/hugops/hugops"
)

// Config says where the database is and how to use it.
type Config struct {
	// URL is http://host:8123/hugops, with user:password@ if needed, or https.
	URL string
	// Transport, if set, is the embedded engine; then URL's host is ignored.
	Transport http.RoundTripper
	// Database is URL's path if empty, and "hugops" if that is too.
	Database string
	// Cluster, if set, makes Migrate create replicated tables ON CLUSTER, and
	// writes wait for a quorum, which "Write returned" needs to be true.
	Cluster string
	// Log may be nil.
	Log *slog.Logger
	// Errors gives the error model of a stance model; nil corrects nothing.
	Errors func(model string) hugops.ErrorModel
	// Stale is for how long nobody may have asked for an answer before the next
	// to ask waits (2 s at most) for a new one; others get the old one while the
	// new one is computed. 0 means 10 s. Negative: every answer is computed anew.
	Stale time.Duration
}

// Store is a database of readings. Its methods may be called at the same time.
type Store struct {
	config Config
	log    *slog.Logger
	db     driver.Conn // in Config.Database
	server driver.Conn // in the default database, to create the former
	now    func() time.Time

	estimators sync.Map // model version → *estimator
	cache      *cache
	known      known
	eraser     eraser
}

// settings are pinned because their defaults moved between versions of
// ClickHouse, or do not suit.
func settings(cluster string) clickhouse.Settings {
	s := clickhouse.Settings{
		"async_insert":                                0, // an insert that returned is there
		"insert_deduplicate":                          0, // a repeated insert is one, not none
		"max_partitions_per_insert_block":             0, // a batch of old posts may span years
		"max_query_size":                              64 << 20,
		"max_ast_elements":                            1 << 20,
		"do_not_merge_across_partitions_select_final": 1,
		"join_use_nulls":                              0,
	}
	if cluster != "" {
		s["insert_quorum"] = "auto"
		s["select_sequential_consistency"] = 1
	}
	return s
}

// Open connects and asks the server for a sign of life. Migrate must have run
// before anything else is used.
func Open(ctx context.Context, c Config) (*Store, error) {
	options, err := options(&c)
	if err != nil {
		return nil, err
	}
	s := &Store{config: c, log: c.Log, now: time.Now}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.cache = newCache(s)
	s.eraser.pending = true
	database := options.Auth.Database
	options.Auth.Database = "default"
	if s.server, err = clickhouse.Open(options); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	mine := *options
	mine.Auth.Database = database
	if s.db, err = clickhouse.Open(&mine); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	if err := s.Ping(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// options are the client's, from c; c.Database is filled in.
func options(c *Config) (*clickhouse.Options, error) {
	o := &clickhouse.Options{
		Protocol: clickhouse.HTTP, Addr: []string{"embedded:8123"},
		Settings:     settings(c.Cluster),
		MaxOpenConns: 16, MaxIdleConns: 16,
		DialTimeout: 30 * time.Second, ReadTimeout: 5 * time.Minute,
	}
	u, err := url.Parse(c.URL)
	if err != nil {
		return nil, fmt.Errorf("store: address of ClickHouse: %w; it looks like http://host:8123/hugops", err)
	}
	c.Database = cmp.Or(c.Database, strings.Trim(u.Path, "/"), "hugops")
	o.Auth.Database = c.Database
	if c.Transport != nil {
		o.TransportFunc = func(*http.Transport) (http.RoundTripper, error) { return c.Transport, nil }
		return o, nil
	}
	if u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("store: %q is no address of ClickHouse; it looks like http://host:8123/hugops", u.Redacted())
	}
	port := map[string]string{"http": "8123", "https": "8443"}[u.Scheme]
	o.Addr = []string{u.Hostname() + ":" + cmp.Or(u.Port(), port)}
	if strings.Contains(u.Hostname(), ":") {
		o.Addr = []string{"[" + u.Hostname() + "]:" + cmp.Or(u.Port(), port)}
	}
	if u.Scheme == "https" {
		o.TLS = tlsConfig(u.Hostname())
	}
	o.Auth.Username = cmp.Or(u.User.Username(), "default")
	o.Auth.Password, _ = u.User.Password()
	return o, nil
}

// Ping returns an error, which says what to do, if the database does not answer.
func (s *Store) Ping(ctx context.Context) error {
	rows, err := s.server.Query(ctx, "SELECT 1")
	if err != nil {
		return fmt.Errorf("store: ClickHouse does not answer; is it running, and are address, user and password right? %w", brief{err})
	}
	return rows.Close()
}

// brief is an error that says the beginning only: whatever answers at the address of
// ClickHouse may send a whole page.
type brief struct{ error }

func (b brief) Unwrap() error { return b.error }

func (b brief) Error() string {
	const most = 500
	s := b.error.Error()
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + " …"
}

// Close ends the work in the background and closes the connections. The
// embedded engine is closed by whoever opened it.
func (s *Store) Close() error {
	s.cache.close()
	return errors.Join(s.db.Close(), s.server.Close())
}

// estimator returns the index' estimator for a stance model.
func (s *Store) estimator(model string) *estimator {
	if e, ok := s.estimators.Load(model); ok {
		return e.(*estimator)
	}
	errorModel := identity(model)
	if s.config.Errors != nil {
		errorModel = s.config.Errors(model)
	}
	e, _ := s.estimators.LoadOrStore(model, newEstimator(errorModel))
	return e.(*estimator)
}

// each runs a query and calls scan for each row.
func (s *Store) each(ctx context.Context, query string, scan func(driver.Rows) error, args ...any) error {
	rows, err := s.db.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
