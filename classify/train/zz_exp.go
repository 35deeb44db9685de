package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

func init() {
	v := os.Getenv("EXP")
	if v == "" {
		return
	}
	m := map[string]float64{}
	for _, kv := range strings.Split(v, ",") {
		k, x, _ := strings.Cut(kv, "=")
		if k == "own" {
			defaults.ownDecay, _ = strconv.ParseFloat(x, 64)
			continue
		}
		if k == "decay" {
			defaults.decay, _ = strconv.ParseFloat(x, 64)
			continue
		}
		if k == "rate" {
			defaults.rate, _ = strconv.ParseFloat(x, 64)
			continue
		}
		if k == "epochs" {
			defaults.epochs, _ = strconv.Atoi(x)
			continue
		}
		m[k], _ = strconv.ParseFloat(x, 64)
	}
	var out []set
	for _, s := range sets {
		if w := m[s.name]; w > 0 {
			s.weight = w
			out = append(out, s)
		}
	}
	sets = out
	fmt.Println(v)
}
