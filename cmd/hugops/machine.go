package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/broker"
	"github.com/hugops/hugops/store"
	"github.com/hugops/hugops/store/chdb"
)

// machineFlags say where Kafka and ClickHouse are: inside the data directory, or
// elsewhere.
type machineFlags struct {
	data, kafka, clickhouse, cluster, keyFile *string
}

func (f *flags) machine() machineFlags {
	return machineFlags{
		data:       f.String("data", "hugops-data", "the `dir`ectory of all state"),
		kafka:      f.String("kafka", "", "Kafka brokers, as `host:port,…`, instead of the embedded one"),
		clickhouse: f.String("clickhouse", "", "a ClickHouse server, as `url` (http://user:password@host:8123/hugops), instead of the embedded engine"),
		cluster:    f.String("clickhouse-cluster", "", "the `name` of the ClickHouse cluster: tables are made ON CLUSTER with Replicated engines"),
		keyFile:    f.String("key-file", "", "a `file` with the key of the authors' pseudonyms (64 hexadecimal digits), the same on all machines; by default made in --data"),
	}
}

// machine is what a subcommand works on: Kafka, ClickHouse and the data
// directory. The embedded servers start on first use, unless a hugops that runs
// on the same directory has them already.
type machine struct {
	flags machineFlags
	log   *slog.Logger
	home  *home
	names hugops.Pseudonyms

	other  *running // the hugops that has the servers, if it is not this one
	broker *broker.Broker
	engine *chdb.Engine
	loop   *http.Server
	store  *store.Store
	run    running
}

func openMachine(f machineFlags, log *slog.Logger) (*machine, error) {
	h, err := openHome(*f.data)
	if err != nil {
		return nil, err
	}
	m := &machine{flags: f, log: log, home: h}
	if m.names, err = h.pseudonyms(*f.keyFile); err != nil {
		return nil, err
	}
	if *f.kafka == "" || *f.clickhouse == "" {
		if m.other, err = h.tryLock(); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// brokers returns Kafka's addresses, with the topics made.
func (m *machine) brokers(ctx context.Context) ([]string, error) {
	addrs, err := m.brokerAddrs()
	if err != nil {
		return nil, err
	}
	if err := pipeline.EnsureTopics(ctx, addrs); err != nil {
		return nil, fmt.Errorf("cannot reach Kafka at %s: %w", strings.Join(addrs, ","), err)
	}
	return addrs, nil
}

func (m *machine) brokerAddrs() ([]string, error) {
	switch {
	case *m.flags.kafka != "":
		return strings.Split(*m.flags.kafka, ","), nil
	case m.other != nil:
		if m.other.Kafka == "" {
			return nil, fmt.Errorf("the hugops that runs on %s (process %d) has no broker; stop it first", m.home.dir, m.other.PID)
		}
		return []string{m.other.Kafka}, nil
	case m.broker == nil:
		b, err := broker.Open(m.home.path("kafka"), m.log)
		if err != nil {
			return nil, fmt.Errorf("cannot start the embedded Kafka: %w", err)
		}
		m.broker = b
		m.run.Kafka = b.Addr()
		if err := m.announce(); err != nil {
			return nil, err
		}
	}
	return []string{m.broker.Addr()}, nil
}

// openStore connects to ClickHouse and brings its tables up to date.
func (m *machine) openStore(ctx context.Context) (*store.Store, error) {
	s, err := m.connectStore(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.Migrate(ctx); err != nil {
		return nil, fmt.Errorf("cannot bring the tables up to date: %w", err)
	}
	return s, nil
}

func (m *machine) connectStore(ctx context.Context) (*store.Store, error) {
	if m.store != nil {
		return m.store, nil
	}
	cfg := store.Config{URL: *m.flags.clickhouse, Cluster: *m.flags.cluster, Log: m.log, Errors: errorModel}
	switch {
	case *m.flags.clickhouse != "":
	case m.other != nil:
		if m.other.ClickHouse == "" {
			return nil, fmt.Errorf("the hugops that runs on %s (process %d) has no engine; stop it first", m.home.dir, m.other.PID)
		}
		cfg.URL = m.other.ClickHouse
	default:
		if err := m.startEngine(); err != nil {
			return nil, err
		}
		cfg.Transport = m.engine
	}
	s, err := store.Open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	m.store = s
	return s, nil
}

// startEngine starts the embedded engine and, on loopback behind a password, its
// HTTP protocol for other hugops processes on the same directory.
func (m *machine) startEngine() error {
	lib, err := chdb.Find()
	if err != nil {
		return fmt.Errorf("%w; or use a server with --clickhouse", err)
	}
	if m.engine, err = chdb.Open(lib, m.home.path("clickhouse")); err != nil {
		return fmt.Errorf("cannot start the embedded ClickHouse engine: %w", err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	password := rand.Text()
	m.loop = &http.Server{Handler: withPassword(password, m.engine), ReadHeaderTimeout: 10 * time.Second}
	go m.loop.Serve(ln)
	u := url.URL{Scheme: "http", User: url.UserPassword("hugops", password), Host: ln.Addr().String(), Path: "/hugops"}
	m.run.ClickHouse = u.String()
	return m.announce()
}

func (m *machine) announce() error {
	if m.home.lock == nil {
		return nil
	}
	m.run.PID = pid()
	return m.home.announce(m.run)
}

// withPassword lets only those in who know the password of run.json, by either
// of the ways in which ClickHouse clients send it.
func withPassword(password string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got := r.Header.Get("X-ClickHouse-Key")
		if _, p, ok := r.BasicAuth(); ok {
			got = p
		}
		if subtle.ConstantTimeCompare([]byte(got), []byte(password)) != 1 {
			http.Error(w, "wrong password", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// close ends what was started, last first.
func (m *machine) close() error {
	var errs []error
	if m.store != nil {
		errs = append(errs, m.store.Close())
	}
	if m.loop != nil {
		errs = append(errs, m.loop.Close())
	}
	if m.engine != nil {
		errs = append(errs, m.engine.Close())
	}
	if m.broker != nil {
		errs = append(errs, m.broker.Close())
	}
	return errors.Join(append(errs, m.home.close())...)
}

// reading is using for a subcommand that only reads what is stored: a data directory
// that is not there is a mistake then, and none is made.
func reading(f machineFlags, log *slog.Logger, fn func(*machine) error) error {
	if _, err := os.Stat(*f.data); *f.clickhouse == "" && errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("there is no data directory %s; say with --data where hugops keeps its state (that of \"make demo\" is .hugops-demo)", *f.data)
	}
	return using(f, log, fn)
}

// knownOutage adds to an error about an outage that nobody knows what to do.
func knownOutage(id string, err error) error {
	if errors.Is(err, hugops.ErrNotFound) {
		return fmt.Errorf("there is no outage %q here; \"hugops outages list\", with the same --data or --clickhouse, lists those that are", id)
	}
	return err
}

// using opens the machine for one subcommand and closes it after.
func using(f machineFlags, log *slog.Logger, fn func(*machine) error) (err error) {
	m, err := openMachine(f, log)
	if err != nil {
		return err
	}
	defer func() { err = joinErrors(err, m.close()) }()
	return fn(m)
}
