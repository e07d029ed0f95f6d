// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
)

// Appended is the answer to an Append.
type Appended struct {
	UIDValidity uint32
	UIDs        []UID // in the order of the messages; nil when the server lacks UIDPLUS (RFC 4315)
}

// AppendCommand is an APPEND under way (RFC 9051, section 6.3.12), of several messages where the
// server has MULTIAPPEND (RFC 3502). It holds the connection's write side from Append to Finish or
// Abort; answers of earlier commands still arrive meanwhile.
//
// With MULTIAPPEND all messages are stored or none.
type AppendCommand struct {
	client   *Client
	cmd      *command
	messages int
	buffer   []byte
	ask      bool // see AskFirst
	over     bool // the write side was given back
}

// appendBuffer is the most that one message is streamed through.
const appendBuffer = 64 << 10

// Append begins an APPEND to a mailbox that must exist; nothing is sent before the first Message.
func (c *Client) Append(ctx context.Context, name string) (*AppendCommand, error) {
	box := c.mailbox(name)
	if err := checkParts([]part{box}); err != nil {
		return nil, err
	}
	if err := c.breathe(ctx); err != nil {
		return nil, err
	}
	cmd := &command{name: "APPEND " + strconv.Quote(name)}
	if err := c.begin(ctx, cmd); err != nil {
		return nil, err
	}
	c.transport.dropUnsent()
	c.transport.note(&c.transport.awaited.composing, true)
	defer c.guard(ctx)()
	c.growOut()
	a := &AppendCommand{client: c, cmd: cmd}
	err := c.writeString(cmd.tag + " APPEND ")
	if err == nil {
		err = c.writePart(ctx, cmd, box)
	}
	if err != nil {
		_ = a.release() // the command is over; err says why
		return nil, c.orServerWords(cmd, err)
	}
	return a, nil
}

// AskFirst lets the server refuse each message before it is sent: its size is announced, and the rest waits for the
// server's consent even where LITERAL+ spares that round trip (RFC 7888, section 3).
func (a *AppendCommand) AskFirst() { a.ask = true }

// Message sends one message of exactly size octets. Flags and date are checked before anything goes
// out, and an *ArgumentError leaves the command as it was. After any other error the command is
// over: a *BodyError when body failed or was short, the server's refusal when it refused early.
// A zero date lets the server use its clock.
func (a *AppendCommand) Message(ctx context.Context, flags []string, date time.Time, size int64, body io.Reader) error {
	head, err := appendHead(flags, date)
	if err != nil {
		return err
	}
	if size <= 0 {
		return &ArgumentError{What: "message", Value: strconv.FormatInt(size, 10), Why: "an empty message cannot be appended"}
	}
	if a.over {
		return a.client.orServerWords(a.cmd, errOver)
	}
	defer a.client.guard(ctx)()
	a.messages++
	if err = a.client.writeString(head); err == nil {
		err = a.literal(ctx, size, body)
	}
	if err == nil {
		return nil
	}
	_ = a.release() // the command is over; err says why
	var failing *BodyError
	if errors.As(err, &failing) {
		return failing
	}
	return a.client.orServerWords(a.cmd, err)
}

var errOver = errors.New("the append is over")

func appendHead(flags []string, date time.Time) (string, error) {
	head := " "
	if len(flags) > 0 {
		list, err := flagList(flags)
		if err != nil {
			return "", err
		}
		head += list + " "
	}
	if !date.IsZero() {
		text, err := formatInternalDate(date)
		if err != nil {
			return "", err
		}
		head += `"` + text + `" `
	}
	return head, nil
}

// literal sends the message itself. Cyrus must not get every one unasked, see looksLikeCommand, which
// wants to see it first.
func (a *AppendCommand) literal(ctx context.Context, size int64, body io.Reader) error {
	announce := a.client.announceLiteral
	a.growBuffer(size)
	beginning := a.buffer[:0]
	if a.ask {
		announce = a.client.announceAndWait
	}
	if a.client.Capabilities().isCyrus() {
		beginning = a.buffer[:min(int64(len(a.buffer)), size)]
		if _, err := io.ReadFull(body, beginning); err != nil {
			return a.bodyFailed(err)
		}
		if a.messages == 1 || size > int64(len(beginning)) || looksLikeCommand(beginning) {
			announce = a.client.announceAndWait
		}
	}
	if err := announce(ctx, a.cmd, size); err != nil {
		return err
	}
	if _, err := a.client.out.Write(beginning); err != nil {
		return a.client.writeFailed(err)
	}
	return a.copyBody(body, size-int64(len(beginning)))
}

// growBuffer makes room for a message of that size, or for the part of it that is streamed at once.
func (a *AppendCommand) growBuffer(size int64) {
	if have := len(a.buffer); int64(have) < min(size, appendBuffer) {
		a.buffer = make([]byte, min(max(int(min(size, appendBuffer)), 2*have, smallBuffer), appendBuffer))
	}
}

// copyBody streams exactly size octets.
func (a *AppendCommand) copyBody(body io.Reader, size int64) error {
	for size > 0 {
		n, err := body.Read(a.buffer[:min(int64(len(a.buffer)), size)])
		if n > 0 {
			if _, writeErr := a.client.out.Write(a.buffer[:n]); writeErr != nil {
				return a.client.writeFailed(writeErr)
			}
			size -= int64(n)
		}
		if size > 0 && err != nil {
			return a.bodyFailed(err)
		}
	}
	return nil
}

// bodyFailed ends the connection, because the server waits for the rest of the command.
func (a *AppendCommand) bodyFailed(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	bodyErr := &BodyError{err}
	a.client.fail(bodyErr)
	return bodyErr
}

// Messages returns how many messages were sent.
func (a *AppendCommand) Messages() int { return a.messages }

// Finish sends the end of the command without waiting for the answer, so that the next command can
// follow at once. A command without messages cannot be finished, only aborted; one that is already
// over is left alone.
func (a *AppendCommand) Finish() error {
	if a.over {
		return nil
	}
	if a.messages == 0 {
		a.Abort(errNoMessage)
		return errNoMessage
	}
	err := a.client.writeString("\r\n")
	if endErr := a.release(); err == nil {
		err = endErr
	}
	if err != nil {
		return a.client.orServerWords(a.cmd, err)
	}
	return nil
}

var errNoMessage = errors.New("an append without a message")

// Wait returns the server's answer after Finish.
func (a *AppendCommand) Wait(ctx context.Context) (Appended, error) {
	if err := a.client.wait(ctx, a.cmd); err != nil {
		return Appended{}, err
	}
	return newAppended(a.cmd.status, a.messages), nil
}

// Abort ends the connection in the middle of the command: the only way to take an unfinished
// literal back. Nothing of the command is stored by a server that keeps RFC 3502, section 3.
// A command that is already finished is left alone.
func (a *AppendCommand) Abort(reason error) {
	if a.over {
		return
	}
	a.client.fail(reason)
	_ = a.release() // the flush fails on the closed connection, as intended
}

// release gives the write side back once.
func (a *AppendCommand) release() error {
	if a.over {
		return nil
	}
	a.over = true
	a.client.transport.note(&a.client.transport.awaited.composing, false)
	return a.client.end(a.cmd)
}

// newAppended reads [APPENDUID validity uids]; the order of the runs is the order of the messages.
func newAppended(status *response, messages int) Appended {
	if status.code != "APPENDUID" {
		return Appended{}
	}
	args := strings.Fields(status.codeArgs)
	if len(args) != 2 {
		return Appended{}
	}
	number, err := strconv.ParseUint(args[0], 10, 32)
	runs, ok := parseRuns(args[1])
	if err != nil || !ok {
		return Appended{}
	}
	answer := Appended{UIDValidity: uint32(number)}
	for _, r := range runs {
		for uid := uint64(r.First); uid <= uint64(r.Last) && len(answer.UIDs) <= messages; uid++ {
			answer.UIDs = append(answer.UIDs, UID(uid))
		}
	}
	if len(answer.UIDs) != messages {
		answer.UIDs = nil // an answer that does not fit the question is no answer
	}
	return answer
}
