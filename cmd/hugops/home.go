package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/hugops/hugops"
)

// home is the data directory: all state of one machine lies in it.
//
//	secret.key   the key of the authors' pseudonyms; keep it, and keep it secret
//	lock         held by the process that runs the embedded servers
//	run.json     how other hugops processes reach those servers
//	kafka/       the embedded broker's log
//	clickhouse/  the embedded engine's tables
//	replay/      how far each replayed file has come
//	live/        how far each live stream has come, and who opted out of it
type home struct {
	dir  string
	lock *os.File // nil unless this process runs the embedded servers
}

// running is the content of run.json: the addresses of the embedded servers of
// the process that holds the lock.
type running struct {
	PID        int    `json:"pid"`
	Kafka      string `json:"kafka"`
	ClickHouse string `json:"clickhouse"` // with a password: the file is readable by its owner only
}

func openHome(dir string) (*home, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot make the data directory (choose another with --data): %w", err)
	}
	return &home{dir: dir}, nil
}

func (h *home) path(elem ...string) string {
	return filepath.Join(append([]string{h.dir}, elem...)...)
}

// tryLock takes the lock, or returns the running process that holds it. The
// kernel frees the lock with its process, however that ends.
func (h *home) tryLock() (*running, error) {
	f, err := os.OpenFile(h.path("lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot lock the data directory %s: %w", h.dir, err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		h.lock = f
		return nil, nil
	}
	f.Close()
	if !errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, fmt.Errorf("cannot lock the data directory %s: %w", h.dir, err)
	}
	return h.readRunning()
}

func (h *home) readRunning() (*running, error) {
	raw, err := os.ReadFile(h.path("run.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("another hugops is starting or ending in %s; try again in a moment", h.dir)
	}
	if err != nil {
		return nil, err
	}
	var r running
	if err := json.Unmarshal(raw, &r); err != nil {
		return nil, fmt.Errorf("%s: %w", h.path("run.json"), err)
	}
	return &r, nil
}

// announce writes run.json, so that other processes find the embedded servers.
func (h *home) announce(r running) error {
	raw, err := json.Marshal(r)
	if err != nil {
		return err
	}
	tmp := h.path("run.json.tmp")
	if err := os.WriteFile(tmp, raw, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, h.path("run.json"))
}

// close gives the lock back.
func (h *home) close() error {
	if h.lock == nil {
		return nil
	}
	err := os.Remove(h.path("run.json"))
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	err = errors.Join(err, h.lock.Close())
	h.lock = nil
	return err
}

// pseudonyms reads the secret key, from keyFile if given, else from the data
// directory, where it is made on first use.
func (h *home) pseudonyms(keyFile string) (hugops.Pseudonyms, error) {
	file := keyFile
	if file == "" {
		file = h.path("secret.key")
		if err := makeKey(file); err != nil {
			return hugops.Pseudonyms{}, fmt.Errorf("cannot make the key of the pseudonyms: %w", err)
		}
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return hugops.Pseudonyms{}, fmt.Errorf("cannot read the key of the pseudonyms: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(raw)))
	if err != nil || len(key) < 32 {
		return hugops.Pseudonyms{}, fmt.Errorf("%s is no key: it must hold at least 64 hexadecimal digits (openssl rand -hex 32)", file)
	}
	return hugops.NewPseudonyms(key), nil
}

// makeKey writes a new key unless there is one: whole or not at all, and the
// first of two processes wins.
func makeKey(file string) error {
	if _, err := os.Stat(file); err == nil {
		return nil
	}
	key := make([]byte, 32)
	rand.Read(key)
	tmp, err := os.CreateTemp(filepath.Dir(file), "secret-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.WriteString(hex.EncodeToString(key) + "\n")
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), file); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return nil
}

// secret reads a secret from a file or the environment; both empty is "".
func secret(file, env string) (string, error) {
	if file == "" {
		return strings.TrimSpace(env), nil
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(raw)), nil
}
