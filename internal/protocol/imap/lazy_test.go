// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// packets counts what is written to a connection.
type packets struct {
	net.Conn
	written *atomic.Int64
}

func (p packets) Write(b []byte) (int, error) {
	p.written.Add(1)
	return p.Conn.Write(b)
}

// countedPackets returns options for a connection that counts into written.
func countedPackets(written *atomic.Int64) Options {
	return Options{Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		return packets{conn, written}, err
	}}
}

// What is asked behind an opening goes out together with it, at the first wait, and what is excused with it is.
func TestFetchAhead_inOnePacketWithTheOpening(t *testing.T) {
	t.Parallel()
	for name, refused := range map[string]bool{"opened": false, "refused": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var written atomic.Int64
			client := connectWith(t, countedPackets(&written), "", func(s *script) {
				opening, newest := s.expect(`EXAMINE "a"`), s.expect(`UID FETCH \* .*`)
				some := s.expect(`UID FETCH 3:4 \(UID FLAGS\)`)
				if refused {
					s.send(opening+" NO not you", newest+" BAD nothing is open", some+" BAD nothing is open")
				} else {
					s.send("* 2 EXISTS", opening+" OK done", "* 2 FETCH (UID 4 RFC822.SIZE 9)", newest+" OK done")
					s.send(`* 1 FETCH (UID 3 FLAGS (\Seen))`, "* 2 FETCH (UID 4 FLAGS ())", some+" OK done")
				}
				s.send(s.expect("NOOP") + " OK")
			})
			begun := written.Load()
			opening, err := client.ExamineAhead(within(t), "a")
			if err != nil {
				t.Fatal(err)
			}
			newest, err := opening.NewestAhead(within(t))
			if err != nil {
				t.Fatal(err)
			}
			shown := map[UID]int{}
			some, err := opening.FetchAhead(within(t), rangeSet(3, 4), FetchItems{Flags: true}, FetchHandler{Message: func(m *Message) error {
				shown[m.UID] = len(m.Flags)
				return nil
			}})
			if err != nil {
				t.Fatal(err)
			}
			if got := written.Load(); got != begun {
				t.Errorf("%d packets before anybody waits", got-begun)
			}
			_, openErr := opening.Wait(within(t))
			_, _ = newest.Wait(within(t))
			someErr := some.Wait(within(t))
			if got := written.Load(); got != begun+1 {
				t.Errorf("%d packets, want one", got-begun)
			}
			if (openErr != nil) != refused || (someErr != nil) != refused || !refused && (len(shown) != 2 || shown[3] != 1) {
				t.Errorf("opening: %v, fetch: %v, shown %v", openErr, someErr, shown)
			}
			if err := client.Noop(within(t)); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

// Nobody waits for the answer to an UNSELECT that is sent ahead: it goes out with the next command, and as one packet with that.
func TestUnselectAhead_goesWithTheNextCommand(t *testing.T) {
	t.Parallel()
	var written atomic.Int64
	client := connectWith(t, countedPackets(&written), "UNSELECT", func(s *script) {
		opening := s.expect(`EXAMINE "a"`)
		s.send("* 2 EXISTS", opening+" OK done")
		unselect, noop := s.expect("UNSELECT"), s.expect("NOOP")
		s.send(unselect+" OK", noop+" OK")
	})
	if _, err := client.Examine(within(t), "a"); err != nil {
		t.Fatal(err)
	}
	begun := written.Load()
	if err := client.UnselectAhead(within(t)); err != nil {
		t.Fatal(err)
	}
	if err := client.Noop(within(t)); err != nil {
		t.Fatal(err)
	}
	if got := written.Load() - begun; got != 1 {
		t.Errorf("%d packets, want one", got)
	}
}

// Dovecot answers what is asked together, and completes the commands only then: each answer finds the one who has asked for it.
func TestFetchAhead_answersBeforeAnyCommandIsComplete(t *testing.T) {
	t.Parallel()
	client := connectWith(t, Options{}, "", func(s *script) {
		opening, newest := s.expect(`EXAMINE "a"`), s.expect(`UID FETCH \* .*`)
		header, body, list := s.expect(`UID FETCH 3 .*HEADER.*`), s.expect(`UID FETCH 3 \(UID BODY.PEEK\[\]\)`), s.expect(`UID FETCH 4:5 .*`)
		s.send("* 3 EXISTS", opening+" OK done")
		s.send(`* 3 FETCH (UID 5 INTERNALDATE "04-Mar-2021 05:06:07 +0000" RFC822.SIZE 10)`)
		s.send("* 1 FETCH (UID 3 BODY[HEADER.FIELDS (DATE)] {4}", "ab", ")", "* 1 FETCH (UID 3 BODY[] {6}", "body", ")")
		for _, message := range []string{"2 FETCH (UID 4", "3 FETCH (UID 5"} {
			s.send("* " + message + ` FLAGS () INTERNALDATE "04-Mar-2021 05:06:07 +0000" RFC822.SIZE 10)`)
		}
		s.send(newest+" OK", header+" OK", body+" OK", list+" OK")
		s.send(s.expect("NOOP") + " OK")
	})
	opening, err := client.ExamineAhead(within(t), "a")
	if err != nil {
		t.Fatal(err)
	}
	newest, err := opening.NewestAhead(within(t))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	note := func(what string) FetchHandler {
		return FetchHandler{
			Literal: func(l *Literal) error {
				text, err := io.ReadAll(l)
				got = append(got, what+" "+strings.TrimSpace(string(text)))
				return err
			},
			Message: func(m *Message) error {
				if m.Size > 0 {
					got = append(got, fmt.Sprintf("%s %d", what, m.UID))
				}
				return nil
			},
		}
	}
	var commands []*FetchCommand
	for _, ask := range []struct {
		what  string
		uids  UIDSet
		items FetchItems
	}{
		{"header", NewUIDSet(3), FetchItems{HeaderFields: "DATE"}}, {"body", NewUIDSet(3), FetchItems{Body: true}},
		{"list", rangeSet(4, 5), FetchItems{Flags: true, InternalDate: true, Size: true}},
	} {
		command, err := opening.FetchAhead(within(t), ask.uids, ask.items, note(ask.what))
		if err != nil {
			t.Fatal(err)
		}
		commands = append(commands, command)
	}
	if _, err := opening.Wait(within(t)); err != nil {
		t.Fatal(err)
	}
	shown, err := newest.Wait(within(t))
	for _, command := range commands {
		err = errors.Join(err, command.Wait(within(t)))
	}
	if want := []string{"header ab", "body body", "list 4", "list 5"}; err != nil || !slices.Equal(got, want) || shown.UID != 5 || shown.Size != 10 {
		t.Errorf("got %q, newest %+v, error %v; want %q", got, shown, err, want)
	}
	if err := client.Noop(within(t)); err != nil {
		t.Error(err)
	}
}
