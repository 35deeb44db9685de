package x

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
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
	api     *api
	have    []rule    // as X last told, or took
	listed  time.Time // when X told
	refuse  []string  // values that X does not take
	refused time.Time // when it last said so
}

// reconcile makes X's rules the wanted ones, and returns how many it removed and
// added. It asks X only when something has changed, or an hour has passed. Rules
// that X refuses are in the error, and are not tried again for an hour.
//
// Rules of others go first, since they cost money; rules of ours go last, so that
// those in their place work by then.
func (b *rulebook) reconcile(ctx context.Context, want []rule) (removed, added int, err error) {
	if time.Since(b.refused) >= relistEvery {
		b.refuse = nil
	}
	if time.Since(b.listed) < relistEvery {
		if remove, missing := diff(b.have, b.taken(want)); len(remove)+len(missing) == 0 {
			return 0, 0, nil
		}
	}
	if err := b.list(ctx); err != nil {
		return 0, 0, err
	}
	remove, missing := diff(b.have, b.taken(want))
	first, last := b.order(remove, missing)
	if err := b.removeAll(ctx, first); err != nil {
		return 0, 0, err
	}
	var refused rulesError
	for rules := range slices.Chunk(missing, rulesAtOnce) {
		problems, err := b.add(ctx, rules)
		if err != nil {
			return len(first), added, err
		}
		refused = append(refused, problems...)
		added += len(rules) - len(problems)
	}
	if err := b.removeAll(ctx, last); err != nil {
		return len(first), added, err
	}
	if len(refused) > 0 {
		return len(remove), added, refused
	}
	return len(remove), added, nil
}

// taken are the rules that X does not refuse.
func (b *rulebook) taken(want []rule) []rule {
	return slices.DeleteFunc(slices.Clone(want), func(r rule) bool { return slices.Contains(b.refuse, r.Value) })
}

// order parts the rules to remove into those that go before the missing ones are
// added, and those that go after it: ours, if no new one has the same text under
// another tag, which X refuses.
func (b *rulebook) order(remove []string, missing []rule) (first, last []string) {
	for _, r := range b.have {
		if !slices.Contains(remove, r.ID) {
			continue
		}
		again := slices.ContainsFunc(missing, func(m rule) bool { return m.Value == r.Value })
		if strings.HasPrefix(r.Tag, tagPrefix) && !again && len(b.have)+len(missing) <= payPerUse.rules {
			last = append(last, r.ID)
		} else {
			first = append(first, r.ID)
		}
	}
	return first, last
}

func (b *rulebook) removeAll(ctx context.Context, all []string) error {
	for ids := range slices.Chunk(all, rulesAtOnce) {
		if err := b.remove(ctx, ids); err != nil {
			return err
		}
	}
	return nil
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
		err = fmt.Errorf("only %d of %d were removed; %s", deleted, len(ids), answer.Errors)
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
			b.refuse, b.refused = append(b.refuse, p.Value), time.Now()
		}
	}
	if len(answer.Data) < len(rules) {
		b.listed = time.Time{} // look again
	}
	return refused, nil
}
