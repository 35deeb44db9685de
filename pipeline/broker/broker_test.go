package broker

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
)

const topic, group = "test.topic", "test-group"

// TestMain runs the broker alone when a test starts this program again, so that
// the test can kill it.
func TestMain(m *testing.M) {
	if dir := os.Getenv("HUGOPS_TEST_BROKER_DIR"); dir != "" {
		b, err := Open(dir, slog.New(slog.DiscardHandler))
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(b.Addr())
		_, _ = io.Copy(io.Discard, os.Stdin) // until killed
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestSurvivesKill(t *testing.T) {
	dir := t.TempDir()
	for round := range 3 { // three lives of one directory
		child, addr := startChild(t, dir)
		if round == 0 {
			createTopic(t, addr, 2)
		}
		produce(t, addr, round*500, round*500+500)
		consume(t, addr, 400)
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = child.Wait()
	}

	b := open(t, dir)
	if got, want := count(t, b.Addr()), 1500; got != want {
		t.Errorf("%d messages after three kills, %d were acknowledged", got, want)
	}
	if got, want := committed(t, b.Addr()), int64(1200); got != want {
		t.Errorf("committed offsets add up to %d after three kills, want %d", got, want)
	}
}

func TestMendsTornFiles(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	createTopic(t, b.Addr(), 1)
	produce(t, b.Addr(), 0, 100)
	consume(t, b.Addr(), 40)
	closeBroker(t, b)

	segments, err := filepath.Glob(filepath.Join(dir, "log", "partitions", topic+"-0", "*.dat"))
	if err != nil || len(segments) != 1 {
		t.Fatalf("segments: %v, %v", segments, err)
	}
	tear(t, segments[0])
	tear(t, filepath.Join(dir, "log", "groups.log"))
	tear(t, filepath.Join(dir, "log", "pids.log"))

	// What was there is there, what comes now is there the next time.
	b = open(t, dir)
	if got := count(t, b.Addr()); got != 100 {
		t.Errorf("%d messages behind a torn batch, want 100", got)
	}
	if got := committed(t, b.Addr()); got != 40 {
		t.Errorf("committed offset %d behind a torn entry, want 40", got)
	}
	produce(t, b.Addr(), 100, 150)
	consume(t, b.Addr(), 60)
	crashed := t.TempDir() // the directory as a crash now would leave it
	if err := os.CopyFS(crashed, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	b = open(t, crashed)
	if got := count(t, b.Addr()); got != 150 {
		t.Errorf("%d messages, want 150", got)
	}
	if got := committed(t, b.Addr()); got != 100 {
		t.Errorf("committed offset %d, want 100: it was written behind a torn entry", got)
	}
}

func TestLogDeletedByAgeBeginsAnew(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	createTopic(t, b.Addr(), 1)
	produce(t, b.Addr(), 0, 100)
	consume(t, b.Addr(), 100)
	closeBroker(t, b)
	for _, ext := range []string{"dat", "idx"} {
		files, _ := filepath.Glob(filepath.Join(dir, "log", "partitions", topic+"-0", "*."+ext))
		for _, f := range files {
			if err := os.Remove(f); err != nil {
				t.Fatal(err)
			}
		}
	}

	b = open(t, dir)
	produce(t, b.Addr(), 100, 110)
	if got := consume(t, b.Addr(), 10); got[0] != "100" || got[9] != "109" {
		t.Errorf("read %v, want the ten new messages", got)
	}
}

// The log is kept small, but never at the cost of what nobody has read.
func TestTrimsToSize(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	createTopic(t, b.Addr(), 1)
	w := writer(b.Addr())
	defer w.Close()
	noise := make([]byte, 900_000)
	_, _ = rand.Read(noise)
	const n = MaxPartitionBytes/900_000 + 20
	for range n {
		if err := w.WriteMessages(t.Context(), kafka.Message{Value: noise}); err != nil {
			t.Fatal(err)
		}
	}
	b.trimToSize(topic, group)
	if first := offsets(t, b.Addr())[0].FirstOffset; first != 0 {
		t.Errorf("begins at offset %d: unread messages were deleted", first)
	}
	consume(t, b.Addr(), n)
	b.trimToSize(topic, group)

	first, last := offsets(t, b.Addr())[0].FirstOffset, offsets(t, b.Addr())[0].LastOffset
	if last != n {
		t.Errorf("end offset %d, want %d", last, n)
	}
	if size := (last - first) * 900_000; first == 0 || size > MaxPartitionBytes || size < MaxPartitionBytes-2*900_000 {
		t.Errorf("%d bytes are left (from offset %d), want at most %d", size, first, MaxPartitionBytes)
	}
	var onDisk int64
	files, _ := filepath.Glob(filepath.Join(dir, "log", "partitions", topic+"-0", "*.dat"))
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		onDisk += info.Size()
	}
	if onDisk > MaxPartitionBytes+2*segmentBytes {
		t.Errorf("%d bytes on disk, want at most %d and a segment or two", onDisk, MaxPartitionBytes)
	}
}

func TestPort(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	first := b.Addr()
	closeBroker(t, b)

	b = open(t, dir)
	if b.Addr() != first {
		t.Errorf("came back at %s, was at %s", b.Addr(), first)
	}
	closeBroker(t, b)

	other, err := net.Listen("tcp", first)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	b = open(t, dir)
	if b.Addr() == first {
		t.Errorf("claims to be at %s, which is taken", first)
	}
	if host, _, _ := net.SplitHostPort(b.Addr()); host != "127.0.0.1" {
		t.Errorf("listens on %s, want loopback only", host)
	}
}

func TestOneProcessOnly(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	if b, err := Open(dir, slog.New(slog.DiscardHandler)); err == nil {
		_ = b.Close()
		t.Fatal("a directory was opened twice")
	}
}

func startChild(t *testing.T, dir string) (*exec.Cmd, string) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "HUGOPS_TEST_BROKER_DIR="+dir)
	stdin, err := child.StdinPipe() // ends the child if this test dies
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stdin.Close(); _ = child.Process.Kill() })
	addr := bufio.NewScanner(stdout)
	if !addr.Scan() {
		t.Fatal("the child did not start")
	}
	if _, _, err := net.SplitHostPort(addr.Text()); err != nil {
		t.Fatalf("the child says %q", addr.Text())
	}
	return child, addr.Text()
}

func open(t *testing.T, dir string) *Broker {
	t.Helper()
	b, err := Open(dir, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func closeBroker(t *testing.T, b *Broker) {
	t.Helper()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
}

func client(addr string) *kafka.Client {
	return &kafka.Client{Addr: kafka.TCP(addr), Timeout: 10 * time.Second, Transport: &kafka.Transport{}}
}

func createTopic(t *testing.T, addr string, partitions int) {
	t.Helper()
	res, err := client(addr).CreateTopics(t.Context(), &kafka.CreateTopicsRequest{
		Topics: []kafka.TopicConfig{{Topic: topic, NumPartitions: partitions, ReplicationFactor: -1}},
	})
	if err == nil {
		err = res.Errors[topic]
	}
	if err != nil {
		t.Fatal(err)
	}
}

func writer(addr string) *kafka.Writer {
	return &kafka.Writer{
		Addr: kafka.TCP(addr), Topic: topic, RequiredAcks: kafka.RequireAll, BatchBytes: 1_000_000,
		BatchTimeout: time.Millisecond, Balancer: &kafka.RoundRobin{}, Transport: &kafka.Transport{},
	}
}

// produce returns when messages from..to-1 are acknowledged.
func produce(t *testing.T, addr string, from, to int) {
	t.Helper()
	w := writer(addr)
	defer w.Close()
	var msgs []kafka.Message
	for i := from; i < to; i++ {
		msgs = append(msgs, kafka.Message{Value: fmt.Append(nil, i), Time: time.Now()})
	}
	if err := w.WriteMessages(t.Context(), msgs...); err != nil {
		t.Fatal(err)
	}
}

// consume reads the group's next n messages and commits each.
func consume(t *testing.T, addr string, n int) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	r := kafka.NewReader(kafka.ReaderConfig{
		Brokers: []string{addr}, GroupID: group, Topic: topic, MaxWait: 100 * time.Millisecond,
		StartOffset: kafka.FirstOffset, JoinGroupBackoff: 100 * time.Millisecond,
	})
	defer r.Close()
	var values []string
	for range n {
		m, err := r.FetchMessage(ctx)
		if err != nil {
			t.Fatalf("after %d of %d messages: %v", len(values), n, err)
		}
		values = append(values, string(m.Value))
		if err := r.CommitMessages(ctx, m); err != nil {
			t.Fatal(err)
		}
	}
	return values
}

func offsets(t *testing.T, addr string) []kafka.PartitionOffsets {
	t.Helper()
	var asked []kafka.OffsetRequest
	for _, p := range partitions(t, addr) {
		asked = append(asked, kafka.FirstOffsetOf(p), kafka.LastOffsetOf(p))
	}
	res, err := client(addr).ListOffsets(t.Context(), &kafka.ListOffsetsRequest{
		Topics: map[string][]kafka.OffsetRequest{topic: asked},
	})
	if err != nil {
		t.Fatal(err)
	}
	return res.Topics[topic]
}

func partitions(t *testing.T, addr string) (ids []int) {
	t.Helper()
	res, err := client(addr).Metadata(t.Context(), &kafka.MetadataRequest{Topics: []string{topic}})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range res.Topics[0].Partitions {
		ids = append(ids, p.ID)
	}
	return ids
}

func count(t *testing.T, addr string) (n int) {
	t.Helper()
	seen := map[string]bool{}
	for _, p := range offsets(t, addr) {
		r := kafka.NewReader(kafka.ReaderConfig{
			Brokers: []string{addr}, Topic: topic, Partition: p.Partition, MaxWait: 100 * time.Millisecond,
		})
		for range p.LastOffset - p.FirstOffset {
			m, err := r.ReadMessage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			seen[string(m.Value)] = true
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return len(seen)
}

// committed adds up the group's offsets.
func committed(t *testing.T, addr string) (sum int64) {
	t.Helper()
	res, err := client(addr).OffsetFetch(t.Context(), &kafka.OffsetFetchRequest{
		GroupID: group, Topics: map[string][]int{topic: partitions(t, addr)},
	})
	if err = errors.Join(err, res.Error); err != nil {
		t.Fatal(err)
	}
	for _, p := range res.Topics[topic] {
		sum += max(p.CommittedOffset, 0)
	}
	return sum
}

// tear appends half of something, as a crash in the middle of a write does.
func tear(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.Write([]byte{0, 0, 0, 0, 0, 0, 0, 100, 0, 0, 0x40, 0, 1, 2, 3})
	}
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}
