package replay

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
)

// ownPosts returns n lines of own posts as another hugops wrote them.
func ownPosts(n int) []byte {
	var b bytes.Buffer
	p := hugops.NewPseudonyms([]byte("bench"))
	at := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	for i := range n {
		fmt.Fprintf(&b, `{"id":"https://social.example/users/u%d/statuses/%d","network":"mastodon","alias":"social.example/%d",`+
			`"author":%q,"posted_at":%q,"lang":"en","text":"Nimbus Cloud storage is down again in eu-north, number %d. Hang in there, on-call folks! #hugops"}`+"\n",
			i%5000, i, i, p.Of(hugops.Mastodon, fmt.Sprint(i%5000)), at.Add(time.Duration(i)*time.Millisecond).Format(time.RFC3339Nano), i)
	}
	return b.Bytes()
}

// BenchmarkReplay replays own posts at full speed into an Emit that does
// nothing.
func BenchmarkReplay(b *testing.B) {
	const posts = 20_000
	data := ownPosts(posts)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	sent := 0
	for b.Loop() {
		src := New(Config{Path: "bench.ndjson", Data: data})
		err := src.Run(context.Background(), func(context.Context, pipeline.Item) error { sent++; return nil })
		if err != nil {
			b.Fatal(err)
		}
	}
	if sent != b.N*posts {
		b.Fatalf("%d items, want %d", sent, b.N*posts)
	}
	b.ReportMetric(float64(sent)/b.Elapsed().Seconds(), "posts/s")
}
