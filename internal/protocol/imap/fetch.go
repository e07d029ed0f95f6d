// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"bufio"
	"context"
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
	SaveDate     bool   // needs SAVEDATE (RFC 8514)
	ModSeq       bool   // needs CONDSTORE (RFC 7162)
	EmailID      bool   // needs OBJECTID (RFC 8474)
	GUID         bool   // X-GUID, which only Dovecot knows (imap-fetch.c)
	HeaderFields string // names separated by blanks, for BODY.PEEK[HEADER.FIELDS (...)]
	Header       bool   // BODY.PEEK[HEADER]
	Body         bool   // BODY.PEEK[]
	ChangedSince uint64 // only messages changed after this MODSEQ; 0 for all; needs CONDSTORE
	Vanished     bool   // with ChangedSince: also say which UIDs are gone; needs Enable with QRESYNC
}

// Message is what one FETCH response said. Fields that were not asked for, or that the server left
// out, are zero: it may have told them in another response about the same message, and a message without
// any of them is one all the same.
type Message struct {
	UID          UID
	Flags        []string  // system flags and keywords as the server spells them, without \Recent; nil when it told none of them
	InternalDate time.Time // zero when the server sent NIL or nonsense
	Size         int64     // RFC822.SIZE in octets; some servers estimate it, or say 0
	SaveDate     time.Time // when it came into the mailbox; zero when the server does not know it
	ModSeq       uint64
	EmailID      string // the same for the same content, in every mailbox of the account
	GUID         string // by which Dovecot itself tells messages apart
}

// Literal is a message body or header while it arrives. It is valid only inside the callback; what
// the callback leaves unread is skipped.
type Literal struct {
	UID     UID
	Section string // what is between the brackets, upper case: "" for the whole message, "HEADER.FIELDS (DATE)"
	Size    int64  // octets that will come
	io.Reader
}

// WriteTo writes what is still to come. Most bodies are written out of the connection's own buffer, so that a header of some hundred
// octets costs no buffer of its own.
func (l *Literal) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, l.Reader)
}

// FetchHandler receives the answers of one Fetch. The functions run on the connection's reader:
// they may take their time, which slows the server down, but must not wait for anything of the
// same connection. After the first error the rest of the answer is read and dropped.
type FetchHandler struct {
	Literal func(*Literal) error // body or header, when asked for; called before Message of the same UID
	Message func(*Message) error // for every FETCH response that carries one of the UIDs asked for
	// Vanished gets UIDs that are no longer there, sometimes in several parts, and sometimes ones that
	// were never known (RFC 7162, section 3.2.6). Only with ExamineSinceAhead or FetchItems.Vanished.
	Vanished func(UIDSet) error
}

// FetchCommand is a FETCH under way.
type FetchCommand struct {
	client *Client
	cmds   []*command // one, or several when the set is too long for one line
	sink   *fetchSink
}

// chooseSink returns who gets an answer about a message, by what it tells; the UID is 0 while it is not known.
type chooseSink func(uid UID, tells FetchItems) *fetchSink

// told returns what of a message is told, as far as commands are told apart by it.
func (m *Message) told() FetchItems {
	return FetchItems{Flags: m.Flags != nil, InternalDate: !m.InternalDate.IsZero(), Size: m.Size > 0}
}

// bodyItems returns what asks for a section.
func bodyItems(section string) FetchItems {
	switch {
	case section == "":
		return FetchItems{Body: true}
	case section == "HEADER":
		return FetchItems{Header: true}
	}
	return FetchItems{HeaderFields: section}
}

// fits says that an answer tells just what was asked for.
func (s *fetchSink) fits(tells FetchItems) bool {
	switch asked := s.items; {
	case tells.Body, tells.Header:
		return asked.Body && tells.Body || asked.Header && tells.Header
	case tells.HeaderFields != "":
		return asked.HeaderFields != ""
	default:
		return asked.Flags == tells.Flags && asked.InternalDate == tells.InternalDate && asked.Size == tells.Size
	}
}

// fetchSink is where the decoder puts FETCH data.
type fetchSink struct {
	uids    UIDSet // what was asked for: everything else is unsolicited
	items   FetchItems
	handler FetchHandler
	held    func() Count
	err     error // first error of a callback; read after the command is done

	answers, literals int // so many have come
}

// Fetch asks for items of uids without waiting for the answer: the next ranges can be sent while
// this one still arrives. Wait must be called on every returned command. When Fetch itself fails the
// connection is over; a function of the handler may then still be running until Close returns.
func (c *Client) Fetch(ctx context.Context, uids UIDSet, items FetchItems, handler FetchHandler) (*FetchCommand, error) {
	return c.fetch(ctx, uids, items, handler, nil)
}

// FetchAhead is Fetch in the mailbox that is being opened, without waiting for that. As to BAD see NewestAhead; a mailbox that
// keeps no MODSEQ may answer so to a question for it (RFC 7162, section 3.1.2.2).
func (o *Opening) FetchAhead(ctx context.Context, uids UIDSet, items FetchItems, handler FetchHandler) (*FetchCommand, error) {
	return o.client.fetch(ctx, uids, items, handler, func() bool {
		return o.shutOrEmpty() || items.ModSeq && o.open() && o.selected.HighestModSeq == 0
	})
}

// fetch is Fetch; with excused, behind an opening.
func (c *Client) fetch(ctx context.Context, uids UIDSet, items FetchItems, handler FetchHandler, excused func() bool) (*FetchCommand, error) {
	if items.Vanished && !c.Enabled("QRESYNC") {
		return nil, &UnsupportedError{Command: "UID FETCH with VANISHED", Extension: "QRESYNC"}
	}
	f := &FetchCommand{client: c, sink: &fetchSink{uids: uids.clone(), items: items, handler: handler, held: c.Held}}
	for _, part := range uids.lines() {
		cmd := &command{
			name: "UID FETCH", fetch: f.sink, most: mostMessages, untagged: f.sink.takeVanished, excused: excused, lazy: excused != nil,
		}
		if err := c.send(ctx, cmd, raw("UID FETCH "+part.String()+" "+items.list())); err != nil {
			if len(f.cmds) > 0 {
				c.fail(err) // nobody will wait for the parts that are under way
			}
			return nil, err
		}
		f.cmds = append(f.cmds, cmd)
	}
	return f, nil
}

// Done is closed when the server has answered; Wait then returns at once. A set that is too long for
// one line is answered in several parts, and Done is that of the last one.
func (f *FetchCommand) Done() <-chan struct{} { return f.cmds[len(f.cmds)-1].done }

// Wait returns when the server has answered. An error of a callback comes back as it is, but an end of
// the connection inside a body is a *ConnectionError, whatever the callback made of it.
func (f *FetchCommand) Wait(ctx context.Context) error {
	var failed error
	for _, cmd := range f.cmds {
		if err := f.client.wait(ctx, cmd); failed == nil {
			failed = err
		}
	}
	if f.sink.err != nil {
		return f.sink.err
	}
	return failed
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
	add(i.SaveDate, "SAVEDATE")
	add(i.ModSeq, "MODSEQ")
	add(i.EmailID, "EMAILID")
	add(i.GUID, "X-GUID")
	add(i.Header, "BODY.PEEK[HEADER]")
	add(i.HeaderFields != "", "BODY.PEEK[HEADER.FIELDS ("+i.HeaderFields+")]")
	add(i.Body, "BODY.PEEK[]")
	list := "(" + strings.Join(items, " ") + ")"
	if i.ChangedSince > 0 {
		list += " (CHANGEDSINCE " + strconv.FormatUint(i.ChangedSince, 10) // RFC 7162, section 3.1.4.1
		if i.Vanished {
			list += " VANISHED" // section 3.2.6
		}
		list += ")"
	}
	return list
}

// fetched is one FETCH response while it is read.
type fetched struct {
	Message
	sink    chooseSink
	early   []*spool // bodies that came before the UID
	touched bool     // somebody has asked for some of it
}

// fetch reads the list behind "* n FETCH" and feeds whoever sink names. It reports whether somebody has
// asked for it.
func (d *decoder) fetch(sink chooseSink) (delivered bool, err error) {
	b, err := d.skipBlanks()
	if err != nil {
		return false, err
	}
	if b != '(' {
		_, err := d.list(0) // no list, no data
		return false, err
	}
	if _, err := d.in.Discard(1); err != nil {
		return false, err
	}
	a := &fetched{sink: sink}
	defer a.drop()
	for {
		d.refill()
		b, err := d.skipBlanks()
		switch {
		case err != nil:
			return false, err
		case b == ')':
			if err := a.deliver(); err != nil {
				return false, err
			}
			_, err := d.list(0) // the parenthesis and whatever else is on the line
			return a.touched, err
		case b == '\r' || b == '\n': // never closed: the message does not count as delivered
			return a.touched, d.endOfLine()
		}
		if err := d.fetchItem(a); err != nil {
			return false, err
		}
	}
}

// deliver hands out what was kept for want of a UID, and then the message.
func (a *fetched) deliver() error {
	receiver := a.sink(a.UID, a.told())
	if receiver == nil || a.UID == 0 {
		return nil
	}
	a.touched = true
	for _, s := range a.early {
		if err := a.sink(a.UID, bodyItems(s.section)).literal(s.literal(a.UID)); err != nil {
			return err
		}
	}
	return receiver.deliver(&a.Message)
}

func (a *fetched) drop() {
	for _, s := range a.early {
		s.drop()
	}
}

// fetchItem reads one name and its value.
func (d *decoder) fetchItem(a *fetched) error {
	name, err := d.itemName()
	if err != nil {
		return err
	}
	b, err := d.skipBlanks()
	if err != nil || b == ')' || b == '\r' || b == '\n' { // a name without value is skipped
		return err
	}
	if isBody(name) {
		return d.fetchLiteral(a, section(name))
	}
	v, err := d.value(0)
	if err != nil {
		return err
	}
	a.set(name, v)
	return nil
}

// itemName returns the name of a FETCH item in upper case, "" when something else is in its place.
func (d *decoder) itemName() (string, error) {
	b, err := d.peek()
	if err != nil {
		return "", err
	}
	if strings.IndexByte(`({~"`, b) >= 0 {
		_, err := d.value(0)
		return "", err
	}
	name, err := d.atom(true)
	return strings.ToUpper(name), err
}

// isBody reports whether the value of a FETCH item is (part of) the message.
func isBody(item string) bool {
	return strings.HasPrefix(item, "BODY[") || strings.HasPrefix(item, "BINARY[") ||
		strings.HasPrefix(item, "RFC822") && item != "RFC822.SIZE"
}

// section returns the section of a body item (RFC 9051, section 6.4.5.1). The items of RFC 3501 that
// have none in their names mean one, too.
func section(item string) string {
	if name, found := strings.CutPrefix(item, "RFC822"); found {
		return strings.TrimPrefix(name, ".")
	}
	_, inside, _ := strings.Cut(item, "[")
	if end := strings.LastIndexByte(inside, ']'); end >= 0 { // a partial's <0> may follow
		inside = inside[:end]
	}
	return inside
}

// set takes over the value of a known item; unknown ones (X-GM-LABELS, THREADID, ...) are skipped.
func (m *Message) set(item string, v value) {
	switch item {
	case "UID":
		if n, err := strconv.ParseUint(v.text(), 10, 32); err == nil {
			m.UID = UID(n)
		}
	case "FLAGS":
		if v.kind == kindList {
			m.Flags = withoutRecent(v.strings())
		}
	case "INTERNALDATE":
		m.InternalDate = parseInternalDate(v.text())
	case "SAVEDATE":
		m.SaveDate = parseInternalDate(v.text()) // NIL is no date (RFC 8514, section 4.2)
	case "RFC822.SIZE":
		if n, err := strconv.ParseInt(v.text(), 10, 64); err == nil && n >= 0 {
			m.Size = n
		}
	case "MODSEQ":
		if words := v.strings(); len(words) == 1 {
			m.ModSeq, _ = strconv.ParseUint(words[0], 10, 64) // nonsense counts as "unknown", which is 0
		}
	case "EMAILID":
		m.EmailID = objectID(v)
	case "X-GUID":
		m.GUID = v.text()
	}
}

// withoutRecent drops \Recent, which belongs to the session and not to the message.
func withoutRecent(flags []string) []string {
	kept := make([]string, 0, len(flags)) // not nil: said, and none
	for _, f := range flags {
		if !strings.EqualFold(f, `\Recent`) {
			kept = append(kept, f)
		}
	}
	return kept
}

// fetchLiteral streams a body, or keeps it until its UID is known. Servers also send short ones as quoted
// strings, and NIL for "none".
func (d *decoder) fetchLiteral(a *fetched, section string) error {
	size, ok, err := d.literalSize()
	if err != nil {
		return err
	}
	if !ok {
		v, err := d.value(0)
		if err != nil || v.kind != kindString {
			return err
		}
		return a.take(section, int64(len(v.str)), strings.NewReader(v.str))
	}
	body := &literalReader{in: d.in, left: size}
	if a.sink(a.UID, bodyItems(section)) != nil {
		body.moved = d.moved
	}
	err = a.take(section, size, body)
	if body.err != nil {
		if receiver := a.sink(a.UID, bodyItems(section)); receiver != nil {
			receiver.err = nil // whatever the callback made of it, the connection is the cause
		}
		return body.err
	}
	if err != nil {
		return err
	}
	_, err = io.CopyN(io.Discard, d.in, body.left)
	return unexpected(err)
}

// take hands a body to whoever asked for it, or keeps it while that is not known.
func (a *fetched) take(section string, size int64, body io.Reader) error {
	receiver := a.sink(a.UID, bodyItems(section))
	if a.UID != 0 || receiver == nil {
		a.touched = a.touched || receiver != nil
		return receiver.literal(&Literal{UID: a.UID, Section: section, Size: size, Reader: body})
	}
	if len(a.early) == mostSpools || size > maxSpooledBody {
		return errTooLong
	}
	kept, err := newSpool(section, size, body)
	if err == nil {
		a.early = append(a.early, kept)
	}
	return err
}

// literalReader reads exactly the octets of a literal. A connection that ends inside is an error and
// never the end of the message: a cut message must not look complete.
type literalReader struct {
	in    *bufio.Reader
	left  int64
	err   error
	moved func(octets int64) // may be nil
}

func (r *literalReader) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.in.Read(p[:min(int64(len(p)), r.left)])
	r.left -= int64(n)
	if r.moved != nil {
		r.moved(int64(n))
	}
	r.err = unexpected(err)
	return n, r.err
}

// WriteTo is Read out of the buffer of the connection, until all is written.
func (r *literalReader) WriteTo(w io.Writer) (written int64, err error) {
	for r.left > 0 {
		if r.err != nil {
			return written, r.err
		}
		if r.in.Buffered() == 0 {
			_, err := r.in.Peek(1) // which fills it
			r.err = unexpected(err)
			continue
		}
		chunk, _ := r.in.Peek(int(min(r.left, int64(r.in.Buffered())))) // of what is there
		n, err := w.Write(chunk)
		_, _ = r.in.Discard(n) // likewise
		r.left -= int64(n)
		written += int64(n)
		if r.moved != nil {
			r.moved(int64(n))
		}
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

// literal hands out a body. The error says that they come without end.
func (s *fetchSink) literal(l *Literal) error {
	if s == nil {
		return nil
	}
	if s.literals++; s.tooMany(s.literals) {
		return unending("FETCH")
	}
	if s.err == nil && s.handler.Literal != nil {
		s.err = s.handler.Literal(l)
	}
	return nil
}

// deliver hands out a message. The error says that they come without end.
func (s *fetchSink) deliver(m *Message) error {
	if s.answers++; s.tooMany(s.answers) {
		return unending("FETCH")
	}
	if s.err == nil && s.handler.Message != nil {
		s.err = s.handler.Message(m)
	}
	return nil
}

func (s *fetchSink) tooMany(n int) bool {
	if n <= mostBesides { // which is what most commands stay within
		return false
	}
	var held Count
	if s.held != nil {
		held = s.held()
	}
	return n > mostAnswers(s.uids.Len(), held)
}
