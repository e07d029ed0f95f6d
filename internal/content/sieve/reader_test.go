// SPDX-License-Identifier: Apache-2.0

package sieve_test

import (
	"maps"
	"net/mail"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rehome/internal/content/sieve"
	"rehome/lab/sievemodel"
)

// reader is somebody who has only the words for a script, and does by hand what they say.
type reader struct {
	t      *testing.T
	rest   string // of the sentence that is read
	letter sievemodel.Message
	exists func(string) bool
	flags  []string
	notes  map[string]string
	inbox  bool // nothing has taken it away from there
	stop   bool
	done   bool // the chain of "otherwise" has found its branch
	result sievemodel.Result
}

// obey does what the words say.
func obey(t *testing.T, rules []sieve.Rule, letter sievemodel.Message, exists func(string) bool) sievemodel.Result {
	t.Helper()
	r := &reader{t: t, letter: letter, exists: exists, inbox: true, notes: map[string]string{}, result: sievemodel.Result{Saved: map[string]string{}}}
	for _, rule := range rules {
		r.rest = rule.Words
		r.sentence(!r.stop)
		if r.rest != "" {
			t.Fatalf("cannot follow %q from %q on", rule.Words, r.rest)
		}
	}
	if r.inbox {
		r.save("INBOX", r.flags)
	}
	slices.Sort(r.result.Forwards)
	r.result.Forwards = slices.Compact(r.result.Forwards)
	return r.result
}

func (r *reader) take(words string) bool {
	rest, found := strings.CutPrefix(r.rest, words)
	if found {
		r.rest = rest
	}
	return found
}

func (r *reader) save(mailbox string, flags []string) {
	r.result.Saved[mailbox] = strings.Join(flags, " ")
}

// sentence reads a condition with what is done under it, or a bare deed. Live says that one is to do it.
func (r *reader) sentence(live bool) {
	holds := false
	switch {
	case r.take("always: "):
		holds, r.done = true, true
	case r.take("switched off, never done: "):
		r.done = false
	case r.take("otherwise, switched off, never done: "):
	case r.take("if "):
		holds = r.condition()
		r.done = holds
		r.expect(": ")
	case r.take("otherwise, if "):
		holds = r.condition() && !r.done
		r.done = r.done || holds
		r.expect(": ")
	case r.take("otherwise: "):
		holds, r.done = !r.done, true
	default:
		r.deed(live)
		return
	}
	inner := false // what "otherwise" in this block goes by
	for {
		if r.take("(") {
			outer := r.done
			r.done = inner
			r.sentence(live && holds && !r.stop)
			inner, r.done = r.done, outer
			r.expect(")")
		} else {
			r.deed(live && holds && !r.stop)
		}
		if !r.take("; ") {
			return
		}
	}
}

func (r *reader) expect(words string) {
	if !r.take(words) {
		r.t.Fatalf("no %q at %q", words, r.rest)
	}
}

var saving = regexp.MustCompile(`^save (it|a copy) in "([^"]*)"(?:, which is made if it is missing)?(?:, with only the flags? ([^;)]*))?`)

var deeds = []struct {
	words *regexp.Regexp
	do    func(r *reader, m []string)
}{
	{saving, func(r *reader, m []string) {
		r.inbox = r.inbox && m[1] == "a copy"
		r.save(r.noted(m[2]), r.flagsOr(m[3]))
	}},
	{regexp.MustCompile(`^keep it in INBOX(?:, with only the flags? ([^;)]*))?`), func(r *reader, m []string) {
		r.inbox = false
		r.save("INBOX", r.flagsOr(m[1]))
	}},
	{regexp.MustCompile(`^delete it, unless another action saves it`), func(r *reader, _ []string) { r.inbox = false }},
	{regexp.MustCompile(`^forward (it|a copy) to ([^;) ]*)`), func(r *reader, m []string) {
		r.inbox = r.inbox && m[1] == "a copy"
		r.result.Forwards = append(r.result.Forwards, m[2])
	}},
	{regexp.MustCompile(`^set only the flags? ([^;)]*)`), func(r *reader, m []string) { r.flags = flagsOf(m[1]) }},
	{regexp.MustCompile(`^set the flags? ([^;)]*)`), func(r *reader, m []string) { r.flags = flagsOf(strings.Join(r.flags, " ") + " " + m[1]) }},
	{regexp.MustCompile(`^remove the flags? ([^;)]*)`), func(r *reader, m []string) {
		r.flags = slices.DeleteFunc(slices.Clone(r.flags), func(f string) bool { return slices.Contains(flagsOf(m[1]), f) })
	}},
	{regexp.MustCompile(`^remember "([^"]*)" as "([^"]*)"`), func(r *reader, m []string) { r.notes[strings.ToLower(m[2])] = r.noted(m[1]) }},
	// The one form of a modified variable that the scripts of the test have.
	{regexp.MustCompile(`^Sieve: set :lower :upperfirst "tail" "([^"]*)"`), func(r *reader, m []string) {
		text := strings.ToLower(r.noted(m[1]))
		r.notes["tail"] = strings.ToUpper(text[:1]) + text[1:]
	}},
	{regexp.MustCompile(`^reply to the sender, at most once in 3 days, with the text "away"`), func(r *reader, _ []string) { r.result.Replied = true }},
	{regexp.MustCompile(`^stop processing rules`), func(r *reader, _ []string) { r.stop = true }},
	{regexp.MustCompile(`^do nothing`), func(*reader, []string) {}},
}

func (r *reader) deed(live bool) {
	for _, d := range deeds {
		if m := d.words.FindStringSubmatch(r.rest); m != nil {
			r.rest = r.rest[len(m[0]):]
			if live {
				d.do(r, m)
			}
			return
		}
	}
	r.t.Fatalf("no deed at %q", r.rest)
}

func flagsOf(text string) []string {
	flags := strings.Fields(strings.ToLower(text))
	slices.Sort(flags)
	return slices.Compact(flags)
}

func (r *reader) flagsOr(named string) []string {
	if named == "" {
		return r.flags
	}
	return flagsOf(named)
}

var note = regexp.MustCompile(`\$\{([^}]*)\}`)

func (r *reader) noted(text string) string {
	return note.ReplaceAllStringFunc(text, func(found string) string {
		return r.notes[strings.ToLower(note.FindStringSubmatch(found)[1])]
	})
}

// condition reads tests with "and" or "or" between them; what is mixed is in brackets.
func (r *reader) condition() bool {
	holds := r.asked()
	for {
		switch {
		case r.take(" and "):
			next := r.asked()
			holds = holds && next
		case r.take(" or "):
			next := r.asked()
			holds = holds || next
		default:
			return holds
		}
	}
}

func (r *reader) asked() bool {
	negated := r.take("not ")
	if r.take("(") {
		holds := r.condition()
		r.expect(")")
		return holds != negated
	}
	return r.question()
}

const listed = `((?:one of )?"[^"]*"(?:, "[^"]*")*)`

var questions = []struct {
	words *regexp.Regexp
	holds func(r *reader, m []string) bool
}{
	{regexp.MustCompile(`^in any case`), func(*reader, []string) bool { return true }},
	{regexp.MustCompile(`^never`), func(*reader, []string) bool { return false }},
	{regexp.MustCompile(`^it has (?:the header field|all the header fields) ` + listed), func(r *reader, m []string) bool {
		return !slices.ContainsFunc(texts(m[1]), func(name string) bool { return len(r.fields(name)) == 0 })
	}},
	{regexp.MustCompile(`^there (?:is the mailbox|are all the mailboxes) ` + listed), func(r *reader, m []string) bool {
		return !slices.ContainsFunc(texts(m[1]), func(name string) bool { return !r.exists(r.noted(name)) })
	}},
	{regexp.MustCompile(`^it is larger than 1K`), func(r *reader, _ []string) bool { return len(r.letter.Text()) > 1024 }},
	{regexp.MustCompile(`^it is smaller than 1000`), func(r *reader, _ []string) bool { return len(r.letter.Text()) < 1000 }},
	{regexp.MustCompile(`^(.+?) (is|contains|matches) ` + listed + `( in exactly these letters)?`), func(r *reader, m []string) bool {
		return slices.ContainsFunc(r.subject(m[1]), func(text string) bool {
			return slices.ContainsFunc(texts(m[3]), func(key string) bool {
				if m[4] == "" {
					text, key = strings.ToLower(text), strings.ToLower(key)
				}
				matched, _ := path.Match(strings.ReplaceAll(key, "/", "|"), strings.ReplaceAll(text, "/", "|"))
				return m[2] == "is" && text == key || m[2] == "contains" && strings.Contains(text, key) || m[2] == "matches" && matched
			})
		})
	}},
}

func (r *reader) question() bool {
	for _, q := range questions {
		if m := q.words.FindStringSubmatch(r.rest); m != nil {
			r.rest = r.rest[len(m[0]):]
			return q.holds(r, m)
		}
	}
	r.t.Fatalf("no question at %q", r.rest)
	return false
}

func texts(list string) []string {
	parts := strings.Split(strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(list, "one of "), `"`), `"`), `", "`)
	return parts
}

func (r *reader) fields(name string) []string {
	var found []string
	for _, f := range r.letter.Fields {
		if strings.EqualFold(f[0], name) {
			found = append(found, strings.TrimSpace(f[1]))
		}
	}
	return found
}

// subject finds what a test looks at.
func (r *reader) subject(words string) []string {
	if words == "one of its flags" {
		return r.flags
	}
	if quoted, is := strings.CutPrefix(words, "the text "); is {
		return []string{r.noted(strings.Trim(quoted, `"`))}
	}
	for _, part := range slices.Sorted(maps.Keys(parts)) {
		where, is := strings.CutPrefix(words, part+" in ")
		if !is {
			continue
		}
		var found []string
		for _, address := range r.addresses(where) {
			if text, has := parts[part](address); has {
				found = append(found, text)
			}
		}
		return found
	}
	var found []string
	for name := range strings.SplitSeq(strings.TrimPrefix(words, "any of "), ", ") {
		found = append(found, r.fields(name)...)
	}
	return found
}

var parts = map[string]func(string) (string, bool){
	"the address":           func(a string) (string, bool) { return a, true },
	"the domain":            func(a string) (string, bool) { return a[strings.IndexByte(a, '@')+1:], true },
	"the part before the @": func(a string) (string, bool) { return a[:strings.IndexByte(a, '@')], true },
	"the part before the +": func(a string) (string, bool) { return regexp.MustCompile(`^[^+@]*`).FindString(a), true },
	"the part behind the +": func(a string) (string, bool) {
		m := regexp.MustCompile(`\+(.*)@`).FindStringSubmatch(a)
		if m == nil {
			return "", false
		}
		return m[1], true
	},
}

func (r *reader) addresses(where string) []string {
	where, envelope := strings.CutPrefix(where, "the envelope's ")
	var found []string
	for name := range strings.SplitSeq(strings.TrimPrefix(where, "any of "), ", ") {
		switch {
		case envelope && name == "From":
			found = append(found, r.letter.From)
		case envelope:
			found = append(found, r.letter.To)
		default:
			for _, text := range r.fields(name) {
				if a, err := mail.ParseAddress(text); err == nil {
					found = append(found, a.Address)
				}
			}
		}
	}
	return found
}
