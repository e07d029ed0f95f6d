// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"rehome/internal/protocol/imap"
)

// What a batch of a raw probe holds, as the engine's does.
const (
	batchMessages = 100
	batchOctets   = 16 << 20
	batchesAhead  = 2 // sent while earlier ones are still being stored
)

// batches appends messages to one mailbox, each batch by one MULTIAPPEND, the next without waiting.
type batches struct {
	client  *imap.Client
	mailbox string
	open    *imap.AppendCommand
	octets  int64 // of the open batch
	sent    []*imap.AppendCommand
}

func (b *batches) add(ctx context.Context, size int64, body io.Reader) (err error) {
	if b.open == nil {
		if b.open, err = b.client.Append(ctx, b.mailbox); err != nil {
			return err
		}
	}
	if err := b.open.Message(ctx, []string{`\Seen`}, time.Unix(1e9, 0), size, body); err != nil {
		return err
	}
	if b.octets += size; b.octets >= batchOctets || b.open.Messages() == batchMessages {
		return b.send(ctx, batchesAhead)
	}
	return nil
}

// send ends the open batch and waits until no more than so many are not answered.
func (b *batches) send(ctx context.Context, ahead int) error {
	if b.open != nil {
		if err := b.open.Finish(); err != nil {
			return err
		}
		b.sent, b.open, b.octets = append(b.sent, b.open), nil, 0
	}
	for len(b.sent) > ahead {
		if _, err := b.sent[0].Wait(ctx); err != nil {
			return err
		}
		b.sent = b.sent[1:]
	}
	return nil
}

// session is one connection's pair of log-ins for one account; a side that is not needed is nil.
type session struct{ src, dst *imap.Client }

func (s session) logout(ctx context.Context) error {
	var all []error
	for _, client := range []*imap.Client{s.src, s.dst} {
		if client != nil {
			all = append(all, client.Logout(ctx))
		}
	}
	return errors.Join(all...)
}

// sourceBox is how the source's IMAP shows a mailbox with a plain name.
func sourceBox(path []string) string {
	return strings.Join(append([]string{"INBOX"}, path...), ".")
}

// fetch reads a whole mailbox.
func (s session) fetch(ctx context.Context, box string, take func(*imap.Literal) error) error {
	if _, err := s.src.Examine(ctx, box); err != nil {
		return err
	}
	command, err := s.src.Fetch(ctx, everyUID(), imap.FetchItems{Body: true}, imap.FetchHandler{Literal: take})
	if err != nil {
		return err
	}
	return command.Wait(ctx)
}

// into makes a mailbox at the destination and has write fill it.
func (s session) into(ctx context.Context, box string, write func(*batches) error) error {
	if err := s.dst.Create(ctx, box); err != nil && !imap.IsCode(err, "ALREADYEXISTS") { // another connection writes into it, too
		return err
	}
	b := &batches{client: s.dst, mailbox: box}
	if err := write(b); err != nil {
		return err
	}
	return b.send(ctx, 0)
}

const (
	rawHead = "From: Sender <sender@partner.example>\r\nTo: User <user@example.com>\r\nSubject: raw\r\nContent-Type: text/plain\r\n\r\n"
	rawLine = "a line of a raw message, as long as the lines of a message commonly are\r\n"
)

// rawBody is a message of so many octets: the head, whole lines of text, and a last line that fits.
// No mail of the corpus is so short that there is no room for that.
func rawBody(text []byte, size int64) io.Reader {
	rest := size - int64(len(rawHead))
	lines := (rest - int64(len(rawLine))) / int64(len(rawLine)) * int64(len(rawLine))
	last := strings.Repeat("-", int(rest-lines)-2) + "\r\n"
	return io.MultiReader(strings.NewReader(rawHead), bytes.NewReader(text[:lines]), strings.NewReader(last))
}

// rawText is enough text for any message of the portion.
func rawText(p portion) []byte {
	var largest int64
	for _, box := range p.boxes {
		for _, msg := range box.Messages {
			largest = max(largest, msg.Size)
		}
	}
	return bytes.Repeat([]byte(rawLine), int(largest)/len(rawLine)+1)
}
