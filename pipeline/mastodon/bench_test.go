package mastodon

import (
	"context"
	stdjson "encoding/json"
	"fmt"
	"net/http"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hugops/hugops/pipeline"
	"github.com/hugops/hugops/pipeline/wire"
)

// frame is an event as a server of version 4.5 sends it (2.9 kB), of an invented
// account.
func frame(id string) string { return "event: update\ndata: " + fullStatus(id) + "\n\n" }

func fullStatus(id string) string {
	return strings.ReplaceAll(`{"id":"ID","created_at":"2026-11-02T12:00:00.000Z","in_reply_to_id":null,"in_reply_to_account_id":null,"sensitive":false,"spoiler_text":"","visibility":"public","language":"en",
"uri":"https://pond.example/users/ada/statuses/ID","url":"https://pond.example/@ada/ID","replies_count":0,"reblogs_count":0,"favourites_count":0,"edited_at":null,"quotes_count":0,"quote":null,
"quote_approval":{"automatic":["public"],"manual":[],"current_user":"automatic"},
"content":"<p>Is <a href=\"https://pond.example/tags/nimbus\" class=\"mention hashtag\" rel=\"tag\">#<span>nimbus</span></a> down for anybody else? Our deploys have been waiting for half an hour now. <a href=\"https://pond.example/tags/hugops\" class=\"mention hashtag\" rel=\"tag\">#<span>hugops</span></a> to whoever is on call &amp; has to read all this 🫂</p><p><a href=\"https://status.nimbus-cloud.example/incidents/4711\" target=\"_blank\" rel=\"nofollow noopener\" translate=\"no\"><span class=\"invisible\">https://</span><span class=\"ellipsis\">status.nimbus-cloud.example/in</span><span class=\"invisible\">cidents/4711</span></a></p>",
"reblog":null,"application":{"name":"Web","website":null},"filtered":[],
"account":{"id":"109300000000000001","username":"ada","acct":"ada","display_name":"Ada of the Pond","locked":false,"bot":false,"discoverable":true,"indexable":true,"group":false,"created_at":"2022-11-06T00:00:00.000Z",
"note":"<p>Keeps ponds clean and builds green. She/her. Opinions are the heron&#39;s.</p><p><a href=\"https://pond.example/tags/sre\" class=\"mention hashtag\" rel=\"tag\">#<span>sre</span></a></p>",
"url":"https://pond.example/@ada","uri":"https://pond.example/users/ada","avatar":"https://files.pond.example/accounts/avatars/109/300/000/000/000/001/original/0123456789abcdef.png","avatar_static":"https://files.pond.example/accounts/avatars/109/300/000/000/000/001/original/0123456789abcdef.png",
"header":"https://files.pond.example/accounts/headers/109/300/000/000/000/001/original/0123456789abcdef.jpg","header_static":"https://files.pond.example/accounts/headers/109/300/000/000/000/001/original/0123456789abcdef.jpg",
"followers_count":120,"following_count":98,"statuses_count":2410,"last_status_at":"2026-11-02","hide_collections":null,"noindex":false,"emojis":[],"roles":[],
"fields":[{"name":"Web","value":"<a href=\"https://ada.example\" target=\"_blank\" rel=\"nofollow noopener me\" translate=\"no\"><span class=\"invisible\">https://</span><span class=\"\">ada.example</span></a>","verified_at":"2024-01-01T00:00:00.000+00:00"}]},
"media_attachments":[],"mentions":[],"tags":[{"name":"nimbus","url":"https://pond.example/tags/nimbus"},{"name":"hugops","url":"https://pond.example/tags/hugops"}],"emojis":[],"card":null,"poll":null}`, "ID", id)
}

// BenchmarkFrames reads frames from the bytes of a stream to events: server-sent
// events, JSON, consent, HTML, pseudonym.
func BenchmarkFrames(b *testing.B) {
	text := []byte(strings.ReplaceAll(frame("115000000000000000"), "\n\"", "\""))
	b.SetBytes(int64(len(text)))
	var p sseParser
	for b.Loop() {
		err := p.feed(text, func(e serverEvent) error {
			dec, err := DecodeEvent(e.name, e.data, "pond.example", door)
			if len(dec.Events) != 1 {
				return fmt.Errorf("%v: %v", dec, err)
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	perSecond(b, "frames/s")
}

// BenchmarkFramesJSON is what of it is JSON, and encoding/json on the same struct.
func BenchmarkFramesJSON(b *testing.B) {
	raw := []byte(strings.ReplaceAll(fullStatus("115000000000000000"), "\n", ""))
	for name, unmarshal := range map[string]func([]byte, any) error{"here": wire.Unmarshal, "encoding-json": stdjson.Unmarshal} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			for b.Loop() {
				var s status
				if err := unmarshal(raw, &s); err != nil || s.Account.Acct != "ada" {
					b.Fatal(err)
				}
			}
			perSecond(b, "frames/s")
		})
	}
}

func perSecond(b *testing.B, unit string) {
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), unit)
}

// BenchmarkHundredServers reads the public streams of a hundred servers, which
// stand in the same process, as fast as they come. MB is all memory of the process
// then, servers included.
func BenchmarkHundredServers(b *testing.B) {
	text := strings.ReplaceAll(frame("ID"), "\n\"", "\"")
	cfg := Config{StateDir: b.TempDir(), Door: door}
	for range 100 {
		srv := &fake{scripts: []script{func(_ http.ResponseWriter, say func(string), gone <-chan struct{}) {
			for i := 115000000000000000; ; i++ {
				select {
				case <-gone:
					return
				default:
					say(strings.ReplaceAll(text, "ID", fmt.Sprint(i)))
				}
			}
		}}}
		cfg.Servers = append(cfg.Servers, ServerConfig{srv.serve(b), testToken})
	}
	sources, err := New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	posts := make(chan pipeline.Item, 256)
	var running sync.WaitGroup
	for _, s := range sources {
		running.Go(func() {
			s.Run(ctx, func(ctx context.Context, it pipeline.Item) error {
				select {
				case posts <- it:
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			})
		})
	}
	hosts := map[string]bool{}
	for len(hosts) < len(sources) {
		it := <-posts
		it.Ack()
		hosts[it.Source] = true
	}
	b.ResetTimer()
	for range b.N {
		it := <-posts
		it.Ack()
	}
	b.StopTimer()
	perSecond(b, "posts/s")
	b.ReportMetric(float64(resident())/1e6, "MB")
	cancel()
	running.Wait()
	time.Sleep(10 * time.Millisecond)
}

// resident is the memory that the process has of the system.
func resident() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64() - s[1].Value.Uint64()
}
