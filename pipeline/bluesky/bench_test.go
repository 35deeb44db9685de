package bluesky

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

// benchFrames are what a stream of posts mostly consists of: short posts, a reply
// with a link and a tag, one with pictures, a deletion, an account that changes.
func benchFrames(wire string) [][]byte {
	const (
		short = `{"$type":"app.bsky.feed.post","createdAt":"2026-11-02T13:58:20.123Z","langs":["en"],"text":"anyone else getting timeouts from the registry? third time this week"}`
		reply = `{"$type":"app.bsky.feed.post","createdAt":"2026-11-02T13:58:21.004Z","embed":{"$type":"app.bsky.embed.external","external":{"description":"Welcome to the status page of our service, a place to see how it is doing.","thumb":{"$type":"blob","ref":{"$link":"bafkreieqq463374bbcbeq7gpmet5rvrpeqow6t4rtjzrkhnlumtavbcdea"},"mimeType":"image/jpeg","size":219421},"title":"Elevated errors","uri":"https://status.nimbus-cloud.example/incidents/8842"}},"facets":[{"features":[{"$type":"app.bsky.richtext.facet#link","uri":"https://status.nimbus-cloud.example/incidents/8842"}],"index":{"byteEnd":118,"byteStart":92}},{"features":[{"$type":"app.bsky.richtext.facet#tag","tag":"hugops"}],"index":{"byteEnd":7,"byteStart":0}}],"langs":["en","de"],"reply":{"parent":{"cid":"bafyreidj3qysmzidmzs6qxyhv3pwxotrjxqx6ueqqvpjh3nxbhjkb4w5cu","uri":"at://did:plc:ewvi7nxzyoun6zhxrhs64oiz/app.bsky.feed.post/3mzdi6xlae22l"},"root":{"cid":"bafyreidj3qysmzidmzs6qxyhv3pwxotrjxqx6ueqqvpjh3nxbhjkb4w5cu","uri":"at://did:plc:ewvi7nxzyoun6zhxrhs64oiz/app.bsky.feed.post/3mzdi6xlae22l"}},"text":"#hugops to everybody at Nimbus tonight, get some sleep when it is over. They are updating: status.nimbus-cloud.example/inc…"}`
		image = `{"$type":"app.bsky.feed.post","createdAt":"2026-11-02T13:58:22.551Z","embed":{"$type":"app.bsky.embed.images","images":[{"alt":"a cat on a warm server, asleep","aspectRatio":{"height":1500,"width":2000},"image":{"$type":"blob","ref":{"$link":"bafkreihwihm6kpd6zuwhhlro75p5qks5qtrcu55jp3gddbfjsieiv7wuka"},"mimeType":"image/jpeg","size":812332}}]},"langs":["ja"],"text":"サーバーの上で寝る猫。今日はもう仕事にならない"}`
	)
	var out [][]byte
	add := func(op, rkey, record string) {
		did := "did:plc:ewvi7nxzyoun6zhxrhs64oiz"
		if record != "" {
			record = `,"record":` + record + `,"cid":"bafyreigq4zsipbk5w3uqkbmh2w2633c5tcpmlzfq6z3f7u2vsvdcnczmza"`
		}
		if wire == WireV1 {
			out = append(out, fmt.Appendf(nil, `{"did":%q,"time_us":1793627901123456,"kind":"commit","commit":{"rev":"3mzdi6xnpyk2s","operation":%q,"collection":"app.bsky.feed.post","rkey":%q%s}}`, did, op, rkey, record))
			return
		}
		out = append(out, fmt.Appendf(nil, `{"$type":"message","payload":{"$type":"network.bsky.jetstream.subscribeEvents#commit","seq":48211093,"did":%q,"time":"2026-11-02T13:58:21.123456Z","rev":"3mzdi6xnpyk2s","operation":%q,"collection":"app.bsky.feed.post","rkey":%q%s}}`, did, op, rkey, record))
	}
	add("create", "3mzdi6xlae22l", short)
	add("create", "3mzdi6xlae23l", reply)
	add("create", "3mzdi6xlae24l", image)
	add("create", "3mzdi6xlae25l", short)
	add("delete", "3mzdi6xlae22l", "")
	return out
}

// BenchmarkDecode is the way of a frame to an event, on one core; encoding/json
// reads the same frames into the same struct, and the record into its own.
func BenchmarkDecode(b *testing.B) {
	for _, wire := range wires {
		frames := benchFrames(wire)
		rate := func(b *testing.B) { b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "frames/s") }
		b.Run(wire+"/hugops", func(b *testing.B) {
			b.ReportAllocs()
			for i := range b.N {
				if dec, err := Decode(frames[i%len(frames)], door); err != nil || len(dec.Events) != 1 {
					b.Fatal(err, dec)
				}
			}
			rate(b)
		})
		b.Run(wire+"/encoding-json", func(b *testing.B) {
			b.ReportAllocs()
			for i := range b.N {
				var f frame
				var r record
				if err := json.Unmarshal(frames[i%len(frames)], &f); err != nil {
					b.Fatal(err)
				}
				if f.Payload != nil {
					f = *f.Payload
				}
				if raw := f.change().Record; len(raw) > 0 {
					if err := json.Unmarshal(raw, &r); err != nil {
						b.Fatal(err)
					}
				}
			}
			rate(b)
		})
	}
}

// BenchmarkHalfOpen waits, with the pauses that users have, until a socket on
// which nothing comes any more is given up and another one open: "s/reconnect".
func BenchmarkHalfOpen(b *testing.B) {
	for range b.N {
		net := newNetwork()
		var silent time.Time
		h := newHost(b, net, func(p *peer, i int) {
			net.post("did:plc:ada", "one", time.Time{})
			p.serveUntil(i, net.len())
			net.post("did:plc:ada", "two", time.Time{}) // while nobody is there
			silent = time.Now()
			p.hang()
		}, (*peer).serve)
		r := start(b, Config{Hosts: []string{h.URL}}, func(s *Source) {
			usual := New(Config{})
			s.pauses, s.refused = usual.pauses, usual.refused
		})
		r.wants("created one")
		for p := (<-r.items).Event.Post; p == nil || p.Text != "two"; p = (<-r.items).Event.Post {
		}
		b.ReportMetric(time.Since(silent).Seconds(), "s/reconnect")
		r.stop()
		h.kick()
	}
}
