// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// clientOnPipe runs play as the server of a client with a timeout of one minute, in fake time.
func clientOnPipe(t *testing.T, capabilities string, play func(*script)) *Client {
	t.Helper()
	ours, theirs := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { _ = theirs.Close() }()
		s := &script{t: t, conn: theirs, in: bufio.NewReader(theirs)}
		s.greet(capabilities)
		play(s)
	}()
	client := newClient(ours, time.Minute)
	if err := client.readGreeting(); err != nil {
		t.Fatal(err)
	}
	client.start()
	t.Cleanup(func() {
		_ = client.Close()
		<-done
	})
	return client
}

func TestDeadline_silentServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := clientOnPipe(t, "", func(s *script) {
			s.ok("NOOP")
			s.expect("NOOP")
			s.hungUp()
		})
		if err := client.Noop(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(24 * time.Hour) // a connection that waits for nothing has no deadline
		start := time.Now()
		err := client.Noop(t.Context())
		var lost *ConnectionError
		if !errors.As(err, &lost) || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("got %v, want a ConnectionError with a missed deadline", err)
		}
		if took := time.Since(start); took != time.Minute {
			t.Errorf("took %v, want a minute", took)
		}
	})
}

func TestDeadline_slowButMovingServerSurvives(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := clientOnPipe(t, "", func(s *script) {
			tag := s.expect("UID FETCH .*")
			const piece = 8 << 10 // as fast as ten octets in the time of one byte of the slowest line
			s.raw("* 1 FETCH (UID 1 BODY[] {409600}\r\n")
			for range 50 { // most of an hour
				time.Sleep(59 * time.Second / 15)
				s.raw(strings.Repeat("x", piece))
			}
			s.raw(")\r\n")
			time.Sleep(59 * time.Second)
			s.send(tag + " OK done")
		})
		var c collector
		command, err := client.Fetch(t.Context(), rangeSet(1, 1), FetchItems{Body: true}, c.handler())
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		c.check(t, "1="+strings.Repeat("x", 409600), "1")
	})
}

func TestDeadline_serverThatStopsInsideABody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := clientOnPipe(t, "", func(s *script) {
			s.expect("UID FETCH .*")
			s.raw("* 1 FETCH (UID 1 BODY[] {5}\r\nhel")
			s.hungUp()
		})
		command, err := client.Fetch(t.Context(), rangeSet(1, 1), FetchItems{Body: true}, (&collector{}).handler())
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Wait(t.Context()); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("got %v, want a missed deadline", err)
		}
	})
}

// The time that a callback takes is not the server's.
func TestDeadline_slowCallbackSurvives(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := clientOnPipe(t, "", func(s *script) {
			s.ok("UID FETCH .*", "* 1 FETCH (UID 1 BODY[] {200000}\r\n"+strings.Repeat("x", 200_000)+")")
		})
		command, err := client.Fetch(t.Context(), rangeSet(1, 1), FetchItems{Body: true}, FetchHandler{Literal: func(l *Literal) error {
			time.Sleep(time.Hour)
			n, err := io.Copy(io.Discard, l)
			if n != 200_000 {
				t.Errorf("%d octets", n)
			}
			return err
		}})
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Wait(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// An upload may take longer than the timeout, as long as octets move. The clock for the answer used
// to run from its first octet on.
func TestDeadline_slowUploadSurvives(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const size = 40 * appendBuffer
		client := clientOnPipe(t, "LITERAL+ MULTIAPPEND", func(s *script) {
			tag := s.expect(`APPEND "a" \{\d+\+\}`)
			for range 40 {
				time.Sleep(50 * time.Second) // as slow as a server may be
				s.octets(appendBuffer)
			}
			s.match(` \{1\+\}`)
			s.octets(1)
			s.match("")
			time.Sleep(59 * time.Second)
			s.send(tag + " OK done")
		})
		command, err := client.Append(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Message(t.Context(), nil, noDate, size, newStream(size)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(24 * time.Hour) // the next message is slow to come: that is not the server's fault
		if err := errors.Join(command.Message(t.Context(), nil, noDate, 1, strings.NewReader("x")), command.Finish()); err != nil {
			t.Fatal(err)
		}
		if _, err := command.Wait(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestDeadline_serverThatDoesNotRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		client := clientOnPipe(t, "LITERAL+", func(*script) { <-release })
		defer close(release)
		_, err := appendAll(t.Context(), client, strings.Repeat("x", 1<<20))
		var lost *ConnectionError
		if !errors.As(err, &lost) || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("got %v, want a ConnectionError with a missed deadline", err)
		}
	})
}

func TestDeadline_missingContinuation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := clientOnPipe(t, "", func(s *script) {
			s.expect(`APPEND "a" \{3\}`)
			s.hungUp()
		})
		start := time.Now()
		_, err := appendAll(t.Context(), client, "abc")
		if !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("got %v after %v, want a missed deadline after a minute", err, time.Since(start))
		}
	})
}

func TestDeadline_slowExchange(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := clientOnPipe(t, "AUTH=PLAIN", func(s *script) {
			tag := s.expect("AUTHENTICATE PLAIN")
			time.Sleep(59 * time.Second)
			s.send("+")
			s.line()
			time.Sleep(59 * time.Second)
			s.send(tag + " NO no")
			s.expect("AUTHENTICATE PLAIN")
			s.hungUp()
		})
		if err := client.LogInPlain(t.Context(), "", "a", "b"); !IsStatus(err, "NO") {
			t.Errorf("got %v, want NO", err)
		}
		if err := client.LogInPlain(t.Context(), "", "a", "b"); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("got %v, want a missed deadline", err)
		}
	})
}

// On a real socket, where the reader is already blocked when the clock starts. The server moves forty
// times faster than it must, so that a busy machine does not matter.
func TestDeadline_onTCP(t *testing.T) {
	t.Parallel()
	const timeout, octets = 2 * time.Second, 60
	client := connectWith(t, Options{Timeout: timeout}, "", func(s *script) {
		tag := s.expect("NOOP")
		for range octets {
			time.Sleep(timeout / 40)
			s.raw(" ")
		}
		s.send(tag + " OK done")
		s.expect("NOOP")
		s.hungUp()
	})
	start := time.Now()
	if err := client.Noop(within(t)); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took < timeout {
		t.Errorf("the slow answer took %v, which proves nothing", took)
	}
	if err := client.Noop(within(t)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v, want a missed deadline", err)
	}
}

// A server that hangs up while it is being written to has usually said why.
func TestWriteFailure_findsTheFarewell(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := clientOnPipe(t, "LITERAL+", func(s *script) {
			s.expect(`APPEND "a" .*`)
			s.send("* BYE [OVERQUOTA] no more")
		})
		_, err := appendAll(t.Context(), client, strings.Repeat("x", 1<<20))
		if !IsCode(err, "OVERQUOTA") || !IsStatus(err, "BYE") {
			t.Errorf("got %v, want the farewell", err)
		}
	})
}
