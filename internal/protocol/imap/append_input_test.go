// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// What is sent is exactly what was asked for, however it is cut into packets.
func TestAppend_bodyIsSentAsItIs(t *testing.T) {
	t.Parallel()
	body := make([]byte, 3*appendBuffer+17)
	if _, err := io.ReadFull(newStream(int64(len(body))), body); err != nil {
		t.Fatal(err)
	}
	client := connect(t, "LITERAL+", func(s *script) {
		tag := s.expect(`APPEND "a" .*`)
		if got := s.octets(len(body)); got != string(body) {
			s.fail("the body has changed")
		}
		s.match("")
		s.send(tag + " OK done")
	})
	command, err := client.Append(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(command.Message(t.Context(), nil, noDate, int64(len(body)), bytes.NewReader(body)), command.Finish()); err != nil {
		t.Fatal(err)
	}
	if _, err := command.Wait(within(t)); err != nil {
		t.Error(err)
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
