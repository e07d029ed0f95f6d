// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
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
		if sent += len(p); sent > unsentLimit/2 { // soon the buffers of both ends are full
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
