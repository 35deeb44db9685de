package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/classify"
	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/x"
)

// outagesFunc returns the outages known now.
type outagesFunc func(context.Context) ([]hugops.Outage, error)

// xFlags say with which rights, and for how much money, X is read.
type xFlags struct {
	on                             *bool
	tokenFile                      *string
	day, month, pricePost, priceBy *float64
}

func (f *flags) x() xFlags {
	return xFlags{
		on:        f.Bool("x", false, "read posts of X about the outages open now, by its filtered stream (API v2); X charges for each. The app must be hugops' own: all other rules of its stream are removed"),
		tokenFile: f.String("x-token-file", "", "a `file` with the app's Bearer Token (console.x.com → the app → keys and tokens)"),
		day:       f.Float64("x-budget-day", 0, "how many `dollars` may be spent on X in a day (UTC); this or --x-budget-month is needed"),
		month:     f.Float64("x-budget-month", 0, "how many `dollars` may be spent on X in a month (UTC)"),
		pricePost: f.Float64("x-price", x.DefaultPrices.Post, "what X charges for a post, in `dollars`"),
		priceBy:   f.Float64("x-price-author", x.DefaultPrices.User, "what X charges for the author who comes with each post, in `dollars`; 0 if your bill shows that it does not"),
	}
}

func (xf xFlags) config(in *invocation) (x.Config, error) {
	token, err := secret(*xf.tokenFile, in.env["HUGOPS_X_TOKEN"])
	if err != nil {
		return x.Config{}, fmt.Errorf("cannot read the token of X: %w", err)
	}
	if token == "" {
		return x.Config{}, usagef("X needs the Bearer Token of an app of your own: make one in the developer console (console.x.com), and give it by --x-token-file or HUGOPS_X_TOKEN")
	}
	if *xf.day == 0 && *xf.month == 0 {
		return x.Config{}, usagef("X charges for each post: say how many dollars may be spent, by --x-budget-day, --x-budget-month or both")
	}
	return x.Config{Token: token, BaseURL: in.env["HUGOPS_X_URL"], BudgetDay: *xf.day, BudgetMonth: *xf.month,
		Prices: x.Prices{Post: *xf.pricePost, User: *xf.priceBy}, Terms: termsOfX, Log: in.log}, nil
}

func (xf xFlags) source(door pipeline.Door, outages outagesFunc, dir string, in *invocation) (pipeline.Source, error) {
	cfg, err := xf.config(in)
	if err != nil {
		return nil, err
	}
	cfg.Door, cfg.Outages, cfg.StateDir = door, outages, dir
	source, err := x.New(cfg)
	if err != nil {
		return nil, fmt.Errorf("cannot read X: %w", err)
	}
	return source, nil
}

// check tries the rights, one line each.
func (xf xFlags) check(ctx context.Context, d *doctor, in *invocation) {
	cfg, err := xf.config(in)
	var checks []x.Checked
	if err == nil {
		checks, err = x.Check(ctx, cfg)
	}
	if err != nil {
		d.check("X", "", errors.New(trimUsage(err)))
	}
	for _, c := range checks {
		if c.Err != nil {
			c.Err = fmt.Errorf("%s: %w", c.What, c.Err)
		}
		d.check("X", c.What, c.Err)
	}
}

// termsOfX is what the service of an outage is called on X: its names in the
// registry, those apart that are mostly ordinary words ("line"). A service that
// the registry does not have is called by its name.
func termsOfX(o hugops.Outage) x.Terms {
	slug, _ := classify.Services().Lookup(o.Service)
	for _, s := range classify.Services().All() {
		if s.Slug != slug {
			continue
		}
		t := x.Terms{Handles: s.Handles[hugops.X], Tags: s.Tags}
		for _, a := range s.Aliases {
			switch {
			case a.Common:
			case a.Word:
				t.Words = append(t.Words, a.Text)
			default:
				t.Names = append(t.Names, a.Text)
			}
		}
		return t
	}
	name := strings.TrimSpace(o.ServiceName)
	if name == "" {
		name = o.Service
	}
	return x.Terms{Names: []string{name}}
}
