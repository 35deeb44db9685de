package classify

// matcher finds every one of many patterns in a text in one pass (Aho and
// Corasick, 1975), as a table of next states over classes of bytes.
type matcher struct {
	class   [256]uint8 // byte → class; 0 is "in no pattern"
	classes int
	next    []int32 // state*classes + class → state
	pattern []int32 // state → pattern that ends there, or -1
	shorter []int32 // state → the longest proper suffix that ends a pattern, or 0
	length  []int32 // pattern → bytes
}

// newMatcher builds the table. Patterns must be distinct and not empty.
func newMatcher(patterns []string) *matcher {
	m := &matcher{classes: 1}
	for _, p := range patterns {
		for i := range len(p) {
			if m.class[p[i]] == 0 {
				m.class[p[i]] = uint8(m.classes) // under 256: a NUL is in no pattern
				m.classes++
			}
		}
		m.length = append(m.length, int32(len(p)))
	}
	m.addState()
	for n, p := range patterns {
		state := int32(0)
		for i := range len(p) {
			at := int(state)*m.classes + int(m.class[p[i]])
			if m.next[at] == 0 {
				m.next[at] = m.addState()
			}
			state = m.next[at]
		}
		m.pattern[state] = int32(n)
	}
	m.link()
	return m
}

func (m *matcher) addState() int32 {
	m.next = append(m.next, make([]int32, m.classes)...)
	m.pattern = append(m.pattern, -1)
	m.shorter = append(m.shorter, 0)
	return int32(len(m.pattern) - 1)
}

// link fills in what happens where a pattern breaks off: breadth first, so that
// the state of the longest proper suffix is complete before it is needed.
func (m *matcher) link() {
	suffix := make([]int32, len(m.pattern))
	queue := make([]int32, 0, len(m.pattern))
	for c := range m.classes {
		if s := m.next[c]; s != 0 {
			queue = append(queue, s)
		}
	}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		fall := suffix[s]
		m.shorter[s] = m.shorter[fall]
		if m.pattern[fall] >= 0 {
			m.shorter[s] = fall
		}
		row, fallRow := int(s)*m.classes, int(fall)*m.classes
		for c := range m.classes {
			if t := m.next[row+c]; t != 0 {
				suffix[t] = m.next[fallRow+c]
				queue = append(queue, t)
			} else {
				m.next[row+c] = m.next[fallRow+c]
			}
		}
	}
}

// find calls found for every occurrence, in order of its end, longest first.
func (m *matcher) find(text []byte, found func(pattern, start, end int)) {
	state := int32(0)
	for i, c := range text {
		state = m.next[int(state)*m.classes+int(m.class[c])]
		s := state
		if m.pattern[s] < 0 {
			s = m.shorter[s]
		}
		for ; s != 0; s = m.shorter[s] {
			p := m.pattern[s]
			found(int(p), i+1-int(m.length[p]), i+1)
		}
	}
}
