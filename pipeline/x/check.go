package x

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/hugops/hugops/pipeline/wire"
)

// Checked is what came of trying one right.
type Checked struct {
	What string
	Err  error // says what is wrong, and what to do
}

// Check tries the token, and whether the app may use the filtered stream, its
// rules, and batch compliance. It costs nothing and changes nothing; it does not
// open the stream, since X keeps a connection for up to 20 minutes after its end.
func Check(ctx context.Context, cfg Config) ([]Checked, error) {
	s, err := New(cfg)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	book := rulebook{api: s.api}
	if err := book.list(ctx); err != nil {
		return []Checked{{"the rules of the filtered stream", err}}, nil
	}
	checks := []Checked{{fmt.Sprintf("the token may read the filtered stream, which has %d rules now", len(book.have)), nil}}
	checks = append(checks, Checked{"the token may write rules", s.dryRun(ctx)}, s.consumed(ctx))
	err = s.api.call(ctx, http.MethodGet, jobsPath, url.Values{"type": {"tweets"}}, nil, nil)
	return append(checks, Checked{"the token may ask which posts were deleted", err}, s.money()), nil
}

// dryRun lets X look at a rule without taking it.
func (s *Source) dryRun(ctx context.Context) error {
	queries := Terms{Names: []string{"hugops"}, Words: []string{"hug"}, Handles: []string{"x"}, Tags: []string{"hugops"}}.queries(s.limits.length - longestSample)
	var rules []rule
	for _, q := range queries {
		rules = append(rules, rule{Value: q, Tag: tagPrefix + "check"})
	}
	var answer struct {
		Errors rulesError `json:"errors"`
	}
	err := s.api.call(ctx, http.MethodPost, rulesPath, url.Values{"dry_run": {"true"}}, struct {
		Add []rule `json:"add"`
	}{rules}, &answer)
	if err == nil && len(answer.Errors) > 0 {
		return answer.Errors
	}
	return err
}

// consumed asks X what it has counted this month.
func (s *Source) consumed(ctx context.Context) Checked {
	var answer struct {
		Data struct {
			Usage wire.ID `json:"project_usage"`
			Cap   wire.ID `json:"project_cap"`
		} `json:"data"`
	}
	err := s.api.call(ctx, http.MethodGet, "/2/usage/tweets", nil, nil, &answer)
	if err != nil {
		return Checked{"posts read this month", err}
	}
	return Checked{fmt.Sprintf("X has counted %s posts this month, of %s", orUnknown(answer.Data.Usage), orUnknown(answer.Data.Cap)), nil}
}

func orUnknown(n wire.ID) string {
	if n == "" {
		return "an unknown number"
	}
	return printable(string(n))
}

// money reads what hugops has spent, without changing it.
func (s *Source) money() Checked {
	if file := s.file("x-budget.json"); file != "" {
		raw, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(raw, &s.budget.spent)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return Checked{"the budget", fmt.Errorf("cannot read what was spent: %w", err)}
		}
	}
	day, month := s.budget.said()
	if renews, closed := s.budget.closed(); closed {
		return Checked{"the budget", errors.New("it is spent until " + renews.Format(time.RFC3339))}
	}
	return Checked{fmt.Sprintf("of the budget, %v are spent today and %v this month (UTC)", day, month), nil}
}
