package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/hugops/hugops/pipeline/statusfeed"
)

// detectService finds out of which kind the status page at an address is, and
// prints what --status-pages and the registry's columns "status" and "kind" want.
func detectService(ctx context.Context, in *invocation, address string) error {
	f, err := statusfeed.Detect(ctx, nil, address)
	out := in.std.out
	for _, tried := range f.Tried {
		fmt.Fprintln(out, "asked  "+tried)
	}
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", address, err)
	case f.Kind == "":
		return fmt.Errorf("%s: no status feed of a kind that hugops reads (%s) was found", f.URL, strings.Join(statusfeed.Kinds(), ", "))
	}
	fmt.Fprintf(out, "kind   %s\n", f.Kind)
	for _, feed := range f.Feeds {
		fmt.Fprintf(out, "feed   %s\n", feed)
	}
	if f.Name != "" {
		slug := pageOf(f.Name).Service
		fmt.Fprintf(out, "name   %s (slug %s)\n", f.Name, slug)
	}
	page := f.URL
	if len(f.Feeds) == 1 && f.Kind != "aws" && f.Kind != "azure" {
		page = f.Feeds[0] // found where the kind does not say
	}
	fmt.Fprintf(out, "lists  %d incidents\n\nTo follow it:  hugops watch --status-pages %s=%s\nIn the registry, columns status and kind:\n%s\t%s\n", f.Count, f.Kind, page, f.URL, f.Kind)
	return nil
}
