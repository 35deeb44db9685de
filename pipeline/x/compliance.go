package x

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/live"
	"github.com/hugops/hugops/pipeline/wire"
)

const jobsPath = "/2/compliance/jobs"

// jobTimes say how often X is asked which posts are gone. Its terms allow 24 hours.
type jobTimes struct{ every, retry, poll, patience time.Duration }

var defaultJobs = jobTimes{every: 12 * time.Hour, retry: 30 * time.Minute, poll: 30 * time.Second, patience: 6 * time.Hour}

// job is a batch compliance job. X gives its addresses when it pleases: that of
// the result with the job or when it is complete.
type job struct {
	ID          string `json:"id"`
	Status      string `json:"status"` // created, in_progress, complete, failed, expired
	UploadURL   string `json:"upload_url"`
	DownloadURL string `json:"download_url"`
}

// checked is what is remembered of jobs.
type checked struct {
	Done time.Time `json:"done"`          // begin of the last one that went through
	Job  string    `json:"job,omitempty"` // one under way
	From time.Time `json:"from,omitzero"` // its begin
}

// comply asks X twice a day which of the posts that it delivered are gone, and
// emits their deletions.
func (s *Source) comply(ctx context.Context) {
	file := s.file("x-compliance.json")
	if file == "" {
		return // no post is remembered either
	}
	var state checked
	if err := live.Load(file, &state); err != nil {
		s.cfg.Log.Error("when deletions were asked for last is not known: they are asked for now", "error", err)
		state = checked{Done: time.Now().Add(-s.jobs.every)}
	}
	if state == (checked{}) { // nothing was delivered yet
		state.Done = time.Now()
		if err := live.Save(file, state); err != nil {
			s.cfg.Log.Error("when deletions were asked for cannot be written", "error", err)
		}
	}
	wait := time.Until(state.Done.Add(s.jobs.every))
	if state.Job != "" {
		wait = 0
	}
	for {
		s.agingFor(ctx, max(0, wait), state.Done)
		if ctx.Err() != nil {
			return
		}
		wait = s.jobs.every
		if err := s.checkPosts(ctx, file, &state); err != nil && ctx.Err() == nil {
			s.cfg.Log.Error("X was not asked which posts are gone; trying again", "error", err, "since", state.Done, "pause", s.jobs.retry)
			wait = s.jobs.retry
		}
	}
}

// agingFor waits, and shows on /metrics meanwhile how long ago the deletions were
// asked for: more than 86,400 is more than X allows.
func (s *Source) agingFor(ctx context.Context, wait time.Duration, done time.Time) {
	for end := time.Now().Add(wait); ; {
		metrics.GetOrCreateGauge(`hugops_x_deletions_age_seconds`, nil).Set(time.Since(done).Seconds())
		if left := time.Until(end); left <= 0 || pipeline.Sleep(ctx, min(left, time.Minute)) != nil {
			return
		}
	}
}

// checkPosts runs one job to its end, or goes on with the one that another process
// began.
func (s *Source) checkPosts(ctx context.Context, file string, state *checked) error {
	posts, err := s.ids.all()
	if err != nil {
		return err
	}
	if len(posts) == 0 {
		*state = checked{Done: time.Now()}
		return live.Save(file, state)
	}
	if state.Job == "" {
		j, err := s.newJob(ctx, posts)
		if err != nil {
			return err
		}
		state.Job, state.From = j.ID, time.Now()
		if err := live.Save(file, state); err != nil {
			return err
		}
	}
	j, err := s.awaitJob(ctx, state.Job)
	if err == nil {
		err = s.obey(ctx, j, posts)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	begun := state.From
	state.Job, state.From = "", time.Time{}
	if err == nil {
		state.Done = begun
	}
	return errors.Join(err, live.Save(file, state))
}

// newJob makes a job and uploads the numbers of the posts.
func (s *Source) newJob(ctx context.Context, posts []known) (job, error) {
	var answer struct {
		Data job `json:"data"`
	}
	body := map[string]string{"type": "tweets", "name": "hugops-" + time.Now().UTC().Format("20060102-150405")}
	if err := s.api.call(ctx, http.MethodPost, jobsPath, nil, body, &answer); err != nil {
		return job{}, fmt.Errorf("making a compliance job: %w", err)
	}
	var list bytes.Buffer
	for _, k := range posts {
		list.WriteString(strconv.FormatUint(k.id(), 10))
		list.WriteByte('\n')
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Minute) // the address is good for so long
	defer cancel()
	resp, err := s.storage(ctx, http.MethodPut, answer.Data.UploadURL, &list)
	if err != nil {
		return job{}, fmt.Errorf("uploading the posts' numbers: %w", err)
	}
	resp.Body.Close()
	return answer.Data, nil
}

// awaitJob asks for a job until it is complete.
func (s *Source) awaitJob(ctx context.Context, id string) (job, error) {
	for end := time.Now().Add(s.jobs.patience); time.Now().Before(end); {
		var answer struct {
			Data job `json:"data"`
		}
		err := s.patiently(ctx, "compliance job", func() error {
			return s.api.call(ctx, http.MethodGet, jobsPath+"/"+url.PathEscape(id), nil, nil, &answer)
		})
		switch {
		case err != nil:
			return job{}, fmt.Errorf("asking for a compliance job: %w", err)
		case answer.Data.Status == "complete":
			return answer.Data, nil
		case answer.Data.Status == "failed" || answer.Data.Status == "expired":
			return job{}, fmt.Errorf("the compliance job %s: %s", printable(id), answer.Data.Status)
		}
		if err := pipeline.Sleep(ctx, s.jobs.poll); err != nil {
			return job{}, err
		}
	}
	return job{}, fmt.Errorf("the compliance job %s does not end", printable(id))
}

// storage asks the place where X keeps the files of jobs. The address is signed:
// the token stays here, unless that place is the API itself.
func (s *Source) storage(ctx context.Context, method, address string, body *bytes.Buffer) (*http.Response, error) {
	u, err := url.Parse(address)
	api, _ := url.Parse(s.api.base)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != api.Scheme {
		return nil, errors.New("the address that X gives for the files of the job is not https")
	}
	var reader io.Reader
	if body != nil {
		reader = body
	}
	req, err := http.NewRequestWithContext(ctx, method, address, reader)
	if err != nil {
		return nil, errors.New("the address that X gives for the files of the job is none")
	}
	if body != nil {
		req.Header.Set("Content-Type", "text/plain")
	}
	if u.Host == api.Host && u.Scheme == api.Scheme {
		req.Header.Set("Authorization", "Bearer "+s.api.token)
	}
	resp, err := s.api.http.Do(req)
	if err != nil {
		return nil, bare(ctx, err)
	}
	if resp.StatusCode/100 != 2 {
		defer resp.Body.Close()
		return nil, fmt.Errorf("the place of the job's files answered %d", resp.StatusCode)
	}
	return resp, nil
}

// obey reads the result of a job, and emits the deletions in it.
func (s *Source) obey(ctx context.Context, j job, posts []known) error {
	ctx, cancel := context.WithTimeout(ctx, time.Hour)
	defer cancel()
	resp, err := s.storage(ctx, http.MethodGet, j.DownloadURL, nil)
	if err != nil {
		return fmt.Errorf("downloading the result of the job: %w", err)
	}
	defer resp.Body.Close()
	asked := make(map[uint64]known, len(posts))
	for _, k := range posts {
		asked[k.id()] = k
	}
	gone := make(map[uint64]bool)
	var last <-chan struct{}
	in := bufio.NewScanner(resp.Body)
	in.Buffer(nil, wire.MaxBytes)
	for in.Scan() {
		event, id, err := decodeResult(in.Bytes(), asked)
		if err != nil {
			s.loop.Count("bad_frames")
			s.cfg.Log.Warn("a line of the compliance result cannot be read", "error", err)
		}
		if event == nil || gone[id] {
			continue
		}
		acked, err := s.deliver(ctx, wire.Decoded{Events: []hugops.Event{*event}}, nil, nil, s.position())
		if err != nil {
			return err
		}
		last, gone[id] = acked, true
	}
	if err := in.Err(); err != nil {
		return fmt.Errorf("reading the result of the job: %w", bare(ctx, err))
	}
	if last != nil {
		select {
		case <-last:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.cfg.Log.Info("X was asked which posts are gone", "posts", len(posts), "gone", len(gone))
	return s.ids.forget(gone)
}

// result is a line about one post.
type result struct {
	ID       string `json:"id"`
	Action   string `json:"action"` // delete, scrub_geo, rehydrate
	Reason   string `json:"reason"` // deleted, suspended, protected, bounced, scrub_geo, geo_scrubbed, tweet_edited, …
	Redacted string `json:"redacted_at"`
	Deleted  string `json:"deleted_at"`
}

// decodeResult reads one line of a result. It returns a deletion where the post is
// to go: since it is deleted, since its author is gone, suspended or protected, or
// since it was edited and the edit did not come by the stream. No place is stored
// of any post, so that nothing is to do when one was scrubbed.
func decodeResult(line []byte, asked map[uint64]known) (*hugops.Event, uint64, error) {
	if len(bytes.TrimSpace(line)) == 0 {
		return nil, 0, nil
	}
	var r result
	if err := wire.Unmarshal(line, &r); err != nil {
		return nil, 0, err
	}
	id, err := strconv.ParseUint(r.ID, 10, 63)
	if err != nil {
		return nil, 0, wire.Invalidf("compliance result: id %.40q is no number", r.ID)
	}
	k, ours := asked[id]
	switch {
	case !ours, r.Action == "", r.Action == "scrub_geo", r.Reason == "scrub_geo", r.Reason == "geo_scrubbed":
		return nil, id, nil // no action: X does not know about this one
	case r.Action == "rehydrate" && k.edited():
		return nil, id, nil
	case r.Action != "delete" && r.Action != "rehydrate":
		return nil, id, wire.Invalidf("compliance result: the action %.40q is not known", r.Action)
	}
	at := time.Now().UTC()
	for _, text := range []string{r.Redacted, r.Deleted} {
		if t, err := time.Parse(time.RFC3339, text); err == nil {
			at = t.UTC()
		}
	}
	return &hugops.Event{Kind: hugops.Deleted, At: at, Network: hugops.X, ID: strconv.FormatUint(id, 10)}, id, nil
}
