package replay

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	prefixLength = 64 << 10
	saveEvery    = 200 * time.Millisecond
)

// state is what a replay remembers of one input, as JSON in the state folder.
type state struct {
	Path string `json:"path"`
	// PrefixBytes and PrefixHash tell another file of the same name apart.
	PrefixBytes int64  `json:"prefix_bytes"`
	PrefixHash  string `json:"prefix_sha256"`
	// Shift is the wish, Timeline what became of it.
	Shift    string   `json:"shift"`
	Timeline Timeline `json:"timeline"`
	// Offset and Line count what was acknowledged, uncompressed.
	Offset int64 `json:"offset"`
	Line   int64 `json:"line"`
	// Size is the size of the file as stored when all of it was acknowledged; 0
	// before that.
	Size int64 `json:"finished_size"`
}

// statePath names the file by a hash of the input's absolute path, or of its
// name when it is no file.
func (c *Config) statePath() string {
	path := c.Path
	if absolute, err := filepath.Abs(path); err == nil && c.Data == nil {
		path = absolute
	}
	sum := sha256.Sum256([]byte(path))
	return filepath.Join(c.StateDir, "replay-"+hex.EncodeToString(sum[:8])+".json")
}

// loadState returns what is remembered of the input, and false when there is
// nothing, or when it is of another content.
func (c *Config) loadState() (state, bool, error) {
	file := c.statePath()
	raw, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return state{}, false, nil
	}
	if err != nil {
		return state{}, false, fmt.Errorf("read replay state: %w", err)
	}
	var st state
	if err := json.Unmarshal(raw, &st); err != nil {
		c.Log.Warn("replay state is damaged: starting anew", "file", file, "error", err)
		return state{}, false, nil
	}
	hash, n, err := c.prefixHash(st.PrefixBytes)
	if err != nil {
		return state{}, false, err
	}
	if hash != st.PrefixHash || n != st.PrefixBytes {
		c.Log.Info("the replay's file has another content than last time: starting anew", "path", c.Path)
		return state{}, false, nil
	}
	return st, true, nil
}

// newState returns the state of an input that begins.
func (c *Config) newState(tl Timeline) (state, error) {
	hash, n, err := c.prefixHash(prefixLength)
	if err != nil {
		return state{}, err
	}
	return state{Path: c.Path, PrefixBytes: n, PrefixHash: hash, Shift: c.Shift.String(), Timeline: tl}, nil
}

// saveState replaces the state file in one step: after a crash it is the old
// one or the new one.
func (c *Config) saveState(st state, durable bool) error {
	if err := os.MkdirAll(c.StateDir, 0o755); err != nil {
		return fmt.Errorf("save replay state: %w", err)
	}
	raw, err := json.Marshal(st, jsontext.Multiline(true))
	if err != nil {
		return fmt.Errorf("save replay state: %w", err)
	}
	file := c.statePath()
	if err := writeFile(file+".new", append(raw, '\n'), durable); err != nil {
		return fmt.Errorf("save replay state: %w", err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		return fmt.Errorf("save replay state: %w", err)
	}
	return nil
}

func writeFile(name string, raw []byte, durable bool) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	if err == nil && durable {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// tracker follows what was emitted and what was acknowledged, and saves the
// latter. Acks come in the order of emission, from any goroutine, and may come
// after the run has ended. A nil tracker remembers nothing.
type tracker struct {
	cfg *Config

	mu      sync.Mutex
	state   state
	pending int           // emitted, not acknowledged
	idle    chan struct{} // closed when pending falls to 0 while someone waits
	saved   time.Time
}

// emitted counts one item and returns its Ack, which moves the state to the end
// of the item's record when last is true.
func (t *tracker) emitted(r *record, last bool) func() {
	if t == nil {
		return nil
	}
	end, number := r.end, r.last
	t.mu.Lock()
	t.pending++
	t.mu.Unlock()
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.pending--
		if last {
			t.state.Offset, t.state.Line = end, number
		}
		if t.pending == 0 && t.idle != nil {
			close(t.idle)
			t.idle = nil
		}
		if now := time.Now(); now.Sub(t.saved) >= saveEvery {
			t.saved = now
			t.save(false)
		}
	}
}

// save writes the state; a failure is logged, because a replay that forgets is
// better than one that stops.
func (t *tracker) save(durable bool) {
	if err := t.cfg.saveState(t.state, durable); err != nil {
		t.cfg.Log.Error("a restart of the replay will send some posts again", "error", err)
	}
}

// flush saves what was acknowledged so far.
func (t *tracker) flush() {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.save(true)
}

// finish waits until all is acknowledged or stop is closed, and then remembers
// that the input of this size is done.
func (t *tracker) finish(stop <-chan struct{}, size, offset, number int64) bool {
	if t == nil {
		return true
	}
	t.mu.Lock()
	idle := make(chan struct{})
	if t.pending == 0 {
		close(idle)
	} else {
		t.idle = idle
	}
	t.mu.Unlock()
	select {
	case <-idle:
	case <-stop:
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.state.Size, t.state.Offset, t.state.Line = size, offset, number
	t.save(true)
	return true
}
