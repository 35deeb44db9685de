package x

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hugops/hugops"
)

// keepIDs is how long X is asked about a post: as long as its text is kept.
const keepIDs = 30 * 24 * time.Hour

// ids remembers which posts were delivered, in a file a day (UTC), so that X can
// be asked which of them are gone. It holds numbers of posts and nothing else.
type ids struct {
	dir string // "" remembers nothing
	now func() time.Time

	mu   sync.Mutex
	day  string
	file *os.File
}

// known is a post that was delivered: twice its number, and one more if an edit of
// it was delivered too.
type known uint64

func (k known) id() uint64   { return uint64(k) >> 1 }
func (k known) edited() bool { return k&1 == 1 }

// add writes the posts among events down, before Kafka has them.
func (i *ids) add(events []hugops.Event) error {
	var text strings.Builder
	for _, e := range events {
		if e.Post == nil || strings.Trim(e.Post.ID, "0123456789") != "" {
			continue
		}
		text.WriteString(e.Post.ID)
		if e.Kind == hugops.Edited {
			text.WriteString(" edited")
		}
		text.WriteByte('\n')
	}
	if i.dir == "" || text.Len() == 0 {
		return nil
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if err := i.open(); err != nil {
		return fmt.Errorf("the number of a post cannot be written down, so that its deletion would not be known: %w", err)
	}
	_, err := i.file.WriteString(text.String())
	return err
}

// open opens the file of today.
func (i *ids) open() error {
	day := i.now().UTC().Format(time.DateOnly)
	if i.file != nil && i.day == day {
		return nil
	}
	i.close()
	if err := os.MkdirAll(i.dir, 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(i.name(day), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	i.file, i.day = f, day
	return err
}

func (i *ids) name(day string) string { return filepath.Join(i.dir, day+".txt") }

func (i *ids) close() {
	if i.file != nil {
		i.file.Close()
		i.file = nil
	}
}

// all returns every post that is remembered, once each and sorted, and forgets the
// days that are too old.
func (i *ids) all() ([]known, error) {
	if i.dir == "" {
		return nil, nil
	}
	files, err := filepath.Glob(i.name("*"))
	if err != nil {
		return nil, err
	}
	oldest := i.name(i.now().Add(-keepIDs).UTC().Format(time.DateOnly))
	var all []known
	for _, file := range files {
		if file < oldest {
			if err := os.Remove(file); err != nil {
				return nil, err
			}
			continue
		}
		if all, err = readIDs(file, all); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(all, func(a, b known) int { return compare(b, a) }) // edited first
	all = slices.CompactFunc(all, func(a, b known) bool { return a.id() == b.id() })
	slices.Reverse(all)
	return all, nil
}

func compare(a, b known) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func readIDs(file string, all []known) ([]known, error) {
	f, err := os.Open(file)
	if err != nil {
		return all, err
	}
	defer f.Close()
	for in := bufio.NewScanner(f); in.Scan(); {
		number, edited, _ := strings.Cut(in.Text(), " ")
		id, err := strconv.ParseUint(number, 10, 63)
		if err != nil {
			continue // a line that a crash cut off: its post did not go on
		}
		k := known(id << 1)
		if edited == "edited" {
			k |= 1
		}
		all = append(all, k)
	}
	return all, nil
}

// forget takes posts out of the files.
func (i *ids) forget(gone map[uint64]bool) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.close()
	files, err := filepath.Glob(i.name("*"))
	if err != nil || len(gone) == 0 {
		return err
	}
	var errs []error
	for _, file := range files {
		errs = append(errs, rewrite(file, gone))
	}
	return errors.Join(errs...)
}

// rewrite replaces a file by what is left of it, in one step.
func rewrite(file string, gone map[uint64]bool) error {
	all, err := readIDs(file, nil)
	if err != nil {
		return err
	}
	left := slices.DeleteFunc(slices.Clone(all), func(k known) bool { return gone[k.id()] })
	if len(left) == len(all) {
		return nil
	}
	var text strings.Builder
	for _, k := range left {
		text.WriteString(strconv.FormatUint(k.id(), 10))
		if k.edited() {
			text.WriteString(" edited")
		}
		text.WriteByte('\n')
	}
	if err := os.WriteFile(file+".new", []byte(text.String()), 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}
