package mastodon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	masto "github.com/mattn/go-mastodon"

	"github.com/hugops/hugops/pipeline/wire"
)

const (
	restTimeout  = 30 * time.Second
	pageLimit    = 40 // the most that Mastodon gives at once
	maxPageBytes = 16 << 20
)

// rest carries one question of go-mastodon to a server's REST API. It keeps the
// answer as it came, and tells the library of an empty list: the library's Status
// lacks indexable and noindex, and one post that it cannot read would cost the
// whole page. It answers errors where the library would sleep: that repeats a
// question after a 429 for up to an hour, whatever the server asks for.
type rest struct {
	srv  *server
	body []byte
	skew time.Duration
}

func (r *rest) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := r.srv.limit.wait(req.Context()); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(req.Context(), restTimeout)
	defer cancel()
	req = req.Clone(ctx)
	req.Header.Set("Accept-Encoding", "gzip")
	resp, err := r.srv.send(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	now := time.Now()
	r.srv.limit.learn(resp, now)
	r.skew = skewOf(resp.Header, now)
	if resp.StatusCode != http.StatusOK {
		return nil, newStatusError(resp)
	}
	r.body, err = io.ReadAll(io.LimitReader(resp.Body, maxPageBytes+1))
	if err != nil {
		return nil, err
	}
	if len(r.body) > maxPageBytes {
		return nil, fmt.Errorf("%s answered with more than %d bytes", r.srv.host, maxPageBytes)
	}
	resp.Body = io.NopCloser(bytes.NewReader([]byte("[]")))
	return resp, nil
}

func newStatusError(resp *http.Response) *statusError {
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return &statusError{resp.Request.URL.Host, resp.StatusCode, media}
}

// client is the library's client for one question.
func (s *server) client(carrier http.RoundTripper) *masto.Client {
	client := masto.NewClient(&masto.Config{Server: s.address})
	client.Client = http.Client{Transport: carrier, CheckRedirect: refuseRedirect}
	return client
}

// timeline asks for a page of what a stream carries, newest first; with a minID
// for the posts that follow it. It also returns by how much this machine's clock
// is ahead.
func (s *server) timeline(ctx context.Context, st stream, minID string, limit int64) (page []jsontext.Value, skew time.Duration, err error) {
	carrier := &rest{srv: s}
	client, pg := s.client(carrier), &masto.Pagination{MinID: masto.ID(minID), Limit: limit}
	if st.tag != "" {
		_, err = client.GetTimelineHashtag(ctx, st.tag, false, pg)
	} else {
		_, err = client.GetTimelinePublic(ctx, st.local, pg)
	}
	if err != nil {
		return nil, 0, plain(err)
	}
	if err := wire.UnmarshalFile(carrier.body, &page); err != nil {
		return nil, 0, fmt.Errorf("%s answered with no list of posts: %w", s.host, err)
	}
	return page, carrier.skew, nil
}

// plain takes a statusError out of what http.Client wraps it in.
func plain(err error) error {
	var status *statusError
	if errors.As(err, &status) {
		return status
	}
	return err
}
