// SPDX-License-Identifier: Apache-2.0

package maillog

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func toldUse(u Use) string { return u.Protocol + " " + u.Name + " " + u.Client }

func uses(t *testing.T, lines ...string) (all []Use, read Summary) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	read, err := ReadUses(t.Context(), []string{file}, func(u Use) { all = append(all, u) })
	if err != nil {
		t.Fatal(err)
	}
	return all, read
}

func TestReadUses_lines(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("testdata", "uses.txt")) // what is told, "|", the line
	if err != nil {
		t.Fatal(err)
	}
	for one := range strings.Lines(string(text)) {
		want, line, _ := strings.Cut(strings.TrimRight(one, "\n"), "|")
		all, read := uses(t, line)
		got := ""
		for _, u := range all {
			got += toldUse(u)
			if u.When.Month() != time.November || u.When.Day() != 25 {
				t.Errorf("%s: the time is %v", line, u.When)
			}
		}
		if got != want || read.NotUnderstood > 0 || read.Uses != len(all) {
			t.Errorf("%s\ngot  %q\nwant %q (%+v)", line, got, want, read.Counts)
		}
	}
}

// A program says its name before or after it logs in, in lines among those of others.
func TestReadUses_idBelongsToItsSession(t *testing.T) {
	t.Parallel()
	all, _ := uses(t,
		`Nov 25 08:00:00 imap-login: Info: ID sent: name=A: user=<>, rip=1.2.3.4, session=<s1>`,
		`Nov 25 08:00:00 imap-login: Info: ID sent: name=B: user=<>, rip=1.2.3.4, session=<s2>`,
		`Nov 25 08:00:01 imap-login: Info: Login: user=<bo@a.test>, method=PLAIN, session=<s2>`,
		`Nov 25 08:00:01 imap-login: Info: Login: user=<anna@a.test>, method=PLAIN, session=<s1>`,
		`Nov 25 08:00:02 imap-login: Info: Login: user=<cy@a.test>, method=PLAIN, session=<s1>`)
	var got []string
	for _, u := range all {
		got = append(got, toldUse(u))
	}
	if want := []string{"imap bo@a.test name=B", "imap anna@a.test name=A", "imap cy@a.test "}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A web server's log tells a census of recipients nothing, and says so.
func TestRead_knowsNoWebServer(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "access.log")
	line := `10.0.0.7 - anna@a.test [25/Nov/2026:08:00:00 +0100] "PROPFIND / HTTP/1.1" 207 1` + "\n"
	if err := os.WriteFile(file, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(t.Context(), []string{file}, func(Event) {}); err == nil || !strings.Contains(err.Error(), "nothing in it was understood") {
		t.Errorf("got %v", err)
	}
}

func FuzzUse(f *testing.F) {
	f.Add(`10.0.0.7 - "a" [25/Nov/2026:08:00:00 +0100] "PROPFIND /%zz HTTP/1.1" 207 1 "-" "\"`)
	f.Add(`Nov 25 08:00:00 imap-login: Info: ID sent: name=A: user=<>, session=<s1>`)
	f.Add(`dovecot: imap(a)<><>: ID sent: `)
	f.Fuzz(func(t *testing.T, line string) {
		p := newParser()
		p.clients = map[string]string{}
		event := p.line(line)
		if event.Kind == Used && (len(event.Names) != 1 || event.Names[0] == "" || event.protocol == "") {
			t.Errorf("%q: got %+v", line, event)
		}
	})
}
