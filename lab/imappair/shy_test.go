// SPDX-License-Identifier: Apache-2.0

package imappair_test

import (
	"bufio"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"rehome/lab"
	"rehome/lab/dovecot"
	"rehome/lab/imappair"
	"rehome/lab/operator"
)

// shyness is how a source speaks of what it holds.
type shyness struct {
	status    string // what STATUS says instead of the truth, with its brackets
	bare      bool   // listings have neither size nor date
	backwards bool   // BODY[] comes before UID, and each message in several answers
	hides     int    // so many messages are in no listing, although EXISTS counts them
	deaf      string // the mailbox that it does not open
}

// shy is a source of two mailboxes, INBOX and Nothing, whose manners change while it runs.
type shy struct {
	*liar
	mu     sync.Mutex
	manner shyness
}

func (s *shy) behave(m shyness) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.manner = m
}

func startShy(t *testing.T, claims []claim) *shy {
	t.Helper()
	s := &shy{}
	s.liar = startSpeaker(t, claims, s.speak)
	return s
}

func (s *shy) speak(conn net.Conn) {
	defer conn.Close()
	lines, out := bufio.NewReader(conn), bufio.NewWriter(conn)
	open := ""
	fmt.Fprint(conn, "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] at your service\r\n")
	for {
		line, err := lines.ReadString('\n')
		parts := request.FindStringSubmatch(line)
		if err != nil || parts == nil {
			return
		}
		s.mu.Lock()
		m := s.manner
		s.mu.Unlock()
		answers, verdict := s.answer(m, strings.ToUpper(parts[2]), parts[3], &open)
		for _, answer := range answers {
			out.WriteString(answer + "\r\n")
		}
		fmt.Fprintf(out, "%s %s\r\n", parts[1], verdict)
		if out.Flush() != nil || strings.EqualFold(parts[2], "LOGOUT") {
			return
		}
	}
}

func (s *shy) answer(m shyness, command, rest string, open *string) (answers []string, verdict string) {
	name := strings.Trim(strings.Fields(rest + " x")[0], `"`)
	held := 0
	switch command {
	case "LIST", "LSUB":
		if strings.HasSuffix(rest, `"*"`) || strings.HasSuffix(rest, `"%"`) || strings.HasSuffix(rest, ` %`) || strings.HasSuffix(rest, ` *`) {
			return []string{"* " + command + ` () "/" INBOX`, "* " + command + ` () "/" Nothing`}, "OK done"
		}
	case "STATUS":
		if name == "INBOX" {
			held = len(s.claims)
		}
		said := m.status
		if said == "" {
			said = fmt.Sprintf("(MESSAGES %d UIDNEXT %d UIDVALIDITY %d)", held, held+1, 7+len(name))
		}
		return []string{"* STATUS " + name + " " + said}, "OK done"
	case "SELECT", "EXAMINE":
		if *open = name; name == m.deaf {
			*open = ""
			return nil, "NO [NONEXISTENT] Mailbox doesn't exist: " + name
		}
		if name == "INBOX" {
			held = len(s.claims)
		}
		return []string{fmt.Sprintf("* %d EXISTS", held), `* FLAGS (\Seen)`, fmt.Sprintf("* OK [UIDVALIDITY %d] valid", 7+len(name)),
			fmt.Sprintf("* OK [UIDNEXT %d] next", held+1)}, "OK done"
	case "UID SEARCH", "UID FETCH", "FETCH":
		if *open != "INBOX" {
			return nil, "OK nothing"
		}
		shown := &liar{claims: s.claims[:len(s.claims)-m.hides]}
		answers = shown.answer(command, rest)
		if strings.HasSuffix(command, "FETCH") && (m.bare || m.backwards) {
			answers = s.twist(m, answers, shown, strings.Contains(rest, "BODY.PEEK[]"))
		}
		return answers, "OK done"
	}
	return s.liar.answer(command, rest), "OK done"
}

// twist tells the same in another way that is allowed.
func (s *shy) twist(m shyness, answers []string, shown *liar, bodies bool) []string {
	var twisted []string
	for _, answer := range answers {
		var n, uid int
		if _, err := fmt.Sscanf(answer, "* %d FETCH (UID %d", &n, &uid); err != nil {
			return answers
		}
		c := shown.claims[uid-1]
		body := ""
		if _, header, found := strings.Cut(answer, " BODY[HEADER] "); found {
			body = "BODY[HEADER] " + strings.TrimSuffix(header, ")") + " "
		}
		if bodies {
			body = fmt.Sprintf("BODY[] {%d}\r\n%s ", len(c.text), c.text)
		}
		if m.bare {
			twisted = append(twisted, fmt.Sprintf("* %d FETCH (%sUID %d FLAGS (%s))", n, body, uid, c.flags))
			continue
		}
		twisted = append(twisted, fmt.Sprintf("* %d FETCH (FLAGS (%s) INTERNALDATE %s UID %d)", n, c.flags, c.date, uid),
			fmt.Sprintf("* %d FETCH (%sRFC822.SIZE %d UID %d)", n, body, len(c.text), uid))
	}
	slices.Reverse(twisted) // and in any order
	return twisted
}

// shyMove is a move from a shy source to a Dovecot.
func shyMove(t *testing.T, n int) (*shy, server, move) {
	t.Helper()
	var claims []claim
	for _, l := range letters(n, 400, "shy") {
		claims = append(claims, claim{flags: `\Seen`, date: `"17-Jul-1996 02:44:25 -0700"`, size: len(l.text), text: l.text})
	}
	src := startShy(t, claims)
	dst := startDovecot(t, lab.Open(t), dovecot.Options{Layout: dovecot.Sdbox, Separator: "/"}, person)
	return src, dst, plainMove(t, src, dst)
}

// plainMove is a move without TLS.
func plainMove(t *testing.T, src *shy, dst server) move {
	t.Helper()
	m := move{t: t, Operator: newOperator(t), src: src.server(), dst: dst, people: []imappair.Person{person}}
	if err := imappair.Prepare(nil, m.Dir, imappair.Options{Source: src.addr, Destination: dst.plain, Plain: true,
		People: []imappair.Person{person}}); err != nil {
		t.Fatal(err)
	}
	return m
}

// wantAdded proves that the counts of a pass add up.
func wantAdded(t *testing.T, o operator.Outcome) operator.Counted {
	t.Helper()
	var total operator.Counted
	for _, a := range operator.Decode[operator.Census](t, o).Accounts {
		m := a.Mail
		if sum := m.There + m.Failed + m.Deserted + m.Waiting + m.Remaining + m.Unknown; sum != m.Messages {
			t.Errorf("%s: %d messages, and they add up to %d: %+v", a.Account, m.Messages, sum, m)
		}
		if sum := m.Copied + m.Adopted + m.Unchanged; sum != m.There {
			t.Errorf("%s: %d at the destination, and they add up to %d: %+v", a.Account, m.There, sum, m)
		}
		total = m
	}
	return total
}

// However little a source says of its messages, and in whatever order: they are copied.
func TestShy_allIsCopied(t *testing.T) {
	t.Parallel()
	for name, manner := range map[string]shyness{
		"STATUS tells nothing":              {status: "()"},
		"STATUS says empty":                 {status: "(MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7)"},
		"STATUS leaves MESSAGES out":        {status: "(UIDNEXT 6 UIDVALIDITY 7)"},
		"neither sizes nor dates":           {bare: true},
		"no sizes, and STATUS says nothing": {bare: true, status: "()"},
		"bodies before UIDs, in pieces":     {backwards: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src, dst, m := shyMove(t, 5)
			src.behave(manner)
			first := m.Want(t, 0, "sync", "--json")
			if c := wantAdded(t, first); c.Copied != 5 {
				t.Errorf("%+v, want 5 copied", c)
			}
			if got := dst.logIn(t, person).texts("INBOX"); len(got) != 5 {
				t.Errorf("%d messages at the destination, want 5", len(got))
			}
			v := operator.Decode[operator.Verified](t, m.Run(t, "verify", "--json"))
			if v.Verdict != "equal" {
				t.Errorf("verdict %s: %+v", v.Verdict, v.Accounts)
			}
			if c := wantAdded(t, m.Want(t, 0, "sync", "--json")); c.Copied+c.Adopted != 0 || c.Unchanged != 5 {
				t.Errorf("again: %+v, want 5 unchanged", c)
			}
			if !manner.bare { // it has told no dates, and has some
				src.behave(shyness{})
				m.wantEqual(5)
			}
		})
	}
}

// A source that holds more than it shows is not done, and neither is it when it is healthy again before
// the rest has come.
func TestShy_whatIsNotShownIsUnknown(t *testing.T) {
	t.Parallel()
	src, dst, m := shyMove(t, 5)
	src.behave(shyness{hides: 3})
	for range 2 {
		o := m.Want(t, 5, "sync", "--json")
		if c := wantAdded(t, o); c.Messages != 5 || c.Unknown != 3 || c.There != 2 {
			t.Errorf("%+v, want 2 of 5 there and 3 unknown", c)
		}
		if !strings.Contains(o.Out, "messages_unlisted") {
			t.Errorf("no finding tells of it:\n%s", o.Out)
		}
	}
	for _, level := range []string{"counts", "metadata", "full"} {
		o := m.Want(t, 5, "verify", "--json", "--level", level)
		if v := operator.Decode[operator.Verified](t, o); v.Verdict != "differs" || !strings.Contains(o.Out, "unlisted_messages") {
			t.Errorf("%s: verdict %s: %+v", level, v.Verdict, v.Accounts)
		}
	}
	src.behave(shyness{})
	if c := wantAdded(t, m.Want(t, 0, "sync", "--json")); c.Copied != 3 || c.There != 5 {
		t.Errorf("%+v, want the other 3 copied", c)
	}
	if got := dst.logIn(t, person).texts("INBOX"); len(got) != 5 {
		t.Errorf("%d messages at the destination, want 5", len(got))
	}
}
