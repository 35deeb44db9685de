package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/classify"
	"github.com/hugops/hugops/store"
	"github.com/hugops/hugops/web"
)

var serveCommand = command{
	name:    "serve",
	summary: "Serve the public site, the API and the widget",
	text: `Serves the site at --listen: pages, /api/v1, /widget.js, /embed, badges,
/healthz, /readyz and /metrics (Prometheus). It only reads from ClickHouse, so any
number of them may run. Put a proxy that speaks TLS before it to show it to the
world, and say with --public under which address, and with --trusted-proxies where
that proxy is: each visitor may ask the API --rate-limit times a minute, and without
this all who come through the proxy are taken for one. /metrics is open to whoever
reaches the site: let the proxy keep it to yourselves.`,
	setup: func(f *flags) func(context.Context, *invocation) error {
		mf, wf := f.machine(), f.web()
		return func(ctx context.Context, in *invocation) error {
			if err := in.noArgs(); err != nil {
				return err
			}
			if _, _, err := wf.limits(); err != nil {
				return err
			}
			return using(mf, in.log, func(m *machine) error {
				s, err := m.openStore(ctx)
				if err != nil {
					return err
				}
				ln, err := wf.open()
				if err != nil {
					return err
				}
				return serveSite(ctx, ln, wf, s, in)
			})
		}
	},
}

type webFlags struct {
	listen, public, contact *string
	rateLimit               *int
	trusted                 *[]string
}

func (f *flags) web() webFlags {
	return webFlags{
		listen:    f.String("listen", "127.0.0.1:8080", "the `address` of the site"),
		public:    f.String("public", "", "the `url` under which the world sees the site, for embed codes (default: as each request says)"),
		contact:   f.String("contact", "", "the e-mail `address`, or https address, at which people reach you who want to be left out; the site shows it (default: it shows none)"),
		rateLimit: f.Int("rate-limit", 600, "how many `requests` a minute one client (an address, or an IPv6 /64) may make to the API; 0 for any number"),
		trusted:   f.list("trusted-proxies", "the `address` of a proxy before the site, or a network (10.1.0.0/16): its X-Forwarded-For says who asks"),
	}
}

// limits reads the flags about clients.
func (wf webFlags) limits() (perMinute int, trusted []netip.Prefix, err error) {
	if *wf.rateLimit < 0 {
		return 0, nil, usagef("--rate-limit %d is none: give a number of requests a minute, or 0 for any number", *wf.rateLimit)
	}
	for _, v := range *wf.trusted {
		p, err := netip.ParsePrefix(v)
		if a, none := netip.ParseAddr(v); none == nil {
			p, err = a.Prefix(a.BitLen())
		}
		if err != nil || p.Addr().Is4In6() {
			return 0, nil, usagef("--trusted-proxies %q is neither an address, such as 10.1.0.1, nor a network, such as 10.1.0.0/16 or fd00::/8", v)
		}
		trusted = append(trusted, p.Masked())
	}
	return *wf.rateLimit, trusted, nil
}

// open takes the port, so that a port in use is known before anything starts.
func (wf webFlags) open() (net.Listener, error) {
	ln, err := net.Listen("tcp", *wf.listen)
	if err != nil {
		return nil, fmt.Errorf("cannot listen at %s (choose another address with --listen or HUGOPS_LISTEN): %w", *wf.listen, err)
	}
	return ln, nil
}

// siteAddress is the address to open in a browser.
func siteAddress(ln net.Listener) string {
	host, port, _ := net.SplitHostPort(ln.Addr().String())
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port) + "/"
}

// site is the site as the flags want it.
func (wf webFlags) site(s *store.Store, log *slog.Logger) (*web.Site, error) {
	perMinute, trusted, err := wf.limits()
	if err != nil {
		return nil, err
	}
	return web.New(web.Config{
		Store:          s,
		Services:       knownServices(),
		Public:         strings.TrimSuffix(*wf.public, "/"),
		Contact:        *wf.contact,
		Metrics:        func(w io.Writer) { metrics.WritePrometheus(w, true) },
		Ready:          s.Ping,
		Errors:         errorModel(""),
		RateLimit:      perMinute,
		TrustedProxies: trusted,
		Log:            log,
		Keep:           time.Second,
		Now:            time.Now,
	})
}

// serveSite says where the site is and serves it until ctx is done, then lets requests
// under way end.
func serveSite(ctx context.Context, ln net.Listener, wf webFlags, s *store.Store, in *invocation) error {
	handler, err := wf.site(s, in.log)
	if err != nil {
		return err
	}
	fmt.Fprintf(in.std.out, "hugops is at %s\n", siteAddress(ln))
	srv := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      time.Minute, // who reads more slowly holds an answer in memory; streams have deadlines of their own
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(in.log.Handler(), slog.LevelDebug),
	}
	srv.RegisterOnShutdown(handler.Close)
	defer handler.Wait()
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ln) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := srv.Shutdown(bounded); err != nil {
		return errors.Join(err, srv.Close())
	}
	return ctx.Err()
}

// knownServices are the services of the registry as the site shows them.
func knownServices() []hugops.Service {
	all := classify.Services().All()
	out := make([]hugops.Service, len(all))
	for i, s := range all {
		out[i] = hugops.Service{Slug: s.Slug, Name: s.Name, Parent: s.Parent, StatusURL: s.StatusURL, Handles: s.Handles}
	}
	return out
}
