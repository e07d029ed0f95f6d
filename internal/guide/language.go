// SPDX-License-Identifier: Apache-2.0

package guide

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"

	"rehome"
)

// shipped holds the languages that come with the binary.
//
//go:embed languages/*.tmpl
var shipped embed.FS

// The bounds of a folder with texts of one's own.
const (
	maxTexts     = 1 << 20 // octets of one file
	maxLanguages = 100
)

// languageEnding is that of a file; before it stands the language's code, such as "de" or "pt-br".
const languageEnding = ".tmpl"

// reference is the language that has every text: another one is held against it.
const reference = "en"

// Book has the texts of all languages.
type Book struct {
	languages map[string]*language
	fallback  string
}

// Open reads the languages that come with the binary and, if there is one, a folder with more of them: a file "fr.tmpl" adds a
// language, a file "de.tmpl" replaces those texts of German that it has. fallback is the language of everybody of whom none is known.
func Open(folder, fallback string) (*Book, error) {
	b := &Book{languages: map[string]*language{}, fallback: fallback}
	if err := b.readAll(shipped, "languages", ""); err != nil {
		return nil, err
	}
	if folder != "" {
		if err := b.readAll(os.DirFS(folder), ".", folder); err != nil {
			return nil, err
		}
	}
	if _, known := b.languages[fallback]; !known {
		return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "find", Object: "the language " + fallback,
			Cause: errors.New("there are no texts in it"),
			Hint:  fmt.Sprintf("choose one of %s, or put a file %s%s into clients.texts", strings.Join(b.Languages(), ", "), fallback, languageEnding)}
	}
	return b, nil
}

// Languages returns the codes, sorted.
func (b *Book) Languages() []string { return slices.Sorted(maps.Keys(b.languages)) }

// readAll reads the files of a folder; place is what stands before their names in an error.
func (b *Book) readAll(files fs.FS, folder, place string) error {
	entries, err := fs.ReadDir(files, folder)
	if err != nil {
		return textsFault(place, err, "name a folder with files such as fr"+languageEnding)
	}
	if len(entries) > maxLanguages {
		return textsFault(place, fmt.Errorf("contains more than %d files", maxLanguages), "name a folder with texts only")
	}
	slices.SortStableFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(rank(a.Name()), rank(b.Name())) })
	for _, entry := range entries {
		code, is := strings.CutSuffix(entry.Name(), languageEnding)
		if !is || entry.IsDir() {
			continue
		}
		path := filepath.Join(place, entry.Name())
		text, err := readText(files, filepath.ToSlash(filepath.Join(folder, entry.Name())))
		if err == nil {
			err = b.add(strings.ToLower(code), string(text))
		}
		if err != nil {
			return textsFault(path, err, "correct the file; docs/clients.md says what it holds")
		}
	}
	return nil
}

// rank puts the language first that the others are held against.
func rank(file string) int {
	if file == reference+languageEnding {
		return 0
	}
	return 1
}

func readText(files fs.FS, name string) ([]byte, error) {
	file, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close() // only read
	text, err := io.ReadAll(io.LimitReader(file, maxTexts+1))
	if err == nil && len(text) > maxTexts {
		err = fmt.Errorf("is longer than %d octets", maxTexts)
	}
	return text, err
}

func textsFault(object string, cause error, hint string) error {
	var path *fs.PathError
	if errors.As(cause, &path) {
		cause = path.Err
	}
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "read the texts in", Object: object, Cause: cause, Hint: hint}
}

// add takes a language, or texts that replace some of it. It is tried on every kind of person at once: a text that fails for one of
// them would stop a run in its midst.
func (b *Book) add(code, text string) error {
	l := &language{code: code}
	if known, is := b.languages[code]; is {
		copied, err := known.texts.Clone()
		if err != nil {
			return err
		}
		l.texts = copied
	} else {
		l.texts = template.New(code).Funcs(template.FuncMap{
			"code": func(v any) string { return marked(markCode, fmt.Sprint(v)) },
			"ui":   func(v string) string { return marked(markUI, v) },
			"name": func(v string) string { return marked(markName, v) },
		}).Option("missingkey=error")
	}
	if _, err := l.texts.Parse(text); err != nil {
		return err
	}
	if err := l.complete(b.languages[reference]); err != nil {
		return err
	}
	b.languages[code] = l
	return nil
}

// language is the texts of one.
type language struct {
	code  string
	texts *template.Template
}

// keys are the names of the texts.
func (l *language) keys() map[string]bool {
	names := map[string]bool{}
	for _, t := range l.texts.Templates() {
		names[t.Name()] = true
	}
	delete(names, l.texts.Name())
	return names
}

// complete holds a language against the one that has everything.
func (l *language) complete(whole *language) error {
	if whole == nil {
		whole = l
	}
	have, want := l.keys(), whole.keys()
	if missing := without(want, have); len(missing) > 0 {
		return fmt.Errorf("lacks the texts %s", strings.Join(missing, ", "))
	}
	if strange := without(have, want); len(strange) > 0 {
		return fmt.Errorf("has texts that no page shows: %s", strings.Join(strange, ", "))
	}
	for _, list := range []struct {
		key  string
		want int
	}{{"months", 12}, {"weekdays", 7}, {"quotes", 2}} {
		if words := strings.Fields(l.must(list.key, nil)); len(words) != list.want {
			return fmt.Errorf("%s has %d words instead of %d", list.key, len(words), list.want)
		}
	}
	if direction := l.must("direction", nil); direction != "ltr" && direction != "rtl" {
		return fmt.Errorf(`direction is %q instead of ltr or rtl`, direction)
	}
	for _, o := range []Organisation{
		{}, {Name: "x", Contact: "x", Help: "https://x.example/", RulesCopied: true, DAVCopied: true, PasswordStays: true},
	} {
		const secret = "31 letters that are nowhere else"
		if letter, err := l.letter(o, "x", rehome.NewSecret(secret)); err != nil || !strings.Contains(letter, secret) {
			return cmp.Or(err, errors.New("letter does not have the password"))
		}
		for _, p := range everyKind() {
			if _, err := l.make(o, p, noPicture); err != nil {
				return err
			}
		}
	}
	return nil
}

func without(all, these map[string]bool) (left []string) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if !these[name] {
			left = append(left, name)
		}
	}
	return left
}

// noPicture takes the place of one while texts are tried: drawing takes longer than all else.
func noPicture([]byte) ([]byte, error) { return nil, nil }

// say executes a text.
func (l *language) say(key string, data any) (string, error) {
	var b strings.Builder
	if err := l.texts.ExecuteTemplate(&b, key, data); err != nil {
		return "", err
	}
	return b.String(), nil
}

// must executes a text that depends on nothing; one that fails is empty, which complete has refused.
func (l *language) must(key string, data any) string {
	text, err := l.say(key, data)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(text)
}

// when is what the texts of dates are made of.
type when struct {
	Weekday, Month, Hour, Minute string
	Day, Year                    int
}

// date writes a time by the text of this name, "day" or "moment"; "" if there is none.
func (l *language) date(key string, at time.Time) string {
	if at.IsZero() {
		return ""
	}
	months, weekdays := strings.Fields(l.must("months", nil)), strings.Fields(l.must("weekdays", nil))
	if len(months) != 12 || len(weekdays) != 7 {
		return ""
	}
	return l.must(key, when{
		Weekday: weekdays[at.Weekday()], Month: months[at.Month()-1], Day: at.Day(), Year: at.Year(),
		Hour: fmt.Sprintf("%02d", at.Hour()), Minute: fmt.Sprintf("%02d", at.Minute()),
	})
}

// number writes a count with the language's separator of thousands.
func (l *language) number(n int) string {
	text := strconv.Itoa(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + l.must("thousands", nil) + text[at:]
	}
	return text
}

// Choose returns the code of the language that a preference names, by its code, with or without a country, or by its name in English or
// in itself; the fallback's if it names none that there is.
func (b *Book) Choose(preference string) string {
	wanted := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(preference), "_", "-"))
	short, _, _ := strings.Cut(wanted, "-")
	for _, code := range []string{wanted, short, namesOfLanguages[wanted]} {
		if _, known := b.languages[code]; known {
			return code
		}
	}
	for _, code := range b.Languages() {
		if wanted != "" && strings.EqualFold(b.languages[code].must("language", nil), wanted) {
			return code
		}
	}
	return b.fallback
}

// namesOfLanguages are those by which the webmail of the source calls them (facts of its table UserSettings: "hungarian").
var namesOfLanguages = map[string]string{
	"arabic": "ar", "bulgarian": "bg", "catalan": "ca", "chinese": "zh", "croatian": "hr", "czech": "cs", "danish": "da", "dutch": "nl",
	"english": "en", "estonian": "et", "finnish": "fi", "french": "fr", "german": "de", "greek": "el", "hebrew": "he", "hungarian": "hu",
	"icelandic": "is", "italian": "it", "japanese": "ja", "korean": "ko", "latvian": "lv", "lithuanian": "lt", "norwegian": "no",
	"persian": "fa", "polish": "pl", "portuguese": "pt", "romanian": "ro", "russian": "ru", "serbian": "sr", "slovak": "sk",
	"slovenian": "sl", "spanish": "es", "swedish": "sv", "thai": "th", "turkish": "tr", "ukrainian": "uk", "vietnamese": "vi",
}
