package store

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"
)

func TestKeysCost(t *testing.T) {
	if os.Getenv("PROFILE") == "" {
		t.Skip()
	}
	s := fresh(t)
	keys := make([]uint64, 60000)
	for i := range keys {
		keys[i] = rand.Uint64()
	}
	run := func(name, q string) {
		best := time.Hour
		for range 5 {
			b := time.Now()
			var n uint64
			if err := s.db.QueryRow(t.Context(), q).Scan(&n); err != nil {
				fmt.Println(name, err.Error()[:min(300, len(err.Error()))])
				return
			}
			best = min(best, time.Since(b))
		}
		fmt.Printf("%-20s %s\n", name, best)
	}
	tab := keysTable(keys)
	hex := tab[strings.Index(tab, "unhex('")+7 : len(tab)-3]
	if os.Getenv("PROFILE") == "len" {
		for range 40 {
			run("length", "SELECT length('"+hex+"')")
		}
		return
	}
	run("one", "SELECT toUInt64(1)")
	run("length", "SELECT length('"+hex+"')")
	run("count format", "SELECT count() FROM "+tab)
	run("numbers", fmt.Sprintf("SELECT count() FROM (SELECT reinterpretAsUInt64(substring(unhex('%s'), number*8+1, 8)) AS k FROM numbers(%d))", hex, len(keys)))
	run("sum numbers", fmt.Sprintf("SELECT sum(k) FROM (SELECT reinterpretAsUInt64(substring(unhex('%s'), number*8+1, 8)) AS k FROM numbers(%d))", hex, len(keys)))
	run("with numbers", fmt.Sprintf("SELECT sum(k) FROM (SELECT reinterpretAsUInt64(substring(b, number*8+1, 8)) AS k FROM (SELECT unhex(arrayStringConcat(['%s','%s'])) as b) , numbers(%d))", hex[:len(hex)/2], hex[len(hex)/2:], len(keys)))
	run("in list", "SELECT count() FROM tombstones WHERE key IN ("+numberList(keys)+")")
	run("values", "SELECT sum(key) FROM VALUES('key UInt64', ("+strings.ReplaceAll(numberList(keys), ",", "),(")+"))")
	run("array", "SELECT sum(arrayJoin(["+numberList(keys)+"]))")
	run("tomb", "SELECT count() FROM tombstones WHERE key IN (SELECT key FROM "+tab+")")
	run("tombnum", fmt.Sprintf("SELECT count() FROM tombstones WHERE key IN (SELECT reinterpretAsUInt64(substring(unhex('%s'), number*8+1, 8)) AS k FROM numbers(%d))", hex, len(keys)))
}
