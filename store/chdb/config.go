package chdb

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
)

// serverConfig is ClickHouse's server configuration for a small machine. A file
// of our own also keeps the engine from reading config.xml in the working
// directory or the user's home.
//
//go:embed engine.xml
var serverConfig []byte

// writeConfig puts the configuration beside the data and returns its path.
func writeConfig(dir string) (string, error) {
	path := filepath.Join(dir, "engine.xml")
	if err := os.WriteFile(path, serverConfig, 0o600); err != nil {
		return "", fmt.Errorf("chdb: engine configuration: %w", err)
	}
	return path, nil
}

// base holds the query settings that every request starts with.
var base = map[string]string{
	// clickhouse-local reads "1 + 1" as SELECT 1 + 1; a server does not.
	"implicit_select": "0",
	// A server refuses functions that look into the process; so does this one.
	"allow_introspection_functions": "0",
}
