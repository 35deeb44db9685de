package chdb

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// TestHTTP speaks to the handler as curl does.
func TestHTTP(t *testing.T) {
	must(t, fresh(t).Exec(t.Context(), "CREATE TABLE t (x UInt32, s String) ENGINE = MergeTree ORDER BY x"))
	server := httptest.NewServer(engine(t))
	defer server.Close()
	const db = "database=t_TestHTTP"
	for _, c := range []struct {
		name, method, url, body string
		status                  int
		want                    string // the body, or how it begins before "…"
	}{
		{"ping", "GET", "/ping", "", 200, "Ok.\n"},
		{"default format", "POST", "/", "SELECT 1, 'a'", 200, "1\ta\n"},
		{"query in the URL", "GET", "/?query=SELECT+2", "", 200, "2\n"},
		{"head and rest", "POST", "/?query=SELECT+2,", "3", 200, "2\t3\n"},
		{"format clause", "POST", "/", "SELECT 1 AS x FORMAT JSONEachRow", 200, "{\"x\":1}\n"},
		{"default_format", "POST", "/?default_format=CSVWithNames", "SELECT 'a' AS x, 1 AS y", 200, "\"x\",\"y\"\n\"a\",1\n"},
		{"many rows with names", "POST", "/?default_format=CSVWithNames", "SELECT count(), min(number) FROM (SELECT number FROM numbers(100000))", 200, "\"count()\",\"min(number)\"\n100000,0\n"},
		{"setting", "POST", "/?max_threads=1&join_use_nulls=1", "SELECT getSetting('max_threads'), getSetting('join_use_nulls')", 200, "1\ttrue\n"},
		{"setting is gone", "POST", "/", "SELECT getSetting('join_use_nulls')", 200, "false\n"},
		{"setting in the query wins", "POST", "/?max_block_size=7", "SELECT getSetting('max_block_size') SETTINGS max_block_size=9", 200, "9\n"},
		{"unknown setting", "POST", "/?max_treads=1", "SELECT 1", 404, "Code: 115. …"},
		{"a bad setting name", "POST", "/?a%3Db%2Cc=1", "SELECT 1", 400, "Code: 36. …"},
		{"readonly setting", "POST", "/?readonly=1", "DROP TABLE t_TestHTTP.t", 403, "Code: 164. …"},
		{"after readonly", "POST", "/", "SELECT getSetting('readonly')", 200, "0\n"},
		{"parameter", "POST", "/?param_x=a'b%5Ctc", "SELECT {x:String}", 200, "a\\'b\\tc\n"},
		{"database", "POST", "/?" + db, "SELECT currentDatabase()", 200, "t_TestHTTP\n"},
		{"database is gone", "POST", "/", "SELECT currentDatabase()", 200, "default\n"},
		{"no such database", "POST", "/?database=nowhere", "SELECT 1", 404, "Code: 81. …"},
		{"SET does not leak", "POST", "/", "SET join_use_nulls = 1", 200, ""},
		{"so it is gone", "POST", "/", "SELECT getSetting('join_use_nulls')", 200, "false\n"},
		{"USE does not leak", "POST", "/", "USE t_TestHTTP", 200, ""},
		{"so it is gone too", "POST", "/", "SELECT currentDatabase()", 200, "default\n"},
		{"temporary table", "POST", "/", "CREATE TEMPORARY TABLE tmp (x UInt8)", 200, ""},
		{"temporary table is gone", "POST", "/", "SELECT * FROM tmp", 404, "Code: 60. …"},
		{"rows in the body", "POST", "/?" + db + "&query=INSERT+INTO+t+FORMAT+CSV", "1,a\n2,b\n", 200, ""},
		{"rows in both", "POST", "/?" + db + "&query=" + url.QueryEscape("INSERT INTO t VALUES (3, 'c'),"), "(4, ')d;')", 200, ""},
		{"all in the body", "POST", "/?" + db, "INSERT INTO t (s, x) FORMAT JSONEachRow\n{\"x\":5,\"s\":\"a\\nb\"}\n\n{\"x\":6}\n", 200, ""},
		{"settings in the insert", "POST", "/?" + db, "INSERT INTO t SETTINGS input_format_skip_unknown_fields=1 FORMAT JSONEachRow {\"x\":7,\"y\":8}", 200, ""},
		{"insert select", "POST", "/?" + db, "INSERT INTO t SELECT number + 8, 'n' FROM numbers(3)", 200, ""},
		{"insert select in the URL", "POST", "/?" + db + "&query=INSERT+INTO+t+SELECT+11,+'o'", "", 200, ""},
		{"no rows", "POST", "/?" + db + "&query=INSERT+INTO+t+FORMAT+CSV", "", 200, ""},
		{"bad rows", "POST", "/?" + db + "&query=INSERT+INTO+t+FORMAT+CSV", "12,x\nnot a number,y\n", 400, "Code: 27. …"},
		{"insert parameter", "POST", "/?" + db + "&param_t=t&query=" + url.QueryEscape("INSERT INTO {t:Identifier} FORMAT CSV"), "13,p", 200, ""},
		{"what was inserted", "POST", "/?" + db, "SELECT arraySort(groupArray(x)), count() FROM t", 200, "[1,2,3,4,5,6,7,8,9,10,11,13]\t12\n"},
		{"GET does not write", "GET", "/?" + db + "&query=TRUNCATE+TABLE+t", "", 403, "Code: 164. …"},
		{"GET does not insert", "GET", "/?" + db + "&query=INSERT+INTO+t+VALUES+(1,'')", "", 403, "Code: 164. …"},
		{"empty", "POST", "/", " ", 400, "Code: 62. …"},
		{"comment only", "POST", "/", "-- nothing", 400, "Code: 62. …"},
		{"several", "POST", "/", "SELECT 1; DROP TABLE x", 400, "Code: 62. …"},
		{"trailing semicolon", "POST", "/", "SELECT 1;\n", 200, "1\n"},
		{"comment first", "POST", "/", "/* c */ -- d\nSELECT 1", 200, "1\n"},
		{"unknown format", "POST", "/?default_format=Nope", "SELECT 1", 404, "Code: 73. …"},
		{"compression", "POST", "/?compress=1", "SELECT 1", 501, "Code: 48. …"},
		{"no compression", "POST", "/?compress=0", "SELECT 1", 200, "1\n"},
		{"session", "POST", "/?session_id=a", "SELECT 1", 501, "Code: 48. …"},
		{"method", "PUT", "/", "SELECT 1", 501, "Code: 48. …"},
		{"bad escape", "POST", "/?query=%zz", "", 400, "Code: 36. …"},
		{"with totals", "POST", "/?default_format=TSV", "SELECT number % 2 AS k, count() FROM numbers(4) GROUP BY k WITH TOTALS ORDER BY k", 200, "0\t2\n1\t2\n\n0\t4\n"},
		{"show", "POST", "/?" + db, "SHOW TABLES", 200, "t\n"},
		{"explain", "POST", "/", "EXPLAIN SYNTAX SELECT 1", 200, "SELECT 1\nFROM system.one\n"},
		{"in parentheses", "POST", "/", "(SELECT 1) UNION ALL (SELECT 1)", 200, "1\n1\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			req, err := http.NewRequest(c.method, server.URL+c.url, strings.NewReader(c.body))
			must(t, err)
			resp, err := server.Client().Do(req)
			must(t, err)
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			must(t, err)
			head, begins := strings.CutSuffix(c.want, "…")
			if resp.StatusCode != c.status || string(body) != c.want && !(begins && strings.HasPrefix(string(body), head)) {
				t.Errorf("%d %q, want %d %q", resp.StatusCode, body, c.status, c.want)
			}
			if code := resp.Header.Get("X-ClickHouse-Exception-Code"); (code == "") != (c.status == 200) || !strings.HasPrefix(c.want, "Code: "+code) && code != "" {
				t.Errorf("exception code header %q", code)
			}
		})
	}
}

// TestMidStreamException checks what a client sees of an error after the first
// bytes of a result: a status of 200, and the exception in its frame.
func TestMidStreamException(t *testing.T) {
	server := httptest.NewServer(engine(t))
	defer server.Close()
	resp, err := server.Client().Post(server.URL+"/?max_threads=1", "", strings.NewReader("SELECT throwIf(number = 1000000, 'too far') FROM numbers(2000000)"))
	must(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	must(t, err)
	tag := resp.Header.Get("X-ClickHouse-Exception-Tag")
	_, frame, found := strings.Cut(string(body), "\r\n__exception__\r\n"+tag+"\r\nCode: 395. DB::Exception: too far")
	if resp.StatusCode != 200 || !found || len(tag) != 16 || !strings.HasSuffix(frame, " "+tag+"\r\n__exception__\r\n") {
		t.Errorf("status %d, tag %q, end %q", resp.StatusCode, tag, body[max(0, len(body)-300):])
	}
}

// TestFailureLeavesNothing fails queries that have written output already, and
// looks for it in the results after them.
func TestFailureLeavesNothing(t *testing.T) {
	e := engine(t)
	for _, query := range []string{
		"SELECT throwIf(number = 3000000) FROM numbers(4000000) FORMAT JSON",
		"SELECT throwIf(number = 3000000) FROM numbers(4000000) FORMAT CSV",
		"SELECT throwIf(number = 3000000) FROM numbers(4000000) INTO OUTFILE '/nowhere/at/all'",
		"SELECT sleepEachRow(0.1) FROM numbers(10) SETTINGS max_block_size = 1, max_execution_time = 0.3 FORMAT XML",
	} {
		text, err := ask(t.Context(), e, "/", query)
		if err == nil && !strings.Contains(text, "__exception__") {
			t.Errorf("%s did not fail: %q", query, text)
		}
		for range 3 {
			if text, err := ask(t.Context(), e, "/", "SELECT 1 FORMAT CSV"); text != "1\n" || err != nil {
				t.Errorf("after %s: %.100q, %v", query, text, err)
			}
		}
	}
}

// TestStreamedAsWhole compares streamed results with the library's whole ones.
func TestStreamedAsWhole(t *testing.T) {
	e := engine(t)
	for _, query := range []string{
		"SELECT 1",
		"SELECT number, toString(number) FROM numbers(200000)",
		"SELECT number % 3 AS k, count() FROM numbers(100000) GROUP BY k WITH TOTALS ORDER BY k",
		"SELECT toLowCardinality(toString(number % 100)) FROM numbers(150000)",
		"WITH 2 AS x SELECT x, [x], map('a', x), NULL",
		"SELECT 1 WHERE 0",
	} {
		for _, format := range streamable {
			if format == "LineAsString" {
				continue // takes one column
			}
			t.Run(format+"/"+query, func(t *testing.T) {
				c, err := e.acquire(t.Context(), session{database: "default", settings: map[string]string{"max_threads": "1"}})
				must(t, err)
				defer e.release(c)
				whole, err := c.query(query, format, nil)
				must(t, err)
				defer whole.free()

				resp, err := e.RoundTrip(httptest.NewRequest("POST", "/?max_threads=1&default_format="+format, strings.NewReader(query)))
				must(t, err)
				defer resp.Body.Close()
				streamed, err := io.ReadAll(resp.Body)
				must(t, err)
				if string(streamed) != string(whole.bytes()) {
					t.Errorf("%d bytes streamed, %d whole", len(streamed), len(whole.bytes()))
				}
			})
		}
	}
}
