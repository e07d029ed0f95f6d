// SPDX-License-Identifier: Apache-2.0

package managesieve

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
)

// Bounds of what a server may send.
const (
	maxLine    = 64 << 10
	maxLiteral = 8 << 20 // a script; servers take far less
	maxLines   = 10_000  // scripts of one account
	maxAnswer  = 16 << 20
)

// raw is a part of a command that goes out as it is.
type raw string

// do sends a command and reads its answer. After a broken connection or a BYE nothing works any more.
func (c *Client) do(ctx context.Context, name string, parts ...any) ([][]string, error) {
	if c.broken != nil {
		return nil, c.broken
	}
	var out strings.Builder
	for _, part := range parts {
		switch part := part.(type) {
		case raw:
			out.WriteString(string(part))
		case string:
			// A literal that does not wait: every server must take it (RFC 5804 section 4).
			out.WriteString(" {" + strconv.Itoa(len(part)) + "+}\r\n" + part)
		}
	}
	out.WriteString("\r\n")
	stop := c.watch(ctx)
	began := time.Now()
	_, err := io.WriteString(c.conn, out.String())
	stop()
	if err != nil {
		return nil, c.fail(ctx, err)
	}
	lines, err := c.answer(ctx, name)
	c.tell(Exchange{Command: name, Took: time.Since(began), Sent: int64(out.Len())}, err)
	return lines, err
}

// tell tells whoever watches; a connection that broke has no answer.
func (c *Client) tell(e Exchange, err error) {
	e.Answer = "OK"
	var status *StatusError
	if errors.As(err, &status) {
		e.Answer = status.Kind
	} else if err != nil {
		return
	}
	if c.answered != nil {
		c.answered(e)
	}
}

// watch lets the end of the context, and silence, end what is under way.
func (c *Client) watch(ctx context.Context) (stop func()) {
	_ = c.conn.SetDeadline(time.Now().Add(c.timeout)) // of a broken connection the next read tells
	end := context.AfterFunc(ctx, func() { _ = c.conn.SetDeadline(time.Unix(1, 0)) })
	return func() { end() }
}

func (c *Client) fail(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	c.broken = err
	_ = c.conn.Close() // what it would say is nothing anybody waits for
	return err
}

// answer reads lines until OK, NO or BYE.
func (c *Client) answer(ctx context.Context, command string) ([][]string, error) {
	defer c.watch(ctx)()
	lines, err := readAnswer(c.in, command)
	var status *StatusError
	refused := errors.As(err, &status)
	if refused && c.refused != nil {
		c.refused(status)
	}
	if err != nil && (!refused || status.Kind == "BYE") {
		return nil, c.fail(ctx, err)
	}
	return lines, err
}

// readAnswer reads one whole answer.
func readAnswer(in *bufio.Reader, command string) ([][]string, error) {
	var lines [][]string
	octets := 0
	for range maxLines {
		words, err := readLine(in)
		if err != nil {
			return nil, err
		}
		if len(words) == 0 {
			continue
		}
		if !words[0].text {
			return lines, conclude(words, command)
		}
		line := make([]string, len(words))
		for i, w := range words {
			line[i] = w.value
			octets += len(w.value)
		}
		if octets > maxAnswer {
			break
		}
		lines = append(lines, line)
	}
	return nil, &SyntaxError{"it has no end"}
}

// conclude reads OK, NO or BYE with its code and words (RFC 5804 section 1.3).
func conclude(words []piece, command string) error {
	kind := strings.ToUpper(words[0].value)
	status := &StatusError{Kind: kind, Command: command}
	rest := words[1:]
	if len(rest) > 0 && !rest[0].text && strings.HasPrefix(rest[0].value, "(") {
		status.Code = strings.ToUpper(strings.Trim(rest[0].value, "()"))
		open := !strings.HasSuffix(rest[0].value, ")")
		for rest = rest[1:]; open && len(rest) > 0; rest = rest[1:] {
			status.refer(rest[0])
			open = rest[0].text || !strings.HasSuffix(rest[0].value, ")")
		}
	}
	for _, w := range rest {
		status.Text = strings.TrimSpace(status.Text + " " + printable(w.value))
	}
	switch kind {
	case "OK":
		return nil
	case "NO", "BYE":
		return status
	}
	return &SyntaxError{"it begins with " + strconv.Quote(printable(words[0].value))}
}

func (e *StatusError) refer(word piece) {
	if e.Code == "REFERRAL" && word.text {
		e.Referral = printable(word.value)
	}
}

// piece is a word of an answer; text tells strings from bare words.
type piece struct {
	value string
	text  bool
}

// readLine reads one line with the literals in it. A code is a bare word, "(QUOTA/MAXSIZE)", or several: "(REFERRAL",
// what is in between, ")".
func readLine(in *bufio.Reader) ([]piece, error) {
	var words []piece
	for range 64 {
		line, err := readRaw(in)
		if err != nil {
			return nil, err
		}
		some, literal, err := split(line)
		if err != nil {
			return nil, err
		}
		words = append(words, some...)
		if literal < 0 {
			return words, nil
		}
		data := make([]byte, literal)
		if _, err := io.ReadFull(in, data); err != nil {
			return nil, err
		}
		words = append(words, piece{string(data), true})
	}
	return nil, &SyntaxError{"a line of too many parts"}
}

// readRaw reads up to the end of line, which it takes off.
func readRaw(in *bufio.Reader) (string, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
			return strings.TrimRight(string(line), "\r\n"), nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return "", err
		case len(line) > maxLine:
			return "", &SyntaxError{"a line of more than 64 KiB"}
		}
	}
}

// split takes a line apart. literal is the length of one that follows, or -1.
func split(line string) (words []piece, literal int, err error) {
	for line = strings.TrimLeft(line, " "); line != ""; line = strings.TrimLeft(line, " ") {
		switch line[0] {
		case '"':
			value, rest, ok := unquote(line)
			if !ok {
				return nil, 0, &SyntaxError{"a string without an end"}
			}
			words, line = append(words, piece{value, true}), rest
		case '{':
			size, rest, _ := strings.Cut(line[1:], "}")
			n, err := strconv.Atoi(strings.TrimSuffix(size, "+"))
			if err != nil || n < 0 || n > maxLiteral || rest != "" {
				return nil, 0, &SyntaxError{"a literal of an impossible length"}
			}
			return words, n, nil
		case ')':
			words, line = append(words, piece{")", false}), line[1:]
		default:
			n := strings.IndexAny(line, " \"")
			if n < 0 {
				n = len(line)
			}
			words, line = append(words, piece{line[:n], false}), line[n:]
		}
	}
	return words, -1, nil
}

func unquote(line string) (value, rest string, ok bool) {
	var out strings.Builder
	for i := 1; i < len(line); i++ {
		switch {
		case line[i] == '"':
			return out.String(), line[i+1:], true
		case line[i] == '\\' && i+1 < len(line):
			i++
		}
		out.WriteByte(line[i])
	}
	return "", "", false
}

// printable takes control characters out of a server's words: they end up on a terminal.
func printable(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, s[:min(len(s), 2000)]))
}
