//go:build !unix

package broker

import (
	"os"
	"path/filepath"
)

// lockDir only opens the file: this system has no advisory locks.
func lockDir(dir string) (*os.File, error) {
	return os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
}
