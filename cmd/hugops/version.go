package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/classify"
)

var versionCommand = command{
	name:    "version",
	quiet:   true,
	summary: "Print the versions of hugops, its stance model and its linking rules",
	text:    `Prints what a report of a fault should quote.`,
	setup: func(*flags) func(context.Context, *invocation) error {
		return func(_ context.Context, in *invocation) error {
			if err := in.noArgs(); err != nil {
				return err
			}
			model, err := classify.Stance()
			if err != nil {
				return err
			}
			commit := ""
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, s := range info.Settings {
					if s.Key == "vcs.revision" {
						commit = " (" + s.Value[:min(12, len(s.Value))] + ")"
					}
				}
			}
			_, err = fmt.Fprintf(in.std.out, "hugops %s%s\nmodel  %s\nrules  %s\n%s %s/%s\n", hugops.Version, commit,
				model.Version(), classify.NewLinker(classify.Services(), nil).Rules(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		}
	},
}
