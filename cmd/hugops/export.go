package main

import (
	"context"
	"fmt"
	"os"
)

var exportCommand = command{
	name:    "export",
	quiet:   true,
	summary: "Write outages.csv, series.csv and readings.csv for research",
	text: `Writes three CSV files (RFC 4180, UTF-8) into --out: outages.csv (one row an
outage, with its empathy index), series.csv (one row an outage and minute) and
readings.csv (one row a post and link, with the probabilities). docs/EXPORT.md
explains every column.

No file holds a text, a handle, a DID or an address. Authors are pseudonyms made
anew for each outage. The same data give the same bytes.`,
	setup: func(f *flags) func(context.Context, *invocation) error {
		mf := f.machine()
		out := f.String("out", "", "the `dir`ectory to write into; it is made if need be")
		return func(ctx context.Context, in *invocation) error {
			if err := in.noArgs(); err != nil {
				return err
			}
			if *out == "" {
				return usagef("--out is missing: say where the files shall lie")
			}
			return reading(mf, in.log, func(m *machine) error {
				s, err := m.openStore(ctx)
				if err != nil {
					return err
				}
				if err := os.MkdirAll(*out, 0o755); err != nil {
					return err
				}
				return s.Export(ctx, *out, m.names, func(file string, rows int) {
					fmt.Fprintf(in.std.err, "%s: %d rows\n", file, rows)
				})
			})
		}
	},
}
