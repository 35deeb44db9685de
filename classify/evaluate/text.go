package evaluate

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// grid lines up rows of cells: the first column to the left, the others to the
// right.
type grid struct{ rows [][]string }

func (g *grid) add(cells ...string) { g.rows = append(g.rows, cells) }

func (g *grid) print(w io.Writer) {
	var width []int
	for _, row := range g.rows {
		for i, cell := range row {
			if i == len(width) {
				width = append(width, 0)
			}
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range g.rows {
		var b strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				b.WriteString("  " + cell + pad)
			} else {
				b.WriteString("  " + pad + cell)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
}

// Print writes the report for people to read.
func (r *Report) Print(out io.Writer) error {
	w := bufio.NewWriter(out)
	own := &r.Readers[0]
	fmt.Fprintf(w, "%d posts: %d support, %d venting, %d neutral\nModel: %s\n", r.Posts, r.Labels["support"], r.Labels["venting"], r.Labels["neutral"], r.Model)
	r.printReaders(w)
	own.printConfusion(w)
	own.printClasses(w)
	own.printReliability(w)
	printGroups(w, "By language (where the file gives none, as hugops read it)", own.Languages)
	printGroups(w, "By network", own.Networks)
	if len(own.Sets) > 1 {
		printGroups(w, "By set", own.Sets)
	}
	r.printPairs(w)
	fmt.Fprintf(w, "\nIn brackets: 95 %% intervals, from %d draws of as many posts with replacement.\n", r.Resamples)
	return w.Flush()
}

// printReaders compares hugops with its peers.
func (r *Report) printReaders(w io.Writer) {
	fmt.Fprint(w, "\nReaders\n")
	var g grid
	g.add("", "macro-F1", "", "F1 support", "venting", "neutral", "accuracy", "ECE", "hugops ahead by", "")
	for _, one := range r.Readers {
		ahead, between := "", ""
		if one.Behind != nil {
			ahead, between = fmt.Sprintf("%+.3f", one.Behind.Value), fmt.Sprintf("[%+.3f %+.3f]", one.Behind.Low, one.Behind.High)
		}
		g.add(one.Name, score(one.MacroF1.Value), one.MacroF1.bracket(), score(one.Classes[0].F1.Value), score(one.Classes[1].F1.Value),
			score(one.Classes[2].F1.Value), score(one.Accuracy), scoreOrDash(one.ECE), ahead, between)
	}
	g.print(w)
	for _, one := range r.Readers {
		if one.Note != "" {
			fmt.Fprintf(w, "  %s: %s.\n", one.Name, one.Note)
		}
	}
}

func (one *ReaderReport) printConfusion(w io.Writer) {
	fmt.Fprintf(w, "\nConfusion of %s (row: label, column: what it says)\n", one.Name)
	var g grid
	g.add("", "support", "venting", "neutral", "all")
	for k, stance := range Stances {
		row := []string{string(stance)}
		for said := range Stances {
			row = append(row, fmt.Sprint(one.Confusion[k][said]))
		}
		g.add(append(row, fmt.Sprint(one.Confusion.Labelled(k)))...)
	}
	g.add("all", fmt.Sprint(one.Confusion.Said(0)), fmt.Sprint(one.Confusion.Said(1)), fmt.Sprint(one.Confusion.Said(2)), fmt.Sprint(one.Confusion.Total()))
	g.print(w)
}

func (one *ReaderReport) printClasses(w io.Writer) {
	fmt.Fprintf(w, "\nStances of %s\n", one.Name)
	var g grid
	g.add("", "posts", "precision", "recall", "F1", "")
	for _, c := range one.Classes {
		g.add(c.Stance, fmt.Sprint(c.Posts), score(c.Precision), score(c.Recall), score(c.F1.Value), c.F1.bracket())
	}
	g.add("mean", "", "", "", score(one.MacroF1.Value), one.MacroF1.bracket())
	g.print(w)
	fmt.Fprintf(w, "  Abstained from %d of %d posts (%.1f %%); accuracy on the others %.3f, on all %.3f.\n",
		one.Abstained, one.Confusion.Total(), 100*ratio(one.Abstained, one.Confusion.Total()), one.Decided, one.Accuracy)
}

func (one *ReaderReport) printReliability(w io.Writer) {
	if one.ECE == nil {
		return
	}
	fmt.Fprintf(w, "\nReliability of %s: expected calibration error %.3f\n", one.Name, *one.ECE)
	var g grid
	g.add("top probability", "posts", "mean", "right", "right − mean")
	for _, b := range one.Reliability {
		g.add(fmt.Sprintf("%.1f to %.1f", b.Low, b.Low+1./bins), fmt.Sprint(b.Posts), score(b.Sure), score(b.Right), fmt.Sprintf("%+.3f", b.Right-b.Sure))
	}
	g.print(w)
}

func printGroups(w io.Writer, title string, groups []Group) {
	fmt.Fprintf(w, "\n%s\n", title)
	var g grid
	g.add("", "posts", "macro-F1", "F1 support", "venting", "neutral", "accuracy", "ECE", "")
	for _, one := range groups {
		few := ""
		if one.Few {
			few = fmt.Sprintf("under %d posts: says little", FewPosts)
		}
		g.add(one.Name, fmt.Sprint(one.Posts), score(one.MacroF1), scoreOrDash(one.F1[0]), scoreOrDash(one.F1[1]), scoreOrDash(one.F1[2]),
			score(one.Accuracy), scoreOrDash(one.ECE), few)
	}
	g.print(w)
}

// printPairs shows every trap for hugops, and the peers in the last line.
func (r *Report) printPairs(w io.Writer) {
	if len(r.Pairs) == 0 {
		return
	}
	fmt.Fprint(w, "\nMinimal pairs\n")
	var g grid
	header := []string{"", "pairs"}
	for _, p := range r.Pairs {
		header = append(header, p.Reader+": both right", "posts right")
	}
	g.add(header...)
	line := func(name string, pick func(p *PairsReport) PairScore) {
		row := []string{name, fmt.Sprint(pick(&r.Pairs[0]).Pairs)}
		for i := range r.Pairs {
			s := pick(&r.Pairs[i])
			row = append(row, score(s.BothRight), score(s.PostsRight))
		}
		g.add(row...)
	}
	for t, trap := range r.Pairs[0].Traps {
		line(trap.Trap, func(p *PairsReport) PairScore { return p.Traps[t] })
	}
	line("all", func(p *PairsReport) PairScore { return p.All })
	g.print(w)
}

func (i Interval) bracket() string { return fmt.Sprintf("[%.3f %.3f]", i.Low, i.High) }

func score(v float64) string { return fmt.Sprintf("%.3f", v) }

func scoreOrDash(v *float64) string {
	if v == nil {
		return "–"
	}
	return score(*v)
}
