package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/hugops/hugops"
	"github.com/hugops/hugops/store"
	"github.com/hugops/hugops/store/chdb"
)

// history is how many readings of how many outages are made.
type history struct {
	readings, outages int
	now               time.Time
}

// made is an outage with the number of its readings, and how long they came.
type made struct {
	hugops.Outage
	posts  int
	length time.Duration
}

// made are the invented outages: every second is over, within the last 600 days;
// the others began in the last 30 and nobody has told of their end, though most of
// their posts came within hours. Sizes follow Zipf's law with exponent 0.7: of
// 10,000,000 readings of 500 outages the largest has some 500,000, the median 12,000.
func (h history) made() []made {
	dice := rand.New(rand.NewPCG(1, 2))
	list, total := make([]made, h.outages), 0.0
	for i := range list {
		total += math.Pow(float64(i+1), -0.7)
	}
	for i := range list {
		o := &list[i]
		o.posts = int(float64(h.readings) * math.Pow(float64(i+1), -0.7) / total)
		o.ID, o.Service = fmt.Sprintf("bench-%d", i+1), fmt.Sprintf("service-%d", i%120)
		o.ServiceName, o.Title = fmt.Sprintf("Service %d", i%120), "Requests fail"
		o.Impact, o.Source = "major", "file"
		o.length = time.Duration((0.5 + 8*dice.Float64()) * float64(time.Hour))
		if i%2 == 0 {
			o.StartedAt = h.now.Add(-o.length - time.Duration(float64(30*24*time.Hour)*dice.Float64())).Truncate(time.Minute)
		} else {
			o.StartedAt = h.now.Add(-2*o.length - time.Duration(float64(600*24*time.Hour)*dice.Float64())).Truncate(time.Minute)
			o.EndedAt = o.StartedAt.Add(o.length)
			o.Updates = append(o.Updates, hugops.Update{At: o.EndedAt, Status: "resolved", Text: "All works again."})
		}
		o.Updates = append([]hugops.Update{{At: o.StartedAt.Add(9 * time.Minute), Status: "investigating", Text: "We are looking into it."}}, o.Updates...)
	}
	return list
}

// fill writes the history into a new database below data, the readings within
// ClickHouse: hundreds of thousands a second.
func (h history) fill(ctx context.Context, data string) error {
	lib, err := chdb.Find()
	if err != nil {
		return err
	}
	engine, err := chdb.Open(lib, filepath.Join(data, "clickhouse"))
	if err != nil {
		return err
	}
	defer engine.Close()
	s, err := store.Open(ctx, store.Config{Transport: engine})
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Migrate(ctx); err != nil {
		return err
	}
	var outages []hugops.Outage
	salt := 0
	for _, o := range h.made() {
		if err := h.insert(engine, o, salt); err != nil {
			return fmt.Errorf("readings of %s: %w", o.ID, err)
		}
		salt += o.posts
		outages = append(outages, o.Outage)
	}
	if err := s.PutOutages(ctx, outages); err != nil {
		return err
	}
	if err := run(engine, seriesOfAll); err != nil {
		return fmt.Errorf("series: %w", err)
	}
	return s.Settle(ctx) // finds nothing to do, or the statement above is wrong
}

// insert makes the readings of one outage: most in its first third, by a third as
// many authors of whom few write much, in seven languages and three networks.
func (h history) insert(engine *chdb.Engine, o made, salt int) error {
	return run(engine, strings.NewReplacer(
		"$outage", o.ID, "$posts", fmt.Sprint(o.posts), "$salt", fmt.Sprint(salt), "$start", fmt.Sprint(o.StartedAt.Unix()),
		"$length", fmt.Sprint(int(o.length.Seconds())), "$authors", fmt.Sprint(o.posts/3+1),
	).Replace(readingsOfOne))
}

const readingsOfOne = `
INSERT INTO hugops.readings (minute, post_key, version, digest, collected, network, id, author, author_key, posted_at, edited_at,
    lang, text, source, support, venting, neutral, stance, model, rules, services, outages, link_p, evidence,
    abstained, sarcasm, target_people, target_company, target_situation, lang_read)
WITH number + $salt AS n,
    (k -> cityHash64(n, k) / 18446744073709551616) AS roll,
    toDateTime64($start + $length * pow(roll(1), 1.7), 6, 'UTC') AS at,
    floor($authors * pow(roll(2), 1.4)) AS who,
    arrayElement(['en', 'en', 'en', 'en', 'en', 'de', 'de', 'ja', 'fr', 'es', 'pt', 'nl'], 1 + toUInt32(12 * roll(3))) AS tongue,
    arrayElement(['mastodon', 'bluesky', 'bluesky', 'x', 'x'], 1 + toUInt32(5 * roll(4))) AS net,
    pow(roll(5), 2) AS unsure, roll(6) AS side,
    multiIf(side < 0.3, 0.9 - 0.5 * unsure, side < 0.55, 0.06, 0.03 + 0.2 * unsure) AS s,
    multiIf(side < 0.3, 0.05, side < 0.55, 0.9 - 0.5 * unsure, 0.03 + 0.2 * unsure) AS v,
    multiIf(s > v AND s > 0.5, 'support', v > s AND v > 0.5, 'venting', 'neutral') AS said
SELECT toStartOfMinute(at), cityHash64('post', n), toUnixTimestamp64Milli(at), greatest(1, cityHash64('digest', n)), toDateTime(at), net, concat('b', toString(n)),
    hex(cityHash64('$outage', who)), cityHash64('author', '$outage', who), at, toDateTime64(0, 6, 'UTC'),
    tongue, 'They are down again, take care of yourselves', concat(net, ':bench'), s, v, 1 - s - v, said, 'bench', 'bench',
    ['service'], ['$outage'], [0.9], ['alias:service;time:during'],
    0, 0.1, 0.2, 0.5, 0.3, tongue
FROM numbers($posts)`

const seriesOfAll = `
INSERT INTO hugops.series (outage_id, minute, version, support, venting, neutral, authors, digest, changed)
SELECT arrayJoin(outages) AS outage, minute, 1, countIf(stance = 'support'), countIf(stance = 'venting'), countIf(stance = 'neutral'),
    uniqExact(author_key), groupBitXor(cityHash64(post_key, digest)), minute
FROM hugops.readings GROUP BY outage, minute`

// run sends a statement to the engine, as its HTTP protocol takes it.
func run(engine *chdb.Engine, statement string) error {
	r, err := http.NewRequest(http.MethodPost, "http://embedded/?max_partitions_per_insert_block=0", strings.NewReader(statement))
	if err != nil {
		return err
	}
	answer, err := engine.RoundTrip(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s %w", answer.Status, text, err)
	}
	return nil
}
