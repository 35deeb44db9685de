package chdb

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSplitInsert(t *testing.T) {
	for _, c := range []struct {
		sql                     string
		statement, format, data string
	}{
		{"INSERT INTO t FORMAT CSV\n1,2\n", "INSERT INTO t ", "CSV", "1,2\n"},
		{"insert into t (a, `b)`) values (1, 'x')", "insert into t (a, `b)`) ", "Values", " (1, 'x')"},
		{"INSERT INTO d.t(a)VALUES", "INSERT INTO d.t(a)", "Values", ""},
		{"INSERT INTO t FORMAT Native", "INSERT INTO t ", "Native", ""},
		{"INSERT INTO t FORMAT Native;\n", "INSERT INTO t ", "Native", ""},
		{"INSERT INTO t FORMAT TSV  \r\n\n\n1\n", "INSERT INTO t ", "TSV", "\n\n1\n"},
		{"/* c */ -- FORMAT\nINSERT INTO t SETTINGS a = 'VALUES' FORMAT JSONEachRow {}", "/* c */ -- FORMAT\nINSERT INTO t SETTINGS a = 'VALUES' ", "JSONEachRow", "{}"},
		{"INSERT INTO TABLE FUNCTION file('FORMAT x', values) FORMAT CSV", "INSERT INTO TABLE FUNCTION file('FORMAT x', values) ", "CSV", ""},
		{"INSERT INTO format FORMAT CSV 1", "INSERT INTO format ", "CSV", "1"},
		{"INSERT INTO values.format VALUES (1)", "INSERT INTO values.format ", "Values", " (1)"},
		{"INSERT INTO {t:Identifier} (* EXCEPT(b)) FORMAT CSV", "INSERT INTO {t:Identifier} (* EXCEPT(b)) ", "CSV", ""},
	} {
		in, ok := splitInsert(c.sql)
		if want := (insertText{c.statement, c.format, c.data}); !ok || in != want {
			t.Errorf("%q\ngot  %+v %v\nwant %+v", c.sql, in, ok, want)
		}
	}
	for _, sql := range []string{
		"", "SELECT 1 FORMAT CSV", "INSERT INTO t SELECT 1 FORMAT CSV", "INSERT INTO t WITH 1 AS x SELECT x", "INSERT INTO t",
		"INSERT INTO t; SELECT 1 FORMAT CSV", "INSERT INTO t FORMAT", "INSERT INTO t FORMAT 'CSV'", "EXPLAIN INSERT INTO t VALUES (1)", "INSERT INTO 'FORMAT CSV",
	} {
		if in, ok := splitInsert(sql); ok {
			t.Errorf("%q was split: %+v", sql, in)
		}
	}
}

func TestKeyword(t *testing.T) {
	for sql, want := range map[string]string{
		"select 1": "SELECT", "  \n\tWITH x": "WITH", "-- a\n# b\n/* c\n*/(SELECT 1)": "(", "": "", " ": "", "-- only": "", "/* only */": "", "/* open": "/",
	} {
		if got := keyword(sql); got != want {
			t.Errorf("keyword(%q) = %q, want %q", sql, got, want)
		}
	}
}

func TestSetStatement(t *testing.T) {
	for _, c := range []struct {
		have, want map[string]string
		set        string
	}{
		{nil, map[string]string{"b": "2", "a": `it's \`}, `SET a = 'it\'s \\', b = '2'`},
		{map[string]string{"a": "1", "b": "1"}, map[string]string{"b": "2", "c": "3"}, "SET a = DEFAULT, b = '2', c = '3'"},
		{map[string]string{"a": "1"}, map[string]string{"a": "1", "b": ""}, "SET b = ''"},
		{map[string]string{"implicit_select": "1"}, nil, "SET implicit_select = '0'"},
	} {
		if got := setStatement(c.have, c.want); got != c.set {
			t.Errorf("from %v to %v: %s, want %s", c.have, c.want, got, c.set)
		}
	}
}

func TestFind(t *testing.T) {
	root := t.TempDir()
	deep := filepath.Join(root, "a", "b")
	system := filepath.Join(root, "system")
	if _, err := findFrom([]string{deep}, "linux", "amd64", system); !errors.Is(err, ErrMissing) || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "make engine") {
		t.Errorf("nothing installed: %v", err)
	}
	for _, c := range []struct{ goos, goarch, file string }{
		{"linux", "amd64", "system/libchdb.so"},
		{"linux", "amd64", "node_modules/@chdb/lib-linux-x64-gnu/libchdb.so"},
		{"linux", "arm64", "node_modules/@chdb/lib-linux-arm64-gnu/libchdb.so"},
		{"darwin", "arm64", "node_modules/@chdb/lib-darwin-arm64/libchdb.dylib"},
		{"darwin", "amd64", "a/node_modules/@chdb/lib-darwin-x64/libchdb.so"},
		{"linux", "amd64", "a/b/node_modules/@chdb/lib-linux-x64-gnu/libchdb.so"},
	} {
		want := filepath.Join(root, filepath.FromSlash(c.file))
		must(t, os.MkdirAll(filepath.Dir(want), 0o755))
		must(t, os.WriteFile(want, nil, 0o644))
		got, err := findFrom([]string{t.TempDir(), deep}, c.goos, c.goarch, system)
		if got != want || err != nil {
			t.Errorf("%s/%s: %s, %v, want %s", c.goos, c.goarch, got, err, want)
		}
	}
	t.Setenv(LibEnv, filepath.Join(root, "none"))
	if _, err := Find(); !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), "none") {
		t.Errorf("a wrong $%s: %v", LibEnv, err)
	}
	t.Setenv(LibEnv, filepath.Join(system, "libchdb.so"))
	if got, err := Find(); got != filepath.Join(system, "libchdb.so") || err != nil {
		t.Errorf("$%s: %s, %v", LibEnv, got, err)
	}
}

// TestHello compares the answer that we give ourselves with the engine's own of
// the same row, at the revision at which the engine writes.
func TestHello(t *testing.T) {
	resp, err := engine(t).RoundTrip(httptest.NewRequest("POST", "/?default_format=Native", strings.NewReader(
		"SELECT 'h' AS `displayName()`, '26.7' AS `version()`, toUInt32(0) AS `revision()`, 'UTC' AS `timezone()`")))
	must(t, err)
	defer resp.Body.Close()
	want, err := io.ReadAll(resp.Body)
	must(t, err)
	if got := hello(0, "h", "26.7", "UTC"); string(got) != string(want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	flagged := "\x01\x00\x02\xff\xff\xff\xff\x00\x04\x01\x0ddisplayName()\x06String\x00\x01h\x09version()\x06String\x00\x0426.7" +
		"\x0arevision()\x06UInt32\x00\x00\x00\x00\x00\x0atimezone()\x06String\x00\x03UTC"
	if got := hello(54460, "h", "26.7", "UTC"); string(got) != flagged {
		t.Errorf("got  %q\nwant %q", got, flagged)
	}
}

func TestExceptions(t *testing.T) {
	for _, c := range []struct {
		text         string
		code, status int
		shown        string
	}{
		{"Code: 60. DB::Exception: no (UNKNOWN_TABLE)\n", 60, 404, "Code: 60. DB::Exception: no (UNKNOWN_TABLE)"},
		{"Error: Code: 62. DB::Exception: x", 62, 400, "Code: 62. DB::Exception: x"},
		{"Code: 395. DB::Exception: x", 395, 500, "Code: 395. DB::Exception: x"},
		{"Code: 99999999999999999999. x", 1002, 500, "Code: 99999999999999999999. x"},
		{"Invalid or closed connection", 1002, 500, "Code: 1002. DB::Exception: Invalid or closed connection. (UNKNOWN_EXCEPTION)"},
	} {
		e := newException(c.text)
		if e.code != c.code || e.status() != c.status || e.text != c.shown {
			t.Errorf("%q: %d %d %q", c.text, e.code, e.status(), e.text)
		}
	}
}

func FuzzSplitInsert(f *testing.F) {
	for _, sql := range []string{"INSERT INTO t FORMAT CSV\n1", "INSERT INTO `a\\`b` (c, d) VALUES (')', 1)", "/*", "INSERT INTO t SETTINGS a='\\'' FORMAT X"} {
		f.Add(sql)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		in, ok := splitInsert(sql)
		if !ok {
			return
		}
		if !strings.HasPrefix(sql, in.statement) || !strings.HasSuffix(strings.TrimRight(sql, "; \t\r\n\v\f\u0085\u00a0"), strings.TrimRight(in.data, "; \t\r\n\v\f\u0085\u00a0")) {
			t.Errorf("%q is not made of %+v", sql, in)
		}
		if keyword(in.statement) != "INSERT" || in.format == "" {
			t.Errorf("%q: %+v", sql, in)
		}
	})
}

func FuzzReadRequest(f *testing.F) {
	f.Add("POST", "database=d&max_threads=1&param_x=%27", "SELECT {x:String}")
	f.Add("GET", "query=SELECT+1&default_format=CSV&client_protocol_version=54460", "")
	f.Add("POST", "query=INSERT+INTO+t+VALUES&wait_end_of_query=1", "(1)")
	f.Add("POST", "compress=1&session_id=x&a;b=%zz", "\x00")
	f.Fuzz(func(t *testing.T, method, rawQuery, body string) {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Method, r.URL.RawQuery = method, rawQuery
		req, err := readRequest(r)
		if err != nil {
			var e *exception
			if !errors.As(err, &e) || e.status() < 400 {
				t.Errorf("%v is no exception", err)
			}
			return
		}
		if keyword(req.query) == "" || req.session.database == "" || req.format == "" || (req.data == nil) != (req.dataFormat == "") {
			t.Errorf("%+v", req)
		}
		if req.readOnly != (method == http.MethodGet || method == http.MethodHead || method == "") {
			t.Errorf("method %q: readOnly %v", method, req.readOnly)
		}
		for name := range maps.Keys(req.session.settings) {
			if !settingName.MatchString(name) {
				t.Errorf("setting %q", name)
			}
		}
	})
}
