package encoder

import (
	"slices"
	"strings"
	"testing"
)

// names lists the pieces of m by number.
func names(m *Model) []string {
	out := make([]string, m.Vocab)
	for piece, id := range m.pieces.first {
		out[id] = piece
	}
	for piece, id := range m.pieces.next {
		out[id] = suffixMark + piece
	}
	return out
}

func piecesOf(m *Model, t *tokens, text string) string {
	t.read(text)
	all, out := names(m), []string{}
	for _, id := range t.ids {
		out = append(out, all[id])
	}
	return strings.Join(out, " ")
}

// The pieces of the golden texts are those of Hugging Face's tokenizer with the
// same pruned vocabulary: accents, emoji, CJK, Hangul, punctuation, controls,
// words of 100 and 101 characters, truncation.
func TestPiecesAgreeWithHuggingFace(t *testing.T) {
	m := loadTiny(t)
	s := m.NewScratch()
	for _, c := range readGolden(t) {
		if got := piecesOf(m, &s.tokens, c.Text); got != c.Pieces {
			t.Errorf("%q\n got %s\nwant %s", c.Text, got, c.Pieces)
		}
	}
}

func TestPieces(t *testing.T) {
	m := loadTiny(t)
	s := m.NewScratch()
	long := strings.Repeat("the ", 200)
	for _, c := range []struct{ why, text, want string }{
		{"nothing", "", ""},
		{"only spaces and controls", " \t\n\u200d\x00\ufffd ", ""},
		{"upper case and accents fold", "THÉ thé the\u0301", "the the the"},
		{"two accents on one letter", "thệ", "the"},
		{"punctuation stands alone", "the...the!", "the . . . the !"},
		{"ASCII symbols count as punctuation", "$5+1=6", "$ 5 + 1 = 6"},
		{"a word of pieces", "thes", "the ##s"},
		{"a piece that the vocabulary lost falls apart", "thanks", "than ##k ##s"},
		{"a character that no piece has", "the 😢 the", "the [UNK] the"},
		{"one such character makes its word unknown", "thes😢 the", "[UNK] the"},
		{"Chinese characters stand alone", "the人the", "the 人 the"},
		{"Japanese kana do not", "theのthe", "[UNK]"},
		{"a compatibility ideograph folds", "\uf9d0 \u2126", "[UNK] [UNK]"},
		{"joiners vanish", "th\u200de", "the"},
		{"broken UTF-8 vanishes", "th\xffe", "the"},
		{"markers are text", "[SEP]", "[ s ##e ##p ]"},
		{"cut off at the number of positions", long, strings.Repeat("the ", 61) + "the"},
		{"cut off within a word", long[:4*61] + "thes", strings.Repeat("the ", 61) + "the"},
	} {
		want := strings.Join(slices.Concat([]string{"[CLS]"}, strings.Fields(c.want), []string{"[SEP]"}), " ")
		if got := piecesOf(m, &s.tokens, c.text); got != want {
			t.Errorf("%s: %q\n got %s\nwant %s", c.why, c.text, got, want)
		}
	}
}
