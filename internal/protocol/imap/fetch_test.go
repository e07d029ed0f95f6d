// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// collector gathers what a Fetch delivers, as "7" for a message and "7=text" for a body.
type collector struct{ got []string }

func (c *collector) handler() FetchHandler {
	return FetchHandler{
		Literal: func(l *Literal) error {
			body, err := io.ReadAll(l)
			c.got = append(c.got, fmt.Sprintf("%d=%s", l.UID, body))
			return err
		},
		Message: func(m *Message) error {
			c.got = append(c.got, fmt.Sprint(m.UID))
			return nil
		},
	}
}

func (c *collector) check(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(c.got, want) {
		t.Errorf("got %q, want %q", c.got, want)
	}
}

func TestFetch_asksForWhatIsWanted(t *testing.T) {
	t.Parallel()
	client := connect(t, "CONDSTORE", func(s *script) {
		s.ok(`UID FETCH 1:9 \(UID FLAGS INTERNALDATE RFC822\.SIZE MODSEQ BODY\.PEEK\[\]\)`, "* 1 FETCH (UID 1)")
		s.ok(`UID FETCH 1:9 \(UID\)`)
		s.silent()
	})
	for _, items := range []FetchItems{{Flags: true, InternalDate: true, Size: true, ModSeq: true, Body: true}, {}} {
		command, err := client.Fetch(t.Context(), rangeSet(1, 9), items, FetchHandler{})
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Wait(within(t)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFetch_pipelinedRangesReachTheirHandlers(t *testing.T) {
	t.Parallel()
	client := connect(t, "", func(s *script) {
		first := s.expect(`UID FETCH 1:2 .*`)
		second := s.expect(`UID FETCH 3:4 .*`) // sent before the first answer
		s.send("* 1 FETCH (UID 1 BODY[] {1}\r\na)",
			"* 8 FETCH (UID 8 FLAGS (\\Seen))", // unsolicited, nobody's
			"* 4 FETCH (UID 4 FLAGS ())",       // unsolicited, but of the second range
			"* 2 FETCH (BODY[] {1}\r\nb UID 2)",
			first+" OK done",
			"* 3 FETCH (UID 3 BODY[] {1}\r\nc)", second+" OK done")
		s.silent()
	})
	var one, two collector
	first, err := client.Fetch(t.Context(), rangeSet(1, 2), FetchItems{Body: true}, one.handler())
	if err != nil {
		t.Fatal(err)
	}
	second, err := client.Fetch(t.Context(), rangeSet(3, 4), FetchItems{Body: true}, two.handler())
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range []*FetchCommand{second, first} { // in any order
		if err := command.Wait(within(t)); err != nil {
			t.Error(err)
		}
	}
	one.check(t, "1=a", "1", "2=b", "2")
	two.check(t, "4", "3=c", "3")
}

// The set belongs to the caller, who may go on with it while the answer is under way.
func TestFetch_doesNotShareTheSet(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{})
	client := connect(t, "", func(s *script) {
		tag := s.expect(`UID FETCH 1,3 .*`)
		<-asked
		s.send("* 2 FETCH (UID 2)", "* 3 FETCH (UID 3)", tag+" OK done")
	})
	set := NewUIDSet(1, 3)
	var c collector
	command, err := client.Fetch(t.Context(), set, FetchItems{}, c.handler())
	if err != nil {
		t.Fatal(err)
	}
	set.AddRange(1, 2)
	close(asked)
	if err := command.Wait(within(t)); err != nil {
		t.Fatal(err)
	}
	c.check(t, "3")
}

func TestFetch_nothingToAskForSendsNothing(t *testing.T) {
	t.Parallel()
	client := connect(t, "", func(s *script) { s.silent() })
	command, err := client.Fetch(t.Context(), UIDSet{}, FetchItems{Body: true}, FetchHandler{})
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(within(t)); err != nil {
		t.Error(err)
	}
	if err := client.Store(within(t), UIDSet{}, StoreAdd, []string{`\Seen`}); err != nil {
		t.Error(err)
	}
}

// Servers limit the length of a line, and a fragmented set is long.
func TestFetch_longSetTravelsInSeveralCommands(t *testing.T) {
	t.Parallel()
	var set UIDSet
	for i := range UID(1000) {
		set.Add(4_000_000_000 + 2*i)
	}
	client := connect(t, "", func(s *script) {
		var tags []string
		var asked UIDSet
		for asked.Len() < set.Len() {
			groups := s.match(`(\S+) UID FETCH (\S+) \(UID\)`)
			part, ok := ParseUIDSet(groups[2])
			if len(groups[0]) > 8000 || !ok {
				s.fail("a line of %d octets, want at most 8000", len(groups[0]))
			}
			asked.AddSet(part)
			tags = append(tags, groups[1])
		}
		if !slices.Equal(asked.Ranges(), set.Ranges()) {
			s.fail("asked for %d UIDs, want %d", asked.Len(), set.Len())
		}
		for _, tag := range tags {
			s.send("* 1 FETCH (UID 4000000000)", tag+" OK done")
		}
		for range tags {
			s.ok(`UID STORE \S+ \+FLAGS\.SILENT \(\\Seen\)`)
		}
		s.silent()
	})
	var c collector
	command, err := client.Fetch(t.Context(), set, FetchItems{}, c.handler())
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(within(t)); err != nil {
		t.Fatal(err)
	}
	if len(c.got) != 4 {
		t.Errorf("%d messages, want one from each of 4 commands", len(c.got))
	}
	if err := client.Store(within(t), set, StoreAdd, []string{`\Seen`}); err != nil {
		t.Error(err)
	}
}

func TestFetch_callbackErrorDropsTheRestAndKeepsTheConnection(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	for _, test := range []struct {
		name    string
		handler func(calls *int) FetchHandler
	}{
		{"body unread", func(calls *int) FetchHandler {
			return FetchHandler{Literal: func(*Literal) error { *calls++; return refused }}
		}},
		{"body half read", func(calls *int) FetchHandler {
			return FetchHandler{Literal: func(l *Literal) error {
				*calls++
				_, err := io.ReadFull(l, make([]byte, 5))
				return errors.Join(refused, err)
			}}
		}},
		{"message", func(calls *int) FetchHandler {
			return FetchHandler{Message: func(*Message) error { *calls++; return refused }}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client := connect(t, "", func(s *script) {
				s.ok(`UID FETCH .*`, "* 1 FETCH (UID 1 BODY[] {20}\r\n)\r\nr1 OK\r\n* BYE x\r\n)", "* 2 FETCH (UID 2 BODY[] {1}\r\nb)")
				s.ok(`NOOP`)
			})
			calls := 0
			command, err := client.Fetch(t.Context(), rangeSet(1, 2), FetchItems{Body: true}, test.handler(&calls))
			if err != nil {
				t.Fatal(err)
			}
			if err := command.Wait(within(t)); !errors.Is(err, refused) {
				t.Errorf("Wait: %v, want %v", err, refused)
			}
			if calls != 1 {
				t.Errorf("%d calls, want 1", calls)
			}
			if err := client.Noop(within(t)); err != nil {
				t.Errorf("the connection is out of step: %v", err)
			}
		})
	}
}

func TestFetch_NOKeepsWhatCame(t *testing.T) {
	t.Parallel()
	client := connect(t, "", func(s *script) {
		tag := s.expect(`UID FETCH .*`)
		s.send("* 1 FETCH (UID 1)", tag+" NO [EXPUNGEISSUED] some are gone")
		s.ok(`NOOP`)
	})
	var c collector
	command, err := client.Fetch(t.Context(), rangeSet(1, 2), FetchItems{}, c.handler())
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(within(t)); !IsStatus(err, "NO") || !IsCode(err, "EXPUNGEISSUED") {
		t.Errorf("Wait: %v, want NO [EXPUNGEISSUED]", err)
	}
	c.check(t, "1")
	if err := client.Noop(within(t)); err != nil {
		t.Error(err)
	}
}

// A body that is cut is the connection's failure, even when the callback wraps or swallows the error.
func TestFetch_cutInsideABody(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		literal func(*Literal) error
	}{
		{"error handed on", func(l *Literal) error { _, err := io.Copy(io.Discard, l); return err }},
		{"error wrapped", func(l *Literal) error { _, err := io.Copy(io.Discard, l); return &BodyError{err} }},
		{"error swallowed", func(l *Literal) error { _, _ = io.Copy(io.Discard, l); return nil }},
		{"body not read", func(*Literal) error { return nil }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client := connect(t, "", func(s *script) {
				s.expect(`UID FETCH .*`)
				s.raw("* 1 FETCH (UID 1 BODY[] {10}\r\nabc")
			})
			messages := 0
			command, err := client.Fetch(t.Context(), rangeSet(1, 2), FetchItems{Body: true}, FetchHandler{
				Literal: test.literal,
				Message: func(*Message) error { messages++; return nil },
			})
			if err != nil {
				t.Fatal(err)
			}
			err = command.Wait(within(t))
			var lost *ConnectionError
			if !errors.As(err, &lost) || !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("Wait: %v, want a ConnectionError with an unexpected end", err)
			}
			if messages != 0 {
				t.Error("a cut message was delivered")
			}
		})
	}
}

// stream is size octets that nobody holds.
type stream struct {
	left   int64
	random *rand.ChaCha8
}

func newStream(size int64) io.Reader {
	return &stream{left: size, random: rand.NewChaCha8([32]byte{1})}
}

func (s *stream) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), s.left)]
	s.left -= int64(len(p))
	return s.random.Read(p)
}

// Not parallel: it measures the memory of the whole process.
func TestFetchAndAppend_largeBodyIsNotHeld(t *testing.T) {
	const size = 64 << 20
	want := sha256.New()
	if _, err := io.Copy(want, newStream(size)); err != nil {
		t.Fatal(err)
	}
	source := connect(t, "", func(s *script) {
		tag := s.expect(`UID FETCH .*`)
		s.raw(fmt.Sprintf("* 1 FETCH (UID 1 BODY[] {%d}\r\n", size))
		if _, err := io.Copy(s.conn, newStream(size)); err != nil {
			s.fail("send: %v", err)
		}
		s.send(")", tag+" OK done")
	})
	got := sha256.New()
	destination := connect(t, "LITERAL+", func(s *script) {
		tag := s.expect(fmt.Sprintf(`APPEND "a" \{%d\+\}`, size))
		if _, err := io.CopyN(got, s.in, size); err != nil {
			s.fail("read: %v", err)
		}
		s.match("")
		s.send(tag + " OK done")
	})
	runtime.GC()
	var before, during runtime.MemStats
	runtime.ReadMemStats(&before)
	fetch, err := source.Fetch(t.Context(), rangeSet(1, 1), FetchItems{Body: true}, FetchHandler{Literal: func(l *Literal) error {
		command, err := destination.Append(t.Context(), "a")
		if err != nil {
			return err
		}
		if err := command.Message(t.Context(), nil, noDate, l.Size, l); err != nil {
			return err
		}
		runtime.GC()
		runtime.ReadMemStats(&during)
		if err := command.Finish(); err != nil {
			return err
		}
		_, err = command.Wait(within(t))
		return err
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := fetch.Wait(within(t)); err != nil {
		t.Fatal(err)
	}
	if allocated := during.TotalAlloc - before.TotalAlloc; allocated > 4<<20 {
		t.Errorf("%d octets allocated on the way of a body of %d, want at most 4 MiB", allocated, size)
	}
	if !bytes.Equal(got.Sum(nil), want.Sum(nil)) {
		t.Error("the body has changed on the way")
	}
}

func TestFetch_cancelledContextEndsTheConnection(t *testing.T) {
	t.Parallel()
	client := connect(t, "", func(s *script) {
		s.expect(`UID FETCH .*`)
		s.raw("* 1 FETCH (UID 1 BODY[] {10}\r\nabc")
		s.silent()
	})
	ctx, cancel := context.WithCancel(t.Context())
	var arrived atomic.Int64
	command, err := client.Fetch(ctx, rangeSet(1, 1), FetchItems{Body: true}, FetchHandler{Literal: func(l *Literal) error {
		n, err := io.ReadFull(l, make([]byte, 3))
		arrived.Store(int64(n))
		cancel()
		_, rest := io.Copy(io.Discard, l)
		return errors.Join(err, rest)
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Wait: %v, want %v", err, context.Canceled)
	}
	if arrived.Load() != 3 || !errors.Is(client.Err(), context.Canceled) {
		t.Errorf("%d octets arrived, connection ended by %v", arrived.Load(), client.Err())
	}
	if _, err := client.Fetch(within(t), rangeSet(1, 1), FetchItems{}, FetchHandler{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Fetch afterwards: %v, want the reason of the end", err)
	}
}

// Unsolicited data may come at any moment, and nothing that comes belongs to anybody by default.
func TestFetch_unsolicitedDataIsSkipped(t *testing.T) {
	t.Parallel()
	noise := strings.Join([]string{
		"* 3 EXISTS", "* 0 RECENT", "* 2 EXPUNGE", "* VANISHED 5", "* FLAGS (\\Seen a{b)", "* OK [ALERT] look", "* NO quota is low",
		"* 9 FETCH (FLAGS (\\Seen))", "* 9 FETCH (UID 9 BODY[] {3}\r\nx)y)", "* STATUS a (MESSAGES 1)", "* XFOO {2}\r\n\r\n", "", " ", "+ go on",
	}, "\r\n")
	client := connect(t, "", func(s *script) {
		s.send(noise)
		s.ok(`NOOP`, noise)
		s.ok(`UID FETCH .*`, noise, "* 1 FETCH (UID 1)", noise)
		s.ok(`UID SEARCH .*`, noise, "* SEARCH 4", noise)
		s.ok(`NOOP`)
	})
	if err := client.Noop(within(t)); err != nil {
		t.Fatal(err)
	}
	var c collector
	command, err := client.Fetch(t.Context(), rangeSet(1, 2), FetchItems{}, c.handler())
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(within(t)); err != nil {
		t.Fatal(err)
	}
	c.check(t, "1")
	found, err := client.SearchAll(within(t), 1)
	if err != nil || found.String() != "4" {
		t.Errorf("SearchAll = %q, %v, want 4", found, err)
	}
	if err := client.Noop(within(t)); err != nil {
		t.Error(err)
	}
}

// What is written out of the connection's buffer are the octets of the literal, and no more, also where they end late or too early.
func TestLiteral_WriteTo(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("0123456789", 30)
	for _, size := range []int64{0, 1, 15, 16, 17, 250, 300, 301} {
		body := &literalReader{in: bufio.NewReaderSize(strings.NewReader(text), 16), left: size}
		var moved int64
		body.moved = func(n int64) { moved += n }
		var got strings.Builder
		n, err := io.Copy(&got, &Literal{Size: size, Reader: body})
		want := text[:min(size, int64(len(text)))]
		if got.String() != want || n != int64(len(want)) || moved != n || errors.Is(err, io.ErrUnexpectedEOF) != (size > n) {
			t.Errorf("%d octets: wrote %q, %d, %v; %d moved", size, got.String(), n, err, moved)
		}
		if rest, _ := io.ReadAll(body.in); size <= int64(len(text)) && string(rest) != text[size:] {
			t.Errorf("%d octets: %q is left behind them", size, rest)
		}
	}
}

func TestLiteral_WriteTo_refused(t *testing.T) {
	t.Parallel()
	full := errors.New("full")
	body := &literalReader{in: bufio.NewReader(strings.NewReader("abcdef")), left: 4}
	n, err := (&Literal{Reader: body}).WriteTo(writerFunc(func(p []byte) (int, error) { return 1, full }))
	if rest, _ := io.ReadAll(body.in); n != 1 || !errors.Is(err, full) || body.left != 3 || string(rest) != "bcdef" {
		t.Errorf("wrote %d, %v; %d left, then %q", n, err, body.left, rest)
	}
}

type writerFunc func([]byte) (int, error)

func (w writerFunc) Write(p []byte) (int, error) { return w(p) }
