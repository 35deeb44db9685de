package chdb

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"
)

// TestTypes sends values of every type that the store uses through clickhouse-go
// and back, among others of the same batch.
func TestTypes(t *testing.T) {
	binary := "nul \x00, invalid \xff\xfe, quote ' \\ ` and ☔"
	at := time.Date(2026, 9, 18, 5, 43, 3, 123456000, time.UTC)
	for _, c := range []struct {
		kind   string
		values []any // as appended; read back the same
	}{
		{"String", []any{"", "a", binary}},
		{"LowCardinality(String)", []any{"", "github", binary}},
		{"LowCardinality(Nullable(String))", []any{ptr("x"), (*string)(nil), ptr("")}},
		{"FixedString(4)", []any{"abcd", "\x00\x01\x02\xff"}},
		{"UInt8", []any{uint8(0), uint8(255)}},
		{"UInt16", []any{uint16(0), uint16(math.MaxUint16)}},
		{"UInt32", []any{uint32(0), uint32(math.MaxUint32)}},
		{"UInt64", []any{uint64(0), uint64(math.MaxUint64)}},
		{"Int8", []any{int8(math.MinInt8), int8(math.MaxInt8)}},
		{"Int64", []any{int64(math.MinInt64), int64(math.MaxInt64)}},
		{"Float32", []any{float32(0), float32(-1.5), float32(math.Inf(1))}},
		{"Float64", []any{0.0, math.Pi, math.SmallestNonzeroFloat64}},
		{"Bool", []any{true, false}},
		{"Date", []any{time.Date(2026, 9, 18, 0, 0, 0, 0, time.UTC)}},
		{"DateTime", []any{at.Truncate(time.Second), time.Unix(0, 0).UTC()}},
		{"DateTime64(3, 'UTC')", []any{at.Truncate(time.Millisecond)}},
		{"DateTime64(6, 'UTC')", []any{at}},
		{"UUID", []any{uuid.MustParse("00112233-4455-6677-8899-aabbccddeeff"), uuid.UUID{}}},
		{"Enum8('support' = 1, 'venting' = 2, 'neutral' = 3)", []any{"support", "neutral"}},
		{"Nullable(Float64)", []any{ptr(1.5), (*float64)(nil)}},
		{"Nullable(DateTime64(3, 'UTC'))", []any{ptr(at.Truncate(time.Millisecond)), (*time.Time)(nil)}},
		{"Array(String)", []any{[]string{}, []string{"a", "", binary}}},
		{"Array(Float32)", []any{[]float32{1, 2.5}, []float32{}}},
		{"Array(Array(UInt64))", []any{[][]uint64{{1}, {}, {2, 3}}}},
		{"Array(LowCardinality(String))", []any{[]string{"a", "b", "a"}, []string{}}},
		{"Map(String, UInt64)", []any{map[string]uint64{"a": 1, "": 2}, map[string]uint64{}}},
		{"Map(LowCardinality(String), Array(String))", []any{map[string][]string{"k": {"v", "w"}}}},
		{"Tuple(String, Float64)", []any{[]any{"x", 1.5}}},
		{"Array(Tuple(String, Float64))", []any{[][]any{{"o1", 0.5}, {"o2", 0.25}}, [][]any{}}},
		{"Array(Tuple(id String, p Float32))", []any{[]map[string]any{{"id": "o1", "p": float32(0.5)}}}},
	} {
		t.Run(c.kind, func(t *testing.T) {
			conn, ctx := client(t, engine(t), "default"), t.Context()
			must(t, conn.Exec(ctx, "CREATE OR REPLACE TABLE types (n UInt32, v "+c.kind+") ENGINE = MergeTree ORDER BY n"))
			batch, err := conn.PrepareBatch(ctx, "INSERT INTO types")
			must(t, err)
			for i, v := range c.values {
				must(t, batch.Append(uint32(i), v))
			}
			must(t, batch.Send())
			rows, err := conn.Query(ctx, "SELECT v FROM types ORDER BY n")
			must(t, err)
			defer rows.Close()
			var got []any
			for rows.Next() {
				v := reflect.New(reflect.TypeOf(c.values[0]))
				must(t, rows.Scan(v.Interface()))
				got = append(got, v.Elem().Interface())
			}
			must(t, rows.Err())
			if !reflect.DeepEqual(got, c.values) {
				t.Errorf("got  %#v\nwant %#v", got, c.values)
			}
		})
	}
}

func ptr[T any](v T) *T { return &v }

func TestParameters(t *testing.T) {
	conn := client(t, engine(t), "default")
	for _, c := range []struct {
		query string
		args  []any
		want  string
	}{
		{"SELECT {x:String}", []any{clickhouse.Named("x", "plain")}, "plain"},
		{"SELECT {x:String}", []any{clickhouse.Named("x", "it's; DROP TABLE -- \\ `\ttab\nline\x00")}, "it's; DROP TABLE -- \\ `\ttab\nline\x00"},
		{"SELECT {x:String} || {y:String}", []any{clickhouse.Named("x", ""), clickhouse.Named("y", "☔")}, "☔"},
		{"SELECT toString({n:UInt64} + 1)", []any{clickhouse.Named("n", 41)}, "42"},
		{"SELECT arrayStringConcat({a:Array(String)}, '|')", []any{clickhouse.Named("a", []string{"a'b", "c"})}, "a'b|c"},
		{"SELECT toString({t:DateTime64(3, 'UTC')})", []any{clickhouse.DateNamed("t", time.UnixMilli(1500), clickhouse.MilliSeconds)}, "1970-01-01 00:00:01.500"},
		{"SELECT ? || ?", []any{"by ", "place"}, "by place"},
		{"SELECT @x", []any{clickhouse.Named("x", "bound by the client")}, "bound by the client"},
	} {
		var got string
		if err := conn.QueryRow(t.Context(), c.query, c.args...).Scan(&got); err != nil || got != c.want {
			t.Errorf("%s %v = %q, %v, want %q", c.query, c.args, got, err, c.want)
		}
	}
}

func TestErrors(t *testing.T) {
	conn := fresh(t)
	ctx := t.Context()
	must(t, conn.Exec(ctx, "CREATE TABLE t (x UInt8, CONSTRAINT small CHECK x < 100) ENGINE = MergeTree ORDER BY x"))
	for _, c := range []struct {
		query string
		code  int32
	}{
		{"SELECT * FROM nowhere", 60},
		{"SELECT nothing", 47},
		{"SELEC 1", 62},
		{"SELECT 1; SELECT 2", 62},
		{"SELECT throwIf(number = 5) FROM numbers(10)", 395},
		{"SELECT throwIf(number = 9000000, 'late') FROM numbers(10000000)", 395}, // after the first bytes
		{"SELECT {x:String}", 456},
		{"INSERT INTO t VALUES (200)", 469},
		{"INSERT INTO t VALUES ('a')", 6},
		{"CREATE TABLE t (x UInt8) ENGINE = MergeTree ORDER BY x", 57},
		{"SELECT number FROM numbers(1e9) GROUP BY number SETTINGS max_memory_usage = 10000000, max_bytes_ratio_before_external_group_by = 0", 241},
		{"SELECT sleep(3) SETTINGS max_execution_time = 0.1", 159},
	} {
		err := drain(ctx, conn, c.query)
		var ex *clickhouse.Exception
		if !errors.As(err, &ex) || ex.Code != c.code {
			t.Errorf("%s: %v, want code %d", c.query, err, c.code)
		}
	}
	// The connections are none the worse for it.
	must(t, conn.Exec(ctx, "INSERT INTO t VALUES (1)"))
}

// drain reads a query to its end.
func drain(ctx context.Context, conn clickhouse.Conn, query string, args ...any) error {
	rows, err := conn.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}

func TestLargeBatch(t *testing.T) {
	conn, ctx := fresh(t), t.Context()
	must(t, conn.Exec(ctx, "CREATE TABLE t (n UInt64, s String, a Array(LowCardinality(String))) ENGINE = MergeTree ORDER BY n"))
	const n = 200_000
	batch, err := conn.PrepareBatch(ctx, "INSERT INTO t (n, s, a)")
	must(t, err)
	for i := range uint64(n) {
		must(t, batch.Append(i, fmt.Sprint("row ", i), []string{"x", fmt.Sprint(i % 7)}))
	}
	must(t, batch.Send())

	var parts uint64
	must(t, conn.QueryRow(ctx, "SELECT count() FROM system.parts WHERE active AND database = currentDatabase()").Scan(&parts))
	if parts != 1 {
		t.Errorf("%d parts: the batch is not one insert", parts)
	}
	rows, err := conn.Query(ctx, "SELECT n, s, a FROM t ORDER BY n")
	must(t, err)
	defer rows.Close()
	var i uint64
	for ; rows.Next(); i++ {
		var (
			num uint64
			s   string
			a   []string
		)
		must(t, rows.Scan(&num, &s, &a))
		if num != i || s != fmt.Sprint("row ", i) || len(a) != 2 || a[1] != fmt.Sprint(i%7) {
			t.Fatalf("row %d is %d %q %q", i, num, s, a)
		}
	}
	must(t, rows.Err())
	if i != n {
		t.Errorf("%d rows, want %d", i, n)
	}
}

func TestEmptyResult(t *testing.T) {
	conn := client(t, engine(t), "default")
	for _, query := range []string{
		"SELECT number FROM numbers(0)",
		"SELECT number FROM numbers(10) WHERE number > 10 ORDER BY number",
		"SHOW TABLES LIKE 'there is none'",
	} {
		rows, err := conn.Query(t.Context(), query)
		must(t, err)
		if rows.Next() {
			t.Errorf("%s: has a row", query)
		}
		must(t, rows.Err())
		must(t, rows.Close())
	}
}
