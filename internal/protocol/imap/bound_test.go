// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A server that always says something and never what was asked for is not listened to for ever.
func TestBound_talkWithoutProgress(t *testing.T) {
	t.Parallel()
	for _, talk := range []string{"* OK still here\r\n", "\r\n", " ", "* 5 EXISTS\r\n", "* 1 EXPUNGE\r\n", "* 9 FETCH (UID 9 FLAGS ())\r\n",
		"* XWHATEVER\r\n"} {
		t.Run(strings.TrimSpace(talk), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client := clientOnPipe(t, "", func(s *script) {
					s.expect("UID FETCH .*")
					s.forEver(talk, 3*time.Second)
				})
				start := time.Now()
				command, err := client.Fetch(t.Context(), rangeSet(1, 5), FetchItems{Size: true}, FetchHandler{})
				if err != nil {
					t.Fatal(err)
				}
				if err := command.Wait(t.Context()); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("got %v, want a missed deadline", err)
				}
				if took := time.Since(start); took > patienceFactor*time.Minute+time.Minute {
					t.Errorf("it was listened to for %v", took)
				}
			})
		})
	}
}

// forEver says something now and then until nobody listens.
func (s *script) forEver(talk string, pause time.Duration) {
	for {
		time.Sleep(pause)
		if _, err := io.WriteString(s.conn, talk); err != nil {
			return
		}
	}
}

// One octet each three seconds is no progress, wherever it stands.
func TestBound_octetByOctet(t *testing.T) {
	t.Parallel()
	for _, begin := range []string{"* OK ", "* 1 FETCH (UID 1 BODY[] {100000}\r\n", "* SEARCH "} {
		t.Run(begin, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client := clientOnPipe(t, "", func(s *script) {
					s.expect("UID FETCH .*")
					s.raw(begin)
					s.forEver("1", 3*time.Second)
				})
				command, err := client.Fetch(t.Context(), rangeSet(1, 5), FetchItems{Body: true}, (&collector{}).handler())
				if err != nil {
					t.Fatal(err)
				}
				if err := command.Wait(t.Context()); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("got %v, want a missed deadline", err)
				}
			})
		})
	}
}

// What repeats itself at full speed ends in number, and in bounded memory.
func TestCost_ofRepetition(t *testing.T) {
	for name, test := range map[string]struct {
		ask  func(*Client) error
		talk string
	}{
		"one FETCH line": {func(c *Client) error {
			command, err := c.Fetch(t.Context(), rangeSet(1, 5), FetchItems{Size: true}, FetchHandler{})
			if err == nil {
				err = command.Wait(t.Context())
			}
			return err
		}, "* 1 FETCH (UID 1 FLAGS (\\Seen) RFC822.SIZE 100)\r\n"},
		"one body": {func(c *Client) error {
			command, err := c.Fetch(t.Context(), rangeSet(1, 5), FetchItems{Body: true}, FetchHandler{})
			if err == nil {
				err = command.Wait(t.Context())
			}
			return err
		}, "* 1 FETCH (UID 1 BODY[] {5}\r\nhello)\r\n"},
		"LIST":                 {func(c *Client) error { _, err := c.List(t.Context()); return err }, "* LIST () \"/\" x\r\n"},
		"SEARCH":               {func(c *Client) error { _, err := c.SearchAll(t.Context(), 1); return err }, "* SEARCH 1 3 5\r\n"},
		"EXISTS while opening": {func(c *Client) error { _, err := c.Select(t.Context(), "a"); return err }, "* 5 EXISTS\r\n"},
		"EXISTS":               {func(c *Client) error { return c.Noop(t.Context()) }, "* 5 EXISTS\r\n"},
		"OK":                   {func(c *Client) error { return c.Noop(t.Context()) }, "* OK still here\r\n"},
		"blanks":               {func(c *Client) error { return c.Noop(t.Context()) }, "      \r\n"},
		"FETCH by itself":      {func(c *Client) error { return c.Noop(t.Context()) }, "* 1 FETCH (UID 1 FLAGS ())\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			client := connect(t, "", func(s *script) {
				s.expect(".*")
				lines := strings.Repeat(test.talk, 1000)
				for {
					if _, err := io.WriteString(s.conn, lines); err != nil {
						return
					}
				}
			})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := test.ask(client)
			runtime.ReadMemStats(&after)
			var lost *ConnectionError
			if !errors.As(err, &lost) {
				t.Errorf("got %v, want a lost connection", err)
			}
			if grown := int64(after.HeapInuse) - int64(before.HeapInuse); grown > 64<<20 {
				t.Errorf("it took %d MiB", grown>>20)
			}
		})
	}
}

// The attributes of a FETCH response have no order; a large body that comes before its UID waits in a file.
func TestFetch_bodyBeforeTheUID(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("0123456789abcdef", (spoolInMemory+16)/16)
	client := connect(t, "", func(s *script) {
		s.ok("UID FETCH .*",
			fmt.Sprintf("* 1 FETCH (BODY[] {%d}\r\n%s FLAGS () UID 1)", len(large), large),
			"* 2 FETCH (BODY[] {5}\r\nhello UID 2)", "* 3 FETCH (BODY[] {5}\r\nhello)")
	})
	got := map[UID]string{}
	command, err := client.Fetch(within(t), rangeSet(1, 5), FetchItems{Body: true}, FetchHandler{Literal: func(l *Literal) error {
		body, err := io.ReadAll(l)
		got[l.UID] = string(body)
		return err
	}})
	if err == nil {
		err = command.Wait(within(t))
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[1] != large || got[2] != "hello" {
		t.Errorf("got %d bodies, of %d and %d octets", len(got), len(got[1]), len(got[2]))
	}
}

func TestHeld_followsExistsAndExpunge(t *testing.T) {
	t.Parallel()
	client := connect(t, "", func(s *script) {
		s.ok(`SELECT "a"`, "* 5 EXISTS")
		s.ok("NOOP", "* 2 EXPUNGE", "* 2 EXPUNGE", "* 7 EXISTS", "* 1 EXPUNGE")
		s.ok("NOOP", "* VANISHED (EARLIER) 1:3", "* VANISHED 5,7")
		s.ok(`SELECT "b"`, "* FLAGS ()")
	})
	for i, want := range []Count{CountOf(5), CountOf(6), CountOf(4), {}} {
		var err error
		switch i {
		case 0:
			_, err = client.Select(within(t), "a")
		case 3:
			_, err = client.Select(within(t), "b")
		default:
			err = client.Noop(within(t))
		}
		if got := client.Held(); err != nil || got != want {
			t.Errorf("step %d: %v messages, %v, want %v", i, got, err, want)
		}
	}
}
