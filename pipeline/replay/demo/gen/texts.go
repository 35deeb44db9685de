package main

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"
)

//go:embed texts
var texts embed.FS

// entry is one text as it stands in gen/texts.
type entry struct {
	where string // file:line, for errors
	theme string // key of themes: nimbus, chatterbee, pennywhistle, noise
	lang  string // BCP 47
	phase int
	// It is written at place (0–1) between from and to: the phase's bounds, or
	// those that lines "@ HH:MM" set within it.
	place    float64
	from, to time.Time
	stance   string
	text     string
	edited   string // the later version, if any

	network  string // m, b, x or empty: any
	since    string // HH:MM of the line "@ HH:MM" before it
	at, by   string
	warning  string
	deleted  bool
	early    bool // the deletion comes first
	gone     bool
	noIndex  bool
	noBot    bool
	unlisted bool
}

var stances = map[byte]string{'s': "support", 'v': "venting", 'n': "neutral"}

// readTexts reads all texts, in the order of file names and lines.
func readTexts() ([]*entry, error) {
	names, err := fs.Glob(texts, "texts/*.txt")
	if err != nil {
		return nil, err
	}
	var all []*entry
	for _, name := range names {
		raw, err := texts.ReadFile(name)
		if err != nil {
			return nil, err
		}
		entries, err := parseTexts(name, string(raw))
		if err != nil {
			return nil, err
		}
		all = append(all, entries...)
	}
	return all, nil
}

// parseTexts reads one file, named THEME.LANG[.PART].txt; notices are English.
func parseTexts(name, raw string) ([]*entry, error) {
	parts := strings.Split(path.Base(name), ".")
	theme, lang := parts[0], parts[1]
	if lang == "notices" {
		lang = "en"
	}
	var all []*entry
	next := "" // the time of the line "@ HH:MM" before
	for i, line := range strings.Split(strings.TrimSuffix(raw, "\n"), "\n") {
		where := fmt.Sprintf("%s:%d", name, i+1)
		code, text, _ := strings.Cut(line, " ")
		text = strings.ReplaceAll(strings.TrimSpace(text), `\n`, "\n")
		switch {
		case text == "":
			return nil, fmt.Errorf("%s: a line is CODE TEXT", where)
		case code == "@":
			next = text
			continue
		case code == ">" && (len(all) == 0 || all[len(all)-1].edited != "edit"):
			return nil, fmt.Errorf("%s: the line before has no option e", where)
		case code == ">":
			all[len(all)-1].edited = text
			continue
		}
		e := &entry{where: where, theme: theme, lang: lang, text: text, since: next}
		next = ""
		if err := e.parseCode(code); err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
		all = append(all, e)
	}
	for _, e := range all {
		if e.edited == "edit" {
			return nil, fmt.Errorf("%s: the edited version is missing", e.where)
		}
	}
	return all, schedule(all)
}

// schedule spreads the texts of each phase over its time, in their order, with
// those after a line "@ HH:MM" after that moment.
func schedule(file []*entry) error {
	byPhase := make([][]*entry, 10)
	for _, e := range file {
		byPhase[e.phase] = append(byPhase[e.phase], e)
	}
	for phase, entries := range byPhase {
		if len(entries) == 0 {
			continue
		}
		windows := themes[entries[0].theme].phases
		if phase >= len(windows) || windows[phase].from == "" {
			return fmt.Errorf("%s: %s has no phase %d", entries[0].where, entries[0].theme, phase)
		}
		from, last := clock(windows[phase].from), clock(windows[phase].to)
		for len(entries) > 0 {
			n := 1
			for n < len(entries) && entries[n].since == "" {
				n++
			}
			to := last
			if n < len(entries) {
				to = clock(entries[n].since)
			}
			if to.Before(from) {
				return fmt.Errorf("%s: the times of phase %d go backwards", entries[0].where, phase)
			}
			for i, e := range entries[:n] {
				e.place, e.from, e.to = (float64(i)+0.5)/float64(n), from, to
			}
			entries, from = entries[n:], to
		}
	}
	return nil
}

func (e *entry) parseCode(code string) error {
	if len(code) < 2 || code[0] < '0' || code[0] > '9' || stances[code[1]] == "" {
		return fmt.Errorf("code %q does not begin with a phase and a stance", code)
	}
	e.phase, e.stance = int(code[0]-'0'), stances[code[1]]
	for _, option := range strings.Split(code[2:], ",")[1:] {
		key, value, _ := strings.Cut(option, "=")
		switch key {
		case "m", "b", "x":
			e.network = key
		case "at":
			e.at = value
		case "by":
			e.by = value
		case "cw":
			e.warning = strings.NewReplacer("_+_", ", ", "_", " ").Replace(value)
		case "e":
			e.edited = "edit"
		case "d":
			e.deleted = true
		case "d0":
			e.deleted, e.early = true, true
		case "gone":
			e.gone = true
		case "noidx":
			e.noIndex = true
		case "nobot":
			e.noBot = true
		case "unlisted":
			e.unlisted = true
		default:
			return fmt.Errorf("unknown option %q", option)
		}
	}
	mastodonOnly := e.warning != "" || e.early || e.noIndex || e.noBot || e.unlisted
	if mastodonOnly && e.network != "m" || e.gone && e.network != "b" || e.deleted && e.network == "x" {
		return fmt.Errorf("options of %q do not fit its network", code)
	}
	return nil
}
