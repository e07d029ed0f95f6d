// SPDX-License-Identifier: Apache-2.0

package guide

import (
	"bytes"
	"image/png"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/net/html"

	"rehome"
	"rehome/internal/devices"
	"rehome/internal/people"
)

// make makes the page of a person, as HTML and as text.
func made(t testing.TB, book *Book, o Organisation, p Person) (page string, text string) {
	t.Helper()
	one, err := book.Make(o, p)
	if err != nil {
		t.Fatal(err)
	}
	got, err := one.HTML(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(got), string(one.Text())
}

// Languages are held against each other: whatever one says of a person, the others say too, in as many paragraphs and steps.
func TestLanguages_sayTheSame(t *testing.T) {
	t.Parallel()
	book := open(t, "")
	if got := book.Languages(); !slices.Equal(got, []string{"de", "en"}) {
		t.Fatalf("got %q", got)
	}
	english := book.languages[reference]
	for _, code := range book.Languages() {
		other := book.languages[code]
		for key := range english.keys() {
			if text := other.must(key, nil); strings.Contains(text, "<no value>") {
				t.Errorf("%s %s: %q", code, key, text)
			}
		}
		for i, p := range append(everyKind(), everyKind()...) {
			o := sampleOrganisation()
			o.PasswordStays, o.RulesCopied = i%2 == 0, i < len(everyKind())
			want, got := sheetOf(t, english, o, p), sheetOf(t, other, o, p)
			if len(want) != len(got) {
				t.Fatalf("%s, person %d: %d texts instead of %d", code, i, len(got), len(want))
			}
			for j := range want {
				if (want[j].Plain() == "") != (got[j].Plain() == "") || values(want[j]) != values(got[j]) {
					t.Errorf("%s, person %d: got\n%s\nwant what this says:\n%s", code, i, got[j].Plain(), want[j].Plain())
				}
			}
		}
	}
}

// sheetOf returns every line of a page, in order.
func sheetOf(t testing.TB, l *language, o Organisation, p Person) (all []line) {
	t.Helper()
	page, err := l.make(o, p, noPicture)
	if err != nil {
		t.Fatal(err)
	}
	all = append(all, page.sheet.Greeting)
	all = append(all, page.sheet.Lead...)
	for _, part := range page.sheet.parts() {
		all = append(all, line{{plainText, part.Head}})
		for _, b := range part.Blocks {
			all = slices.Concat(all, b.Paragraphs, b.Bullets, b.Steps, b.Notes)
			for _, r := range b.Rows {
				all = append(all, line{{plainText, r.Label}}, r.Value, r.Old)
			}
		}
	}
	return all
}

// values are what a line gives to copy, sorted: languages have orders of their own.
func values(l line) string {
	var all []string
	for _, s := range l {
		if s.Kind == codeText {
			all = append(all, s.Text)
		}
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func TestOpen_oneFileAddsALanguage(t *testing.T) {
	t.Parallel()
	english, err := os.ReadFile(filepath.Join("languages", "en.tmpl"))
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	arabic := strings.NewReplacer("}}English{{", "}}العربية{{", "}}ltr{{", "}}rtl{{").Replace(string(english))
	write("ar.tmpl", arabic)
	write("de.tmpl", `{{define "title"}}Umzug von {{code .Address}}{{end}}`)
	write("README", "not a language")
	book := open(t, folder)
	p := samples()["leila"]
	p.Language = book.Choose("Arabic")
	if page, _ := made(t, book, sampleOrganisation(), p); p.Language != "ar" || !strings.Contains(page, `<html lang="ar" dir="rtl">`) {
		t.Errorf("got %s, %.200s", p.Language, page)
	}
	p.Language = "de"
	if page, _ := made(t, book, sampleOrganisation(), p); !strings.Contains(page, "<title>Umzug von anna@example.com</title>") ||
		!strings.Contains(page, "Wen Sie fragen können") {
		t.Errorf("a text of one's own and the shipped ones: got %.900s", page)
	}
	for text, want := range map[string]string{
		strings.Replace(arabic, `{{define "help.head"}}Whom to ask{{end}}`, "", 1):                "lacks the texts help.head",
		arabic + `{{define "mine"}}x{{end}}`:                                                      "has texts that no page shows: mine",
		strings.Replace(arabic, "January February", "January", 1):                                 "months has 11 words instead of 12",
		strings.Replace(arabic, "}}rtl{{", "}}right{{", 1):                                        `direction is "right" instead of ltr or rtl`,
		strings.Replace(arabic, "{{define \"greeting\"}}", "{{define \"greeting\"}}{{.Nane}}", 1): "can't evaluate field Nane",
		"{{define": "unclosed action",
	} {
		write("ar.tmpl", text)
		if _, err := Open(folder, "en"); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "ar.tmpl") ||
			rehome.ClassOf(err) != rehome.ClassOperator {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if _, err := Open("", "fr"); err == nil || !strings.Contains(rehome.HintOf(err), "choose one of de, en, or put a file fr.tmpl into clients.texts") {
		t.Errorf("got %v, hint %q", err, rehome.HintOf(err))
	}
	if _, err := Open(filepath.Join(folder, "none"), "en"); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("got %v", err)
	}
}

func TestBook_choosesByCodeOrName(t *testing.T) {
	t.Parallel()
	book := open(t, "")
	for preference, want := range map[string]string{"de": "de", "de_AT": "de", "DE-ch": "de", "german": "de", "Deutsch": "de", "english": "en", "": "en",
		"hungarian": "en", "x": "en", "../de": "en"} {
		if got := book.Choose(preference); got != want {
			t.Errorf("%q: got %s, want %s", preference, got, want)
		}
	}
}

// Names, signatures and what programs call themselves come from outside. None of it becomes markup, or passes for a mark of ours.
func TestPage_escapesEverything(t *testing.T) {
	t.Parallel()
	const evil = "\"'><script>alert(1)</script><img src=x onerror=alert(1)> {{.}} \ue001x\ue000 \u202egnp.exe javascript:alert(1)"
	p := samples()["anna"]
	p.Preference = people.Preference{DisplayName: evil, ReplyTo: evil, Signature: evil, TimeZone: evil, Language: evil, HTML: true}
	p.Forwards, p.Login, p.OldLogin, p.OwnLogin = []string{evil}, evil, "old"+evil, true
	p.Devices = []devices.Device{{Program: devices.Thunderbird, Name: evil}}
	p.Collections = []Collection{{Name: evil, Objects: 3}}
	p.ProfileLink, p.ProfileFile = "https://x.example/?"+evil, evil
	o := Organisation{Name: evil, Contact: evil, Help: "javascript:alert(1)", RulesCopied: true, DAVCopied: true}
	book := open(t, "")
	for _, code := range book.Languages() {
		p.Language = code
		page, text := made(t, book, o, p)
		harmless(t, page)
		if strings.ContainsAny(page, "\ue000\ue001\u202e") || strings.ContainsAny(text, "\ue000\ue001\u202e") {
			t.Errorf("%s: marks or turns of direction got through", code)
		}
		if strings.Count(text, "<script>alert(1)</script>") < 8 {
			t.Errorf("%s: the text does not show the names as they are", code)
		}
	}
}

// harmless fails if a page has anything that it does not have by itself, or that leads away from it.
func harmless(t testing.TB, page string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	allowed := strings.Fields("html head meta title style body header main section h1 h2 h3 p ul ol li a code b bdi table tbody tr th td span " +
		"pre figure img figcaption details summary")
	for node := range root.Descendants() {
		if node.Type == html.CommentNode || node.Type == html.ElementNode && !slices.Contains(allowed, node.Data) {
			t.Errorf("the page has a %q", node.Data)
		}
		for _, a := range node.Attr {
			schemes := strings.Fields("https: caldavs: carddavs: data:image/png;base64,")
			leads := a.Key == "href" || a.Key == "src"
			fine := slices.ContainsFunc(schemes, func(s string) bool { return strings.HasPrefix(a.Val, s) })
			if strings.HasPrefix(a.Key, "on") || leads && !fine {
				t.Errorf("the page has %s=%.60q", a.Key, a.Val)
			}
		}
	}
}

// A page needs nothing else: no script, no style, picture or font from elsewhere.
func TestPage_isSelfContained(t *testing.T) {
	t.Parallel()
	book := open(t, "")
	for name, p := range samples() {
		page, text := made(t, book, sampleOrganisation(), p)
		harmless(t, page)
		for _, word := range []string{"@import", "url(", "<script", "<link"} {
			if strings.Contains(page, word) {
				t.Errorf("%s: the page has %s", name, word)
			}
		}
		if len(page) > 90<<10 { // Gmail cuts at 102 kB
			t.Errorf("%s: the page has %d octets", name, len(page))
		}
		if !utf8.ValidString(text) || strings.Contains(text, "\r") {
			t.Errorf("%s: the text is no text", name)
		}
	}
}

func TestPage_aPersonCanActOnIt(t *testing.T) {
	t.Parallel()
	book, o := open(t, ""), sampleOrganisation()
	all := samples()
	for name, parts := range map[string][]string{
		"anna": {"Hello Anna Beispiel,", "on Friday, 4 December 2026, at 22:00", "imap.cloud.example.net (old: imap.old.example.com)",
			"User name: anna@example.com (old: anna)",
			"Thunderbird 128 (Windows), last used on Wednesday, 25 November 2026", "temporary password in a separate letter", "🎂 Geburtstage (31 entries)",
			"🏖️ (1 entry)", "(2,000 contacts)", "anna.privat@example.org", "IT-Service, it@example.com, +49 30 1234-56", "Until the move: nothing."},
		"odd": {"Hello,\n", "We will tell you the day in good time.", "a/b@example.com", "does not say its name (POP3)", "Leave messages on server",
			"pop.cloud.example.net"},
		"leila": {"Hello \u2068ليلى الأحمد\u2069,", "has moved its mail", "(on Friday, 4 December 2026)",
			"anna@example.com.mobileconfig", "Your password stays the same.",
			"Address book: Address book (1 contact)", "gnissim (3 entries)", `<script>alert("x")</script>`},
		"same": {"Nothing on your devices: they find the new server under the same name."},
	} {
		_, text := made(t, book, o, all[name])
		words := strings.Join(strings.Fields(text), " ")
		for _, part := range parts {
			if !strings.Contains(words, strings.Join(strings.Fields(part), " ")) {
				t.Errorf("%s: the page does not say %q:\n%s", name, part, text)
			}
		}
	}
	if _, text := made(t, book, o, all["odd"]); strings.Contains(text, "CalDAV") || strings.Contains(text, "choose “IMAP, not") {
		t.Errorf("calendars that do not move are on the page:\n%s", text)
	}
	if _, text := made(t, book, o, all["same"]); strings.Contains(text, "Thunderbird") || strings.Contains(text, "old account") {
		t.Errorf("nobody has to change anything, but there are instructions:\n%s", text)
	}
}

// What somebody uses comes first and is printed; the rest is folded away. Of whom nothing is known, everything is open.
func TestPage_instructionsForWhatIsUsed(t *testing.T) {
	t.Parallel()
	book, p := open(t, ""), samples()["anna"]
	page, _ := made(t, book, sampleOrganisation(), p)
	folded := strings.Index(page, "<details>")
	for id, own := range map[string]bool{
		"thunderbird": true, "iphone": true, "webmail": true, "outlook": false, "mac": false, "android": false, "other": false,
	} {
		if at := strings.Index(page, `<section id="`+id+`"`); at < 0 || (at < folded) != own {
			t.Errorf("%s is at %d, the others begin at %d", id, at, folded)
		}
	}
	p.Devices = nil
	if page, _ = made(t, book, sampleOrganisation(), p); !strings.Contains(page, "<details open>") {
		t.Error("nothing is known, and the instructions are folded away")
	}
}

// Who changed a password that later passes need would get no late mail.
func TestPage_passwordStaysUntilTheMoveIsComplete(t *testing.T) {
	t.Parallel()
	book, o, p := open(t, ""), sampleOrganisation(), samples()["anna"]
	for _, stays := range []bool{false, true} {
		o.PasswordStays = stays
		_, text := made(t, book, o, p)
		letter, err := book.Letter("en", o, p.Login, rehome.NewSecret("x"))
		told := strings.Join(strings.Fields(text), " ")
		if err != nil || strings.Contains(told, "until we tell you that the move is complete") != stays ||
			strings.Contains(string(letter), "until you are told that the move is complete") != stays ||
			strings.Contains(told, "choose a password of your own before you set up your devices") == stays {
			t.Errorf("stays %v: got\n%s\n%s", stays, letter, text)
		}
	}
}

// Where the servers keep their names, a new password is all that a device asks for.
func TestPage_onlyThePasswordChanges(t *testing.T) {
	t.Parallel()
	p := samples()["same"]
	p.Password = PasswordTold
	_, text := made(t, open(t, ""), sampleOrganisation(), p)
	if !strings.Contains(text, "On your devices only the password changes.") || strings.Contains(text, "Nothing on your devices") {
		t.Errorf("got\n%s", text)
	}
}

func TestPage_withoutServers(t *testing.T) {
	t.Parallel()
	p := Person{Address: "a@x.example", Login: "a@x.example", Password: PasswordTold}
	_, text := made(t, open(t, ""), Organisation{}, p)
	if !strings.Contains(text, "Your mail is moving to a new server.") || !strings.Contains(text, "names of the new servers are not known yet") ||
		strings.Contains(text, "Thunderbird") || strings.Contains(text, "port 0") {
		t.Errorf("got\n%s", text)
	}
}

func TestPage_picturesAreCodes(t *testing.T) {
	t.Parallel()
	page, err := open(t, "").Make(sampleOrganisation(), samples()["anna"])
	if err != nil {
		t.Fatal(err)
	}
	images := page.Images()
	if len(images) != 2 || images[0].ID != "profile" || images[1].ID != "android" {
		t.Fatalf("got %d pictures", len(images))
	}
	for _, i := range images {
		if _, err := png.Decode(bytes.NewReader(i.PNG)); err != nil {
			t.Errorf("%s: %v", i.ID, err)
		}
	}
	got, err := page.HTML(func(i Image) string { return "cid:" + i.ID })
	if err != nil || !strings.Contains(string(got), `src="cid:android"`) || strings.Contains(string(got), "data:") {
		t.Errorf("%v: a message has its pictures beside the page", err)
	}
}

func TestText_linesAreShort(t *testing.T) {
	t.Parallel()
	book := open(t, "")
	for name, p := range samples() {
		for _, code := range book.Languages() {
			p.Language = code
			_, text := made(t, book, sampleOrganisation(), p)
			for one := range strings.Lines(text) {
				if n := utf8.RuneCountInString(one); n > 79 && strings.Contains(strings.TrimSpace(one), " ") && !strings.HasPrefix(one, "  ") {
					t.Errorf("%s, %s: a line of %d characters: %q", name, code, n, one)
				}
			}
		}
	}
}

func TestBook_letterHasThePasswordAsItIs(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"en": "Your temporary password: a {{b}}\ue001 <c>\n", "de": "Ihr vorläufiges Passwort: a {{b}}\ue001 <c>\n",
	} {
		letter, err := open(t, "").Letter(code, sampleOrganisation(), "anna@example.com", rehome.NewSecret("a {{b}}\ue001 <c>"))
		if err != nil || !strings.Contains(string(letter), want) || !strings.HasPrefix(string(letter), "Musterhaus & Söhne <GmbH>\n") ||
			!strings.Contains(string(letter), "anna@example.com") {
			t.Errorf("got %q, %v", letter, err)
		}
	}
}

func FuzzPage(f *testing.F) {
	f.Add("Anna", "a/b", "🎂", "Thunderbird 128", int64(0))
	f.Add("\ue001\u202e<script>", "`'\"", "</pre>", "\x00\xff", int64(1796418000))
	book := open(f, "")
	o := sampleOrganisation()
	base := samples()["anna"]
	f.Fuzz(func(t *testing.T, name, local, collection, program string, at int64) {
		p := base
		p.DisplayName, p.Signature, p.Address, p.Login = name, collection, local+"@example.com", local
		p.Collections = []Collection{{Name: collection, Objects: int(at % 5000)}}
		p.Devices = []devices.Device{{Program: devices.IPhone, Name: program, Last: time.Unix(at, 0)}}
		if at%2 == 0 {
			p.Language = "de"
		}
		page, text := made(t, book, o, p)
		harmless(t, page)
		if !utf8.ValidString(text) {
			t.Error("the text is no UTF-8")
		}
		for one := range strings.Lines(text) {
			if strings.ContainsAny(one[:len(one)-1], "\n\r\x00") {
				t.Errorf("got %q", one)
			}
		}
	})
}

// Links for telephones hold an address as a user name: nothing in it ends the name.
func TestPage_linkOfAnOddAddress(t *testing.T) {
	t.Parallel()
	p := samples()["anna"]
	p.Address = "a/b?c#d@example.com"
	page, err := open(t, "").Make(sampleOrganisation(), p)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range page.sheet.Folded {
		for _, b := range part.Blocks {
			for _, l := range b.Links {
				if u, err := url.Parse(l.URL); err != nil || u.Host != "dav.cloud.example.net" || u.User.Username() != p.Address {
					t.Errorf("got %q, %v", l.URL, err)
				}
			}
		}
	}
}
