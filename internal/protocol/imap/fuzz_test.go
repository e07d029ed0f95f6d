// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"go.uber.org/goleak"

	"rehome/internal/protocol"
)

// FuzzDecoder feeds any octets to the decoder: it must end, hold only what its bounds allow, and not
// depend on how the octets are cut into packets.
func FuzzDecoder(f *testing.F) {
	for _, seed := range []string{
		"* OK [CAPABILITY IMAP4rev1] ready\r\nr1 OK done\r\n",
		"* LIST (\\A (b)) \"/\" {3}\r\na b NIL \"x\\\"y\"\r\n\r\n + go\n",
		"* 1 FETCH (UID 7 FLAGS (\\Seen [x a{5}) INTERNALDATE \" 1-Feb-2003 04:05:06 +0100\" BODY[] {3}\r\nabc RFC822.SIZE 3 MODSEQ (9))\r\n",
		"* 1 FETCH (BODY[HEADER.FIELDS (DATE)] \"x\" BINARY[] ~{2}\r\n\x00b UID 7 X-GM-LABELS (\\Inbox {1}\r\na) BODY[] NIL)\r\n",
		"* SEARCH 5 4 1 (MODSEQ 9)\r\n* ESEARCH (TAG \"r1\") UID ALL 1:5,7\r\n* VANISHED (EARLIER) 1:3\r\n",
		"r1 NO [OVERQUOTA x] full\r\n* BYE [X \"a]b\"] bye\r\n* 3 EXISTS\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		whole := trace(bytes.NewReader(input))
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > 4*maxOctets+1000*uint64(len(input)) {
			t.Errorf("%d octets allocated for %d octets of input", got, len(input))
		}
		if single := trace(iotest.OneByteReader(bytes.NewReader(input))); !slices.Equal(whole, single) {
			t.Errorf("as a whole     %q\noctet by octet %q", whole, single)
		}
		for _, line := range whole {
			if strings.HasPrefix(line, "error: ") && strings.ContainsFunc(line, func(r rune) bool { return r < ' ' }) {
				t.Errorf("control characters in %q", line)
			}
		}
	})
}

// nextPart stands between the parts of a fuzzed server's side; each part is sent when the client has
// written a line, or waits.
const nextPart = "\x1e"

// The transcripts that fuzzing starts from: a server with everything, one with nothing, and one that
// refuses.
var transcripts = []string{
	strings.Join([]string{
		"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR ID] ready\r\n",
		"r1 OK [CAPABILITY IMAP4rev1 LITERAL+ MULTIAPPEND UIDPLUS ESEARCH LIST-EXTENDED LIST-STATUS SPECIAL-USE CONDSTORE " +
			"STATUS=SIZE NAMESPACE QUOTA ID UNSELECT] in\r\n",
		"* ID (\"name\" \"x\")\r\nr2 OK done\r\n",
		"* NAMESPACE ((\"\" \"/\")) NIL NIL\r\nr3 OK done\r\n",
		"* LIST (\\HasNoChildren) \"/\" INBOX\r\n* STATUS INBOX (MESSAGES 2 UIDNEXT 9)\r\nr4 OK done\r\n",
		"* QUOTAROOT INBOX a\r\n* QUOTA a (STORAGE 1 2)\r\nr5 OK done\r\n",
		"* STATUS a (MESSAGES 2)\r\nr6 OK done\r\n",
		"* 2 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n* OK [UIDNEXT 9] x\r\nr7 OK [READ-WRITE] done\r\n",
		"* ESEARCH (TAG \"r8\") UID ALL 7:8\r\nr8 OK done\r\n",
		"* 1 FETCH (UID 7 FLAGS (\\Seen) BODY[] {6}\r\nabc\r\n\xff)\r\nr9 OK done\r\n",
		"* 2 FETCH (UID 8 BODY[] \"x\")\r\nr10 OK done\r\n",
		"r11 OK done\r\n", "r12 OK done\r\n", "r13 OK done\r\n", "", "r14 OK [APPENDUID 1 9:10] done\r\n",
		"* BYE out\r\nr15 OK done\r\n",
	}, nextPart),
	strings.Join([]string{
		"* OK ready\r\n", "* CAPABILITY IMAP4rev1\r\nr1 OK done\r\n", "r2 OK in\r\n", "* CAPABILITY IMAP4rev1\r\nr3 OK done\r\n",
		"* LIST (\\Noselect) \".\" \"\"\r\nr4 OK done\r\n", "* LIST () \".\" a\r\n* LIST () NIL {1}\r\nb\r\nr5 OK " +
			"done\r\n", "* LSUB () \".\" a\r\nr6 OK done\r\n",
		"", "* STATUS a (MESSAGES 1)\r\nr7 OK done\r\n* STATUS b (MESSAGES 1)\r\nr8 OK done\r\n", "* STATUS a (MESSAGES 1)\r\nr9 OK done\r\n",
		"* 1 EXISTS\r\nr10 OK done\r\n", "* SEARCH 7\r\nr11 OK done\r\n", "", "* 1 FETCH (BODY[] {1}\r\nx UID 7)\r\nr12 OK done\r\nr13 OK done\r\n",
		"r14 OK\r\n", "r15 NO\r\n", "r16 OK done\r\n", "+ go\r\n", "+ go\r\n", "", "+ go\r\n", "", "", "r17 OK done\r\n", "r18 OK done\r\n",
	}, nextPart),
	strings.Join([]string{"* PREAUTH [CAPABILITY IMAP4rev1 QUOTA LITERAL-] hi\r\n", "r1 NO no\r\n", "r2 NO no\r\n", "r3 NO no\r\n",
		"r4 NO no\r\n", "r5 NO no\r\n", "r6 BAD no\r\n"}, nextPart),
	"* BYE [UNAVAILABLE] full\r\n",
}

// trap is the body of every message that the fuzzed conversation appends: outside of a literal its
// lines would be commands.
const trap = "BODY\r\na1 DELETE INBOX\r\na2 LOGOUT\r\n"

// FuzzClientConversation lets a client work with a server that says anything: no panic, no hang, no
// goroutine left, no half body taken for a whole one, no message in the place of commands.
func FuzzClientConversation(f *testing.F) {
	for _, seed := range transcripts {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, parts []byte) {
		before := goleak.IgnoreCurrent()
		ours, theirs := net.Pipe()
		server := playParts(theirs, bytes.Split(parts, []byte(nextPart)), 2*time.Millisecond)
		start := time.Now()
		converse(t, ours)
		_ = ours.Close()
		checkClientOctets(t, <-server)
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("the conversation took %v", took)
		}
		if err := goleak.Find(before); err != nil {
			t.Error(err)
		}
	})
}

// The seeds are worth something only as long as they lead through the whole conversation.
func TestTranscripts_reachTheEnd(t *testing.T) {
	t.Parallel()
	for i, transcript := range transcripts[:2] {
		ours, theirs := net.Pipe()
		server := playParts(theirs, bytes.Split([]byte(transcript), []byte(nextPart)), 200*time.Millisecond)
		converse(t, ours)
		if octets := <-server; !bytes.HasSuffix(octets, []byte(" LOGOUT\r\n")) {
			t.Errorf("transcript %d ends at %q", i, octets)
		}
	}
}

// playParts sends the parts one by one, each when the client has written a line or waits for patience,
// and hangs up; the channel then yields what the client has sent.
func playParts(conn net.Conn, parts [][]byte, patience time.Duration) <-chan []byte {
	received := make(chan []byte, 1)
	var all sync.WaitGroup
	var octets bytes.Buffer
	lines := make(chan struct{}, 1)
	all.Go(func() { // reads
		buffer := make([]byte, 4096)
		for {
			n, err := conn.Read(buffer)
			octets.Write(buffer[:n])
			if bytes.IndexByte(buffer[:n], '\n') >= 0 {
				select {
				case lines <- struct{}{}:
				default:
				}
			}
			if err != nil {
				return
			}
		}
	})
	all.Go(func() { // writes
		defer func() { _ = conn.Close() }()
		for _, part := range parts {
			if len(part) > 0 {
				if _, err := conn.Write(part); err != nil {
					return
				}
			}
			select {
			case <-lines:
			case <-time.After(patience):
			}
		}
	})
	go func() { all.Wait(); received <- octets.Bytes() }()
	return received
}

// converse does everything that a client can do, as far as the server lets it.
func converse(t *testing.T, conn net.Conn) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	client, err := Dial(ctx, Options{Address: "fuzz:143", Security: protocol.NoTLS, Timeout: time.Second, Dial: func(context.Context, string,
		string) (net.Conn, error) {
		return conn, nil
	}})
	if err != nil {
		return
	}
	defer func() { _ = client.Close() }()
	var lost *ConnectionError
	up := func(err error) bool { // nothing else makes sense once the connection is gone
		_ = errorText(err)
		return !errors.As(err, &lost) && client.Err() == nil
	}
	if !up(client.LogInPlain(ctx, "", "anna", "secret")) {
		return
	}
	_, idErr := client.ID(ctx, "rehome", "1")
	_, namespaceErr := client.Namespace(ctx)
	entries, listErr := client.List(ctx)
	for _, e := range entries {
		if EncodeName(e.Name) != EncodeName(DecodeName(EncodeName(e.Name))) {
			t.Errorf("mailbox %q cannot be opened again", e.Name)
		}
	}
	_, _, quotaErr := client.QuotaOf(ctx, "INBOX")
	_, statusErr := client.Status(ctx, "a")
	selected, selectErr := client.Select(ctx, "INBOX")
	_ = selected.AnyKeyword()
	found, searchErr := client.SearchAll(ctx, 5)
	if found.Len() > 0 && slices.Min([]UID{found.Ranges()[0].First, found.Max()}) < 5 {
		t.Errorf("found %s, want nothing below 5", found)
	}
	if !up(errors.Join(idErr, namespaceErr, listErr, quotaErr, statusErr, selectErr, searchErr)) {
		return
	}
	if converseFetch(ctx, t, client) {
		_ = client.Store(ctx, rangeSet(7, 8), StoreAdd, []string{`\Seen`})
		_ = client.Create(ctx, "Entwürfe")
		_ = client.Subscribe(ctx, "Entwürfe")
		converseAppend(ctx, t, client)
	}
	_ = client.Logout(ctx)
}

// converseFetch fetches two ranges at once. Only whole bodies may look whole.
func converseFetch(ctx context.Context, t *testing.T, client *Client) bool {
	cut := 0
	handler := FetchHandler{Literal: func(l *Literal) error {
		n, err := io.Copy(io.Discard, l)
		if n != l.Size {
			cut++
		}
		return err
	}, Message: func(m *Message) error {
		if m.UID < 7 || m.UID > 8 {
			t.Errorf("UID %d was not asked for", m.UID)
		}
		return nil
	}}
	var commands []*FetchCommand
	for _, uid := range []UID{7, 8} {
		command, err := client.Fetch(ctx, rangeSet(uid, uid), FetchItems{Flags: true, Body: true}, handler)
		if err != nil {
			break
		}
		commands = append(commands, command)
	}
	failed := false
	for _, command := range commands {
		failed = command.Wait(ctx) != nil || failed
	}
	if cut > 0 && !failed {
		t.Errorf("%d cut bodies without an error", cut)
	}
	return client.Err() == nil && len(commands) == 2
}

func converseAppend(ctx context.Context, t *testing.T, client *Client) {
	command, err := client.Append(ctx, DecodeName("Entw\xfcrfe"))
	if err != nil {
		return
	}
	for range 2 {
		if err := command.Message(ctx, []string{`\Seen`}, time.Unix(0, 0), int64(len(trap)), strings.NewReader(trap)); err != nil {
			break
		}
	}
	if err := command.Finish(); err != nil {
		return
	}
	if answer, err := command.Wait(ctx); err == nil && answer.UIDs != nil && len(answer.UIDs) != 2 {
		t.Errorf("%d UIDs for 2 messages", len(answer.UIDs))
	}
}

var (
	commandLine = regexp.MustCompile(`^r\d+ [A-Z]+( .*)?$|^[A-Za-z0-9+/]*=*$`) // or an answer to a challenge
	nextCommand = regexp.MustCompile(`^r\d+ [A-Z]+[ \r]`)
	literalMark = regexp.MustCompile(`\{(\d+)(\+?)\}$`)
)

// checkClientOctets reads what the client sent like a server: everything outside of literals is a
// command or a part of one.
func checkClientOctets(t *testing.T, octets []byte) {
	insideCommand := false // behind a literal
	for len(octets) > 0 {
		line, rest, complete := bytes.Cut(octets, []byte("\r\n"))
		if !complete {
			return // cut by the end of the connection
		}
		octets = rest
		if !commandLine.Match(line) && (!insideCommand || line[0] != ' ') {
			t.Errorf("the server gets %q as a command", line)
			return
		}
		mark := literalMark.FindSubmatch(line)
		refused := mark != nil && len(mark[2]) == 0 && nextCommand.Match(octets) // a synchronising literal
		if insideCommand = mark != nil && !refused; !insideCommand {
			continue
		}
		n, err := strconv.Atoi(string(mark[1]))
		if err != nil {
			t.Fatal(err)
		}
		octets = octets[min(n, len(octets)):]
	}
}
