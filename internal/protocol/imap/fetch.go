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

// FetchItems says what to ask for (RFC 9051, section 6.4.5). The UID is always asked for.
type FetchItems struct {
	Flags        bool
	InternalDate bool
	Size         bool
	ModSeq       bool // needs CONDSTORE (RFC 7162)
	Header       bool // BODY.PEEK[HEADER]
	Body         bool // BODY.PEEK[]
}

// Message is what one FETCH response said. Fields that were not asked for, or that the server left
// out, are zero.
type Message struct {
	UID          UID
	Flags        []string  // system flags and keywords as the server spells them, without \Recent
	InternalDate time.Time // zero when the server sent NIL or nonsense
	Size         int64     // RFC822.SIZE in octets
	ModSeq       uint64
}

// Literal is a message body or header while it arrives. It is valid only inside the callback; what
// the callback leaves unread is skipped.
type Literal struct {
	UID  UID   // 0 when the server sends the UID behind the body
	Size int64 // octets that will come
	io.Reader
}

// FetchHandler receives the answers of one Fetch. The functions run on the connection's reader:
// they may take their time, which slows the server down, but must not wait for anything of the
// same connection. After the first error the rest of the answer is read and dropped.
type FetchHandler struct {
	Literal func(*Literal) error // body or header, when asked for; called before Message of the same UID
	Message func(*Message) error // once for every FETCH response that carries a UID
}

// FetchCommand is a FETCH under way.
type FetchCommand struct {
	client *Client
	cmd    *command
	sink   *fetchSink
}

// fetchSink is where the decoder puts FETCH data.
type fetchSink struct {
	handler FetchHandler
	err     error // first error of a callback; read after the command is done
}

// Fetch asks for items of uids without waiting for the answer: the next ranges can be sent while
// this one still arrives. Wait must be called on every returned command.
func (c *Client) Fetch(ctx context.Context, uids UIDSet, items FetchItems, handler FetchHandler) (*FetchCommand, error) {
	sink := &fetchSink{handler: handler}
	cmd := &command{name: "UID FETCH", fetch: sink}
	err := c.send(ctx, cmd, raw("UID FETCH "+uids.String()+" "+items.list()))
	if err != nil {
		return nil, err
	}
	return &FetchCommand{client: c, cmd: cmd, sink: sink}, nil
}

// Wait returns when the server has answered. An error of a callback comes back as it is.
func (f *FetchCommand) Wait(ctx context.Context) error {
	err := f.client.wait(ctx, f.cmd)
	if f.sink.err != nil {
		return f.sink.err
	}
	return err
}

// list renders the items in the order in which a server should answer: the UID first, so that a
// body can be told apart while it arrives.
func (i FetchItems) list() string {
	items := []string{"UID"}
	add := func(wanted bool, item string) {
		if wanted {
			items = append(items, item)
		}
	}
	add(i.Flags, "FLAGS")
	add(i.InternalDate, "INTERNALDATE")
	add(i.Size, "RFC822.SIZE")
	add(i.ModSeq, "MODSEQ")
	add(i.Header, "BODY.PEEK[HEADER]")
	add(i.Body, "BODY.PEEK[]")
	return "(" + strings.Join(items, " ") + ")"
}

// fetch reads the list behind "* n FETCH" and feeds sink, which may be nil.
func (d *decoder) fetch(_ uint32, sink *fetchSink) error {
	b, err := d.skipBlanks()
	if err != nil {
		return err
	}
	if b != '(' {
		return &syntaxError{"FETCH without a list"}
	}
	if _, err := d.in.Discard(1); err != nil {
		return err
	}
	var m Message
	for {
		b, err := d.skipBlanks()
		switch {
		case err != nil:
			return err
		case b == ')':
			if _, err := d.in.Discard(1); err != nil {
				return err
			}
			sink.deliver(&m)
			_, err = d.values(0) // whatever else is on the line, up to its end
			return err
		case b == '\r' || b == '\n':
			return &syntaxError{"FETCH list without end"}
		}
		if err := d.fetchItem(&m, sink); err != nil {
			return err
		}
	}
}

// fetchItem reads one name and its value.
func (d *decoder) fetchItem(m *Message, sink *fetchSink) error {
	d.fields = 0
	name, err := d.value(0, maxLine)
	if err != nil {
		return err
	}
	if _, err := d.skipBlanks(); err != nil {
		return err
	}
	item := strings.ToUpper(name.text())
	if strings.HasPrefix(item, "BODY[") || strings.HasPrefix(item, "BINARY[") || strings.HasPrefix(item, "RFC822") && item != "RFC822.SIZE" {
		return d.fetchLiteral(m.UID, sink)
	}
	b, err := d.peek()
	if err != nil {
		return err
	}
	if b == ')' || b == '\r' || b == '\n' {
		return nil // a name without value: skipped
	}
	v, err := d.value(0, maxLine)
	if err != nil {
		return err
	}
	m.set(item, v)
	return nil
}

// set takes over the value of a known item; unknown ones (X-GM-LABELS, EMAILID, ...) are skipped.
func (m *Message) set(item string, v value) {
	switch item {
	case "UID":
		if n, err := strconv.ParseUint(v.text(), 10, 32); err == nil {
			m.UID = UID(n)
		}
	case "FLAGS":
		m.Flags = withoutRecent(v.strings())
	case "INTERNALDATE":
		m.InternalDate = parseInternalDate(v.text())
	case "RFC822.SIZE":
		if n, err := strconv.ParseInt(v.text(), 10, 64); err == nil && n >= 0 {
			m.Size = n
		}
	case "MODSEQ":
		if words := v.strings(); len(words) == 1 {
			m.ModSeq, _ = strconv.ParseUint(words[0], 10, 64) // nonsense counts as "unknown", which is 0
		}
	}
}

// withoutRecent drops \Recent, which belongs to the session and not to the message.
func withoutRecent(flags []string) []string {
	kept := flags[:0]
	for _, f := range flags {
		if !strings.EqualFold(f, `\Recent`) {
			kept = append(kept, f)
		}
	}
	return kept
}

// fetchLiteral streams a body. Servers also send short ones as quoted strings, and NIL for "none".
func (d *decoder) fetchLiteral(uid UID, sink *fetchSink) error {
	size, ok, err := d.literalSize()
	if err != nil {
		return err
	}
	if !ok {
		v, err := d.value(0, maxLine)
		if err != nil || v.kind == kindNil {
			return err
		}
		sink.literal(&Literal{UID: uid, Size: int64(len(v.str)), Reader: strings.NewReader(v.str)})
		return nil
	}
	body := &io.LimitedReader{R: d.in, N: size}
	sink.literal(&Literal{UID: uid, Size: size, Reader: &wholeReader{body}})
	_, err = io.CopyN(io.Discard, d.in, body.N)
	return unexpected(err)
}

// wholeReader reports a connection that ends inside a literal as an error and never as the end of
// the message: a cut message must not look complete.
type wholeReader struct{ body *io.LimitedReader }

func (r *wholeReader) Read(p []byte) (int, error) {
	n, err := r.body.Read(p)
	if errors.Is(err, io.EOF) && r.body.N > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (s *fetchSink) literal(l *Literal) {
	if s == nil || s.err != nil || s.handler.Literal == nil {
		return
	}
	s.err = s.handler.Literal(l)
}

func (s *fetchSink) deliver(m *Message) {
	if s == nil || s.err != nil || s.handler.Message == nil || m.UID == 0 {
		return
	}
	s.err = s.handler.Message(m)
}
