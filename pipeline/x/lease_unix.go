//go:build unix

package x

import (
	"os"
	"path/filepath"
	"syscall"
)

// takeLease takes the one connection to X for this process, as far as this
// directory is its; closing the file, or the end of the process, frees it.
func takeLease(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "x.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, errLeased
	}
	return f, nil
}
