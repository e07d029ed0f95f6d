// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"rehome/internal/protocol"
)

// A dialect is a text file: what a server of one kind says, what the client has to say in between, and
// what the client makes of it.
//
//	# a comment
//	S: * OK ready           the server's line; TAG stands for the tag of the command before
//	C: LOGIN .*             the client's line behind its tag, a regular expression
//	C+ .*                   one that has no tag, as behind a literal
//	= login LOGIN           the report of the tour
//
// Literals of the client are read by themselves. The server hangs up at the end. UPDATE=1 writes the
// reports anew; read the difference before you keep it.
func TestDialects(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/dialects/*.txt")
	if err != nil || len(files) < 8 {
		t.Fatalf("%d dialects, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			lines, want := dialect(string(text))
			address := serve(t, func(s *script) { s.speak(lines) })
			got := tour(t, address)
			if os.Getenv("UPDATE") != "" {
				updateDialect(t, file, string(text), got)
				return
			}
			checkLines(t, got, want)
		})
	}
}

// dialect takes a file apart.
func dialect(text string) (lines, report []string) {
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if expected, ok := strings.CutPrefix(line, "= "); ok {
			report = append(report, expected)
		} else if line != "" && line[0] != '#' {
			lines = append(lines, line)
		}
	}
	return lines, report
}

func updateDialect(t *testing.T, file, text string, report []string) {
	t.Helper()
	kept := ""
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "= ") {
			kept += line
		}
	}
	for _, line := range report {
		kept += "= " + line + "\n"
	}
	if err := os.WriteFile(file, []byte(kept), 0o644); err != nil {
		t.Fatal(err)
	}
}

var announced = regexp.MustCompile(`\{(\d+)(\+?)\}$`)

// speak plays a dialect.
func (s *script) speak(lines []string) {
	tag, literal, waits := "", 0, false
	hear := func(pattern string) []string {
		s.octets(literal)
		groups := s.match(pattern)
		literal = 0
		if mark := announced.FindStringSubmatch(groups[0]); mark != nil {
			literal, _ = strconv.Atoi(mark[1])
			waits = mark[2] == ""
		}
		return groups
	}
	for _, line := range lines {
		kind, text, _ := strings.Cut(line, " ")
		switch kind {
		case "S:":
			if waits && strings.HasPrefix(text, "TAG ") {
				literal = 0 // refused: it never comes
			}
			s.raw(strings.ReplaceAll(unescape(text), "TAG", tag) + "\r\n")
		case "C:":
			tag = hear(`(\S+) (?:` + text + `)`)[1]
		case "C+":
			hear(text)
		default:
			s.fail("the script has the line %q", line)
		}
	}
}

// unescape lets a script write octets that are no text: \xff.
func unescape(text string) string {
	return regexp.MustCompile(`\\x[0-9a-f]{2}`).ReplaceAllStringFunc(text, func(octet string) string {
		n, _ := strconv.ParseUint(octet[2:], 16, 8)
		return string([]byte{byte(n)})
	})
}

// visitor walks through a server and reports what it sees.
type visitor struct {
	client *Client
	report []string
}

func (v *visitor) say(format string, args ...any) {
	v.report = append(v.report, fmt.Sprintf(format, args...))
}

// failed reports an error and whether there was one.
func (v *visitor) failed(what string, err error) bool {
	if err == nil {
		return false
	}
	var lost *ConnectionError
	if errors.As(err, &lost) {
		err = fmt.Errorf("connection lost: %w", lost.Err)
	}
	v.say("%s: %v", what, err)
	return true
}

// tour does with a server what a pass does, and reports each step.
func tour(t *testing.T, address string) []string {
	t.Helper()
	ctx := within(t)
	v := &visitor{}
	var err error
	v.client, err = Dial(ctx, Options{Address: address, Security: protocol.NoTLS, Timeout: patience})
	if v.failed("connect", err) {
		return v.report
	}
	defer func() { _ = v.client.Close() }()
	name, err := v.client.LogIn(ctx, Credentials{User: "anna", Password: "secret", Clear: true})
	if v.failed("login", err) {
		return v.report
	}
	v.say("login %s", name)
	for _, step := range []func(context.Context) bool{v.look, v.read, v.write} {
		if !step(ctx) {
			break
		}
	}
	_ = v.client.Logout(ctx)
	return v.report
}

// look reports who answers and what there is.
func (v *visitor) look(ctx context.Context) bool {
	id, err := v.client.ID(ctx, "rehome", "1")
	if v.failed("id", err) {
		return false
	}
	spaces, err := v.client.Namespace(ctx)
	if v.failed("namespace", err) {
		return false
	}
	v.say("%s, namespaces %v %v %v", id["name"], spaces.Personal, spaces.Others, spaces.Shared)
	entries, err := v.client.List(ctx)
	v.report = append(v.report, renderEntries(entries)...)
	return !v.failed("list", err)
}

// read reports the messages of INBOX.
func (v *visitor) read(ctx context.Context) bool {
	selected, err := v.client.Examine(ctx, "INBOX")
	if v.failed("examine", err) {
		return false
	}
	v.say("%s messages, uidvalidity %d, uidnext %d, modseq %d, read-only %v, keywords %v", selected.Messages, selected.UIDValidity, selected.UIDNext,
		selected.HighestModSeq, selected.ReadOnly, selected.AnyKeyword())
	uids, err := v.client.SearchAll(ctx, 1)
	if v.failed("search", err) {
		return false
	}
	v.say("uids %s", uids)
	fetch, err := v.client.Fetch(ctx, uids, FetchItems{Flags: true, InternalDate: true, Size: true, Body: true}, FetchHandler{
		Literal: func(l *Literal) error {
			data, err := io.ReadAll(l)
			v.say("body %d %q", l.UID, data)
			return err
		},
		Message: func(m *Message) error {
			v.say("message %d %q %s size %d", m.UID, m.Flags, m.InternalDate.Format(time.RFC3339), m.Size)
			return nil
		},
	})
	if err == nil {
		err = fetch.Wait(ctx)
	}
	return !v.failed("fetch", err) || v.client.Err() == nil
}

// write appends two messages, marks and moves one.
func (v *visitor) write(ctx context.Context) bool {
	if _, err := v.client.Select(ctx, "INBOX"); v.failed("select", err) {
		return false
	}
	appendings, each := 1, 2
	if !v.client.Capabilities().Has("MULTIAPPEND") {
		appendings, each = 2, 1
	}
	for range appendings {
		answer, err := v.append(ctx, each)
		if !v.failed("append", err) {
			v.say("appended %d %v", answer.UIDValidity, answer.UIDs)
		}
	}
	if v.client.Err() != nil {
		return false
	}
	if !v.failed("store", v.client.Store(ctx, rangeSet(1, 1), StoreAdd, []string{`\Flagged`, "$Junk"})) {
		v.say("stored")
	}
	copied, err := v.client.Move(ctx, rangeSet(1, 1), "Entwürfe")
	if !v.failed("move", err) {
		v.say("moved %v", copied)
	}
	return v.client.Err() == nil
}

func (v *visitor) append(ctx context.Context, messages int) (Appended, error) {
	a, err := v.client.Append(ctx, "INBOX")
	if err != nil {
		return Appended{}, err
	}
	for range messages {
		if err := a.Message(ctx, []string{`\Seen`}, time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC), int64(len(trap)), strings.NewReader(trap)); err != nil {
			return Appended{}, err
		}
	}
	if err := a.Finish(); err != nil {
		return Appended{}, err
	}
	return a.Wait(ctx)
}
