package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed assets/*
var assetFiles embed.FS

// assets are the files under /assets (those in assets/vendor are others', as they
// released them: make vendor), found by a name that carries the hash of
// their bytes: site.1f2e3d4c5b.css. What has another hash is another address, so
// each may be kept for ever.
type assets struct {
	byHashed map[string]*answer
	hashed   map[string]string // plain name → hashed name
}

func loadAssets() (assets, error) {
	a := assets{map[string]*answer{}, map[string]string{}}
	err := fs.WalkDir(assetFiles, "assets", func(file string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		body, err := assetFiles.ReadFile(file)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		ext := path.Ext(file)
		name := strings.TrimSuffix(e.Name(), ext) + "." + hex.EncodeToString(sum[:5]) + ext
		a.hashed[e.Name()] = name
		a.byHashed[name] = &answer{Type: contentType(ext), Cache: cacheEver, Body: body}
		return nil
	})
	return a, err
}

func contentType(ext string) string {
	switch ext { // not left to the machine's own table
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".txt":
		return "text/plain; charset=utf-8"
	}
	return mime.TypeByExtension(ext)
}

// url is the address of an asset for templates. An unknown name is a mistake in a
// template, which every test of that template finds.
func (a assets) url(name string) string {
	if h, ok := a.hashed[name]; ok {
		return "/assets/" + h
	}
	panic("no asset named " + name)
}

func (s *site) asset(r *http.Request) (*answer, error) {
	if a, ok := s.assets.byHashed[r.PathValue("file")]; ok {
		return a, nil
	}
	return nil, errNoPage
}

// named serves an asset under an address of its own, with a short life.
func (s *site) named(name string) *answer {
	a := *s.assets.byHashed[s.assets.hashed[name]]
	a.Cache = cacheProse
	return &a
}

func (s *site) favicon(*http.Request) (*answer, error) { return s.named("favicon.svg"), nil }

func (s *site) healthz(*http.Request) (*answer, error) { return plainText(http.StatusOK, "ok\n"), nil }

// readyz keeps the reason to the log: it may name machines.
func (s *site) readyz(r *http.Request) (*answer, error) {
	if err := s.Ready(r.Context()); err != nil {
		s.Log.Warn("not ready", "err", err)
		return plainText(http.StatusServiceUnavailable, "not ready; the log says why\n"), nil
	}
	return plainText(http.StatusOK, "ready\n"), nil
}

func plainText(code int, s string) *answer {
	return &answer{Code: code, Type: "text/plain; charset=utf-8", Cache: cacheNever, Body: []byte(s)}
}
