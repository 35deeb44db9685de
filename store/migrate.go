package store

import (
	"context"
	"crypto/tls"
	"embed"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migration is one idempotent statement.
type migration struct {
	version   int
	name      string
	statement string
}

// migrations lists them in order; their numbers have no holes.
func migrations() ([]migration, error) {
	files, err := fs.ReadDir(migrationFiles, "migrations")
	if err != nil {
		return nil, err
	}
	var list []migration
	for i, f := range files {
		number, name, _ := strings.Cut(strings.TrimSuffix(f.Name(), ".sql"), "_")
		if v, err := strconv.Atoi(number); err != nil || v != i+1 {
			return nil, fmt.Errorf("migration %s: its number should be %04d", f.Name(), i+1)
		}
		text, err := migrationFiles.ReadFile("migrations/" + f.Name())
		if err != nil {
			return nil, err
		}
		list = append(list, migration{version: i + 1, name: name, statement: string(text)})
	}
	return list, nil
}

// Migrate creates the database and brings its tables up to date. Each statement
// is idempotent and its version is recorded after it, so a run that was cut off
// anywhere is simply repeated. A database that is newer than the program is
// refused.
func (s *Store) Migrate(ctx context.Context) error {
	list, err := migrations()
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return s.migrate(ctx, list)
}

func (s *Store) migrate(ctx context.Context, list []migration) error {
	fill := s.ddl()
	if err := s.server.Exec(ctx, "CREATE DATABASE IF NOT EXISTS "+quoteName(s.config.Database)+fill.Replace(" $ON_CLUSTER")); err != nil {
		return fmt.Errorf("store: creating database %s: %w", s.config.Database, err)
	}
	const record = `CREATE TABLE IF NOT EXISTS migrations $ON_CLUSTER
		(version UInt32, name String, applied_at DateTime('UTC') DEFAULT now('UTC'))
		ENGINE = $REPLICATEDReplacingMergeTree ORDER BY version`
	if err := s.db.Exec(ctx, fill.Replace(record)); err != nil {
		return fmt.Errorf("store: creating table migrations: %w", err)
	}
	var at uint32
	if err := s.db.QueryRow(ctx, "SELECT max(version) FROM migrations").Scan(&at); err != nil {
		return fmt.Errorf("store: reading table migrations: %w", err)
	}
	if int(at) > len(list) {
		return fmt.Errorf("store: database %s is at version %d, and this program knows versions up to %d: run a newer hugops",
			s.config.Database, at, len(list))
	}
	for _, m := range list[at:] {
		if err := s.apply(ctx, m, fill); err != nil {
			return fmt.Errorf("store: migration %04d_%s: %w", m.version, m.name, err)
		}
		s.log.Info("migrated", "version", m.version, "name", m.name)
	}
	return nil
}

func (s *Store) apply(ctx context.Context, m migration, fill *strings.Replacer) error {
	if err := s.db.Exec(ctx, fill.Replace(m.statement)); err != nil {
		return err
	}
	return s.db.Exec(ctx, "INSERT INTO migrations (version, name) SELECT {version:UInt32}, {name:String}",
		clickhouse.Named("version", m.version), clickhouse.Named("name", m.name))
}

// ddl fills in what depends on Config.Cluster.
func (s *Store) ddl() *strings.Replacer {
	if s.config.Cluster == "" {
		return strings.NewReplacer("$ON_CLUSTER", "", "$REPLICATED", "")
	}
	return strings.NewReplacer("$ON_CLUSTER", "ON CLUSTER "+quoteName(s.config.Cluster), "$REPLICATED", "Replicated")
}

func quoteName(s string) string {
	return "`" + strings.NewReplacer(`\`, `\\`, "`", "\\`").Replace(s) + "`"
}

func tlsConfig(host string) *tls.Config {
	return &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
}
