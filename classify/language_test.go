package classify

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLanguageOf(t *testing.T) {
	for _, c := range []struct {
		text, tag, want string
		known           bool
	}{
		// the network's tag counts
		{"everything down", "en", "en", true},
		{"alles kaputt", "de-AT", "de", true},
		{"tudo fora do ar", "PT_br", "pt", true},
		{"non funziona niente", "it", "it", false},
		{"everything down", "sv", "sv", false},
		// unless the letters cannot be of that language
		{"спасибо всем инженерам, которые ночью чинили сервис, вы лучшие", "en", "ru", false},
		{"관리자 여러분 힘내세요", "en", "ko", false},
		{"ขอบคุณทีมงานทุกคนที่ช่วยแก้ไข", "", "th", false},
		{"شكرا لفريق الدعم على الإصلاح السريع", "", "ar", false},
		// without a tag the text is asked
		{"is github down for everyone or is it just me again", "", "en", true},
		{"lol wtf slack", "", "en", true},
		{"smh @user", "und", "en", true},
		{"Danke an alle, die heute Nacht das Netz wieder zum Laufen gebracht haben", "", "de", true},
		{"Merci aux équipes qui travaillent toute la nuit pour rétablir le service", "", "fr", true},
		{"Gracias a los técnicos que están arreglando la caída del servicio esta noche", "", "es", true},
		{"Obrigado ao pessoal da equipe que não dormiu para voltar o sistema", "", "pt", true},
		{"Bedankt aan iedereen die vannacht de storing heeft opgelost, wat een werk", "", "nl", true},
		{"障害対応お疲れさまです", "", "ja", true},
		{"GitHub 又挂了，向值班的工程师致敬", "", "zh", false},
		{"Grazie a tutti i tecnici che stanno lavorando per ripristinare il servizio questa notte", "", "it", false},
		{"Dziękuję wszystkim administratorom, którzy naprawiali tę awarię przez całą noc", "", "pl", false},
		{"Gece boyunca arızayı gidermek için çalışan bütün mühendislere çok teşekkürler", "", "tr", false},
		{"Terima kasih untuk semua teknisi yang sudah memperbaiki gangguan ini semalaman", "", "id", false},
		{"Stort tack till alla tekniker som jobbat hela natten med att laga störningen", "", "sv", false},
		// too short to be told from English slang
		{"grazie mille", "", "en", true},
		{"", "", "en", true},
		{"💜💜💜", "", "en", true},
	} {
		if lang, known := languageOf(c.text, c.tag); lang != c.want || known != c.known {
			t.Errorf("%q, tagged %q: %s, known %v; want %s, %v", c.text, c.tag, lang, known, c.want, c.known)
		}
	}
}

// TestCorpusIsReadInItsLanguages: of our own posts, without tags, hardly any may
// be taken for a language that the model does not know.
func TestCorpusIsReadInItsLanguages(t *testing.T) {
	files, err := filepath.Glob("corpus/*.tsv")
	if err != nil || len(files) == 0 {
		t.Fatal("no corpus", err)
	}
	posts, lost, wrong := 0, 0, 0
	for _, path := range files {
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		for s := bufio.NewScanner(file); s.Scan(); {
			f := strings.Split(s.Text(), "\t")
			if len(f) != 5 || f[3] == "lang" {
				continue
			}
			lang, known := languageOf(f[4], "")
			posts++
			if !known {
				lost++
			}
			if lang != f[3] {
				wrong++
			}
		}
	}
	t.Logf("of %d posts %d lost, %d in another language than theirs", posts, lost, wrong)
	if lost*200 > posts {
		t.Errorf("%d of %d posts are taken for a language that the model does not know; want at most 0.5 %%", lost, posts)
	}
	if wrong*20 > posts {
		t.Errorf("%d of %d posts are read in another language than theirs", wrong, posts)
	}
}
