// SPDX-License-Identifier: Apache-2.0

package dsync

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	hello = versionLine + "Hhostname\nNname\texistence\tmailbox_guid\nDhierarchy_sep\n" +
		"Bmailbox_guid\tuid_validity\tuid_next\tmessages_count\tmailbox_lost\n"
	hello2 = hello + "Rguid\tuid\nSmailbox_guid\tlast_uidvalidity\tlast_common_uid\nFerror\tmail_error\trequire_full_resync\n.\nHpeer\n"
	tree   = "NINBOX\ty\t01010101010101010101010101010101\n.\nD/\n"
	box    = "B01010101010101010101010101010101\t99\t1\t0\n"
)

func endlessHeaders() (lines string) {
	for letter := ' '; letter < ' '+maxItems+2; letter++ {
		lines += string(letter) + "x\n"
	}
	return lines
}

func inboxOf(uids ...uint32) folder {
	return folder{name: []string{"INBOX"}, guid: guidOf(1), validity: 99, next: 10, letters: numbered(uids...)}
}

// against says all that the peer says at once, and takes whatever it is sent. It leaves when all was said, or stays and is silent.
func against(t *testing.T, said string, stay bool, timeout time.Duration) (sent []string, err error) {
	t.Helper()
	ours, theirs := net.Pipe()
	go func() { _, _ = io.Copy(io.Discard, theirs) }()
	go func() { _, _ = io.WriteString(theirs, said) }()
	var stream Stream = ours
	if !stay {
		stream = &leaving{Conn: ours, left: len(said)}
	}
	sent, err = bring(t.Context(), stream, Options{Timeout: timeout}, inboxOf(3, 5))
	_ = theirs.Close()
	return sent, err
}

// leaving is a connection whose other side ends it when it has said all.
type leaving struct {
	net.Conn
	left int
}

func (l *leaving) Read(p []byte) (int, error) {
	if l.left == 0 {
		return 0, io.EOF
	}
	n, err := l.Conn.Read(p)
	l.left -= n
	return n, err
}

func TestPeer_hostile(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ said, want string }{
		"nothing":                   {"", "has ended the connection"},
		"another protocol":          {"* OK IMAP ready\r\n", "is not the beginning of dsync"},
		"another version":           {"VERSION\tdsync\t4\t0\n.\n", "version 4"},
		"a line without end":        {strings.Repeat("x", maxLine+70_000), "a line of more than"},
		"header lines without end":  {versionLine + endlessHeaders(), "without end"},
		"no header for N":           {versionLine + "Hhostname\n.\nHx\n", "item"},
		"leaves with an error":      {hello2 + tree + "X\n", "has stopped"},
		"says why":                  {hello2 + tree + "FInternal\x01n\x01t error\t6\n", "Internal   error"},
		"asks for a repeat":         {hello2 + tree + "F\x02\t\x02\t\n", "full repeat"},
		"an item never announced":   {hello2 + "Qx\n", "not announced"},
		"too many values":           {hello2 + "NINBOX\ty\tg\tx\n", "4 values"},
		"mailboxes for ever":        {hello2 + strings.Repeat("NINBOX\ty\n", maxNodes+1), "without end"},
		"a request out of place":    {hello2 + "Rg\n", "outside of a mailbox"},
		"more requests than mails":  {hello2 + tree + box + "Raa01010101010101010101010101000003\nRg\nRh\n", "request"},
		"a request for nothing":     {hello2 + tree + box + "R\n", ""},
		"another mailbox":           {hello2 + tree + strings.ReplaceAll(box, "B01", "B02"), "instead of"},
		"a mailbox without numbers": {hello2 + tree + "B01010101010101010101010101010101\tx\n", "no number"},
		"lost":                      {hello2 + tree + "B01010101010101010101010101010101\t\x02\t\x02\t\x02\t\n", "lost"},
		"cut in the requests":       {hello2 + tree + box + "Rg", ""},
		"state of nonsense":         {hello2 + tree + box + ".\nSx\ty\tz\n", "no number"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sent, err := against(t, test.said, false, time.Minute)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if err != nil && strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' }) {
				t.Errorf("control characters in %q", err)
			}
			if len(sent) > 0 {
				t.Errorf("sent %q", sent)
			}
		})
	}
}

// Silence ends at every place of a conversation, also when nothing is taken any more.
func TestPeer_silence(t *testing.T) {
	t.Parallel()
	whole := hello2 + tree + box + ".\n"
	for cut := 0; cut <= len(whole); cut += 7 {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			_, err := against(t, whole[:cut], true, time.Minute)
			if !errors.Is(err, context.DeadlineExceeded) && (err == nil || !strings.Contains(err.Error(), "timeout")) {
				t.Errorf("cut at %d: %v", cut, err)
			}
			if took := time.Since(began); took > 3*time.Minute {
				t.Errorf("cut at %d: it took %s", cut, took)
			}
		})
	}
}

func TestPeer_takesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		if _, err := Begin(t.Context(), ours, Options{Timeout: time.Minute}); err == nil {
			t.Error("a server that takes nothing was begun with")
		}
	})
}

func TestSession_endsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		go func() { _, _ = io.Copy(io.Discard, theirs) }()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := Begin(ctx, ours, Options{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestSession_callsOutOfOrder(t *testing.T) {
	t.Parallel()
	ours, theirs := net.Pipe()
	go func() { _, _ = io.Copy(io.Discard, theirs) }()
	go func() { _, _ = io.WriteString(theirs, hello2+tree+box+".\n") }()
	defer theirs.Close()
	s, err := Begin(t.Context(), ours, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var order *OrderError
	if err := s.Finish(t.Context()); !errors.As(err, &order) {
		t.Errorf("Finish before Tree: %v", err)
	}
	if _, _, err := s.Tree(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Apply(t.Context(), nil, "/"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(t.Context(), inboxOf().box(), func(Request) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if err := s.Attributes(t.Context(), Attribute{Key: "comment", Value: "x", Private: true, Changed: time.Now()}); err != nil {
		t.Fatal(err)
	}
	for _, uid := range []uint32{5, 5, 10} {
		err := s.Change(t.Context(), Change{UID: uid, GUID: "g"})
		if wrong := errors.As(err, &order); wrong != (uid == 10 || err != nil) {
			t.Errorf("UID %d: %v", uid, err)
		}
	}
	if err := s.Change(t.Context(), Change{UID: 4, GUID: "g"}); !errors.As(err, &order) {
		t.Errorf("a UID below the last: %v", err)
	}
}

// FuzzPeer lets a server say anything and leave: the conversation ends, nobody goes on waiting, and nothing is sent that was not asked for.
func FuzzPeer(f *testing.F) {
	whole := hello2 + tree + box + "Raa010101010101010101010101010003\n.\nS01010101010101010101010101010101\t99\t9\nF\n"
	f.Add([]byte(whole))
	f.Add([]byte(strings.ReplaceAll(whole, "F\n", "X\n")))
	f.Add([]byte(hello2 + "N\n.\n"))
	f.Fuzz(func(t *testing.T, said []byte) {
		sent, err := against(t, string(said), false, 5*time.Second)
		if len(sent) > 2 || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("sent %q: %v", sent, err)
		}
	})
}
