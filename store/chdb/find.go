package chdb

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// LibEnv names the environment variable that holds the library's path.
const LibEnv = "HUGOPS_LIBCHDB"

// ErrMissing says that there is no libchdb on this machine, and what to do.
var ErrMissing = errors.New("the embedded ClickHouse engine (libchdb) is not installed: run `make engine`, or set " + LibEnv + " to the path of libchdb.so")

// Find returns the path of the shared library: $HUGOPS_LIBCHDB, else the npm
// package below a node_modules folder of the working directory, of the
// executable's folder, or of a parent of either, else /usr/local/lib. Without
// any it returns ErrMissing.
func Find() (string, error) {
	if path := os.Getenv(LibEnv); path != "" {
		if !isFile(path) {
			return "", fmt.Errorf("%s=%s is no file: %w", LibEnv, path, ErrMissing)
		}
		return path, nil
	}
	var starts []string
	if dir, err := os.Getwd(); err == nil {
		starts = append(starts, dir)
	}
	if exe, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(exe); err == nil {
			exe = real
		}
		starts = append(starts, filepath.Dir(exe))
	}
	return findFrom(starts, runtime.GOOS, runtime.GOARCH, "/usr/local/lib")
}

// findFrom is Find without the environment: starts are searched upwards, in
// order, then the system's folder.
func findFrom(starts []string, goos, goarch, system string) (string, error) {
	pkg, files := libraryNames(goos, goarch)
	var folders []string
	for _, dir := range starts {
		for parent := filepath.Dir(dir); ; dir, parent = parent, filepath.Dir(parent) {
			folders = append(folders, filepath.Join(dir, "node_modules", "@chdb", pkg))
			if parent == dir {
				break
			}
		}
	}
	for _, folder := range append(folders, system) {
		for _, file := range files {
			if path := filepath.Join(folder, file); isFile(path) {
				return path, nil
			}
		}
	}
	return "", ErrMissing
}

// libraryNames are the npm package's folder, and the names that the library may
// have, on one kind of machine.
func libraryNames(goos, goarch string) (pkg string, files []string) {
	arch := goarch
	if goarch == "amd64" {
		arch = "x64"
	}
	if goos == "darwin" {
		return "lib-darwin-" + arch, []string{"libchdb.dylib", "libchdb.so"}
	}
	return "lib-" + goos + "-" + arch + "-gnu", []string{"libchdb.so"}
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}
