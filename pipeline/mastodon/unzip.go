package mastodon

import (
	"compress/gzip"
	"io"
	"net/http"
)

// unzip lets a body be read as text where something on the way has compressed
// it. Nothing is read before the body is.
func unzip(resp *http.Response) {
	if resp.Header.Get("Content-Encoding") == "gzip" {
		resp.Body = &unzipped{ReadCloser: resp.Body}
		resp.Header.Del("Content-Encoding")
	}
}

type unzipped struct {
	io.ReadCloser
	text *gzip.Reader // nil before the first Read
}

func (u *unzipped) Read(p []byte) (int, error) {
	if u.text == nil {
		text, err := gzip.NewReader(u.ReadCloser)
		if err != nil {
			return 0, err
		}
		u.text = text
	}
	return u.text.Read(p)
}
