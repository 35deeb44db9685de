package replay

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/pipeline"
)

const least = "id,thread_id,author,body,timestamp\n"

// TestFormats tells the format of an input by its beginning; an error says what to
// do.
func TestFormats(t *testing.T) {
	const row = "2117255405369176065,1,owl,t,2026-11-02 14:00:00\n"
	const zeros = "2117255405369170000,1,owl,t,2026-11-02 14:00:00\n"
	for _, c := range []struct{ name, text, want string }{
		{"lines", postLine("1", 0), "line"},
		{"a byte order mark", "\xef\xbb\xbf" + postLine("1", 0), "line"},
		{"lines after blank ones", "\n\n" + postLine("1", 0), "line"},
		{"one long line", `{"data":[{"text":"` + strings.Repeat("x", 2*sniffBytes), "line"},
		{"anything", "hello\nworld\n", "line unknown"},
		{"nothing", "", "line unknown"},
		{"an archive", `{"@context":[{"orderedItems":[]}],"type":"OrderedCollection","orderedItems":[{"type":"Create"}]}`, "item"},
		{"an archive for people to read", "{\n \"orderedItems\" : [\n  {", "item"},
		{"an empty archive", `{"orderedItems":[]}`, "item"},
		{"a list of likes", `{"orderedItems":["https://pond.example/1"]}`, "outbox.json"},
		{"items deeper down", `{"a":{"orderedItems":[{}]}}`, "line unknown"},
		{"an array", `[ {"uri":"https://pond.example/1"} ]`, "item"},
		{"an array of something else", `[{"a":1}]`, "item unknown"},
		{"an array of numbers", `[1,2]`, "line unknown"},
		{"twarc-csv", "id,conversation_id,author_id,created_at,text,author.username\n", "table x"},
		{"4CAT, X", "id,thread_id,timestamp,body,author,author_id,is_retweet\n", "table x"},
		{"4CAT, Bluesky", "id,author,body,repost_count,quoted_post\n", "table bluesky"},
		{"statuses laid flat", "id,uri,content,account.acct,reblogs_count\n", "table mastodon"},
		{"by an address of X", "id,author,body,link\n1,a,t,https://x.com/a/status/1\n", "table x"},
		{"by an address of Bluesky", "id,author,body,link\n1,a,t,https://bsky.app/profile/a.example/post/3k\n", "table bluesky"},
		{"by an address of Mastodon", "id,author,body,url\n1,a,t,https://pond.example/@a/1\n", "table mastodon"},
		{"by an id of Bluesky", least + "at://did:plc:a/app.bsky.feed.post/3k,1,a,t,\n", "table bluesky"},
		{"by a later row", "id,author,body,url\n1,a,t,\n2,a,t,https://pond.example/@a/2\n", "table mastodon"},
		{"not at all", least + row, "--network"},
		{"not at all, but for a flag", "bluesky?" + least + row, "table bluesky"},
		{"no rows", least, "table"},
		{"semicolons", strings.ReplaceAll(least, ",", ";") + "at://did:plc:a/app.bsky.feed.post/3k;1;a;t;\n", "table bluesky"},
		{"tabs and a byte order mark", "\xef\xbb\xbf" + strings.ReplaceAll(least, ",", "\t") + "at://did:plc:a/app.bsky.feed.post/3k\t1\ta\tt\t\n", "table bluesky"},
		{"quoted names", "\"id\",\"author\",\"body\",\"is_retweet\"\r\n", "table x"},
		{"no text", "id,author,url\n", "without a column body or text or content"},
		{"no author", "id,text,lang\n", "without a column author or author_id"},
		{"ids a spreadsheet rounded", "x?" + least + zeros + zeros + zeros, "rounded the ids"},
		{"one id of four zeros", "x?" + least + zeros + row + zeros, "table x"},
		{"a zip", "PK\x03\x04", "zip archive; unpack"},
		{"a tar", strings.Repeat("\x00", 257) + "ustar", "tar archive; unpack"},
		{"xz", "\xfd7zXZ\x00", "compressed by xz"},
		{"UTF-16", "\xff\xfei\x00d\x00", "save it as UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := Config{Path: "f"}
			network, text, flag := strings.Cut(c.text, "?")
			if flag && len(network) < 9 {
				cfg.Network = hugops.Network(network)
			} else {
				text = c.text
			}
			f, err := cfg.recognise(bufio.NewReaderSize(strings.NewReader(text), bufferBytes))
			got := f.unit
			switch {
			case err != nil:
				got = err.Error()
			case !f.known:
				got += " unknown"
			default:
				if c, isTable := f.cutter(nil).(*rowCutter); isTable && c != nil {
					got = strings.TrimSpace("table " + string(tableNetwork(cfg, text)))
				}
			}
			if got != c.want && !(err != nil && strings.Contains(got, c.want)) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func tableNetwork(cfg Config, text string) hugops.Network {
	table, size, _ := cfg.tableHead([]byte(text), true)
	if n := table.findNetwork(table.sample([]byte(text)[size:])); n != "" {
		return n
	}
	return cfg.Network
}

// TestCompressed replays every golden input compressed: what comes out is the same.
func TestCompressed(t *testing.T) {
	inputs, err := filepath.Glob("testdata/*.in.*")
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range inputs {
		plain, err := os.ReadFile(in)
		if err != nil {
			t.Fatal(err)
		}
		var g, z bytes.Buffer
		gw := gzip.NewWriter(&g)
		zw, _ := zstd.NewWriter(&z)
		for _, w := range []io.WriteCloser{gw, zw} {
			w.Write(plain)
			w.Close()
		}
		cfg := Config{Path: in, Data: plain, Server: "pond.example", Door: testDoor()}
		want := render(t, collect(t, New(cfg)))
		for name, data := range map[string][]byte{"gzip": g.Bytes(), "zstd": z.Bytes()} {
			cfg.Data = data
			if got := render(t, collect(t, New(cfg))); !bytes.Equal(got, want) {
				t.Errorf("%s by %s: another result", in, name)
			}
		}
		cfg.Data = z.Bytes()[:z.Len()/2]
		if err := New(cfg).Run(t.Context(), func(context.Context, pipeline.Item) error { return nil }); err == nil {
			t.Errorf("%s: half a zstd file is read without an error", in)
		}
	}
}

// TestActor: the actor.json beside an outbox.json speaks for all its posts.
func TestActor(t *testing.T) {
	outbox, err := os.ReadFile("testdata/outbox.in.json")
	if err != nil {
		t.Fatal(err)
	}
	for actor, want := range map[string]string{
		"": "false", `{"type":"Service"}`: "true", `{"type":"Person","indexable":false}`: "none", `{`: "error",
	} {
		dir := t.TempDir()
		file := filepath.Join(dir, "outbox.json")
		os.WriteFile(file, outbox, 0o600)
		if actor != "" {
			os.WriteFile(filepath.Join(dir, "actor.json"), []byte(actor), 0o600)
		}
		got := "none"
		err := New(Config{Path: file}).Run(t.Context(), func(_ context.Context, it pipeline.Item) error {
			if it.Event.Post != nil {
				got = map[bool]string{true: "true", false: "false"}[it.Event.Post.Bot]
			}
			return nil
		})
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("actor %s: %s, want %s", actor, got, want)
		}
	}
}
