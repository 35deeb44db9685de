package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"

	"github.com/hugops/hugops/classify"
	"github.com/hugops/hugops/pipeline/statusfeed"
	"github.com/hugops/hugops/store"
)

var watchCommand = command{
	name:    "watch",
	summary: "Follow status pages, so that outages are known",
	text: `Polls Atlassian Statuspage v2 pages and keeps the known outages up to date:
once a minute while an incident is open, every five minutes otherwise, with
conditional requests. --status-pages takes slugs of services from the registry
(github), addresses (https://www.githubstatus.com) or "all" for every page of the
registry that hugops can read.`,
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
				return runWatcher(ctx, list, s, in.log)
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
	services := classify.Services().All()
	if strings.Contains(name, "://") {
		u, err := url.Parse(name)
		if err != nil || u.Scheme != "https" || u.Host == "" {
			return nil, usagef("--status-pages %q is no https address of a status page", name)
		}
		page := statusfeed.Page{Service: strings.TrimPrefix(u.Host, "www."), Name: u.Host, URL: "https://" + u.Host}
		for _, s := range services {
			if known, err := url.Parse(s.StatusURL); err == nil && known.Host == u.Host {
				page.Service, page.Name = s.Slug, s.Name
			}
		}
		return []statusfeed.Page{page}, nil
	}
	var pages []statusfeed.Page
	for _, s := range services {
		if (name == "all" || name == s.Slug) && s.StatusKind == "statuspage" {
			pages = append(pages, statusfeed.Page{Service: s.Slug, Name: s.Name, URL: strings.TrimSuffix(s.StatusURL, "/")})
		}
	}
	if len(pages) == 0 {
		known := slices.ContainsFunc(services, func(s classify.Service) bool { return s.Slug == name })
		if known {
			return nil, usagef("--status-pages %s: hugops cannot read that service's status page yet", name)
		}
		return nil, usagef("--status-pages %s: no such service in the registry; give the address of its page", name)
	}
	return pages, nil
}

func runWatcher(ctx context.Context, pages []statusfeed.Page, s *store.Store, log *slog.Logger) error {
	if len(pages) == 0 {
		return fmt.Errorf("no status page to follow")
	}
	return statusfeed.NewWatcher(statusfeed.Config{Pages: pages, Sink: s, Log: log}).Run(ctx)
}
