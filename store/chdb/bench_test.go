package chdb

import (
	"fmt"
	"testing"
	"time"
)

func BenchmarkTrivialSelect(b *testing.B) {
	conn := client(b, engine(b), "default")
	for b.Loop() {
		var one uint8
		must(b, conn.QueryRow(b.Context(), "SELECT 1").Scan(&one))
	}
}

// BenchmarkInsert inserts batches of 100,000 rows as wide as a reading.
func BenchmarkInsert(b *testing.B) {
	conn, ctx := fresh(b), b.Context()
	must(b, conn.Exec(ctx, `CREATE TABLE t (id String, network LowCardinality(String), at DateTime64(3, 'UTC'), author String, text String,
		support Float32, venting Float32, neutral Float32, services Array(LowCardinality(String))) ENGINE = MergeTree ORDER BY (at, id)`))
	const n = 100_000
	at := time.Date(2026, 9, 18, 0, 0, 0, 0, time.UTC)
	text := "GitHub is down again, but hugs to the people who repair it. You are doing great, take your time. #HugOps"
	for b.Loop() {
		batch, err := conn.PrepareBatch(ctx, "INSERT INTO t")
		must(b, err)
		for i := range n {
			must(b, batch.Append(fmt.Sprint("post-", i), "mastodon", at.Add(time.Duration(i)*time.Millisecond), fmt.Sprint("p1-", i%9999), text,
				float32(0.7), float32(0.2), float32(0.1), []string{"github"}))
		}
		must(b, batch.Send())
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkSelectRows(b *testing.B) {
	conn := client(b, engine(b), "default")
	const n = 1_000_000
	for b.Loop() {
		must(b, drain(b.Context(), conn, fmt.Sprintf("SELECT number, toString(number) FROM numbers(%d)", n)))
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "rows/s")
}
