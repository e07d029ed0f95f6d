// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
)

// script is a server that answers by the beginning of a command; the longest beginning wins, and what
// nobody foresaw is OK.
type script map[string]string

func (s script) start(t *testing.T) Login {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = fmt.Fprint(conn, "* OK ready\r\n")
		lines := bufio.NewReader(conn)
		for {
			line, err := lines.ReadString('\n')
			tag, command, found := strings.Cut(strings.TrimSpace(line), " ")
			if err != nil || !found {
				return
			}
			_, _ = fmt.Fprint(conn, s.answer(tag, command))
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
	return Login{listener.Addr().String(), "anna", "secret"}
}

func (s script) answer(tag, command string) string {
	best, text := "", ""
	for begin, answer := range s {
		if strings.HasPrefix(command, begin) && len(begin) >= len(best) {
			best, text = begin, answer
		}
	}
	text = strings.ReplaceAll(text, "\n", "\r\n")
	if strings.HasPrefix(text, "NO") {
		return tag + " " + text + "\r\n"
	}
	return text + tag + " OK done\r\n"
}

func (s script) with(begin, answer string) script {
	changed := script{begin: answer}
	for key, value := range s {
		if key != begin {
			changed[key] = value
		}
	}
	return changed
}

// sound is a server of two messages, in an order of its own.
func sound() script {
	return script{
		"LIST":       "* LIST (\\HasNoChildren) \"/\" INBOX\n",
		"LSUB":       "* LSUB () \"/\" INBOX\n",
		"EXAMINE":    "* 2 EXISTS\n* OK [UIDVALIDITY 7] {3}\n",
		"UID SEARCH": "* SEARCH 5\n* SEARCH 3\n",
		"FETCH": "* 2 FETCH (BODY[] {12}\nA: b\n\nB)\n UID 5 INTERNALDATE NIL)\n" +
			"* 1 FETCH (FLAGS (\\Seen {2}\nk1 $k2 \"q f\") X-OTHER (a (b \"c)\") NIL))\n" +
			"* 1 FETCH (UID 3 INTERNALDATE \" 7-Jul-1996 02:44:25 -0700\" BODY[] \"x\")\n",
	}
}

func TestReadMail_asAServerMayAnswer(t *testing.T) {
	t.Parallel()
	m, err := ReadMail(t.Context(), sound().start(t))
	if err != nil {
		t.Fatal(err)
	}
	box := m.Mailboxes["INBOX"]
	if len(box.Messages) != 2 {
		t.Fatalf("%d messages", len(box.Messages))
	}
	a, b := box.Messages[0], box.Messages[1]
	got := fmt.Sprint(m.Subscribed["INBOX"], a.Flags, a.Date, a.Octets, b.UID, b.Date.IsZero(), b.Octets)
	if want := "true [$k2 \\seen k1 q f] 1996-07-07 09:44:25 +0000 UTC 1 5 true 12"; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// What an end says in one way and takes back in another is no ground for a judgement.
func TestReadMail_contradictionHasNoResult(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ begin, answer, want string }{
		"too few are found":       {"UID SEARCH", "* SEARCH 3\n", "2 messages by EXAMINE, 1 by SEARCH"},
		"another is found":        {"UID SEARCH", "* SEARCH 3 4\n", "alone with uid [4]"},
		"nothing is found":        {"UID SEARCH", "* SEARCH\n", "0 by SEARCH"},
		"too few are given":       {"FETCH", "* 1 FETCH (UID 3 FLAGS () BODY[] \"x\")\n", "1 by FETCH"},
		"a message has no uid":    {"FETCH", "* 1 FETCH (FLAGS () BODY[] \"x\")\n", "without its uid"},
		"it counts other than it": {"EXAMINE", "* 3 EXISTS\n", "3 messages by EXAMINE, 2 by SEARCH"},
		"it counts nothing":       {"EXAMINE", "* 0 EXISTS\n", "0 messages by EXAMINE, 2 by SEARCH"},
		"it says no number":       {"EXAMINE", "", "0 messages by EXAMINE"},
		"it grows":                {"UID SEARCH", "* SEARCH 3 5\n* 3 EXISTS\n", "it changed while it was read"},
		"the listings differ":     {"LIST \"\" \"%", "* LIST () NIL INBOX\n* LIST () NIL B\n", `[] and ["B"]`},
		"a listing is not one":    {"LIST", "* LIST () NIL\n", "without a name"},
		"the session ends":        {"UID SEARCH", "* BYE gone\n", "the server ended the session"},
		"brackets do not close":   {"FETCH", "* 1 FETCH (UID 3\n", "nothing closes"},
		"a name is there twice":   {"LIST", "* LIST () NIL INBOX\n* LIST () NIL inbox\n", "two mailboxes are named"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ReadMail(t.Context(), sound().with(test.begin, test.answer).start(t))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

// What an end refuses is a fact about that end.
func TestReadMail_refusals(t *testing.T) {
	t.Parallel()
	m, err := ReadMail(t.Context(), sound().with("EXAMINE", "NO it is broken").start(t))
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Mailboxes["INBOX"].Refusal; !strings.Contains(got, "it is broken") {
		t.Errorf("refusal %q", got)
	}
	if found := CompareMail(m, m, MailTerms{}); told(found) != "mailbox unopened: INBOX" || len(found) != 2 {
		t.Errorf("the judge says\n%s", found)
	}
	broken := sound().with("FETCH 1:2", "NO cannot").with("FETCH 2:2 (UID FLAGS INTERNALDATE BODY", "NO message is damaged").
		with("FETCH 2:2 (UID FLAGS INTERNALDATE)", "* 2 FETCH (UID 5 FLAGS ())\n").
		with("FETCH 1:1", "* 1 FETCH (UID 3 FLAGS () BODY[] \"x\")\n")
	if m, err = ReadMail(t.Context(), broken.start(t)); err != nil {
		t.Fatal(err)
	}
	found := CompareMail(m, m, MailTerms{})
	if told(found) != "message unread: INBOX" || len(found) != 2 || !strings.Contains(found[0].Source, "message is damaged") {
		t.Errorf("the judge says\n%s", found)
	}
}

func FuzzParse(f *testing.F) {
	for _, answer := range sound() {
		for line := range strings.SplitSeq(answer, "\n") {
			f.Add(line)
		}
	}
	f.Fuzz(func(_ *testing.T, line string) {
		_, _ = parse(line, []string{"one", "two"})
		_ = readable(line)
		_ = settled(line)
		_ = bare(line)
	})
}
