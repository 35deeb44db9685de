package classify

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/hugops/hugops"
)

// evidence is the kind of a hit.
type evidence uint8

const (
	byAlias evidence = iota
	byHandle
	byTag
	byDomain // the service's own site, named without a path
	byStatus // an address on its status page
	byAuthor // the provider's own account wrote the post
)

var evidenceNames = [...]string{"alias:", "handle:@", "hashtag:#", "domain:", "url:", "author:"}

// hit is one place in a post that names a service.
type hit struct {
	target     int32
	kind       evidence
	alias      *Alias // for byAlias
	start, end int    // in the folded text; equal when the hit is not in it
	note       string // what to show where it is not in the text
	other      bool   // it means something else than the service
}

// span is a piece of the folded text.
type span struct{ start, end int }

// signAt is a sign with its place.
type signAt struct {
	span
	sign sign
}

// scan is what one pass over a post found. It is reused between posts.
type scan struct {
	post    *hugops.Post
	lang    string
	f       folded
	hits    []hit
	trouble []span   // outage words
	signs   []signAt // other words that say something of their sentence
	outages []int32  // outages whose own page the post gives
	tag     bool     // a tag of solidarity is in it
	status  bool     // an address of a status page is in it
	found   []int32  // targets, in the order in which the post names them
	sensed  int      // questions to the model of names
	asked   int      // questions to the tagger
	masked  []byte   // the text, or a part of it, with marks for names (about.go)
}

// Bounds of the work on one post, whatever its text. No honest post comes near.
const (
	maxHits    = 64
	maxTrouble = 64
	maxName    = 256 // bytes of a handle or host
	maxSensed  = 16
	maxAsked   = 4
)

var scans = sync.Pool{New: func() any { return new(scan) }}

// about reports whether the post has words of an outage or of solidarity.
func (s *scan) about() bool { return s.tag || s.status || len(s.trouble) > 0 }

// read scans a post and settles which of its names mean services.
func (l *Linker) read(s *scan, p *hugops.Post) {
	l.scan(s, p)
	l.settle(s, func(h hit) bool { return l.supported(s, h) })
}

// scan finds all that may say something in a post.
func (l *Linker) scan(s *scan, p *hugops.Post) {
	s.post, s.lang, s.tag, s.status, s.sensed, s.asked = p, baseLang(p.Lang), false, false, 0, 0
	s.hits, s.trouble, s.signs, s.outages, s.found = s.hits[:0], s.trouble[:0], s.signs[:0], s.outages[:0], s.found[:0]
	s.f.fold(p.Text)
	l.entities(s)
	for _, u := range p.URLs {
		l.address(s, []byte(foldString(strings.TrimSpace(u))), 0, 0)
	}
	l.names(s)
	if i, ok := l.bySlug[p.AuthorService]; ok && p.AuthorService != "" {
		s.hits = append(s.hits, hit{target: i, kind: byAuthor, note: p.AuthorService})
	}
}

// baseLang is the language of a BCP 47 tag: "pt" of "pt-BR".
func baseLang(tag string) string {
	if i := strings.IndexAny(tag, "-_"); i >= 0 {
		tag = tag[:i]
	}
	return strings.ToLower(tag)
}

// entities finds handles, hashtags, addresses and bare domains, and marks what
// they cover.
func (l *Linker) entities(s *scan) {
	for i := 0; i < len(s.f.text); {
		if !s.mayBegin(i) {
			i++
			continue
		}
		end := l.entity(s, i)
		for j := i; j < end; j++ {
			s.f.marks[j] |= markSpan
		}
		i = max(end, i+1)
	}
}

// mayBegin reports whether entity has to look at i: few bytes say so.
func (s *scan) mayBegin(i int) bool {
	switch t := s.f.text; t[i] {
	case '@', '#', '.':
		return true
	case 'h':
		return i+1 < len(t) && t[i+1] == 't'
	case 'w':
		return i+1 < len(t) && t[i+1] == 'w'
	}
	return false
}

// entity reads what begins at i (a bare domain: has its first dot there), and
// returns its end; i if there is nothing.
func (l *Linker) entity(s *scan, i int) int {
	t := s.f.text
	switch t[i] {
	case '@':
		if s.f.borderBefore(i) {
			return l.handle(s, i)
		}
	case '#':
		if s.f.borderBefore(i) {
			return l.hashtag(s, i)
		}
	case 'h', 'w':
		if isAddress(t[i:]) && s.f.borderBefore(i) {
			end := i + addressLen(t[i:])
			l.address(s, t[i:end], i, end)
			return end
		}
	case '.':
		if i > 0 && i+1 < len(t) && wordByte[t[i-1]] && wordByte[t[i+1]] {
			return l.bareDomain(s, i)
		}
	}
	return i
}

func isAddress(t []byte) bool {
	return bytes.HasPrefix(t, []byte("http://")) || bytes.HasPrefix(t, []byte("https://")) || bytes.HasPrefix(t, []byte("www."))
}

// handle reads "@name", "@name@server" or "@name.example.com" at i and returns
// its end.
func (l *Linker) handle(s *scan, i int) int {
	t, end := s.f.text, i+1
	for end < len(t) && end < i+maxName && (wordByte[t[end]] || t[end] == '.' || t[end] == '-' || t[end] == '@') {
		end++
	}
	for end > i+1 && !wordByte[t[end-1]] {
		end--
	}
	name := t[i+1 : end]
	if at := bytes.IndexByte(name, '@'); at > 0 {
		if target, ok := l.handles[string(name)]; ok {
			s.hit(target, byHandle, i+1, end)
			return end
		}
		name = name[:at]
	}
	target, ok := l.handles[string(name)]
	if !ok {
		target, ok = l.domains[string(name)]
	}
	if !ok {
		target, _, ok = l.unending(name)
	}
	if ok {
		s.hit(target, byHandle, i+1, end)
	}
	return end
}

// hashtag reads "#tag" at i and returns its end.
func (l *Linker) hashtag(s *scan, i int) int {
	t, end := s.f.text, i+1
	for end < len(t) {
		r, size := utf8.DecodeRune(t[end:])
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != 'ー' && !unicode.IsMark(r) {
			break
		}
		end += size
	}
	tag := t[i+1 : end]
	if words().tags[string(tag)] {
		s.tag = true
		return end
	}
	if _, ok := words().outage[string(tag)]; ok {
		s.trouble = append(s.trouble, span{i + 1, end})
	}
	target, ok := l.tags[string(tag)]
	cut := hasEnding(tag)
	if !ok {
		target, cut, ok = l.unending(tag)
	}
	if ok {
		s.hit(target, byTag, i+1, end)
		if cut {
			s.trouble = append(s.trouble, span{i + 1, end})
		}
	}
	return end
}

func hasEnding(name []byte) bool {
	for _, e := range endings {
		if len(name) > len(e) && bytes.HasSuffix(name, []byte(e)) {
			return true
		}
	}
	return false
}

// unending looks a joined name up as it is, then without one of the endings.
func (l *Linker) unending(name []byte) (target int32, cut, ok bool) {
	if target, ok = l.joined[string(name)]; ok {
		return target, false, true
	}
	for _, e := range endings {
		if stem, found := bytes.CutSuffix(name, []byte(e)); found {
			stem = bytes.TrimRight(stem, "_")
			if target, ok = l.joined[string(stem)]; !ok {
				target, ok = l.stems[string(stem)]
			}
			if ok {
				return target, true, true
			}
		}
	}
	return 0, false, false
}

// addressLen is the length of the address that t begins with.
func addressLen(t []byte) int {
	end := bytes.IndexAny(t, " <>\"")
	if end < 0 {
		end = len(t)
	}
	for end > 0 && bytes.IndexByte([]byte(".,;:!?)]}'*"), t[end-1]) >= 0 {
		end--
	}
	return end
}

// address reads one address, in folded form.
func (l *Linker) address(s *scan, a []byte, start, end int) {
	key := addressKey(a)
	if o, ok := l.pages[string(key)]; ok {
		s.status = true
		if !slices.Contains(s.outages, o) {
			s.outages = append(s.outages, o)
		}
	}
	host, path := key, []byte(nil)
	if i := bytes.IndexAny(key, "/?#:"); i >= 0 {
		host, path = key[:i], key[i+1:]
	}
	if target, ok := l.statusHosts[string(host)]; ok {
		s.status = true
		s.hits = append(s.hits, hit{target: target, kind: byStatus, start: start, end: end, note: string(host)})
		return
	}
	if target, ok := l.domain(host); ok && len(path) == 0 {
		s.hits = append(s.hits, hit{target: target, kind: byDomain, start: start, end: end, note: string(host)})
	}
}

// addressKey strips the scheme, "www.", query, fragment and closing slash.
func addressKey(a []byte) []byte {
	for _, p := range []string{"https://", "http://", "www."} {
		a = bytes.TrimPrefix(a, []byte(p))
	}
	if i := bytes.IndexAny(a, "?#"); i >= 0 {
		a = a[:i]
	}
	return bytes.TrimRight(a, "/")
}

// domain finds the service of a host or of a domain above it.
func (l *Linker) domain(host []byte) (int32, bool) {
	for {
		if t, ok := l.domains[string(host)]; ok {
			return t, true
		}
		_, rest, ok := bytes.Cut(host, []byte("."))
		if !ok {
			return 0, false
		}
		host = rest
	}
}

// bareDomain reads "example.com" or "example.com/path" around the dot at i, and
// returns its end if it is one of a service, i otherwise.
func (l *Linker) bareDomain(s *scan, i int) int {
	t := s.f.text
	host := func(c byte) bool { return wordByte[c] || c == '.' || c == '-' }
	start, end := i, i
	for start > 0 && start > i-maxName && host(t[start-1]) && s.f.marks[start-1]&markSpan == 0 {
		start--
	}
	for end < len(t) && end < i+maxName && host(t[end]) {
		end++
	}
	for end > i && !wordByte[t[end-1]] {
		end--
	}
	if start > 0 && (t[start-1] == '@' || t[start-1] == '/') {
		return i
	}
	if _, ok := l.domain(t[start:end]); !ok {
		if _, ok := l.statusHosts[string(t[start:end])]; !ok {
			return i
		}
	}
	if end < len(t) && t[end] == '/' {
		end = start + addressLen(t[start:])
	}
	for j := start; j < i; j++ {
		s.f.marks[j] |= markSpan
	}
	l.address(s, t[start:end], start, end)
	return max(end, i)
}

func (s *scan) hit(target int32, kind evidence, start, end int) {
	s.hits = append(s.hits, hit{target: target, kind: kind, start: start, end: end})
}

// names finds aliases and outage words. Of aliases that overlap, the longest
// counts: "Microsoft Teams" is not Microsoft.
func (l *Linker) names(s *scan) {
	first := len(s.hits)
	l.matcher.find(s.f.text, func(pattern, start, end int) {
		p := &l.patterns[pattern]
		if s.f.marks[start]&markSpan != 0 || p.before && !s.f.borderBefore(start) || p.after && !s.f.borderAfter(end) {
			return
		}
		if p.outage && len(s.trouble) < maxTrouble && (p.langs == "" || s.lang == "" || strings.Contains(p.langs, " "+s.lang+" ")) {
			s.trouble = append(s.trouble, span{start, end})
		}
		if p.signs != 0 && len(s.signs) < maxTrouble {
			s.signs = append(s.signs, signAt{span{start, end}, p.signs})
		}
		if p.alias == nil || insideName(s.f.text, start, end) {
			return
		}
		for n := len(s.hits); n > first && s.hits[n-1].start >= start; n-- {
			s.hits = s.hits[:n-1]
		}
		if n := len(s.hits); n > first && s.hits[n-1].start <= start && s.hits[n-1].end >= end {
			return
		}
		if len(s.hits) == maxHits {
			return
		}
		s.hits = append(s.hits, hit{target: p.target, kind: byAlias, alias: p.alias, start: start, end: end})
	})
}

// insideName reports whether what stands around an alias makes it a part of
// another name: a file, a package, a domain ("slack.ts", "github.io").
func insideName(t []byte, start, end int) bool {
	if end+1 < len(t) && t[end] == '.' && wordByte[t[end+1]] {
		return true
	}
	return start > 1 && t[start-1] == '.' && wordByte[t[start-2]]
}

// settle drops the hits by names that are words and do not mean the service, and
// lists the services of the others in the order in which the post names them.
func (l *Linker) settle(s *scan, means func(h hit) bool) {
	body := s.signature()
	for i := range s.hits {
		h := &s.hits[i]
		h.other = h.kind == byAlias && h.start > body || h.alias != nil && h.alias.Word && !means(*h)
	}
	s.hits = slices.DeleteFunc(s.hits, func(h hit) bool { return h.other })
	slices.SortStableFunc(s.hits, func(a, b hit) int { return a.start - b.start })
	for _, h := range s.hits {
		if !slices.Contains(s.found, h.target) {
			s.found = append(s.found, h.target)
		}
	}
}

// signature is where a signature begins ("Sent from my Slack" on a line of its
// own, which names no service), the end of the text if there is none.
func (s *scan) signature() int {
	for _, w := range s.signs {
		if w.sign&signSignature != 0 && (w.start == 0 || s.f.marks[w.start-1]&markBreak != 0) {
			return w.start
		}
	}
	return len(s.f.text)
}

// text is what a hit shows as evidence.
func (h *hit) text(s *scan) string {
	name := evidenceNames[h.kind]
	if h.kind == byHandle && s.post.ReplyTo != "" {
		name = "reply:@"
	}
	if h.note != "" {
		return name + h.note
	}
	return string(append(append(s.masked[:0], name...), s.f.text[h.start:h.end]...))
}
