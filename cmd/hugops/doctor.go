package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/hugops/hugops/classify"
	"github.com/hugops/hugops/store/chdb"
)

var doctorCommand = command{
	name:    "doctor",
	quiet:   true,
	summary: "Check engine, broker, store and sources, and say what to do",
	text: `Checks all that hugops needs, one line each, with what to do where something is
wrong. It changes nothing but what starting hugops would change too. Exit code 1
if anything is wrong.`,
	setup: func(f *flags) func(context.Context, *invocation) error {
		mf, wf, lf := f.machine(), f.web(), f.live()
		return func(ctx context.Context, in *invocation) error {
			if err := in.noArgs(); err != nil {
				return err
			}
			d := &doctor{out: in.std.out}
			d.run(ctx, mf, wf, lf, in)
			return d.verdict()
		}
	},
}

type doctor struct {
	out        io.Writer
	all, wrong int
}

// check prints one line; what is wrong says itself what to do.
func (d *doctor) check(name, good string, err error) bool {
	d.all++
	if err != nil {
		d.wrong++
		fmt.Fprintf(d.out, "✗ %s: %s\n", name, err)
		return false
	}
	fmt.Fprintf(d.out, "✓ %s: %s\n", name, good)
	return true
}

// verdict is the error about what was wrong, if anything was.
func (d *doctor) verdict() error {
	if d.wrong == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d checks failed", d.wrong, d.all)
}

func (d *doctor) run(ctx context.Context, mf machineFlags, wf webFlags, lf liveFlags, in *invocation) {
	_, err := classify.Stance()
	d.check("model", "the stance model loads", err)
	if *mf.clickhouse == "" {
		lib, err := chdb.Find()
		d.check("engine file", lib, err)
	}
	m, err := openMachine(mf, in.log)
	if !d.check("data directory", absolute(*mf.data), err) {
		return
	}
	defer func() { d.check("clean end", "everything was closed", m.close()) }()
	d.check("room", "at least 1 GiB is free", room(*mf.data))
	if m.other != nil {
		d.check("running", fmt.Sprintf("process %d has the embedded servers of this directory", m.other.PID), nil)
	}
	d.checkServers(ctx, m)
	if m.other == nil {
		ln, err := wf.open()
		if d.check("site", *wf.listen+" is free", err) {
			ln.Close()
		}
	}
	if !lf.any() {
		fmt.Fprintln(d.out, "- live networks: none of --mastodon-server, --bluesky and --x is given, not checked")
	}
	lf.check(ctx, d, in)
}

func (d *doctor) checkServers(ctx context.Context, m *machine) {
	bounded, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	addrs, err := m.brokers(bounded)
	d.check("Kafka", fmt.Sprintf("%v answers, topics are there", addrs), err)
	s, err := m.openStore(bounded)
	if d.check("ClickHouse", "answers, tables are up to date", err) {
		outages, err := s.Outages(bounded)
		d.check("outages", fmt.Sprintf("%d are known", len(outages)), err)
	}
}

// room reports less than 1 GiB of free disk under dir.
func room(dir string) error {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return err
	}
	free := st.Bavail * uint64(st.Bsize)
	if free < 1<<30 {
		return fmt.Errorf("only %d MiB are free under %s: make room or choose another --data", free>>20, dir)
	}
	return nil
}

func absolute(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		return abs
	}
	return dir
}

func pid() int { return os.Getpid() }
