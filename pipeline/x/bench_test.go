package x

import (
	stdjson "encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/hugops/hugops/pipeline/wire"
)

// frames are as X sends them when asked for what fields() asks for: with entities,
// annotations, a link, a mention and a long text now and then.
func frames() [][]byte {
	var all [][]byte
	for i := range 64 {
		id := 1985000000000000000 + i*4194304000
		text := fmt.Sprintf("Number %d: https://t.co/abc123 @githubstatus says all green &amp; the status page is lying, hugs to whoever is paged right now #HugOps 🤗", i)
		note := ""
		if i%8 == 0 {
			note = fmt.Sprintf(`,"note_tweet":{"text":%q,"entities":{"urls":[{"start":11,"end":34,"url":"https://t.co/abc123","expanded_url":"https://www.githubstatus.com/incidents/abc"}]}}`, strings.Repeat(text+" ", 4))
		}
		all = append(all, fmt.Appendf(nil, `{"data":{"author_id":"%d","created_at":"2025-11-02T15:04:14.000Z","edit_history_tweet_ids":["%d"],"entities":{"annotations":[{"start":12,"end":18,"probability":0.6831,"type":"Product","normalized_text":"GitHub"}],"hashtags":[{"start":130,"end":137,"tag":"HugOps"}],"mentions":[{"start":35,"end":48,"username":"githubstatus","id":"785764172"}],"urls":[{"start":11,"end":34,"url":"https://t.co/abc123","expanded_url":"https://www.githubstatus.com/incidents/abc","display_url":"githubstatus.com/incidents/abc","images":[{"url":"https://pbs.twimg.com/news_img/1/x?format=png&name=orig","width":1200,"height":630}],"status":200,"title":"Incident with Actions","description":"GitHub's Status Page","unwound_url":"https://www.githubstatus.com/incidents/abc"}]},"id":"%d","lang":"en"%s,"referenced_tweets":[{"type":"replied_to","id":"1984999999999999999"}],"text":%q},"includes":{"users":[{"id":"%d","name":"Somebody on call","protected":false,"username":"somebody%d"}]},"matching_rules":[{"id":"1985000000000001234","tag":"hugops:github"},{"id":"1985000000000001235","tag":"hugops:"}]}`,
			i*7919, id, id, note, text, i*7919, i))
	}
	return all
}

// BenchmarkFrame is what becomes of a frame on its way from the socket to Kafka's
// producer: parsed, counted, paid and made an event.
func BenchmarkFrame(b *testing.B) {
	s, items := quietSource(b)
	all := frames()
	b.SetBytes(int64(len(all[0])))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		line := all[i%len(all)]
		if err := s.take(b.Context(), line, len(line)); err != nil {
			b.Fatal(err)
		}
		*items = (*items)[:0]
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "frames/s")
}

// BenchmarkDecode parses a frame into the struct, and what is in it into an event.
func BenchmarkDecode(b *testing.B) {
	all := frames()
	b.SetBytes(int64(len(all[0])))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if dec, err := Decode(all[i%len(all)], door); err != nil || len(dec.Events) != 1 {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "frames/s")
}

// BenchmarkUnmarshal compares our JSON library with encoding/json on the same
// struct, without what we make of it.
func BenchmarkUnmarshal(b *testing.B) {
	all := frames()
	type both struct {
		object
		Data tweet `json:"data"`
	}
	for name, unmarshal := range map[string]func([]byte, any) error{"ours": wire.Unmarshal, "encoding-json": stdjson.Unmarshal} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(all[0])))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				var o both
				if err := unmarshal(all[i%len(all)], &o); err != nil || o.Data.ID == "" {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "frames/s")
		})
	}
}
