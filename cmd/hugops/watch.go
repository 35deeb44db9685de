package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/hugops/hugops/classify"
	"github.com/hugops/hugops/pipeline/statusfeed"
	"github.com/hugops/hugops/store"
)

var watchCommand = command{
	name:    "watch",
	summary: "Follow status pages, so that outages are known",
	text: `Polls status pages and keeps the known outages up to date: once a minute while an
incident is young and open, every five minutes otherwise, with conditional
requests, one at a time to a host. --status-pages takes slugs of services from the
registry (github), addresses (https://www.githubstatus.com), or "all" for every
page of the registry that hugops can read. A page that is no Statuspage and not in
the registry needs its kind (cachet=https://status.example.org), which "hugops
services detect" finds out.

How each page was read stands in the ledger as "status:SLUG". An outage that is gone
from a feed that should still list it is marked as withdrawn after a while.

It also opens suspected outages: when many more people than on other days say that
a service is in trouble, and no provider does.`,
	setup: func(f *flags) func(context.Context, *invocation) error {
		mf := f.machine()
		pages := f.statusPages("all")
		return func(ctx context.Context, in *invocation) error {
			if err := in.noArgs(); err != nil {
				return err
			}
			list, err := pages()
			if err != nil {
				return err
			}
			return using(mf, in.log, func(m *machine) error {
				s, err := m.openStore(ctx)
				if err != nil {
					return err
				}
				g, ctx := errgroup.WithContext(ctx)
				g.Go(func() error { return runWatcher(ctx, list, s, in.log) })
				g.Go(func() error { return runSuspect(ctx, s, in.log) })
				return g.Wait()
			})
		}
	},
}

// statusPages declares the flag and returns what reads it.
func (f *flags) statusPages(otherwise string) func() ([]statusfeed.Page, error) {
	given := f.list("status-pages", "status pages to follow: `slug`s, addresses or \"all\"")
	if otherwise != "" {
		f.Lookup("status-pages").DefValue = otherwise
	}
	return func() ([]statusfeed.Page, error) {
		names := *given
		if len(names) == 0 && otherwise != "" {
			names = []string{otherwise}
		}
		var pages []statusfeed.Page
		for _, name := range names {
			more, err := pagesOf(name)
			if err != nil {
				return nil, err
			}
			pages = append(pages, more...)
		}
		return pages, nil
	}
}

// pagesOf returns the pages that one value of --status-pages means.
func pagesOf(name string) ([]statusfeed.Page, error) {
	if strings.Contains(name, "://") {
		page, err := pageAt(name)
		return []statusfeed.Page{page}, err
	}
	services := classify.Services().All()
	var pages []statusfeed.Page
	for _, s := range services {
		if (name == "all" && !partOfPage(s) || name == s.Slug) && statusfeed.Reads(s.StatusKind) {
			pages = append(pages, statusfeed.Page{Service: s.Slug, Name: s.Name, URL: strings.TrimSuffix(s.StatusURL, "/"), Kind: s.StatusKind})
		}
	}
	if len(pages) == 0 {
		known := slices.ContainsFunc(services, func(s classify.Service) bool { return s.Slug == name })
		if known {
			return nil, usagef("--status-pages %s: hugops does not know how to read that service's status page; if it has one, \"hugops services detect ADDRESS\" looks for a feed", name)
		}
		return nil, usagef("--status-pages %s: no such service in the registry; give the address of its page", name)
	}
	return pages, nil
}

// partOfPage reports whether the page of a service is that of the service that
// it is part of, and so is followed for that one.
func partOfPage(s classify.Service) bool {
	return slices.ContainsFunc(classify.Services().All(), func(p classify.Service) bool { return p.Slug == s.Parent && p.StatusURL == s.StatusURL })
}

// pageAt is the page at an address, before which its kind may stand ("cachet=").
// A service of the registry that has this page or this domain gives it its name.
func pageAt(value string) (statusfeed.Page, error) {
	kind, address, given := strings.Cut(value, "=")
	if !given || strings.Contains(kind, ":") {
		kind, address = "", value
	}
	if kind != "" && !statusfeed.Reads(kind) {
		return statusfeed.Page{}, usagef("--status-pages %q: %q is no kind of status page; choose one of %s", value, kind, strings.Join(statusfeed.Kinds(), ", "))
	}
	u, err := url.Parse(address)
	if err == nil && u.User != nil {
		return statusfeed.Page{}, usagef("--status-pages %s: the address of a status page has no user and no password", u.Host)
	}
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return statusfeed.Page{}, usagef("--status-pages %q is no https address of a status page", value)
	}
	page := statusfeed.Page{Service: strings.TrimPrefix(u.Host, "www."), Name: u.Host, URL: strings.TrimSuffix(address, "/"), Kind: kind}
	longest := ""
	for _, s := range classify.Services().All() {
		if known, err := url.Parse(s.StatusURL); err == nil && known.Host == u.Host && (strings.Trim(known.Path, "/") == "" || s.StatusURL == address) {
			page.Service, page.Name = s.Slug, s.Name
			if statusfeed.Reads(s.StatusKind) && kind == "" {
				page.Kind = s.StatusKind
			}
			return page, nil
		}
		for _, d := range s.Domains {
			if (u.Host == d || strings.HasSuffix(u.Host, "."+d)) && len(d) > len(longest) {
				longest, page.Service, page.Name = d, s.Slug, s.Name
			}
		}
	}
	return page, nil
}

func runWatcher(ctx context.Context, pages []statusfeed.Page, s *store.Store, log *slog.Logger) error {
	if len(pages) == 0 {
		return fmt.Errorf("no status page to follow")
	}
	return statusfeed.NewWatcher(statusfeed.Config{Pages: pages, Registry: s, Ledger: s, Log: log}).Run(ctx)
}
