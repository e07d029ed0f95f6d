// SPDX-License-Identifier: Apache-2.0

package rulecopy

import (
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"rehome/internal/mapping"
	"rehome/internal/protocol/imap"
	"rehome/internal/protocol/managesieve"
	"rehome/lab"
	"rehome/lab/cyrus"
	"rehome/lab/dovecot"
	"rehome/lab/lmtp"
	"rehome/lab/mailsink"
	"rehome/lab/sievemodel"
)

// station is a server that runs scripts, with what its mailboxes are called.
type station struct {
	name              string
	imap, sieve, lmtp string
	outbox            *mailsink.Sink
	names             mapping.ScriptNames
	moved             func(string) string // the name there of one of the source
}

func slashed(name string) string {
	return strings.ReplaceAll(strings.TrimPrefix(name, "INBOX."), ".", "/")
}

// stations are a Dovecot with dots, from which scripts come, and a Dovecot and a Cyrus with slashes, where they go.
func stations(t *testing.T) []station {
	t.Helper()
	room := lab.Open(t)
	stay := func(name string) string { return name }
	all := []station{{name: "source", moved: stay}, {name: "destination", moved: slashed}}
	for i := range all {
		s := &all[i]
		var err error
		if s.outbox, err = mailsink.Start(room, "outbox-of-"+s.name); err != nil {
			t.Fatal(err)
		}
		options := dovecot.Options{Name: s.name, Layout: dovecot.Maildir, Separator: ".", Prefix: "INBOX.", Extra: "submission_host = " + s.outbox.SMTP,
			Accounts: []dovecot.Account{{Address: anna, Password: password}}}
		if i > 0 {
			options.Layout, options.Separator, options.Prefix = dovecot.Sdbox, "/", ""
		}
		for _, name := range sievemodel.Mailboxes() {
			options.Mailboxes = append(options.Mailboxes, dovecot.Mailbox{Name: strings.TrimPrefix(s.moved(name), "INBOX.")})
		}
		server, err := dovecot.Start(room, options)
		if err != nil {
			t.Fatal(err)
		}
		s.imap, s.sieve, s.lmtp = server.IMAP, server.Sieve, server.LMTP
	}
	server, err := cyrus.Start(room, cyrus.Options{Accounts: []cyrus.Account{{Address: anna, Password: password}}})
	if err != nil {
		t.Fatal(err)
	}
	last := station{name: "Cyrus", imap: server.IMAP, sieve: server.Sieve, lmtp: server.LMTP, outbox: server.Outbox, names: mapping.NamesUTF7, moved: slashed}
	ask := last.logIn(t)
	for _, name := range sievemodel.Mailboxes() { // it makes none with the hierarchy's separator by itself
		ask(fmt.Sprintf("CREATE %q", imap.EncodeName(slashed(name))))
	}
	return append(all, last)
}

// logIn returns what gives a command of IMAP and returns the lines before the answer.
func (s station) logIn(t *testing.T) func(command string) []string {
	t.Helper()
	talk, err := lab.Dial(t.Context(), s.imap, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = talk.Close() })
	ask := func(command string) []string {
		last, lines, err := talk.Ask("a "+command, "a ")
		if err != nil || !strings.HasPrefix(last, "a OK") {
			t.Fatal(s.name, command, last, err)
		}
		return lines
	}
	ask("LOGIN " + anna + " " + password)
	return ask
}

// Real servers do with generated scripts what the model says, before the move and after it.
func TestScripts_realServersAgreeWithTheModel(t *testing.T) {
	t.Parallel()
	scripts, letters, seed := 8, 4, uint64(1)
	if n, err := strconv.Atoi(os.Getenv("REHOME_SCRIPTS")); err == nil {
		scripts = n
	}
	for _, s := range stations(t) {
		client := logIn(t, s.sieve)
		want := map[string]string{}
		told := map[string]string{} // the script and the letter
		for i := range scripts {
			source := rand.New(rand.NewPCG(seed, uint64(i)))
			text := sievemodel.Script(source, i%2 == 0)
			if i%2 == 1 && s.name == "Cyrus" {
				continue
			}
			stored := s.store(t, client, text)
			for range letters {
				letter := sievemodel.Letter(source)
				result, err := sievemodel.Run(text, letter, func(name string) bool { return slices.Contains(append(sievemodel.Mailboxes(), "INBOX"), name) })
				if err != nil {
					t.Fatal(err)
				}
				id := letter.Fields[3][1]
				want[id], told[id] = s.expected(result), stored+"\n"+letter.Text()
				if err := lmtp.Deliver(t.Context(), s.lmtp, letter.From, letter.To, []byte(letter.Text())); err != nil {
					t.Fatal(err)
				}
			}
		}
		for id, got := range s.landings(t) {
			if want[id] != got {
				t.Errorf("%s: got %s, want %s\n%s", s.name, got, want[id], told[id])
			}
			delete(want, id)
		}
		for id, left := range want {
			if left != "" {
				t.Errorf("%s: got nothing, want %s\n%s", s.name, left, told[id])
			}
		}
	}
}

// store makes the script the active one, with the names that the server's mailboxes have.
func (s station) store(t *testing.T, client *managesieve.Client, text string) string {
	t.Helper()
	if s.name != "source" {
		a := Account{Address: anna, TargetNames: s.names, Mailbox: func(name string) (string, bool) { return s.moved(name), true }}
		action, findings := planned(t, a, text)
		if action.Person {
			t.Fatalf("%v\n%s", findings, text)
		}
		text = action.Text
	}
	store(t, client, "main", text)
	return text
}

// expected is what the model says, with the names of this server and without answers, which go out once for many letters.
func (s station) expected(r sievemodel.Result) string {
	var all []string
	for name, flags := range r.Saved {
		all = append(all, strings.TrimSpace("in "+s.moved(name)+" "+flags))
	}
	for _, to := range r.Forwards {
		all = append(all, "to "+to)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

var fetched = regexp.MustCompile(`^\* (\d+) FETCH .*?(?:FLAGS \(([^)]*)\))?`)

// landings finds where each letter is, by its Message-ID.
func (s station) landings(t *testing.T) map[string]string {
	t.Helper()
	found := map[string][]string{}
	ask := s.logIn(t)
	for _, name := range append(sievemodel.Mailboxes(), "INBOX") {
		ask(fmt.Sprintf("EXAMINE %q", imap.EncodeName(s.moved(name))))
		var ids, flags []string
		for _, line := range ask("UID SEARCH ALL") {
			if strings.Fields(line)[len(strings.Fields(line))-1] == "SEARCH" {
				continue
			}
			for _, line := range ask("FETCH 1:* (BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])") {
				if _, id, is := strings.Cut(strings.ToLower(line), "message-id: "); is {
					ids = append(ids, strings.TrimSpace(id))
				}
			}
			for _, line := range ask("FETCH 1:* FLAGS") {
				if _, rest, is := strings.Cut(line, "FLAGS ("); is && fetched.MatchString(line) {
					set, _, _ := strings.Cut(strings.ToLower(rest), ")")
					all := slices.DeleteFunc(strings.Fields(set), func(f string) bool { return f == `\recent` })
					slices.Sort(all)
					flags = append(flags, strings.Join(all, " "))
				}
			}
		}
		if len(ids) != len(flags) {
			t.Fatalf("%s: %d ids, %d flags", s.name, len(ids), len(flags))
		}
		for i, id := range ids {
			found[id] = append(found[id], strings.TrimSpace("in "+s.moved(name)+" "+flags[i]))
		}
	}
	s.forwarded(t, found)
	out := map[string]string{}
	for id, all := range found {
		slices.Sort(all)
		out[id] = strings.Join(all, ", ")
	}
	return out
}

// forwarded adds what has gone out; answers have a Message-ID of their own.
func (s station) forwarded(t *testing.T, found map[string][]string) {
	t.Helper()
	sent, err := s.outbox.Messages()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range sent {
		if id := m.Header.Get("Message-ID"); strings.HasSuffix(id, "@model>") {
			found[id] = append(found[id], "to "+strings.Join(m.To, " "))
		}
	}
}
