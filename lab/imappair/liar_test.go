// SPDX-License-Identifier: Apache-2.0

package imappair_test

import (
	"bufio"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"rehome/internal/protocol/imap"
)

// claim is a message and what a source says of it, as it stands on the wire.
type claim struct {
	flags, date string
	size        int
	text        string
}

// liar is a source of one mailbox that speaks the plainest IMAP and claims what it is told to.
type liar struct {
	addr    string
	claims  []claim // by UID from 1
	running sync.WaitGroup

	mu   sync.Mutex
	open []net.Conn
}

func startLiar(t *testing.T, claims []claim) *liar {
	t.Helper()
	return startSpeaker(t, claims, nil)
}

// startSpeaker starts a server that speaks as it is told; nil is the plain way.
func startSpeaker(t *testing.T, claims []claim, speak func(net.Conn)) *liar {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &liar{addr: listener.Addr().String(), claims: claims}
	if speak == nil {
		speak = l.serve
	}
	l.running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // closed
			}
			l.mu.Lock()
			l.open = append(l.open, conn)
			l.mu.Unlock()
			l.running.Go(func() { speak(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		l.mu.Lock()
		for _, conn := range l.open {
			_ = conn.Close() // most are closed already
		}
		l.mu.Unlock()
		l.running.Wait()
	})
	return l
}

// server is the end of a move that the liar plays.
func (l *liar) server() server { return server{plain: l.addr, separator: "/"} }

// request is a tag, a command, and the rest of the line.
var request = regexp.MustCompile(`^(\S+) ((?:UID )?\S+) ?(.*)\r\n$`)

func (l *liar) serve(conn net.Conn) {
	defer conn.Close()
	lines := bufio.NewReader(conn)
	fmt.Fprint(conn, "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] at your service\r\n")
	for {
		line, err := lines.ReadString('\n')
		parts := request.FindStringSubmatch(line)
		if err != nil || parts == nil {
			return
		}
		out := bufio.NewWriter(conn)
		for _, answer := range l.answer(strings.ToUpper(parts[2]), parts[3]) {
			out.WriteString(answer + "\r\n")
		}
		fmt.Fprintf(out, "%s OK done\r\n", parts[1])
		if out.Flush() != nil || strings.EqualFold(parts[2], "LOGOUT") {
			return
		}
	}
}

func (l *liar) answer(command, rest string) []string {
	switch command {
	case "CAPABILITY":
		return []string{"* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN"}
	case "LIST", "LSUB":
		if strings.HasSuffix(rest, `""`) {
			return []string{"* " + command + ` (\Noselect) "/" ""`}
		}
		return []string{"* " + command + ` () "/" INBOX`}
	case "STATUS":
		return []string{fmt.Sprintf("* STATUS INBOX (MESSAGES %d UIDNEXT %d UIDVALIDITY 7)", len(l.claims), len(l.claims)+1)}
	case "SELECT", "EXAMINE":
		return []string{
			fmt.Sprintf("* %d EXISTS", len(l.claims)), "* 0 RECENT", `* FLAGS (\Seen)`,
			"* OK [UIDVALIDITY 7] valid", fmt.Sprintf("* OK [UIDNEXT %d] next", len(l.claims)+1),
		}
	case "UID SEARCH":
		uids := "* SEARCH"
		for uid := range l.claims {
			uids += " " + strconv.Itoa(uid+1)
		}
		return []string{uids}
	case "UID FETCH", "FETCH": // the UIDs are the numbers
		return l.fetch(rest)
	}
	return nil
}

// fetch answers with everything that is asked for and more: what is not asked for may come as well
// (RFC 9051 section 7.5.2).
func (l *liar) fetch(rest string) (answers []string) {
	text, items, _ := strings.Cut(rest, " ")
	uids, ok := imap.ParseUIDSet(strings.ReplaceAll(text, "*", strconv.Itoa(len(l.claims))))
	if !ok {
		return nil
	}
	for i, claim := range l.claims {
		if !uids.Contains(imap.UID(i + 1)) {
			continue
		}
		answer := fmt.Sprintf("* %d FETCH (UID %d FLAGS (%s) RFC822.SIZE %d", i+1, i+1, claim.flags, claim.size)
		if claim.date != "" {
			answer += " INTERNALDATE " + claim.date
		}
		if strings.Contains(items, "BODY.PEEK[]") {
			answer += fmt.Sprintf(" BODY[] {%d}\r\n%s", len(claim.text), claim.text)
		}
		if fields, found := strings.CutPrefix(items, "(UID BODY.PEEK["); found && strings.HasPrefix(fields, "HEADER") {
			head, _, _ := strings.Cut(claim.text, "\r\n\r\n") // and more than was asked for
			answer += fmt.Sprintf(" BODY[HEADER] {%d}\r\n%s", len(head)+4, head+"\r\n\r\n")
		}
		answers = append(answers, answer+")")
	}
	return answers
}
