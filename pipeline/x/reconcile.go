package x

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"
)

const (
	rulesPath    = "/2/tweets/search/stream/rules"
	rulesAtOnce  = 100              // in one request
	relistEvery  = time.Hour        // somebody else may have changed the rules
	takesEffect  = 30 * time.Second // X: about 20 s until a new rule is in the stream
	outagesEvery = 10 * time.Second
)

// rulebook keeps X's rules at what is wanted.
type rulebook struct {
	api    *api
	have   []rule    // as X last told, or took
	listed time.Time // when X told
	refuse []string  // values that X does not take
}

// reconcile makes X's rules the wanted ones, and returns how many it removed and
// added. It asks X only when something has changed, or an hour has passed. Rules
// that X refuses are in the error, and are not tried again.
func (b *rulebook) reconcile(ctx context.Context, want []rule) (removed, added int, err error) {
	want = slices.DeleteFunc(slices.Clone(want), func(r rule) bool { return slices.Contains(b.refuse, r.Value) })
	if time.Since(b.listed) < relistEvery {
		if remove, missing := diff(b.have, want); len(remove)+len(missing) == 0 {
			return 0, 0, nil
		}
	}
	if err := b.list(ctx); err != nil {
		return 0, 0, err
	}
	remove, missing := diff(b.have, want)
	for ids := range slices.Chunk(remove, rulesAtOnce) {
		if err := b.remove(ctx, ids); err != nil {
			return removed, 0, err
		}
		removed += len(ids)
	}
	var refused rulesError
	for rules := range slices.Chunk(missing, rulesAtOnce) {
		problems, err := b.add(ctx, rules)
		if err != nil {
			return removed, added, err
		}
		refused = append(refused, problems...)
		added += len(rules) - len(problems)
	}
	if len(refused) > 0 {
		return removed, added, refused
	}
	return removed, added, nil
}

// list asks X for all rules of the app.
func (b *rulebook) list(ctx context.Context) error {
	var rules []rule
	query := url.Values{}
	for range 100 { // pages
		var answer struct {
			Data []rule `json:"data"`
			Meta struct {
				NextToken string `json:"next_token"`
			} `json:"meta"`
		}
		if err := b.api.call(ctx, http.MethodGet, rulesPath, query, nil, &answer); err != nil {
			return fmt.Errorf("listing the rules: %w", err)
		}
		rules = append(rules, answer.Data...)
		if answer.Meta.NextToken == "" {
			b.have, b.listed = rules, time.Now()
			return nil
		}
		query.Set("pagination_token", answer.Meta.NextToken)
	}
	return fmt.Errorf("listing the rules: X has no end of them")
}

func (b *rulebook) remove(ctx context.Context, ids []string) error {
	type list struct {
		IDs []string `json:"ids"`
	}
	body := struct {
		Delete list `json:"delete"`
	}{list{ids}}
	var answer struct {
		Meta struct {
			Summary struct {
				Deleted int `json:"deleted"`
			} `json:"summary"`
		} `json:"meta"`
		Errors rulesError `json:"errors"`
	}
	err := b.api.call(ctx, http.MethodPost, rulesPath, nil, body, &answer)
	if deleted := answer.Meta.Summary.Deleted; err == nil && deleted < len(ids) { // X says so with status 200
		err = fmt.Errorf("X removed %d of %d; %s", deleted, len(ids), answer.Errors)
	}
	if err != nil {
		b.listed = time.Time{} // who knows what is there now
		return fmt.Errorf("removing rules that would cost money: %w", err)
	}
	b.have = slices.DeleteFunc(b.have, func(r rule) bool { return slices.Contains(ids, r.ID) })
	return nil
}

// add returns what X says of rules that it did not take. That one is there
// already is none of it.
func (b *rulebook) add(ctx context.Context, rules []rule) (rulesError, error) {
	body := struct {
		Add []rule `json:"add"`
	}{rules}
	var answer struct {
		Data   []rule    `json:"data"`
		Errors []problem `json:"errors"`
	}
	err := b.api.call(ctx, http.MethodPost, rulesPath, nil, body, &answer)
	var e *refusal
	if errors.As(err, &e) && e.Status == http.StatusBadRequest && len(e.Errors) > 0 {
		answer.Errors, err = e.Errors, nil // none of them was taken; those that are right will be, next time
	}
	if err != nil {
		b.listed = time.Time{}
		return nil, fmt.Errorf("adding rules: %w", err)
	}
	b.have = append(b.have, answer.Data...)
	var refused rulesError
	for _, p := range answer.Errors {
		if !p.is("duplicate-rules") {
			refused = append(refused, p)
			b.refuse = append(b.refuse, p.Value)
		}
	}
	if len(answer.Data) < len(rules) {
		b.listed = time.Time{} // look again
	}
	return refused, nil
}
