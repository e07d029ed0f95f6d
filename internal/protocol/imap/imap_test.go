// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestClient_answersInAnyOrder(t *testing.T) {
	t.Parallel()
	const n = 20
	client := connect(t, "", func(s *script) {
		var tags []string
		for range n { // none is held back until another one is answered
			tags = append(tags, s.expect("NOOP"))
		}
		for i := range tags {
			status := " OK done"
			if i%2 == 1 {
				status = " NO not this one"
			}
			s.send(tags[n-1-i] + status)
		}
		s.silent()
	})
	var all sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		all.Go(func() { errs[i] = client.Noop(within(t)) })
	}
	all.Wait()
	refused := 0
	for _, err := range errs {
		if IsStatus(err, "NO") {
			refused++
		} else if err != nil {
			t.Error(err)
		}
	}
	if refused != n/2 {
		t.Errorf("%d refused, want %d", refused, n/2)
	}
}

// Commands of several goroutines never mix on the wire, whatever goes on meanwhile.
func TestClient_concurrentUse(t *testing.T) {
	t.Parallel()
	const workers, rounds = 4, 25
	client := connect(t, "LITERAL+ UIDPLUS", func(s *script) {
		for range workers * rounds * 3 {
			command := s.match(`(\S+) (NOOP|STATUS "INBOX" .*|APPEND "a" \{3\+\})`)
			switch tag := command[1]; command[2][0] {
			case 'N':
				s.send(tag + " OK done")
			case 'S':
				s.send("* STATUS INBOX (MESSAGES 5)", tag+" OK done")
			default:
				if got := s.octets(3); got != "abc" {
					s.fail("body %q", got)
				}
				s.match("")
				s.send(tag + " OK [APPENDUID 1 7] done")
			}
		}
		s.silent()
	})
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for range rounds {
				if err := client.Noop(within(t)); err != nil {
					t.Error(err)
				}
				if status, err := client.Status(within(t), "INBOX"); err != nil || !status.Messages.Is(5) {
					t.Errorf("got %+v, %v", status, err)
				}
				if answer, err := appendAll(within(t), client, "abc"); err != nil || len(answer.UIDs) != 1 {
					t.Errorf("got %+v, %v", answer, err)
				}
			}
		})
	}
	all.Wait()
}

// What shows that the server has taken something for a command that was none ends the connection.
func TestClient_lostStepEndsTheConnection(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, answer, want string }{
		{"untagged BAD", "* BAD Error in IMAP command: Unknown command.", "BAD Error in IMAP command: Unknown command."},
		{"answer to a foreign tag", "a1 OK Delete completed.", `cannot make sense of the server's answer: it answers a command that was never sent: "a1 OK Delete completed."`},
		{"answer to a later tag", "r99 NO what", `cannot make sense of the server's answer: it answers a command that was never sent: "r99 NO what"`},
		{"answer to tag 0", "r0 NO what", `cannot make sense of the server's answer: it answers a command that was never sent: "r0 NO what"`},
		{"nonsense", "Content-Type: text/plain", `cannot make sense of the server's answer: it begins with "Content-Type: text/plain"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client := connect(t, "", func(s *script) {
				s.expect("NOOP")
				s.send(test.answer)
				s.silent()
			})
			err := client.Noop(within(t))
			var lost *ConnectionError
			if want := "connection lost during NOOP: " + test.want; !errors.As(err, &lost) || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
}

func TestClient_secondAnswerToTheSameTagIsSkipped(t *testing.T) {
	t.Parallel()
	client := connect(t, "", func(s *script) {
		tag := s.expect("NOOP")
		s.send(tag+" OK done", tag+" OK done")
		s.ok("NOOP")
		s.silent()
	})
	for range 2 {
		if err := client.Noop(within(t)); err != nil {
			t.Error(err)
		}
	}
}

func TestClient_BADEndsAllCommands(t *testing.T) {
	t.Parallel()
	client := connect(t, "", func(s *script) {
		s.expect("UID FETCH .*")
		s.send(s.expect("UID FETCH .*") + " BAD Error in IMAP command UID FETCH: Invalid uidset")
		s.silent()
	})
	var commands []*FetchCommand
	for range 2 {
		command, err := client.Fetch(t.Context(), rangeSet(1, 1), FetchItems{}, FetchHandler{})
		if err != nil {
			t.Fatal(err)
		}
		commands = append(commands, command)
	}
	if got, want := errorText(commands[1].Wait(within(t))), "UID FETCH: BAD Error in IMAP command UID FETCH: Invalid uidset"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	var lost *ConnectionError
	if err := commands[0].Wait(within(t)); !errors.As(err, &lost) || !IsStatus(err, "BAD") {
		t.Errorf("the other command: %v, want a ConnectionError because of the BAD", err)
	}
}

// A message that runs as commands can make the server answer tags that are still in use: "r2 NOOP" in
// it would confirm our own r2.
func TestClient_answersBehindBADAreNotTrusted(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"r1 BAD Invalid internal date", "* BAD Unknown command", "a1 OK Delete completed."} {
		client := connect(t, "", func(s *script) {
			s.expect("UID FETCH .*")
			s.expect("UID FETCH .*")
			s.send(bad, "* 1 FETCH (UID 1)", "r2 OK NOOP completed.")
			s.silent()
		})
		var c collector
		var commands []*FetchCommand
		for range 2 {
			command, err := client.Fetch(t.Context(), rangeSet(1, 1), FetchItems{}, c.handler())
			if err != nil {
				t.Fatal(err)
			}
			commands = append(commands, command)
		}
		for i, command := range commands {
			if err := command.Wait(within(t)); err == nil {
				t.Errorf("%s: command %d is confirmed", bad, i+1)
			}
		}
		c.check(t)
	}
}

func TestClient_farewellIsTheReason(t *testing.T) {
	t.Parallel()
	client := connect(t, "", func(s *script) {
		s.expect("NOOP")
		s.send("* BYE Disconnected for inactivity.")
	})
	if got, want := errorText(client.Noop(within(t))), "connection lost during NOOP: BYE Disconnected for inactivity."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := errorText(client.Noop(within(t))), "connection lost during NOOP: BYE Disconnected for inactivity."; got != want {
		t.Errorf("the next command: got %q, want %q", got, want)
	}
}

func TestClient_farewellBetweenCommands(t *testing.T) {
	t.Parallel()
	client := connect(t, "", func(s *script) { s.send("* BYE Server shutting down.") })
	waitFor(t, "the end", func() bool { return client.Err() != nil })
	if !IsStatus(client.Err(), "BYE") {
		t.Errorf("Err() = %v, want the farewell", client.Err())
	}
}

func TestClient_lostConnection(t *testing.T) {
	t.Parallel()
	client := connect(t, "", func(s *script) { s.expect("NOOP") })
	err := client.Noop(within(t))
	var lost *ConnectionError
	if !errors.As(err, &lost) || lost.Command != "NOOP" || !errors.Is(err, io.EOF) {
		t.Errorf("got %v, want a ConnectionError with the end of the stream", err)
	}
}

func TestClient_capabilitiesChangeWithAnyCode(t *testing.T) {
	t.Parallel()
	client := connect(t, "FIRST", func(s *script) {
		s.ok("NOOP", "* OK [CAPABILITY IMAP4rev1 SECOND] changed")
		s.send(s.expect("NOOP") + " OK [CAPABILITY IMAP4rev1 THIRD] changed")
	})
	for _, want := range []string{"FIRST", "SECOND", "THIRD"} {
		if caps := client.Capabilities(); !caps.Has(want) || len(caps.List()) != 2 {
			t.Errorf("capabilities %q, want %s", caps.List(), want)
		}
		if want != "THIRD" {
			if err := client.Noop(within(t)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestLogout(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		play func(*script)
	}{
		{"polite", func(s *script) { s.ok("LOGOUT", "* BYE Logging out"); s.silent() }},
		{"without farewell", func(s *script) { s.ok("LOGOUT"); s.silent() }},
		{"hangs up at once", func(s *script) { s.expect("LOGOUT") }},
		{"hangs up behind the farewell", func(s *script) { s.expect("LOGOUT"); s.send("* BYE Logging out") }},
		{"gone before", func(*script) {}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client := connect(t, "", test.play)
			if err := client.Logout(within(t)); err != nil {
				t.Error(err)
			}
			var lost *ConnectionError
			if err := client.Noop(within(t)); !errors.As(err, &lost) {
				t.Errorf("Noop afterwards: %v, want a ConnectionError", err)
			}
		})
	}
}

func TestLogout_cancelledContext(t *testing.T) {
	t.Parallel()
	client := connect(t, "", func(s *script) { s.expect("LOGOUT"); s.silent() })
	ctx, cancel := context.WithCancel(t.Context())
	waited := make(chan error)
	go func() { waited <- client.Logout(ctx) }()
	waitFor(t, "the command", func() bool { client.mu.Lock(); defer client.mu.Unlock(); return len(client.pending) == 1 })
	cancel()
	if err := <-waited; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

// Not parallel: it looks at all goroutines.
func TestClient_leavesNoGoroutine(t *testing.T) {
	for _, test := range []struct {
		name string
		end  func(*Client) error
		play func(*script)
	}{
		{"Close", (*Client).Close, func(s *script) { s.hungUp() }},
		{"Close twice", func(c *Client) error { return errors.Join(c.Close(), c.Close()) }, func(s *script) { s.hungUp() }},
		{"Logout", func(c *Client) error { return c.Logout(within(t)) }, func(s *script) { s.ok("LOGOUT") }},
		{"failure", func(c *Client) error {
			if err := c.Noop(within(t)); err == nil {
				return errors.New("no failure")
			}
			return nil
		}, func(s *script) { s.expect("NOOP") }},
		{"nonsense", func(c *Client) error {
			if err := c.Noop(within(t)); err == nil {
				return errors.New("no failure")
			}
			return nil
		}, func(s *script) { s.expect("NOOP"); s.send("nonsense of a server"); s.hungUp() }},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := goleak.IgnoreCurrent()
			var playing sync.WaitGroup
			address := serve(t, func(s *script) {
				playing.Add(1)
				defer playing.Done()
				s.greet("")
				test.play(s)
			})
			client := dial(t, Options{Address: address})
			if err := test.end(client); err != nil {
				t.Error(err)
			}
			playing.Wait()
			if err := goleak.Find(before); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestClient_cancelledCommand(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{})
	client := connect(t, "", func(s *script) {
		s.expect("NOOP")
		close(asked)
		s.silent()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	if err := client.Noop(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if err := client.Noop(within(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("the next command: %v, want the reason of the end", err)
	}
}

func TestClient_contextCancelledBeforeSendsNothing(t *testing.T) {
	t.Parallel()
	client := connect(t, "LITERAL+", func(s *script) {
		s.ok("NOOP")
		s.silent()
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, appendErr := client.Append(ctx, "a")
	_, fetchErr := client.Fetch(ctx, rangeSet(1, 1), FetchItems{}, FetchHandler{})
	for _, err := range []error{client.Noop(ctx), client.Login(ctx, "a", "b"), appendErr, fetchErr} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want %v", err, context.Canceled)
		}
	}
	if err := client.Noop(within(t)); err != nil {
		t.Errorf("the connection ended: %v", err)
	}
}

func TestClient_waitsForItsTurnNoLongerThanItsContext(t *testing.T) {
	t.Parallel()
	client := connect(t, "LITERAL+", func(s *script) { s.hungUp() })
	command, err := client.Append(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	waited := make(chan error)
	go func() { waited <- client.Noop(ctx) }()
	cancel()
	if err := <-waited; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if err := client.Err(); err != nil {
		t.Errorf("the append was ended, too: %v", err)
	}
	command.Abort(errEnough)
	if err := client.Noop(within(t)); !errors.Is(err, errEnough) {
		t.Errorf("got %v, want %v", err, errEnough)
	}
}

func TestErrors_text(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err  error
		want string
	}{
		{&StatusError{Kind: "NO", Command: "SELECT", Code: "NONEXISTENT", Text: "gone"}, "SELECT: NO [NONEXISTENT] gone"},
		{&StatusError{Kind: "BYE", Text: "bye"}, "BYE bye"},
		{&StatusError{Kind: "NO", Command: "NOOP"}, "NOOP: NO"},
		{&ConnectionError{Command: "NOOP", Err: io.EOF}, "connection lost during NOOP: EOF"},
		{&BodyError{io.ErrUnexpectedEOF}, "read message body: unexpected EOF"},
		{&ArgumentError{What: "flag", Value: "a b", Why: "is odd"}, `flag "a b": is odd`},
	} {
		if got := test.err.Error(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
	if IsStatus(nil, "NO") || IsCode(io.EOF, "") {
		t.Error("something that is no answer counts as one")
	}
	long := strings.Repeat("x", 2000)
	resp := &response{name: "NO"}
	resp.parseText("[" + long + "] " + long)
	if got := len(resp.statusError("").Error()); got > 1100 {
		t.Errorf("an error of %d octets, want it bounded", got)
	}
}
