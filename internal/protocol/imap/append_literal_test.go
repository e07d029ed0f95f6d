// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAppend_literalForms(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, capabilities string
		size               int
		synchronising      bool
	}{
		{"LITERAL+", "LITERAL+", 5000, false},
		{"LITERAL- up to its limit", "LITERAL-", 4096, false},
		{"LITERAL- beyond its limit", "LITERAL-", 4097, true},
		{"neither", "", 1, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client := connect(t, test.capabilities, func(s *script) {
				var tag string
				if test.synchronising {
					tag = s.expect(fmt.Sprintf(`APPEND "a" \{%d\}`, test.size))
					s.send("+ go on")
				} else {
					tag = s.expect(fmt.Sprintf(`APPEND "a" \{%d\+\}`, test.size))
				}
				s.octets(test.size)
				s.match("")
				s.send(tag + " OK done")
				s.silent()
			})
			answer, err := appendAll(within(t), client, strings.Repeat("x", test.size))
			if err != nil || answer.UIDs != nil {
				t.Errorf("got %+v, %v, want no UIDs and no error", answer, err)
			}
		})
	}
}

// Who asks first sends nothing of what the server refuses, whatever it offers.
func TestAppend_askFirst(t *testing.T) {
	t.Parallel()
	client := connect(t, "LITERAL+", func(s *script) {
		tag := s.expect(`APPEND "a" \{5000\}`)
		s.send(tag + " NO [TOOBIG] too large")
		s.silent()
	})
	command, err := client.Append(within(t), "a")
	if err != nil {
		t.Fatal(err)
	}
	command.AskFirst()
	err = command.Message(within(t), nil, time.Time{}, 5000, strings.NewReader(strings.Repeat("x", 5000)))
	if !IsCode(err, "TOOBIG") {
		t.Errorf("got %v, want the refusal", err)
	}
}

func TestAppend_synchronisingLiteralsOfSeveralMessages(t *testing.T) {
	t.Parallel()
	client := connect(t, "MULTIAPPEND UIDPLUS", func(s *script) {
		tag := s.expect(`APPEND "a" \{1\}`)
		s.send("* 1 EXISTS", "+")
		s.octets(1)
		s.match(` \{2\}`)
		s.send("+ OK")
		s.octets(2)
		s.match("")
		s.send(tag + " OK [APPENDUID 1 1:2] done")
	})
	if answer, err := appendAll(within(t), client, "a", "bc"); err != nil || !slices.Equal(answer.UIDs, []UID{1, 2}) {
		t.Errorf("got %+v, %v", answer, err)
	}
}

// The server answers "+" where nobody asked for it; the next literal has to wait for its own.
func TestAppend_strayContinuationDoesNotCount(t *testing.T) {
	t.Parallel()
	client := connect(t, "LITERAL- MULTIAPPEND", func(s *script) {
		tag := s.expect(`APPEND "a" \{1\+\}`)
		s.octets(1)
		s.send("+ not asked for")
		s.match(` \{5000\}`)
		s.send(tag + " NO [TOOBIG] not that one")
		s.ok("NOOP")
		s.silent()
	})
	command, err := client.Append(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Message(t.Context(), nil, noDate, 1, strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	if err := client.out.Flush(); err != nil { // the script wants to see it now
		t.Fatal(err)
	}
	waitFor(t, "the stray continuation", func() bool { return len(client.continued) == 1 })
	err = command.Message(within(t), nil, noDate, 5000, strings.NewReader(strings.Repeat("x", 5000)))
	if !IsCode(err, "TOOBIG") {
		t.Errorf("Message: %v, want NO [TOOBIG]", err)
	}
	if err := client.Noop(within(t)); err != nil {
		t.Error(err)
	}
}

// waitFor waits for something that happens on another goroutine and has no signal of its own.
func waitFor(t testing.TB, what string, happened func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !happened(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not happen", what)
		}
	}
}

func TestAppend_refusedInsteadOfContinuation(t *testing.T) {
	t.Parallel()
	client := connect(t, "", func(s *script) {
		tag := s.expect(`APPEND "a" \{3\}`)
		s.send(tag + " NO [TRYCREATE] no such mailbox")
		s.ok("NOOP")
		s.silent()
	})
	command, err := client.Append(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Message(within(t), nil, noDate, 3, strings.NewReader("abc")); !IsCode(err, "TRYCREATE") {
		t.Errorf("Message: %v, want NO [TRYCREATE]", err)
	}
	if err := command.Message(within(t), nil, noDate, 3, strings.NewReader("abc")); !IsCode(err, "TRYCREATE") {
		t.Errorf("another Message: %v, want NO [TRYCREATE]", err)
	}
	if err := command.Finish(); err != nil {
		t.Errorf("Finish: %v", err)
	}
	if _, err := command.Wait(within(t)); !IsCode(err, "TRYCREATE") {
		t.Errorf("Wait: %v, want NO [TRYCREATE]", err)
	}
	if err := client.Noop(within(t)); err != nil {
		t.Errorf("the connection is out of step: %v", err)
	}
}

// A "+" that is followed by a refusal at once: the server reads the literal all the same, so it has
// to be sent, or the next command would be taken for it.
func TestAppend_refusedBehindContinuation(t *testing.T) {
	t.Parallel()
	for range 20 { // both wait to be noticed, and the wrong one was chosen half of the time
		client := connect(t, "", func(s *script) {
			tag := s.expect(`APPEND "a" \{3\}`)
			s.send("+ go on", tag+" NO [OVERQUOTA] full")
			if got := s.octets(3); got != "abc" {
				s.fail("literal %q, want abc", got)
			}
			s.match("")
			s.ok("NOOP")
			s.silent()
		})
		if _, err := appendAll(within(t), client, "abc"); !IsCode(err, "OVERQUOTA") {
			t.Fatalf("got %v, want NO [OVERQUOTA]", err)
		}
		if err := client.Noop(within(t)); err != nil {
			t.Fatalf("the connection is out of step: %v", err)
		}
	}
}

// Dovecot says NO as soon as it knows and swallows the rest: the stream stays usable.
func TestAppend_refusedWhileTheLiteralIsWritten(t *testing.T) {
	t.Parallel()
	refused := make(chan struct{})
	client := connect(t, "LITERAL+ MULTIAPPEND", func(s *script) {
		tag := s.expect(`APPEND "a" \{6\+\}`)
		s.octets(3)
		s.send(tag + " NO [TRYCREATE] no such mailbox")
		close(refused)
		s.octets(3)
		s.match(` \{2\+\}`)
		s.octets(2)
		s.match("")
		s.ok("NOOP")
		s.silent()
	})
	command, err := client.Append(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	body := io.MultiReader(strings.NewReader("abc"), readerFunc(func([]byte) (int, error) {
		if err := client.out.Flush(); err != nil {
			return 0, err
		}
		<-refused
		waitFor(t, "the refusal", func() bool { return isClosed(command.cmd.done) })
		return 0, io.EOF
	}), strings.NewReader("def"))
	if err := command.Message(within(t), nil, noDate, 6, body); err != nil {
		t.Errorf("first message: %v", err)
	}
	if err := command.Message(within(t), nil, noDate, 2, strings.NewReader("gh")); err != nil {
		t.Errorf("second message: %v", err)
	}
	if err := command.Finish(); err != nil {
		t.Errorf("Finish: %v", err)
	}
	if _, err := command.Wait(within(t)); !IsCode(err, "TRYCREATE") || !IsStatus(err, "NO") {
		t.Errorf("Wait: %v, want NO [TRYCREATE]", err)
	}
	if err := client.Noop(within(t)); err != nil {
		t.Errorf("the connection is out of step: %v", err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestAppend_BADEndsTheConnection(t *testing.T) {
	t.Parallel()
	client := connect(t, "LITERAL+", func(s *script) {
		tag := s.expect(`APPEND "a" \{3\+\}`)
		s.send(tag + " BAD Invalid internal date")
		if rest := s.hungUp(); strings.Contains(rest, "NOOP") {
			s.fail("a command was sent behind BAD: %q", rest)
		}
	})
	if _, err := appendAll(within(t), client, "abc"); !IsStatus(err, "BAD") {
		t.Errorf("got %v, want BAD", err)
	}
	if err := client.Noop(within(t)); err == nil {
		t.Error("the connection is still in use")
	}
	if !IsStatus(client.Err(), "BAD") {
		t.Errorf("Err() = %v, want the server's BAD", client.Err())
	}
}

func TestAppend_BYEIsTheReason(t *testing.T) {
	t.Parallel()
	client := connect(t, "LITERAL+", func(s *script) {
		s.expect(`APPEND "a" \{9000000\+\}`)
		s.send("* BYE [UNAVAILABLE] Backoff Time: 299961 ms")
	})
	_, err := appendAll(within(t), client, strings.Repeat("x", 9_000_000))
	var lost *ConnectionError
	if !errors.As(err, &lost) || !IsStatus(err, "BYE") || !IsCode(err, "UNAVAILABLE") || !strings.Contains(err.Error(), "Backoff Time: 299961 ms") {
		t.Errorf("got %v, want a ConnectionError with the server's farewell", err)
	}
}
