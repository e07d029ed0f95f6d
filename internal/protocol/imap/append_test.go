// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

var noDate time.Time

// appendAll appends bodies to "a" by one command.
func appendAll(ctx context.Context, client *Client, bodies ...string) (Appended, error) {
	command, err := client.Append(ctx, "a")
	if err != nil {
		return Appended{}, err
	}
	for _, body := range bodies {
		if err := command.Message(ctx, nil, noDate, int64(len(body)), strings.NewReader(body)); err != nil {
			return Appended{}, err
		}
	}
	if err := command.Finish(); err != nil {
		return Appended{}, err
	}
	return command.Wait(ctx)
}

func TestAppend_nonSynchronisingLiteral(t *testing.T) {
	t.Parallel()
	client := connect(t, "LITERAL+ UIDPLUS", func(s *script) {
		tag := s.expect(`APPEND "a" \(\\Seen \$Junk\) " 1-Feb-2003 04:05:06 -0130" \{5\+\}`)
		if got := s.octets(5); got != "a\r\nbc" {
			s.fail("body %q", got)
		}
		s.match("")
		s.send(tag + " OK [APPENDUID 7 9] done")
		s.silent()
	})
	command, err := client.Append(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	date := time.Date(2003, 2, 1, 4, 5, 6, 0, time.FixedZone("", -90*60))
	if err := command.Message(t.Context(), []string{`\seen`, "$Junk"}, date, 5, strings.NewReader("a\r\nbc and more than announced")); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(command.Finish(), command.Finish()); err != nil { // a second Finish does nothing
		t.Fatal(err)
	}
	command.Abort(errors.New("too late"))
	answer, err := command.Wait(within(t))
	if err != nil || answer.UIDValidity != 7 || !slices.Equal(answer.UIDs, []UID{9}) || command.Messages() != 1 {
		t.Errorf("got %+v, %v, %d messages", answer, err, command.Messages())
	}
	if err := command.Message(t.Context(), nil, noDate, 1, strings.NewReader("x")); !errors.Is(err, errOver) {
		t.Errorf("a message behind the end: %v, want %v", err, errOver)
	}
}

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

func TestAppend_uidsInTheOrderOfTheMessages(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		code string
		want []UID
	}{
		{"[APPENDUID 7 5:6,3]", []UID{5, 6, 3}},
		{"[APPENDUID 7 3,5:6]", []UID{3, 5, 6}},
		{"[APPENDUID 7 6:5,3]", []UID{5, 6, 3}}, // 6:5 is 5:6 (RFC 4315, section 4)
		{"[APPENDUID  7  5:7]", []UID{5, 6, 7}},
		{"[appenduid 7 4294967293:4294967295]", []UID{4294967293, 4294967294, 4294967295}},
		{"[APPENDUID 7 5:6]", nil},
		{"[APPENDUID 7 5:8]", nil},
		{"[APPENDUID 7 1:4294967295]", nil},
		{"[APPENDUID 7 1:*]", nil},
		{"[APPENDUID 7 0:2]", nil},
		{"[APPENDUID 7]", nil},
		{"[APPENDUID 4294967296 1:3]", nil},
		{"[APPENDUID x 1:3]", nil},
		{"[APPENDUID]", nil},
		{"[COPYUID 7 1:3 1:3]", nil},
		{"", nil},
	} {
		t.Run(test.code, func(t *testing.T) {
			t.Parallel()
			client := connect(t, "LITERAL+ MULTIAPPEND UIDPLUS", func(s *script) {
				tag := s.expect(`APPEND "a" \{1\+\}`)
				s.octets(1)
				s.match(` \{1\+\}`)
				s.octets(1)
				s.match(` \{1\+\}`)
				s.octets(1)
				s.match("")
				s.send(tag + " OK " + test.code + " done")
			})
			answer, err := appendAll(within(t), client, "a", "b", "c")
			if err != nil || !slices.Equal(answer.UIDs, test.want) {
				t.Errorf("got %v, %v, want %v", answer.UIDs, err, test.want)
			}
		})
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

func TestAppend_failingBodyEndsTheConnection(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk broken")
	for _, test := range []struct {
		name string
		body func() io.Reader
		want error
	}{
		{"short", func() io.Reader { return strings.NewReader("abc") }, io.ErrUnexpectedEOF},
		{"empty", func() io.Reader { return strings.NewReader("") }, io.ErrUnexpectedEOF},
		{"failing", func() io.Reader { return io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(broken)) }, broken},
	} {
		for _, capabilities := range []string{"LITERAL+", ""} {
			t.Run(test.name+" "+capabilities, func(t *testing.T) {
				t.Parallel()
				client := connect(t, capabilities, func(s *script) {
					if capabilities == "" {
						s.expect(`APPEND "a" \{9\}`)
						s.send("+ go on")
					}
					if rest := s.hungUp(); len(rest) >= len("abc")+6 && !strings.HasSuffix(rest, "}\r\nabc") {
						s.fail("the literal was completed: %q", rest)
					}
				})
				command, err := client.Append(t.Context(), "a")
				if err != nil {
					t.Fatal(err)
				}
				err = command.Message(within(t), nil, noDate, 9, test.body())
				var failing *BodyError
				if !errors.As(err, &failing) || !errors.Is(err, test.want) {
					t.Errorf("Message: %v, want a BodyError with %v", err, test.want)
				}
				if !errors.Is(client.Err(), test.want) {
					t.Errorf("Err() = %v, want %v", client.Err(), test.want)
				}
				if _, err := command.Wait(within(t)); !errors.Is(err, test.want) {
					t.Errorf("Wait: %v, want %v", err, test.want)
				}
			})
		}
	}
}

func TestAppend_bodyMayEndTogetherWithItsError(t *testing.T) {
	t.Parallel()
	client := connect(t, "LITERAL+", func(s *script) {
		tag := s.expect(`APPEND "a" \{3\+\}`)
		s.octets(3)
		s.match("")
		s.send(tag + " OK done")
	})
	command, err := client.Append(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Message(within(t), nil, noDate, 3, iotest.DataErrReader(iotest.OneByteReader(strings.NewReader("abc")))); err != nil {
		t.Fatal(err)
	}
	if err := command.Finish(); err != nil {
		t.Fatal(err)
	}
	if _, err := command.Wait(within(t)); err != nil {
		t.Error(err)
	}
}

func TestAppend_invalidArgumentsAreRefusedBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		flags []string
		date  time.Time
		size  int64
	}{
		{"unknown system flag", []string{`\Indexed`}, noDate, 1},
		{"recent", []string{`\Recent`}, noDate, 1},
		{"any keyword", []string{`\*`}, noDate, 1},
		{"empty flag", []string{""}, noDate, 1},
		{"blank in a flag", []string{"a b"}, noDate, 1},
		{"parenthesis in a flag", []string{"a)"}, noDate, 1},
		{"line end in a flag", []string{"a\r\nz1 DELETE INBOX"}, noDate, 1},
		{"brace in a flag", []string{"{5}"}, noDate, 1},
		{"non-ASCII flag", []string{"wichtig\u00fc"}, noDate, 1},
		{"one bad flag among good ones", []string{`\Seen`, "ok", `a"`}, noDate, 1},
		{"year 10000", nil, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), 1},
		{"year 0", nil, time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), 1},
		{"zone with seconds", nil, time.Date(2000, 1, 1, 0, 0, 0, 0, time.FixedZone("", 3601)), 1},
		{"zone of a hundred hours", nil, time.Date(2000, 1, 1, 0, 0, 0, 0, time.FixedZone("", 100*3600)), 1},
		{"no octets", nil, noDate, 0},
		{"fewer than no octets", nil, noDate, -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client := connect(t, "LITERAL+", func(s *script) { s.silent() })
			command, err := client.Append(t.Context(), "a")
			if err != nil {
				t.Fatal(err)
			}
			var argument *ArgumentError
			if err := command.Message(t.Context(), test.flags, test.date, test.size, strings.NewReader("x")); !errors.As(err, &argument) {
				t.Errorf("got %v, want an ArgumentError", err)
			}
			if err := client.Err(); err != nil || command.Messages() != 0 {
				t.Errorf("the command is not as it was: %v, %d messages", err, command.Messages())
			}
			command.Abort(errors.New("given up"))
		})
	}
}

func TestAppend_invalidMessageAmongGoodOnes(t *testing.T) {
	t.Parallel()
	client := connect(t, "LITERAL+ MULTIAPPEND", func(s *script) {
		tag := s.expect(`APPEND "a" \{1\+\}`)
		s.octets(1)
		s.match(` \{1\+\}`)
		s.octets(1)
		s.match("")
		s.send(tag + " OK [APPENDUID 1 1:2] done")
		s.silent()
	})
	command, err := client.Append(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	for _, flags := range [][]string{nil, {"a b"}, {`\Seen\`}, nil} {
		err := command.Message(t.Context(), flags, noDate, 1, strings.NewReader("x"))
		if (err != nil) != (flags != nil) {
			t.Errorf("flags %q: %v", flags, err)
		}
	}
	if err := command.Finish(); err != nil {
		t.Fatal(err)
	}
	if answer, err := command.Wait(within(t)); err != nil || len(answer.UIDs) != 2 {
		t.Errorf("got %+v, %v", answer, err)
	}
}

func TestAppend_withoutMessageCannotBeFinished(t *testing.T) {
	t.Parallel()
	client := connect(t, "LITERAL+", func(s *script) {
		if rest := s.hungUp(); strings.Contains(rest, "\r\n") {
			s.fail("a command was completed: %q", rest)
		}
	})
	command, err := client.Append(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Finish(); !errors.Is(err, errNoMessage) {
		t.Errorf("Finish: %v, want %v", err, errNoMessage)
	}
	if err := client.Noop(within(t)); !errors.Is(err, errNoMessage) {
		t.Errorf("Noop: %v, want the reason of the end", err)
	}
}

func TestAppend_abortLeavesTheLiteralUnfinished(t *testing.T) {
	t.Parallel()
	client := connect(t, "LITERAL+ MULTIAPPEND", func(s *script) {
		s.expect(`APPEND "a" \{100000\+\}`)
		s.octets(100_000)
		if rest := s.hungUp(); strings.HasSuffix(rest, "\r\n") {
			s.fail("the command was completed: %q", rest)
		}
	})
	reason := errors.New("the source broke")
	command, err := client.Append(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Message(t.Context(), nil, noDate, 100_000, newStream(100_000)); err != nil {
		t.Fatal(err)
	}
	if err := client.out.Flush(); err != nil {
		t.Fatal(err)
	}
	command.Abort(reason)
	if _, err := command.Wait(within(t)); !errors.Is(err, reason) {
		t.Errorf("Wait: %v, want %v", err, reason)
	}
}

func TestAppend_mailboxNames(t *testing.T) {
	t.Parallel()
	client := connect(t, "", func(s *script) {
		tag := s.expect(`APPEND "Entw&APw-rfe &- \\"x\\\\y\\"" \{1\}`)
		s.send("+")
		s.octets(1)
		s.match("")
		s.send(tag + " OK done")

		tag = s.expect(`APPEND \{2\}`) // octets that quotes cannot hold
		s.send("+")
		if got := s.octets(2); got != "a\xff" {
			s.fail("name %q", got)
		}
		s.match(` \{1\}`)
		s.send("+")
		s.octets(1)
		s.match("")
		s.send(tag + " OK done")

		tag = s.expect(`APPEND \{2\}`)
		s.send(tag + " NO [CANNOT] not such a name")
		s.ok("NOOP")
		s.silent()
	})
	for _, name := range []string{"Entwürfe & \"x\\y\"", DecodeName("a\xff")} {
		command, err := client.Append(within(t), name)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(command.Message(within(t), nil, noDate, 1, strings.NewReader("x")), command.Finish()); err != nil {
			t.Fatal(err)
		}
		if _, err := command.Wait(within(t)); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := client.Append(within(t), DecodeName("a\xff")); !IsCode(err, "CANNOT") {
		t.Errorf("got %v, want NO [CANNOT]", err)
	}
	var argument *ArgumentError
	if _, err := client.Append(within(t), DecodeName("a\x00")); !errors.As(err, &argument) {
		t.Errorf("NUL in a name: %v, want an ArgumentError", err)
	}
	if err := client.Noop(within(t)); err != nil {
		t.Errorf("the connection is out of step: %v", err)
	}
}

func TestAppend_pipelined(t *testing.T) {
	t.Parallel()
	const n = 50
	client := connect(t, "LITERAL+ UIDPLUS", func(s *script) {
		var answers []string
		for i := range n { // all of them before the first answer
			tag := s.expect(`APPEND "a" \{1\+\}`)
			s.octets(1)
			s.match("")
			answers = append(answers, fmt.Sprintf("%s OK [APPENDUID 1 %d] done", tag, i+1))
		}
		s.send(answers...)
	})
	var commands []*AppendCommand
	for range n {
		command, err := client.Append(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(command.Message(t.Context(), nil, noDate, 1, strings.NewReader("x")), command.Finish()); err != nil {
			t.Fatal(err)
		}
		commands = append(commands, command)
	}
	for i, command := range commands {
		answer, err := command.Wait(within(t))
		if err != nil || !slices.Equal(answer.UIDs, []UID{UID(i + 1)}) {
			t.Errorf("append %d: %v, %v", i, answer.UIDs, err)
		}
	}
}

func TestAppend_cancelledContextFreesAStuckWrite(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	client := connect(t, "LITERAL+", func(s *script) { <-hold })
	defer close(hold)
	ctx, cancel := context.WithCancel(t.Context())
	command, err := client.Append(ctx, "a")
	if err != nil {
		t.Fatal(err)
	}
	sent := 0
	endless := readerFunc(func(p []byte) (int, error) {
		if sent += len(p); sent > 1<<20 { // soon the buffers of both ends are full
			time.AfterFunc(50*time.Millisecond, cancel)
		}
		return len(p), nil
	})
	if err := command.Message(ctx, nil, noDate, 1<<40, endless); !errors.Is(err, context.Canceled) {
		t.Errorf("Message: %v, want %v", err, context.Canceled)
	}
	if !errors.Is(client.Err(), context.Canceled) {
		t.Errorf("Err() = %v, want %v", client.Err(), context.Canceled)
	}
}

// With a non-synchronising literal, a command that the server cannot parse leaves the message in the
// stream, and its lines run as commands. So the server must be able to parse everything, whatever
// flags, dates, names and bodies are asked for.
func TestAppend_messageNeverReachesTheServerAsCommands(t *testing.T) {
	t.Parallel()
	const trap = "a1 DELETE INBOX\r\nr1 DELETE INBOX\r\n)\r\n\r\na2 LOGOUT\r\n"
	flags := [][]string{nil, {`\Seen`}, {`\Foo`}, {"{3+}\r\n"}, {"x\ny"}, {"a\x00"}, {"%", "*", "]"}, {`\`}, {"NIL"}, {"(", ")"}, {"\u2028"}}
	dates := []time.Time{noDate, time.Unix(0, 0), time.Unix(-1<<40, 0), time.Unix(1<<45, 0), time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2020, 1, 1, 0, 0, 0, 0, time.FixedZone("x", 5*3600+1)), time.Date(2020, 1, 1, 0, 0, 0, 0, time.FixedZone("x", 500*3600))}
	names := []string{"a", "a\r\nb", `"`, "{5+}", DecodeName("a\r\nb"), DecodeName("\xff"), DecodeName("\x00"), "", "&"}

	appends := 0
	done := make(chan struct{})
	client := connect(t, "LITERAL+", func(s *script) {
		head := `\S+ APPEND ("(?:[^"\\\r\n]|\\["\\])*"|\{(\d+)\+\})`
		tail := `(?: \((?:\\?[A-Za-z]+)?\))?(?: "[ 0-3]\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d [+-]\d{4}")? \{` + fmt.Sprint(len(trap)) + `\+\}`
		for {
			if _, err := s.in.Peek(1); err != nil {
				close(done)
				return
			}
			literal := s.match("(?:" + head + tail + "|" + head + ")")
			if size := literal[4]; size != "" {
				var n int
				if _, err := fmt.Sscan(size, &n); err != nil {
					s.fail("size %q", size)
				}
				s.octets(n)
				s.match(tail)
			}
			if got := s.octets(len(trap)); got != trap {
				s.fail("body %q", got)
			}
			s.match("")
			s.send(strings.Fields(literal[0])[0] + " OK done")
			appends++
		}
	})
	accepted := 0
	for _, name := range names {
		for _, date := range dates {
			for _, set := range flags {
				if _, err := appendHead(set, date); err != nil {
					continue // TestAppend_invalidArguments... shows that this sends nothing
				}
				command, err := client.Append(within(t), name)
				if err != nil {
					continue
				}
				if err := errors.Join(command.Message(within(t), set, date, int64(len(trap)), strings.NewReader(trap)), command.Finish()); err != nil {
					t.Fatal(err)
				}
				if _, err := command.Wait(within(t)); err != nil {
					t.Fatal(err)
				}
				accepted++
			}
		}
	}
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	<-done
	if accepted == 0 || appends != accepted {
		t.Errorf("the server saw %d appends, want %d", appends, accepted)
	}
}
