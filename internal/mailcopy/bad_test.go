// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"rehome/internal/mailcopy"
	"rehome/internal/pass"
)

var literal = regexp.MustCompile(`\{([0-9]+)\+?\}\r\n$`)

// answerBad lets the destination answer BAD to each message with a word in its flags, of which it gets nothing, and end the connection.
func (p *pair) answerBad(word string) {
	p.t.Helper()
	p.dstVia = proxied(p.t, func(client net.Conn) {
		defer func() { _ = client.Close() }()
		server, err := net.Dial("tcp", p.dst.IMAP)
		if err != nil {
			return
		}
		defer func() { _ = server.Close() }()
		answered := make(chan struct{})
		go func() {
			defer close(answered)
			_, _ = io.Copy(client, server) // until either is gone
		}()
		tag := ""
		for in := bufio.NewReader(client); ; {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			size := literal.FindStringSubmatch(line)
			if first, rest, _ := strings.Cut(line, " "); strings.HasPrefix(rest, "APPEND ") {
				tag = first
			}
			if size != nil && strings.Contains(line, word) {
				_ = server.(*net.TCPConn).CloseWrite() // what came before is answered before
				<-answered
				fmt.Fprintf(client, "%s BAD what was that\r\n", tag)
				_, _ = io.Copy(io.Discard, client) // what is read is not reset under the answer
				return
			}
			_, err = io.WriteString(server, line)
			if size != nil && err == nil {
				octets, _ := strconv.ParseInt(size[1], 10, 64) // digits, by the expression
				_, err = io.CopyN(server, in, octets)
			}
			if err != nil {
				return
			}
		}
	})
}

// flaggedAll gives messages no flags, and those of which it is said one that the destination cannot take.
func flaggedAll(mails []mail, is func(i int) bool) []mail {
	for i := range mails {
		if mails[i].flags = nil; is(i) {
			mails[i].flags = []string{`\Flagged`}
		}
	}
	return mails
}

// waitingSync is sync, and counts the slices that ended with a mailbox that waits.
func (p *pair) waitingSync() (total passed, waits int) {
	p.t.Helper()
	engine, started := p.engine(), time.Now()
	for {
		r, err := slice(p.t.Context(), engine, started, pass.DefaultBudget)
		if err != nil {
			p.t.Fatal(err)
		}
		total.Tally.Add(r.Tally)
		total.Findings, total.Census = append(total.Findings, r.Findings...), r.Census
		if len(r.Waits) > 0 {
			waits++
		}
		if !r.More && len(r.Waits) == 0 {
			return total, waits
		}
		if look, _ := pass.NextLook(r.Waits); !r.More {
			<-time.After(time.Until(look))
		}
	}
}

// A destination answers BAD to messages all over a mailbox: what was sent behind the first one is waited for, and nothing is sent behind
// another. The next pass tries those last.
func TestBad_waitsOnce(t *testing.T) {
	t.Parallel()
	plain := cloudDestination()
	plain.Extra = "protocol imap {\n  imap_capability = IMAP4rev1 UIDPLUS LITERAL+ LIST-EXTENDED LIST-STATUS NAMESPACE UNSELECT\n}\n"
	for name, destination := range map[string]bool{"MULTIAPPEND": true, "one message at a time": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := cloudDestination()
			if !destination {
				options = plain
			}
			p := newPair(t, atmailSource(), options)
			p.settle, p.batch = 50*time.Millisecond, 5 // nothing comes late
			p.fill(p.src, "INBOX", flaggedAll(letters(40, 400, "a"), func(i int) bool { return i%8 == 6 })...)
			p.answerBad(`\Flagged`)
			r, waits := p.waitingSync()
			if waits > 1 || r.Census.There != 35 || r.Census.Failed != 5 {
				t.Errorf("%d waits, %+v; want one at most, 35 there and 5 refused", waits, r.Census)
			}
			p.wantCount(p.dst, "INBOX", 35)
			p.fill(p.src, "INBOX", flaggedAll(letters(4, 400, "b"), func(int) bool { return false })...)
			if r, waits = p.waitingSync(); waits > 0 || r.Tally.Copied != 4 || r.Census.Failed != 5 {
				t.Errorf("%d waits, %+v, %+v; want none, 4 copied and 5 refused", waits, r.Tally, r.Census)
			}
		})
	}
}

// A destination that answers BAD to very many messages is asked so often and no more: what is left is named, and tried first in the
// next pass.
func TestBad_bounded(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.settle = 50 * time.Millisecond // nothing comes late
	p.fill(p.src, "INBOX", flaggedAll(letters(50, 400, "a"), func(i int) bool { return i >= 10 && i%8 != 0 })...)
	p.answerBad(`\Flagged`)
	r, _ := p.waitingSync()
	if f := wantFinding(t, r, "mailbox_unfinished"); !strings.Contains(f.Sentence, "24 times") || !strings.Contains(f.Sentence, "what was that") {
		t.Errorf("%q does not say how often and what", f.Sentence)
	}
	c := r.Census
	if c.Complete() || c.Mendable() || c.Stuck == 0 || c.There+c.Failed+c.Stuck != 50 {
		t.Errorf("%+v, want what is left stuck", c)
	}
	r, _ = p.waitingSync()
	if r.Census.Failed <= c.Failed || r.Census.Stuck >= c.Stuck {
		t.Errorf("%+v, then %+v: want less to be left", c, r.Census)
	}
	p.dstVia = p.dst.IMAP
	wantTally(t, p.sync(), mailcopy.Tally{Copied: 50 - int(r.Census.There)})
	p.wantCount(p.dst, "INBOX", 50)
}
