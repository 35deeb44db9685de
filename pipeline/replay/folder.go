package replay

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
)

// FilesIn returns the files of a folder that can be replayed, in the order of
// their names, and a reason for each other one. Hidden files do not count;
// folders in the folder are not entered.
func FilesIn(folder string, network hugops.Network) (files []string, skipped []error, err error) {
	entries, err := os.ReadDir(folder) // sorted
	if err != nil {
		return nil, nil, fmt.Errorf("open replay: %w", err)
	}
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		switch err := recognisable(path, entry, network); {
		case strings.HasPrefix(entry.Name(), "."):
		case err != nil:
			skipped = append(skipped, err)
		default:
			files = append(files, path)
		}
	}
	return files, skipped, nil
}

func recognisable(path string, entry fs.DirEntry, network hugops.Network) error {
	if entry.IsDir() {
		return fmt.Errorf("%s: a folder in a folder", path)
	}
	in, err := (&Config{Path: path, Network: network}).open(0, 0)
	if err != nil {
		return err
	}
	defer in.Close()
	if !in.known {
		return fmt.Errorf("cannot replay %s: its beginning is none of the forms that are known", path)
	}
	return nil
}

// Folder replays files one after another. Each remembers for itself how far it
// came.
type Folder struct {
	name  string
	files []*Source
}

// NewFolder returns the source of some files of a folder.
func NewFolder(folder string, files []Config) *Folder {
	f := &Folder{}
	for _, cfg := range files {
		src := New(cfg)
		kind, _, _ := strings.Cut(src.Name(), ":")
		f.name = kind + ":" + filepath.Base(folder)
		f.files = append(f.files, src)
	}
	return f
}

// Name is that of a file, with the folder's name.
func (f *Folder) Name() string { return f.name }

// Run replays the files. One that cannot be read to its end does not stop the
// next.
func (f *Folder) Run(ctx context.Context, emit pipeline.Emit) error {
	var errs []error
	for _, src := range f.files {
		err := src.Run(ctx, emit)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			src.cfg.Log.Error("the replay goes on with the next file", "error", err)
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
