package main

import (
	"context"
	"fmt"
	"os"

	"github.com/hugops/hugops/classify/train"
)

var trainCommand = command{
	name:    "train",
	summary: "Make the stance model anew from its inputs",
	text: `Learns the first reader from labelled posts, calibrates it beside the second one,
measures how both err, and writes one file: classify/stance.model, which the
binary holds. The same inputs give the same bytes on the same processor
architecture. It takes some minutes on one core; run it at the repository's root.

The corpus is part of the repository. The public data sets are not: --sets names
the folder that has them (docs/MODEL.md lists them), and without it the model
learns from the corpus alone. Nothing is learnt from the texts of --exclude.
docs/MODEL.md has the command that gives the shipped bytes.

--about and --sense make the linker's models instead, in half a minute
(docs/LINKING.md).`,
	setup: func(f *flags) func(context.Context, *invocation) error {
		in := train.Defaults
		f.StringVar(&in.Corpus, "corpus", in.Corpus, "`folder` of labelled posts")
		f.StringVar(&in.Pairs, "pairs-folder", in.Pairs, "`folder` of minimal pairs")
		f.StringVar(&in.Outages, "outages", in.Outages, "`folder` of labelled posts of outages, for the error model")
		f.StringVar(&in.Sets, "sets", "", "`folder` of public data sets to learn from besides")
		f.StringVar(&in.Labels, "labels", in.Labels, "`folder` of labels of posts of those sets")
		f.StringVar(&in.Taught, "taught", in.Taught, "`file` of what the second reader's teacher says of other posts of those sets; empty for none")
		f.StringVar(&in.Exclude, "exclude", "", "`file` of posts (a JSON object with text a line) to learn nothing from")
		f.StringVar(&in.Encoder, "encoder", in.Encoder, "`file` of the second reader; empty for none")
		file := f.String("o", "classify/stance.model", "model `file` to write")
		words := f.String("words", "", "only write the ordinary words of the corpus to this `file`, for the linker")
		about := f.String("about", "", "only make the linker's model of whether the outage of a named service is meant, and write it to this `file`")
		sense := f.String("sense", "", "only make the linker's model of whether a name that is a word means the service, and write it to this `file`")
		return func(ctx context.Context, inv *invocation) error {
			if err := inv.noArgs(); err != nil {
				return err
			}
			if *words != "" {
				list, err := train.Words(in.Corpus)
				if err != nil {
					return err
				}
				return os.WriteFile(*words, list, 0o644)
			}
			if *sense != "" {
				return trainLinker(ctx, inv, in, train.Sense, *sense)
			}
			if *about != "" {
				return trainLinker(ctx, inv, in, train.About, *about)
			}
			r, err := train.Run(ctx, in, func(format string, args ...any) { inv.log.Info(fmt.Sprintf(format, args...)) })
			if err != nil {
				return err
			}
			if err := r.Report(inv.std.out); err != nil {
				return err
			}
			return os.WriteFile(*file, r.File, 0o644)
		}
	},
}

// trainLinker makes one of the linker's models and says how it did.
func trainLinker(ctx context.Context, inv *invocation, in train.Inputs, learn func(context.Context, train.Inputs, func(string, ...any)) (*train.LinkerModel, error), file string) error {
	r, err := learn(ctx, in, func(format string, args ...any) { inv.log.Info(fmt.Sprintf(format, args...)) })
	if err != nil {
		return err
	}
	if err := r.Report(inv.std.out); err != nil {
		return err
	}
	return os.WriteFile(file, r.File, 0o644)
}
