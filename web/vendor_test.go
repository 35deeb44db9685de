package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"testing"
)

// TestVendor: the chart library that the site serves is the one that the lock file
// names, and, where npm has put that beside it, the same to the byte.
func TestVendor(t *testing.T) {
	raw, err := os.ReadFile("../package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	var lock struct {
		Packages map[string]struct{ Version, License, Integrity string }
	}
	if err := json.Unmarshal(raw, &lock); err != nil {
		t.Fatal(err)
	}
	locked := lock.Packages["node_modules/uplot"]
	if locked.License != "MIT" || locked.Integrity == "" {
		t.Errorf("package-lock.json has uplot as %+v: want it under MIT, with its digest", locked)
	}
	for ours, theirs := range map[string]string{
		"uPlot.iife.min.js": "dist/uPlot.iife.min.js", "uPlot.min.css": "dist/uPlot.min.css", "uPlot.LICENSE.txt": "LICENSE",
	} {
		got, err := assetFiles.ReadFile("assets/vendor/" + ours)
		if err != nil {
			t.Fatal(err)
		}
		if ours == "uPlot.iife.min.js" && !bytes.HasPrefix(got, []byte("/*! https://github.com/leeoniya/uPlot (v"+locked.Version+") */")) {
			t.Errorf("%s begins with %.60q, the lock file has version %s: run make vendor", ours, got, locked.Version)
		}
		want, err := os.ReadFile("../node_modules/uplot/" + theirs)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s differs from npm's (%v): run make vendor", ours, err)
		}
	}
}
