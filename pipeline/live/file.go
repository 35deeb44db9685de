package live

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/go-json-experiment/json"
)

// Save replaces a file by v as JSON in one step: after a crash it is the old one
// or the new one.
func Save(file string, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	if err := writeSynced(file+".new", append(raw, '\n')); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

func writeSynced(name string, raw []byte) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// Load reads what Save wrote. A file that is not there leaves v alone. One that
// is damaged is put aside, and the error says so: v is to be made anew.
func Load(file string, v any) error {
	raw, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, v); err != nil {
		aside := file + ".damaged"
		return errors.Join(fmt.Errorf("%s is damaged (%w): it was put aside as %s", file, err, aside), os.Rename(file, aside))
	}
	return nil
}
