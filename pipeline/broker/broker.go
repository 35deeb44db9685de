// Package broker is the Kafka broker inside the process, for one machine: the
// franz-go project's kfake, kept on disk.
//
// It owns a directory with the log, the offsets of the groups and the port. It
// listens on loopback only. It guarantees that what it acknowledged is there
// after a kill -9: each batch and each commit is synced to disk before the
// answer. It keeps about MaxPartitionBytes of each partition, and more as long as
// the workers have not committed it; a topic's retention.ms deletes by age. What
// it does not give is replication: those who need that run Kafka.
package broker

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// MaxPartitionBytes is how much of each partition, compressed, is kept for
// reading it again. After a crash the whole log is read into memory once, so it
// is about that, too.
const MaxPartitionBytes = 64 << 20

// The topics that are trimmed, and the group whose unread posts are spared; the
// names are those of package pipeline.
const (
	PostsTopic       = "hugops.posts"
	PostsGroup       = "hugops-worker"
	DeadLettersTopic = "hugops.dead-letters"
)

const (
	segmentBytes  = 8 << 20
	trimEvery     = time.Minute
	forgetOffsets = 10 * 365 * 24 * time.Hour
)

// Broker is a running broker.
type Broker struct {
	cluster *kfake.Cluster
	addr    string
	log     *slog.Logger
	lock    *os.File
	stop    chan struct{}
	stopped chan struct{}
	once    sync.Once
}

// Open starts the broker on a directory, which it creates if needed. It listens
// on the port of its last time, so that clients find it again, or on any other
// if that one is taken. Only one process can open a directory.
func Open(dir string, log *slog.Logger) (*Broker, error) {
	data := filepath.Join(dir, "log")
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, fmt.Errorf("broker: %w", err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, fmt.Errorf("broker: %s is in use by another process; stop it, or choose another data directory: %w", dir, err)
	}
	b, err := start(dir, data, log)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("broker: open %s: %w", dir, err), lock.Close())
	}
	b.lock = lock
	return b, nil
}

func start(dir, data string, log *slog.Logger) (*Broker, error) {
	if err := repair(data, log); err != nil {
		return nil, err
	}
	cluster, err := kfake.NewCluster(
		kfake.ClusterID("hugops"),
		kfake.NumBrokers(1),
		kfake.ListenFn(listen(rememberedPort(dir))),
		kfake.DataDir(data),
		kfake.SyncWrites(),
		kfake.WithLogger(logger{log}),
		kfake.BrokerConfigs(map[string]string{
			"log.segment.bytes":          strconv.Itoa(segmentBytes),
			"offsets.retention.minutes":  strconv.Itoa(int(forgetOffsets.Minutes())),
			"default.replication.factor": "1",
		}),
	)
	if err != nil {
		return nil, err
	}
	b := &Broker{
		cluster: cluster,
		addr:    cluster.ListenAddrs()[0],
		log:     log,
		stop:    make(chan struct{}),
		stopped: make(chan struct{}),
	}
	if err := rememberPort(dir, b.addr); err != nil {
		cluster.Close()
		return nil, err
	}
	debug.FreeOSMemory() // what reading a large log took
	go b.trim()
	log.Info("embedded kafka is ready", "addr", b.addr, "dir", dir)
	return b, nil
}

// Addr is the address at which Kafka clients reach the broker.
func (b *Broker) Addr() string { return b.addr }

// Close ends the broker and frees its directory. Clients should have ended
// before. A second call does nothing.
func (b *Broker) Close() (err error) {
	b.once.Do(func() {
		close(b.stop)
		<-b.stopped
		b.cluster.Close()
		if err = b.lock.Close(); err != nil {
			err = fmt.Errorf("broker: %w", err)
		}
	})
	return err
}

// trim deletes what is too old or too much, now and then. kfake does so by itself
// only until it is opened a second time, and does not spare what is unread.
func (b *Broker) trim() {
	defer close(b.stopped)
	tick := time.NewTicker(trimEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			b.cluster.ApplyRetention() // by age
			b.trimToSize(PostsTopic, PostsGroup)
			b.trimToSize(DeadLettersTopic, "")
		case <-b.stop:
			return
		}
	}
}

// trimToSize deletes the oldest messages of partitions that are larger than
// MaxPartitionBytes, but none that the group has not committed. Without a group
// nothing is spared.
func (b *Broker) trimToSize(topic, group string) {
	var commits map[int32]kfake.GroupCommit
	if info := b.cluster.GroupInfo(group); info != nil {
		commits = info.Commits[topic]
	}
	for _, p := range b.cluster.PartitionInfos(topic) {
		excess := float64(p.NumBytes-MaxPartitionBytes) / float64(max(p.NumBytes, 1))
		if excess <= 0 {
			continue
		}
		// Messages are about equally long, so a share of the bytes is a share of
		// the messages.
		to := p.LogStartOffset + int64(math.Ceil(excess*float64(p.HighWatermark-p.LogStartOffset)))
		if group != "" {
			to = min(to, commits[p.Partition].Offset)
		}
		if to <= p.LogStartOffset {
			b.log.Warn("embedded kafka cannot delete old posts: workers have not read them", "partition", p.Partition, "bytes", p.NumBytes)
			continue
		}
		if err := b.cluster.DeleteRecords(topic, p.Partition, to); err != nil {
			b.log.Error("embedded kafka could not delete old posts", "topic", topic, "partition", p.Partition, "err", err)
		}
	}
}

// listen listens on the remembered port of loopback, or else on any.
func listen(port int) func(network, address string) (net.Listener, error) {
	return func(network, _ string) (net.Listener, error) {
		l, err := net.Listen(network, net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil && port != 0 {
			l, err = net.Listen(network, "127.0.0.1:0")
		}
		return l, err
	}
}

func portFile(dir string) string { return filepath.Join(dir, "port") }

// rememberedPort is 0 when there is none.
func rememberedPort(dir string) int {
	raw, err := os.ReadFile(portFile(dir))
	if err != nil {
		return 0
	}
	port, err := strconv.ParseUint(strings.TrimSpace(string(raw)), 10, 16)
	if err != nil {
		return 0
	}
	return int(port)
}

func rememberPort(dir, addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	return os.WriteFile(portFile(dir), []byte(port+"\n"), 0o600)
}

// logger passes on what kfake reports as a fault.
type logger struct{ log *slog.Logger }

func (l logger) Logf(level kfake.LogLevel, format string, args ...any) {
	switch level {
	case kfake.LogLevelError:
		l.log.Error("embedded kafka", "detail", fmt.Sprintf(format, args...))
	case kfake.LogLevelWarn:
		l.log.Warn("embedded kafka", "detail", fmt.Sprintf(format, args...))
	}
}
