// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"bufio"
	"context"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rehome/internal/protocol"
)

func TestIdle_hearsNews(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"* 3 EXISTS", "* 1 EXPUNGE", "* VANISHED 4", `* 2 FETCH (FLAGS (\Seen))`} {
		client := connect(t, "IDLE", func(s *script) {
			tag := s.expect("IDLE")
			s.send("+ idling", "* OK still here", line)
			s.match("DONE")
			s.send(tag + " OK done")
			s.ok("NOOP")
			s.silent()
		})
		if news, err := client.Idle(within(t), time.Hour); !news || err != nil {
			t.Errorf("%s: %v, %v, want news", line, news, err)
		}
		if err := client.Noop(within(t)); err != nil {
			t.Error(err)
		}
		_ = client.Close()
	}
}

func TestIdle_quiet(t *testing.T) {
	t.Parallel()
	client := connectWith(t, Options{Timeout: time.Second}, "IDLE", func(s *script) {
		tag := s.expect("IDLE")
		s.send("+")
		s.match("DONE")
		s.send(tag + " OK done")
		s.silent()
	})
	// Longer than the time-out: silence is what is asked for.
	if news, err := client.Idle(within(t), 1500*time.Millisecond); news || err != nil {
		t.Errorf("%v, %v, want nothing", news, err)
	}
}

func TestIdle_newsBehindTheEnd(t *testing.T) {
	t.Parallel()
	client := connect(t, "IDLE", func(s *script) {
		tag := s.expect("IDLE")
		s.send("+")
		s.match("DONE")
		s.send("* 5 EXISTS", tag+" OK done")
		s.silent()
	})
	if news, err := client.Idle(within(t), 10*time.Millisecond); !news || err != nil {
		t.Errorf("%v, %v, want news", news, err)
	}
}

func TestIdle_refusedAndCancelled(t *testing.T) {
	t.Parallel()
	client := connect(t, "IDLE", func(s *script) {
		s.send(s.expect("IDLE") + " NO not now")
		s.expect("IDLE")
		s.send("+")
		s.hungUp()
	})
	if _, err := client.Idle(within(t), time.Hour); !IsStatus(err, "NO") {
		t.Errorf("got %v, want NO", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := client.Idle(ctx, time.Hour); err == nil || client.Err() == nil {
		t.Errorf("%v, connection %v, want both to end", err, client.Err())
	}
}

// Time is not real here: the whole hour passes at once.
func TestIdle_isBegunAnewInTime(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		capabilities, command string
		times                 int
	}{{"IDLE", "IDLE", 3}, {"", "NOOP", 120}} {
		synctest.Test(t, func(t *testing.T) {
			ours, theirs := net.Pipe()
			commands := 0
			go func() {
				defer theirs.Close()
				in := bufio.NewReader(theirs)
				_, _ = theirs.Write([]byte("* OK [CAPABILITY IMAP4rev1 " + test.capabilities + "] hi\r\n"))
				tag := ""
				for {
					line, err := in.ReadString('\n')
					if err != nil {
						return
					}
					answer := ""
					switch words := strings.Fields(line); {
					case len(words) == 2 && words[1] == "IDLE":
						tag, answer = words[0], "+ ok\r\n"
						commands++
					case len(words) == 1:
						answer = tag + " OK done\r\n"
					default:
						commands++
						answer = words[0] + " OK done\r\n"
					}
					_, _ = theirs.Write([]byte(answer))
				}
			}()
			client, err := Dial(t.Context(), Options{Address: "x:143", Security: protocol.NoTLS, Dial: func(context.Context, string, string) (net.Conn, error) { return ours, nil }})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = client.Close() }()
			if news, err := client.Idle(t.Context(), time.Hour); news || err != nil || commands != test.times {
				t.Errorf("%v, %v, %d times %s, want %d", news, err, commands, test.command, test.times)
			}
		})
	}
}
