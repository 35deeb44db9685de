package main

import (
	"context"
	"fmt"
)

var migrateCommand = command{
	name:    "migrate",
	quiet:   true,
	summary: "Bring the ClickHouse tables up to date",
	text: `Makes the tables, or changes them from an older version of hugops, one step
after another; what is done already is left alone. Every command that needs the
tables does this by itself; the command is for those who want it apart, with an
account that may change tables.`,
	setup: func(f *flags) func(context.Context, *invocation) error {
		mf := f.machine()
		return func(ctx context.Context, in *invocation) error {
			if err := in.noArgs(); err != nil {
				return err
			}
			return using(mf, in.log, func(m *machine) error {
				if _, err := m.openStore(ctx); err != nil {
					return err
				}
				fmt.Fprintln(in.std.out, "The tables are up to date.")
				return nil
			})
		}
	},
}
