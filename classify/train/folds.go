package train

import (
	"hash/fnv"
	"strings"
	"unicode"
)

// folds deals examples into n folds so that near-duplicates (a trap beside its
// base) share one: otherwise held-out figures flatter the model. Two texts are
// near when half of their words' pairs and words are the same.
func folds(examples []example, n int) []int {
	parent := make([]int, len(examples))
	for i := range parent {
		parent[i] = i
	}
	find := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	shingles := make([]map[string]bool, len(examples))
	holders := map[string][]int{}
	for i := range examples {
		shingles[i] = shinglesOf(examples[i].text)
		for s := range shingles[i] {
			holders[s] = append(holders[s], i) // each list is in order of i
		}
	}
	for i := range examples {
		for s := range shingles[i] {
			if len(holders[s]) > 60 {
				continue // too common to tell anything
			}
			for _, j := range holders[s] {
				if j < i && find(i) != find(j) && near(shingles[i], shingles[j]) {
					a, b := find(i), find(j)
					parent[max(a, b)] = min(a, b) // the root is the first of the group, whatever the order
				}
			}
		}
	}
	fold := make([]int, len(examples))
	for i := range fold {
		fold[i] = foldOf(examples[find(i)].text, n)
	}
	return fold
}

func foldOf(text string, n int) int {
	h := fnv.New32a()
	h.Write([]byte(text))
	return int(h.Sum32() % uint32(n))
}

func shinglesOf(text string) map[string]bool {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	set := map[string]bool{}
	for i, w := range words {
		set[w] = true
		if i > 0 {
			set[words[i-1]+" "+w] = true
		}
	}
	return set
}

func near(a, b map[string]bool) bool {
	both := 0
	for s := range a {
		if b[s] {
			both++
		}
	}
	return both*2 >= min(len(a), len(b)) && both*3 >= max(len(a), len(b))
}
