package x

import (
	"cmp"
	"compress/gzip"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
)

const goodToken = "AAAAAAAAAAAAAAAAAAAAAtheAppsOwn"

// fakeX behaves as X's API v2 does, as far as its documentation tells, unless a
// test lets it do otherwise. Its times are short: a heartbeat each 20 ms.
type fakeX struct {
	*httptest.Server
	t       *testing.T
	storage *httptest.Server // where the files of compliance jobs are

	mu      sync.Mutex
	posts   []post
	more    chan struct{} // closed and made anew with each post
	rules   []rule
	nextID  int
	skew    time.Duration // of its clock
	gzip    bool
	scripts []func(c *conn)                           // one a connection, the last for all later ones
	refuse  map[string]http.HandlerFunc               // by path; answers in its place
	faulty  func(rule) *problem                       // a rule that it does not take
	conns   map[*conn]bool                            // those that it holds open
	lines   func(f *fakeX, p post, tag string) string // writes a frame
	counts  int                                       // what it says when it is asked for counts
	results []string                                  // of a compliance job
	job     string                                    // its status
	ids     string                                    // what was uploaded
	asked   []string                                  // method, path and query of each request
	changes []string                                  // the tags after each change of the rules
	holding func(from, to time.Time)                  // is told of each connection, at its end
}

// post is found by every query that has its key.
type post struct {
	id   string
	at   time.Time
	text string
	key  string
}

const keyHugops, keyGithub = "#hugops", `"github"`

func newFake(t *testing.T, scripts ...func(c *conn)) *fakeX {
	f := &fakeX{t: t, more: make(chan struct{}), scripts: scripts, refuse: make(map[string]http.HandlerFunc),
		conns: make(map[*conn]bool), nextID: 1000, lines: (*fakeX).frame}
	f.Server = httptest.NewServer(f)
	f.storage = httptest.NewServer(http.HandlerFunc(f.serveStorage))
	t.Cleanup(f.storage.Close)
	t.Cleanup(f.Server.Close)
	t.Cleanup(f.kick)
	return f
}

func (f *fakeX) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// add publishes a post now.
func (f *fakeX) add(key, text string) post { return f.addAt(key, text, time.Now()) }

func (f *fakeX) addAt(key, text string, at time.Time) post {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.nextID++
	id := (at.UnixMilli()-snowflakeEpoch)<<22 | int64(f.nextID&0xfff)
	p := post{id: strconv.FormatInt(id, 10), at: at, text: text, key: key}
	f.posts = append(f.posts, p)
	close(f.more)
	f.more = make(chan struct{})
	return p
}

func (f *fakeX) get(i int) (post, bool, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if i < len(f.posts) {
		return f.posts[i], true, nil
	}
	return post{}, false, f.more
}

func (f *fakeX) len() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.posts)
}

// frame is a post as the stream sends it: fields in X's order, with what nobody
// asked for.
func (f *fakeX) frame(p post, tag string) string {
	return fmt.Sprintf(`{"data":%s,"includes":{"users":[{"id":"7","name":"Ada","username":"ada","protected":false}]},"matching_rules":[{"id":"1","tag":%q}]}`, p.data(), tag)
}

func (p post) data() string {
	text, _ := json.Marshal(p.text)
	return fmt.Sprintf(`{"author_id":"7","created_at":%q,"edit_history_tweet_ids":[%q],"id":%q,"lang":"en","text":%s}`,
		p.at.UTC().Format("2006-01-02T15:04:05.000Z"), p.id, p.id, text)
}

func (f *fakeX) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.asked = append(f.asked, r.Method+" "+r.URL.RequestURI())
	refuse, skew := f.refuse[r.Method+" "+r.URL.Path], f.skew
	f.mu.Unlock()
	if skew != 0 {
		w.Header().Set("Date", time.Now().Add(skew).UTC().Format(http.TimeFormat))
	}
	if r.Header.Get("User-Agent") == "" || !strings.HasPrefix(r.Header.Get("User-Agent"), "hugops/") {
		f.t.Errorf("%s: User-Agent %q", r.URL.Path, r.Header.Get("User-Agent"))
	}
	switch {
	case r.Header.Get("Authorization") != "Bearer "+goodToken:
		answer(401, `{"title":"Unauthorized","type":"about:blank","status":401,"detail":"Unauthorized"}`)(w, r)
	case refuse != nil:
		refuse(w, r)
	case r.URL.Path == streamPath:
		f.serveStream(w, r)
	case r.URL.Path == rulesPath:
		f.serveRules(w, r)
	case r.URL.Path == "/2/tweets/search/recent":
		f.serveSearch(w, r)
	case r.URL.Path == "/2/tweets/counts/recent":
		fmt.Fprintf(w, `{"data":[],"meta":{"total_tweet_count":%d}}`, f.counts)
	case r.URL.Path == "/2/usage/tweets":
		io.WriteString(w, `{"data":{"project_id":"1","project_cap":3000000,"project_usage":"5400","cap_reset_day":3}}`)
	case strings.HasPrefix(r.URL.Path, jobsPath):
		f.serveJobs(w, r)
	default:
		f.t.Errorf("asked for %s", r.URL.Path)
	}
}

// answer is a handler that always gives the same.
func answer(code int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(code)
		io.WriteString(w, body)
	}
}

// once lets a path be answered by a handler one time.
func (f *fakeX) once(path string, h http.HandlerFunc) {
	f.set(func() {
		f.refuse[path] = func(w http.ResponseWriter, r *http.Request) {
			f.set(func() { delete(f.refuse, path) })
			h(w, r)
		}
	})
}

const tooMany = `{"title":"ConnectionException","detail":"This stream is currently at the maximum allowed connection limit.","connection_issue":"TooManyConnections","type":"https://api.x.com/2/problems/streaming-connection"}`

func (f *fakeX) serveStream(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	if len(f.conns) > 0 {
		f.mu.Unlock()
		answer(429, tooMany)(w, r)
		return
	}
	if len(f.rules) == 0 {
		f.mu.Unlock()
		answer(409, `{"title":"ConnectionException","detail":"You must have at least one rule","connection_issue":"RuleConfigurationIssue"}`)(w, r)
		return
	}
	c := &conn{f: f, w: w, r: r, gone: make(chan struct{}), from: len(f.posts)}
	f.conns[c] = true
	script := (*conn).serve
	if k := len(f.scripts); k > 0 {
		script = f.scripts[0]
		if k > 1 {
			f.scripts = f.scripts[1:]
		}
	}
	zip, holding := f.gzip, f.holding
	f.mu.Unlock()
	defer f.set(func() { delete(f.conns, c) })
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if zip && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.Header().Set("Content-Encoding", "gzip")
		c.zip = gzip.NewWriter(w)
	}
	began := time.Now()
	c.raw("\r\n")
	script(c)
	if holding != nil {
		holding(began, c.last)
	}
}

// kick ends all connections.
func (f *fakeX) kick() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.conns {
		c.close()
	}
}

// conn is X's end of a connection.
type conn struct {
	f    *fakeX
	w    http.ResponseWriter
	r    *http.Request
	zip  *gzip.Writer
	from int // the first post that it brings
	last time.Time
	once sync.Once
	gone chan struct{}
}

func (c *conn) close() { c.once.Do(func() { close(c.gone) }) }

// raw sends bytes at once.
func (c *conn) raw(s string) bool {
	var out io.Writer = c.w
	if c.zip != nil {
		out = c.zip
	}
	_, err := io.WriteString(out, s)
	if c.zip != nil {
		c.zip.Flush()
	}
	if err == nil {
		err = http.NewResponseController(c.w).Flush()
	}
	if err == nil {
		c.last = time.Now()
	}
	return err == nil
}

// line sends a line.
func (c *conn) line(s string) bool { return c.raw(s + "\r\n") }

// serve brings posts until the client leaves, or is kicked out.
func (c *conn) serve() { c.serveUntil(1 << 60) }

// serveUntil brings the posts before index end.
func (c *conn) serveUntil(end int) {
	beat := time.NewTicker(20 * time.Millisecond)
	defer beat.Stop()
	for c.from < end {
		p, ok, more := c.f.get(c.from)
		if ok {
			c.from++
			if tag, ok := c.f.matches(p); ok && !c.line(c.f.lines(c.f, p, tag)) {
				return
			}
			continue
		}
		select {
		case <-more:
		case <-beat.C:
			if !c.raw("\r\n") {
				return
			}
		case <-c.gone:
			return
		case <-c.r.Context().Done():
			return
		}
	}
}

// hang keeps the connection and sends nothing any more.
func (c *conn) hang() {
	select {
	case <-c.gone:
	case <-c.r.Context().Done():
	}
}

// matches is the tag of the rule that lets a post through.
func (f *fakeX) matches(p post) (string, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.rules {
		if strings.Contains(r.Value, p.key) {
			return r.Tag, true
		}
	}
	return "", false
}

func (f *fakeX) serveRules(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.Method == http.MethodGet { // pages of two
		from, _ := strconv.Atoi(r.URL.Query().Get("pagination_token"))
		to := min(from+2, len(f.rules))
		meta := map[string]any{"result_count": to - from}
		if to < len(f.rules) {
			meta["next_token"] = strconv.Itoa(to)
		}
		reply(w, map[string]any{"data": f.rules[from:to], "meta": meta})
		return
	}
	var body struct {
		Add    []rule `json:"add"`
		Delete struct {
			IDs []string `json:"ids"`
		} `json:"delete"`
	}
	if err := json.UnmarshalRead(r.Body, &body); err != nil {
		f.t.Error(err)
	}
	defer func() {
		var tags []string
		for _, r := range f.rules {
			tags = append(tags, r.Tag)
		}
		f.changes = append(f.changes, strings.Join(tags, " "))
	}()
	if body.Add == nil {
		before := len(f.rules)
		f.rules = slices.DeleteFunc(f.rules, func(r rule) bool { return slices.Contains(body.Delete.IDs, r.ID) })
		reply(w, map[string]any{"meta": map[string]any{"summary": map[string]any{"deleted": before - len(f.rules), "not_deleted": 0}}})
		return
	}
	f.addRules(w, body.Add, r.URL.Query().Get("dry_run") == "true")
}

func (f *fakeX) addRules(w http.ResponseWriter, rules []rule, dry bool) {
	var created []rule
	var problems []map[string]string
	for _, r := range rules {
		p := &problem{}
		switch {
		case len([]rune(r.Value)) > 1024 || r.Value == "":
			p = &problem{Title: "Invalid Rule", Type: "https://api.x.com/2/problems/invalid-rules"}
		case slices.ContainsFunc(f.rules, func(have rule) bool { return have.Value == r.Value }):
			p = &problem{Title: "DuplicateRule", Type: "https://api.x.com/2/problems/duplicate-rules"}
		case f.faulty != nil:
			if p = f.faulty(r); p == nil {
				p = &problem{}
			}
		}
		if p.Title != "" {
			problems = append(problems, map[string]string{"title": p.Title, "type": p.Type, "value": r.Value})
			continue
		}
		f.nextID++
		r.ID = strconv.Itoa(f.nextID)
		created = append(created, r)
	}
	if !dry {
		f.rules = append(f.rules, created...)
	}
	if len(created) == 0 {
		w.WriteHeader(400)
	} else {
		w.WriteHeader(201)
	}
	reply(w, map[string]any{"data": created, "errors": problems, "meta": map[string]any{"sent": "2026-11-02T12:00:00Z"}})
}

func reply(w io.Writer, v any) {
	raw, _ := json.Marshal(v)
	w.Write(raw)
}

func (f *fakeX) serveSearch(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	f.mu.Lock()
	posts, skew := slices.Clone(f.posts), f.skew
	f.mu.Unlock()
	from, err1 := time.Parse(time.RFC3339, q.Get("start_time"))
	to, err2 := time.Parse(time.RFC3339, q.Get("end_time"))
	now := time.Now().Add(skew)
	size, _ := strconv.Atoi(q.Get("max_results"))
	if err1 != nil || err2 != nil || to.After(now.Add(3*time.Second)) || from.Before(now.Add(-7*24*time.Hour)) || size < 10 || size > 100 || len([]rune(q.Get("query"))) > 512 {
		answer(400, `{"errors":[{"message":"Invalid 'start_time' or 'end_time'"}],"title":"Invalid Request","detail":"One or more parameters to your request was invalid.","type":"https://api.x.com/2/problems/invalid-request"}`)(w, r)
		return
	}
	var found []post
	for _, p := range posts {
		at := p.at.Add(skew)
		if strings.Contains(q.Get("query"), p.key) && !at.Before(from) && at.Before(to) {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, func(a, b post) int { return cmp.Compare(b.id, a.id) })
	skip, _ := strconv.Atoi(q.Get("next_token"))
	found = found[min(skip, len(found)):]
	meta := fmt.Sprintf(`{"result_count":%d}`, min(size, len(found)))
	if len(found) > size {
		meta = fmt.Sprintf(`{"result_count":%d,"next_token":"%d"}`, size, skip+size)
		found = found[:size]
	}
	var data []string
	for _, p := range found {
		data = append(data, p.data())
	}
	if len(data) == 0 {
		fmt.Fprintf(w, `{"meta":%s}`, meta)
		return
	}
	fmt.Fprintf(w, `{"data":[%s],"includes":{"users":[{"id":"7","username":"ada"}]},"meta":%s}`, strings.Join(data, ","), meta)
}

func (f *fakeX) serveJobs(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	data := map[string]any{"id": "99", "type": "tweets", "status": f.job}
	switch {
	case r.Method == http.MethodPost && f.job != "":
		w.WriteHeader(409)
		io.WriteString(w, `{"title":"Conflict","detail":"There is a job already"}`)
		return
	case r.Method == http.MethodPost:
		f.job = "created"
		data["status"], data["upload_url"] = f.job, f.storage.URL+"/up?signature=secret"
	case f.job == "complete":
		data["download_url"] = f.storage.URL + "/down?signature=secret"
		f.job = ""
	case f.job == "in_progress":
		f.job = "complete" // when it is asked for next
	}
	reply(w, map[string]any{"data": data})
}

// serveStorage stands for another host: it must never see the token.
func (f *fakeX) serveStorage(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.Header.Get("Authorization") != "" {
		f.t.Error("the token went to the place of the files")
	}
	if r.Method == http.MethodPut {
		raw, _ := io.ReadAll(r.Body)
		f.ids, f.job = string(raw), "in_progress"
		return
	}
	io.WriteString(w, strings.Join(f.results, "\n"))
}

// requests are those that were made of a path, newest last.
func (f *fakeX) requests(method, path string) (found []*url.URL) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.asked {
		m, uri, _ := strings.Cut(a, " ")
		if u, err := url.Parse(uri); err == nil && m == method && u.Path == path {
			found = append(found, u)
		}
	}
	return found
}

func (f *fakeX) tags() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	tags := make(map[string]bool)
	for _, r := range f.rules {
		tags[r.Tag] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(tags)), " ")
}

func newLog(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
