package main

import (
	"context"
	"encoding/json"
	"time"
)

var indexCommand = command{
	name:    "index",
	quiet:   true,
	args:    "OUTAGE",
	summary: "Print every figure between an outage's posts and its index",
	text: `Prints as JSON what the empathy index of one outage is made of, so that it can be
computed again with pen and paper: how many posts and people count, who is left out
(declared bots, providers' own accounts, languages that the model does not read),
how many accounts posted the same words and count as one person, the people's votes
as sums over those that are nearly the same (never a text or a name), their mean
and its covariance, how the model errs, the corrected shares, what is shrunk by how
much, the interval with its draws, the cross-check by EMQ, and the versions of model
and rules. docs/INDEX.md explains each and has a program of a few lines that does it
again. With fewer than 30 people who took a side there are counts and no estimate.

The site gives the same at /api/v1/outages/OUTAGE/index, there with votes put
together until each sum is of five people or more.`,
	setup: func(f *flags) func(context.Context, *invocation) error {
		mf := f.machine()
		return func(ctx context.Context, in *invocation) error {
			if len(in.args) != 1 {
				return usagef(`say which outage: "hugops outages list" lists them`)
			}
			return reading(mf, in.log, func(m *machine) error {
				s, err := m.openStore(ctx)
				if err != nil {
					return err
				}
				w, err := s.Workings(ctx, in.args[0], time.Now())
				if err != nil {
					return knownOutage(in.args[0], err)
				}
				enc := json.NewEncoder(in.std.out)
				enc.SetIndent("", "  ")
				return enc.Encode(w)
			})
		}
	},
}
