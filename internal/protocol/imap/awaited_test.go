// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"io"
	"testing"
	"testing/synctest"
	"time"
)

// slowReader gives its text after a while.
type slowReader struct {
	after time.Duration
	text  string
}

func (r *slowReader) Read(p []byte) (int, error) {
	if r.text == "" {
		return 0, io.EOF
	}
	time.Sleep(r.after)
	n := copy(p, r.text)
	r.text = r.text[n:]
	return n, nil
}

func TestAwaited_theServerAndNobodyElse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		play func(*script)
		do   func(*testing.T, *Client)

		want  time.Duration
		turns int
	}{
		{"a slow answer", func(s *script) {
			tag := s.expect("NOOP")
			time.Sleep(3 * time.Second)
			s.send(tag + " OK done")
		}, noop, 3 * time.Second, 1},
		{"nothing asked", func(s *script) { s.ok("NOOP"); s.ok("NOOP") }, func(t *testing.T, c *Client) {
			noop(t, c)
			time.Sleep(time.Hour)
			noop(t, c)
		}, 0, anyTurns},
		{"a message that comes late from elsewhere", func(s *script) {
			tag := s.expect(`APPEND "INBOX" \{5\+\}`)
			s.octets(len("hello\r\n"))
			time.Sleep(2 * time.Second)
			s.send(tag + " OK done")
		}, appendSlowly(5 * time.Second), 2 * time.Second, 1},
		{"a server that takes its time before it reads", func(s *script) {
			time.Sleep(4 * time.Second)
			s.ok("NOOP")
		}, noop, 4 * time.Second, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client := clientOnPipe(t, "LITERAL+", test.play)
				test.do(t, client)
				if total, turns := client.Awaited(); total != test.want || test.turns != anyTurns && turns != test.turns {
					t.Errorf("awaited %v in %d turns, want %v in %d", total, turns, test.want, test.turns)
				}
			})
		})
	}
}

// anyTurns is for answers that may come before somebody waits for them.
const anyTurns = -1

func noop(t *testing.T, c *Client) {
	t.Helper()
	if err := c.Noop(t.Context()); err != nil {
		t.Error(err)
	}
}

func appendSlowly(after time.Duration) func(*testing.T, *Client) {
	return func(t *testing.T, c *Client) {
		t.Helper()
		a, err := c.Append(t.Context(), "INBOX")
		if err == nil {
			err = a.Message(t.Context(), nil, time.Time{}, 5, &slowReader{after, "hello"})
		}
		if err == nil {
			err = a.Finish()
		}
		if err == nil {
			_, err = a.Wait(t.Context())
		}
		if err != nil {
			t.Error(err)
		}
	}
}
