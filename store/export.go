package store

import (
	"bufio"
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/hugops/hugops"
)

// Export writes outages.csv, series.csv and readings.csv into dir, which it
// creates: RFC 4180, UTF-8, a header, times in RFC 3339 UTC, text cells that a
// spreadsheet would take for a formula with a leading apostrophe. The same data
// gives the same bytes. Authors get another pseudonym for each outage; texts,
// handles and addresses of posts are not in it. A file is there whole or not at
// all. progress, which may be nil, is told each file's rows from time to time.
func (s *Store) Export(ctx context.Context, dir string, p hugops.Pseudonyms, progress func(file string, rows int)) error {
	if progress == nil {
		progress = func(string, int) {}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("store: export: %w", err)
	}
	outages, err := s.Outages(ctx)
	if err != nil {
		return err
	}
	files := []struct {
		name   string
		header string
		rows   func(context.Context, hugops.Outage, func(...string) error) error
	}{
		{"outages.csv", outageHeader, s.exportOutage},
		{"series.csv", seriesHeader, s.exportSeries},
		{"readings.csv", readingHeader, func(ctx context.Context, o hugops.Outage, put func(...string) error) error {
			return s.exportReadings(ctx, o, p, put)
		}},
	}
	for _, f := range files {
		err := writeCSV(filepath.Join(dir, f.name), f.header, progress, func(put func(...string) error) error {
			for _, o := range outages {
				if err := f.rows(ctx, o, put); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("store: export of %s: %w", f.name, err)
		}
	}
	return nil
}

const (
	outageHeader = "id,service,title,started_at,ended_at,index,lower,upper,enough,authors,sided,support,venting," +
		"posts,model,first_post,last_post,url,demo," +
		"suspected,merged_into,parent,impact,components,regions,withdrawn_at"
	seriesHeader  = "outage,minute,support,venting,neutral,authors"
	readingHeader = "outage,post,network,author,posted_at,lang,bot,author_service,stance,p_support,p_venting,p_neutral," +
		"link_probability,evidence,model,rules,sarcasm,target_people,target_company,target_situation,abstained,lang_read,burst"
)

func (s *Store) exportOutage(ctx context.Context, o hugops.Outage, put func(...string) error) error {
	f, err := s.compute(ctx, &o)
	if err != nil {
		return err
	}
	x := f.index
	value, lower, upper := "", "", ""
	if x.Enough {
		value, lower, upper = decimal(x.Value), decimal(x.Lower), decimal(x.Upper)
	}
	return put(o.ID, text(o.Service), text(o.Title), stamp(o.StartedAt), stamp(o.EndedAt), value, lower, upper,
		strconv.FormatBool(x.Enough), strconv.Itoa(x.Authors), strconv.Itoa(x.Sided), strconv.Itoa(x.Support),
		strconv.Itoa(x.Venting), strconv.Itoa(f.facts.posts), text(f.facts.model), stamp(f.facts.first),
		stamp(f.facts.last), text(o.URL), strconv.FormatBool(o.Demo), strconv.FormatBool(o.Suspected), o.MergedInto, o.Parent,
		text(o.Impact), text(strings.Join(o.Components, ";")), text(strings.Join(o.Regions, ";")), stamp(o.WithdrawnAt))
}

func (s *Store) exportSeries(ctx context.Context, o hugops.Outage, put func(...string) error) error {
	series, err := s.buckets(ctx, o.ID, allBuckets(time.Minute))
	if err != nil {
		return err
	}
	for _, m := range series {
		err := put(o.ID, stamp(m.At), strconv.Itoa(m.Support), strconv.Itoa(m.Venting), strconv.Itoa(m.Neutral), strconv.Itoa(m.Authors))
		if err != nil {
			return err
		}
	}
	return nil
}

// copies finds the bursts of an outage.
func (s *Store) copies(ctx context.Context, outage any) (*bursts, error) {
	var posts []copyable
	err := s.each(ctx, linked("gists"), func(r driver.Rows) error {
		var p copyable
		var minute uint32
		err := r.Scan(&p.gist, &p.author, &minute)
		p.minute = int64(minute)
		posts = append(posts, p)
		return err
	}, outage)
	if err != nil {
		return nil, err
	}
	return findBursts(posts), nil
}

func (s *Store) exportReadings(ctx context.Context, o hugops.Outage, p hugops.Pseudonyms, put func(...string) error) error {
	copies, err := s.copies(ctx, clickhouse.Named("outage", o.ID))
	if err != nil {
		return err
	}
	numbers := map[uint64]int{} // of bursts, as they come
	return s.each(ctx, sql("export_readings"), func(r driver.Rows) error {
		var id, network, author, lang, service, stance, evidence, model, rules, read string
		var at time.Time
		var bot, abstained bool
		var said copyable
		var minute uint32
		var support, venting, neutral, link, sarcasm, people, company, situation float32
		err := r.Scan(&id, &network, &author, &at, &lang, &bot, &service, &stance, &support, &venting, &neutral,
			&link, &evidence, &model, &rules, &sarcasm, &people, &company, &situation, &abstained, &read, &said.gist, &said.author, &minute)
		if err != nil {
			return err
		}
		more := []string{"", "", "", "", "", ""} // a model from before 0007_verdict.sql did not say it
		if read != "" {
			more = []string{probability(sarcasm), probability(people), probability(company), probability(situation),
				strconv.FormatBool(abstained), text(read)}
		}
		burst := ""
		said.minute = int64(minute)
		if person := copies.person(said); person != said.author && !bot && service == "" {
			if numbers[person] == 0 {
				numbers[person] = len(numbers) + 1
			}
			burst = strconv.Itoa(numbers[person])
		}
		return put(append([]string{o.ID, exportID(p, o.ID, network, id), network, p.Rekey(o.ID, author), stamp(at), text(lang),
			strconv.FormatBool(bot), text(service), stance, probability(support), probability(venting),
			probability(neutral), probability(link), text(evidence), text(model), text(rules)}, append(more, burst)...)...)
	}, clickhouse.Named("outage", o.ID))
}

// exportID is a post's id if that tells nothing of who wrote it, and else a hash
// of it with the secret key, another for each outage.
func exportID(p hugops.Pseudonyms, outage, network, id string) string {
	const opaque = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
	if len(id) <= 64 && strings.Trim(id, opaque) == "" && !strings.ContainsFunc(id, func(r rune) bool { return !strings.ContainsRune(opaque, r) }) {
		return text(id)
	}
	return "h-" + p.Rekey("post\x00"+outage, network+":"+id)
}

// text guards a cell against being taken for a formula by a spreadsheet.
func text(s string) string {
	if s != "" && strings.IndexByte("=+-@\t\r\x00", s[0]) >= 0 {
		return "'" + s
	}
	return s
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func decimal(x float64) string { return strconv.FormatFloat(x, 'f', 2, 64) }

func probability(x float32) string { return strconv.FormatFloat(float64(x), 'f', 4, 32) }

// progressEvery is how many rows lie between two calls of progress.
const progressEvery = 10_000

// writeCSV writes a file beside its place and then moves it there.
func writeCSV(path, header string, progress func(string, int), fill func(put func(...string) error) error) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			file.Close()
			os.Remove(file.Name())
		}
	}()
	buffer := bufio.NewWriterSize(file, 1<<18)
	out := csv.NewWriter(buffer)
	out.UseCRLF = true
	rows := 0
	if err := out.Write(strings.Split(header, ",")); err != nil {
		return err
	}
	err = fill(func(cells ...string) error {
		if rows++; rows%progressEvery == 0 {
			progress(filepath.Base(path), rows)
		}
		return out.Write(cells)
	})
	if err != nil {
		return err
	}
	out.Flush()
	for _, step := range []func() error{out.Error, buffer.Flush, func() error { return file.Chmod(0o644) }, file.Sync, file.Close} {
		if err := step(); err != nil {
			return err
		}
	}
	progress(filepath.Base(path), rows)
	return os.Rename(file.Name(), path)
}
