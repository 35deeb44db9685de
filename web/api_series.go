package web

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/hugops/hugops"
)

type (
	apiSeries struct {
		Outage        string      `json:"outage"`
		BucketSeconds int         `json:"bucket_seconds"`
		Series        []apiMinute `json:"series"`
	}
	apiMinute struct {
		At      time.Time `json:"at"`
		Support int       `json:"support"`
		Venting int       `json:"venting"`
		Neutral int       `json:"neutral"`
		Authors int       `json:"authors"`
	}
)

func (s *site) apiSeries(r *http.Request) (*answer, error) {
	series, err := s.series(r)
	if err != nil {
		return nil, err
	}
	return asJSON(series)
}

func (s *site) apiSeriesCSV(r *http.Request) (*answer, error) {
	series, err := s.series(r)
	if err != nil {
		return nil, err
	}
	rows := [][]string{{"at", "support", "venting", "neutral", "authors"}}
	for _, m := range series.Series {
		rows = append(rows, []string{m.At.Format(time.RFC3339), strconv.Itoa(m.Support), strconv.Itoa(m.Venting),
			strconv.Itoa(m.Neutral), strconv.Itoa(m.Authors)})
	}
	return asCSV(rows)
}

func (s *site) apiCoverageCSV(r *http.Request) (*answer, error) {
	now := s.Now().UTC()
	d, err := s.detail(r, now)
	if err != nil {
		return nil, err
	}
	rows := [][]string{{"network", "from", "to", "state"}}
	for _, c := range apiCoverageOf(newChart(d, now)) {
		rows = append(rows, []string{string(c.Network), c.From.Format(time.RFC3339), c.To.Format(time.RFC3339), string(c.State)})
	}
	return asCSV(rows)
}

// series reads ?bucket=, ?from= and ?to= and asks the store; what lies in the future is
// left out.
func (s *site) series(r *http.Request) (apiSeries, error) {
	p := readParams(r)
	bucket := p.bucket(5 * time.Minute)
	from, to := p.between()
	if p.err != nil {
		return apiSeries{}, p.err
	}
	now := s.Now().UTC()
	d, err := s.detail(r, now)
	if err != nil {
		return apiSeries{}, err
	}
	id := d.Outage.ID // another than in the address, if it turned out to be another outage
	minutes, err := s.Store.Series(r.Context(), id, bucket, from, to)
	if errors.Is(err, hugops.ErrTooMany) {
		return apiSeries{}, badParameter("bucket", fmt.Sprintf(
			"That is more than %d buckets: ask for wider ones with bucket, or for a part of the time with from and to.", hugops.MaxBuckets))
	}
	if err != nil {
		return apiSeries{}, fmt.Errorf("series of %s: %w", id, err)
	}
	out := apiSeries{id, int(bucket / time.Second), []apiMinute{}}
	for _, m := range minutes {
		if !m.At.After(now) {
			out.Series = append(out.Series, apiMinute{m.At.UTC(), m.Support, m.Venting, m.Neutral, m.Authors})
		}
	}
	return out, nil
}
