package train

import (
	"bufio"
	"fmt"
	"io"
	"slices"
)

// aboutScore is what cross-validation says of the posts of one set.
type aboutScore struct {
	set                   string
	posts, about          int
	recall, specificity   float64 // of the model
	srecall, sspecificity float64 // of the same model learnt from the signs alone
}

func aboutNotes(posts []mention) (notes []string) {
	for _, set := range aboutSets(posts) {
		n, yes := 0, 0
		for i := range posts {
			if posts[i].set == set {
				n, yes = n+1, yes+b2i(posts[i].about)
			}
		}
		notes = append(notes, fmt.Sprintf("%s: %d, %d of them yes", set, n, yes))
	}
	return notes
}

func aboutSets(posts []mention) (sets []string) {
	for i := range posts {
		if !slices.Contains(sets, posts[i].set) {
			sets = append(sets, posts[i].set)
		}
	}
	return sets
}

// aboutScores counts the held-out posts of each set, and of each language of the
// sets written for the models.
func aboutScores(posts []mention, z, signs []float64) (scores []aboutScore) {
	cut, signsCut := cutOf(posts, z), cutOf(posts, signs)
	names := aboutSets(posts)
	for _, lang := range []string{"en", "de", "fr", "es", "pt", "nl", "ja"} {
		names = append(names, "posts, "+lang, "plain, "+lang, "names, "+lang)
	}
	for _, name := range names {
		s := aboutScore{set: name}
		var hit, shit [2]float64
		for i := range posts {
			if p := &posts[i]; p.set == name || p.set+", "+p.lang == name {
				k := b2i(p.about)
				s.posts, s.about = s.posts+1, s.about+k
				hit[k] += float64(b2i(p.about == (z[i] > cut)))
				shit[k] += float64(b2i(p.about == (signs[i] > signsCut)))
			}
		}
		if s.posts == 0 {
			continue
		}
		yes, no := float64(s.about), float64(s.posts-s.about)
		s.recall, s.srecall, s.specificity, s.sspecificity = hit[1]/yes, shit[1]/yes, hit[0]/no, shit[0]/no
		scores = append(scores, s)
	}
	return scores
}

// cutOf is the logit that is calibrated to a probability of a half.
func cutOf(posts []mention, z []float64) float64 {
	slope, shift := platt(posts, z)
	return -shift / slope
}

// Report writes what cross-validation says, for people to read.
func (r *LinkerModel) Report(out io.Writer) error {
	w := bufio.NewWriter(out)
	fmt.Fprintf(w, "%s Cross-validation in %d parts\n\n", r.title, foldCount)
	fmt.Fprintf(w, "  %-26s %6s %6s   %7s %11s   %12s %11s\n", "", "posts", "yes", "recall", "specificity", "signs: recall", "specificity")
	for _, s := range r.scores {
		fmt.Fprintf(w, "  %-26s %6d %6d   %7.3f %11.3f   %12.3f %11.3f\n", s.set, s.posts, s.about, s.recall, s.specificity, s.srecall, s.sspecificity)
	}
	return w.Flush()
}
