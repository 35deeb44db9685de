//go:build !unix

package x

import (
	"os"
	"path/filepath"
)

// takeLease only opens the file: this system has no advisory locks.
func takeLease(dir string) (*os.File, error) {
	return os.OpenFile(filepath.Join(dir, "x.lock"), os.O_CREATE|os.O_RDWR, 0o600)
}
