package main

import (
	"os"
	"testing"
	"time"
)

// TestApacheKafka runs the main job against the real Apache Kafka at TEST_KAFKA
// ("make kafka" starts one), killed three times on the way. What comes out equals
// what the embedded broker's undisturbed run gives, byte for byte.
func TestApacheKafka(t *testing.T) {
	addr := os.Getenv("TEST_KAFKA")
	if addr == "" {
		t.Skip("TEST_KAFKA is not set: make kafka starts an Apache Kafka and runs this")
	}
	dir := t.TempDir()
	posts, outages := write(t, dir, "posts.ndjson", stormPosts(t, 4000)), write(t, dir, "outages.json", stormOutages)
	calm := newData(t)
	runs(t, 0, "", upArgs(calm, posts, outages, "--speed", soon)...)
	want := exported(t, calm)

	data := newData(t)
	for range 3 {
		cmd := program(t, upArgs(data, posts, outages, "--kafka", addr, "--speed", "900")...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1500 * time.Millisecond) // somewhere in its four seconds
		cmd.Process.Kill()
		cmd.Wait()
	}
	runs(t, 0, "", upArgs(data, posts, outages, "--kafka", addr, "--speed", soon)...)
	got := exported(t, data)
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s differs from that of the embedded broker\n%s", name, firstDifference(got[name], want[name]))
		}
	}
}
