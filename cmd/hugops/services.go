package main

import "context"

var servicesCommand = command{
	name:    "services",
	quiet:   true,
	args:    "detect ADDRESS",
	summary: "Find out how a status page can be read",
	text: `"detect" asks a status page, and the addresses where each kind of page has its
feeds, and prints the kind, the feeds, and what to give to --status-pages. It
follows no redirect to another host and dials public addresses only.`,
	setup: func(*flags) func(context.Context, *invocation) error {
		return func(ctx context.Context, in *invocation) error {
			if len(in.args) != 2 || in.args[0] != "detect" {
				return usagef("say detect ADDRESS")
			}
			return detectService(ctx, in, in.args[1])
		}
	},
}
