// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rehome/internal/protocol"
)

// state is where a connection stands when the server begins to say anything.
type state struct {
	name  string
	leads []string // what the server says before, each part when the client has written a line
	work  func(context.Context, *Client) error
	seeds []string
}

const everything = "* PREAUTH [CAPABILITY IMAP4rev1 ENABLE CONDSTORE QRESYNC IDLE ACL METADATA NAMESPACE QUOTA ID MOVE " +
	"UIDPLUS ESEARCH COMPRESS=DEFLATE CREATE-SPECIAL-USE LIST-EXTENDED LIST-STATUS OBJECTID APPENDLIMIT UNSELECT LITERAL+] hi\r\n"

var hearAll = FetchHandler{
	Literal:  func(l *Literal) error { _, err := io.Copy(io.Discard, l); return err },
	Message:  func(*Message) error { return nil },
	Vanished: func(UIDSet) error { return nil },
}

var states = []state{
	{name: "greeting", work: func(context.Context, *Client) error { return nil }, seeds: []string{"* OK [CAPABILITY IMAP4rev1] hi\r\n",
		"* BYE x\r\n", "* PREAUTH\r\n", "r1 OK\r\n", "+ \r\n"}},
	{
		name: "not authenticated", leads: []string{"* OK [CAPABILITY IMAP4rev1 AUTH=SCRAM-SHA-256 AUTH=CRAM-MD5 AUTH=PLAIN " +
			"SASL-IR] hi\r\n"}, work: logInAnyhow,
		seeds: []string{"+ cj14LHM9UVNYQyxpPTQwOTY=\r\n", "r1 NO [AUTHENTICATIONFAILED]\r\n" + nextPart + "r2 OK [CAPABILITY X] in\r\n",
			"+\r\n" + nextPart + "+ PDE+\r\n" + nextPart + "r1 OK in\r\n", "* CAPABILITY LOGINDISABLED\r\nr1 NO\r\n"},
	},
	{
		name: "authenticated", leads: []string{everything}, work: lookAround,
		seeds: []string{
			"r1 OK\r\nr2 OK\r\n* ENABLED QRESYNC\r\nr3 OK\r\n", "* MYRIGHTS a lrs\r\nr1 OK\r\n" + nextPart + "* ACL a b c\r\nr2 OK\r\n" + nextPart + "* METADATA \"a\" (/private/x {3}\r\nabc /y NIL)\r\nr3 OK\r\n",
			"* STATUS a (MAILBOXID (x) APPENDLIMIT 5)\r\nr1 NO\r\n" + nextPart + "* LIST () \"/\" a\r\n* STATUS a (MESSAGES 1)\r\nr2 BAD\r\n",
		},
	},
	{
		name: "selected", leads: []string{everything, "* ENABLED QRESYNC\r\nr1 OK\r\n"}, work: workInside,
		seeds: []string{
			"* 1 EXISTS\r\n* VANISHED (EARLIER) 1:5\r\n* 1 FETCH (UID 9 FLAGS (a) MODSEQ (5))\r\nr2 OK " +
				"[READ-WRITE]\r\n" + nextPart + "* VANISHED 4\r\n* 1 FETCH (UID 7 EMAILID (a) BODY[] {1}\r\nx)\r\nr3 " +
				"OK\r\n" + nextPart + "* OK [COPYUID 1 7 8]\r\nr4 OK\r\n",
			"r2 OK\r\nr3 NO\r\n* BYE\r\n", "r2 OK [COPYUID 1 1:4 2]\r\n" + nextPart + "r3 OK\r\nr4 OK [COPYUID 1 1 4294967295:1]\r\n",
		},
	},
	{
		name: "appending", leads: []string{strings.Replace(everything, " LITERAL+", "", 1)}, work: appendAnyhow,
		seeds: []string{"+ go\r\n" + nextPart + "r1 OK [APPENDUID 1 5]\r\n", "r1 NO [OVERQUOTA]\r\n+ go\r\n", "* BYE\r\n+ x\r\n", "r1 OK\r\n",
			"+\r\n+\r\n+\r\nr1 BAD\r\n"},
	},
	{
		name: "idling", leads: []string{everything}, work: idleAnyhow,
		seeds: []string{"+ idling\r\n* 1 EXISTS\r\n" + nextPart + "r1 OK\r\n", "+\r\nr1 OK\r\n", "r1 NO\r\n",
			"* OK still here\r\n+ x\r\n* VANISHED 1\r\n* BYE\r\n"},
	},
	{
		name: "compressed", leads: []string{everything, "r1 OK\r\n"}, work: lookAround,
		seeds: []string{"\xff\xff\xff", "* 1 EXISTS\r\n", "\x00\x05\x00\xfa\xff* BYE"},
	},
}

func logInAnyhow(ctx context.Context, c *Client) error {
	_, err := c.LogIn(ctx, Credentials{User: "anna", Password: "secret", Clear: true})
	return err
}

func lookAround(ctx context.Context, c *Client) error {
	_, _, err1 := c.MyRights(ctx, "a")
	_, err2 := c.ACL(ctx, "a")
	_, err3 := c.Metadata(ctx, "a")
	_, err4 := c.Status(ctx, "a")
	_, err5 := c.List(ctx)
	_, err6 := c.CreateSpecial(ctx, "a", `\Sent`)
	return errors.Join(err1, err2, err3, err4, err5, err6, c.Rename(ctx, "a", "b"), c.Delete(ctx, "a"))
}

func workInside(ctx context.Context, c *Client) error {
	_, err := c.Enable(ctx, "QRESYNC")
	_, err2 := examineSince(ctx, c, "a", Known{UIDValidity: 1, ModSeq: 1}, hearAll)
	fetch, err3 := c.Fetch(ctx, rangeSet(7, 8), FetchItems{EmailID: true, Body: true}, hearAll)
	if err3 == nil {
		err3 = fetch.Wait(ctx)
	}
	copied, err4 := c.Move(ctx, rangeSet(7, 7), "b")
	if len(copied.From) != len(copied.To) {
		return errors.New("a COPYUID of two lengths")
	}
	return errors.Join(err, err2, err3, err4, c.Expunge(ctx, rangeSet(7, 7)))
}

func appendAnyhow(ctx context.Context, c *Client) error {
	a, err := c.Append(ctx, "a")
	if err != nil {
		return err
	}
	if err := a.Message(ctx, nil, time.Time{}, int64(len(trap)), strings.NewReader(trap)); err != nil {
		return err
	}
	if err := a.Finish(); err != nil {
		return err
	}
	_, err = a.Wait(ctx)
	return err
}

func idleAnyhow(ctx context.Context, c *Client) error {
	_, err := c.Idle(ctx, 5*time.Millisecond)
	return err
}

// FuzzStates lets a server say anything in each state of a connection: no panic, no hang, no goroutine
// left, no message in the place of commands.
func FuzzStates(f *testing.F) {
	for i, s := range states {
		for _, seed := range s.seeds {
			f.Add(uint8(i), []byte(seed))
		}
	}
	f.Fuzz(func(t *testing.T, number uint8, said []byte) {
		before := goleak.IgnoreCurrent()
		s := states[int(number)%len(states)]
		ours, theirs := net.Pipe()
		var parts [][]byte
		for _, lead := range s.leads {
			parts = append(parts, []byte(lead))
		}
		said = bytes.ReplaceAll(said, []byte("i="), []byte("i=0")) // no years of SCRAM iterations
		parts = append(parts, s.spoken(t, said)...)
		server := playParts(theirs, parts, 2*time.Millisecond)
		start := time.Now()
		enterState(t, s, ours)
		_ = ours.Close()
		if octets := <-server; s.name != "compressed" {
			checkClientOctets(t, octets)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s: it took %v", s.name, took)
		}
		if err := goleak.Find(before); err != nil {
			t.Error(err)
		}
	})
}

// spoken is what the server says in the state, compressed where that is the state, unless it is no text.
func (s state) spoken(t *testing.T, said []byte) [][]byte {
	parts := bytes.Split(said, []byte(nextPart))
	if s.name != "compressed" || bytes.HasPrefix(said, []byte{0xff}) {
		return parts
	}
	var out bytes.Buffer
	writer, err := flate.NewWriter(&out, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	for i, part := range parts {
		out.Reset()
		_, err := writer.Write(part)
		if err := errors.Join(err, writer.Flush()); err != nil {
			t.Fatal(err)
		}
		parts[i] = bytes.Clone(out.Bytes())
	}
	return parts
}

func enterState(t *testing.T, s state, conn net.Conn) {
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
	if s.name == "compressed" && client.Compress(ctx) != nil {
		return
	}
	_ = errorText(s.work(ctx, client))
}
