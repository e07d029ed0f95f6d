// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"math"
	"strconv"
	"strings"
)

// Status is what a server says of a mailbox without opening it (RFC 9051, section 6.3.11). Servers leave
// items out that they do not want to tell (163.com answers "()"): what is missing is unknown and not 0.
type Status struct {
	Mailbox       string
	Messages      Count
	UIDNext       UID    // 0 when the server does not say
	UIDValidity   uint32 // 0 when the server does not say
	HighestModSeq uint64 // 0 without CONDSTORE (RFC 7162)
	Size          int64  // octets, -1 without STATUS=SIZE (RFC 8438)
	AppendLimit   int64  // largest message that this mailbox takes (RFC 7889), -1 when the server does not say
	MailboxID     string // stays when the mailbox is renamed; "" without OBJECTID (RFC 8474), and from Cyrus
}

// Complete reports whether the server has told all that says whether a mailbox has changed.
func (s *Status) Complete() bool {
	return s != nil && s.Messages.told && s.UIDNext != 0 && s.UIDValidity != 0
}

// StatusCommand is a STATUS under way. Wait must be called on each.
type StatusCommand struct {
	client *Client
	cmd    *command
	status *Status
}

// Status asks about one mailbox. It must not be used on the mailbox that is open (RFC 9051, 6.3.11).
func (c *Client) Status(ctx context.Context, name string) (Status, error) {
	cmd, err := c.sendStatus(ctx, name)
	if err != nil {
		return Status{}, err
	}
	return cmd.Wait(ctx)
}

// StatusAhead asks about the mailbox that is being opened what the opening does not tell, such as its size. Only that is a use of it
// there, and servers have to know it (RFC 9051, section 6.3.11); one that does not may answer BAD, which does not end the connection, as
// nothing of the command is left that could be taken for another one.
func (o *Opening) StatusAhead(ctx context.Context) (*StatusCommand, error) {
	s, mailbox := o.client.newStatusCommand(o.selected.Name)
	s.cmd.lazy, s.cmd.excused = true, func() bool { return !mailbox.literal }
	err := o.client.send(ctx, s.cmd, s.parts(mailbox)...)
	if s.cmd.done == nil { // never began
		return nil, err
	}
	return s, nil // what went wrong on the way is known to Wait, with the server's words
}

func (c *Client) sendStatus(ctx context.Context, name string) (*StatusCommand, error) {
	s, mailbox := c.newStatusCommand(name)
	return s, c.send(ctx, s.cmd, s.parts(mailbox)...)
}

func (s *StatusCommand) parts(mailbox part) []part {
	return []part{raw("STATUS "), mailbox, raw(" " + statusItems(s.client.Capabilities()))}
}

func (c *Client) newStatusCommand(name string) (s *StatusCommand, mailbox part) {
	s = &StatusCommand{client: c, status: &Status{Mailbox: name, Size: -1, AppendLimit: -1}}
	s.cmd = &command{name: "STATUS " + strconv.Quote(name), untagged: func(resp *response) bool {
		if resp.name != "STATUS" {
			return false
		}
		found := newStatus(resp, c.names())
		if found.Mailbox != canonicalName(name) {
			return false
		}
		*s.status = found
		return true
	}}
	return s, c.mailbox(name)
}

// Wait returns when the server has answered.
func (s *StatusCommand) Wait(ctx context.Context) (Status, error) {
	err := s.client.wait(ctx, s.cmd)
	return *s.status, err
}

func statusItems(caps Capabilities) string {
	items := []string{"MESSAGES", "UIDNEXT", "UIDVALIDITY"}
	if caps.Has("CONDSTORE") || caps.Has("QRESYNC") {
		items = append(items, "HIGHESTMODSEQ")
	}
	if caps.Has("STATUS=SIZE") {
		items = append(items, "SIZE")
	}
	if caps.Has("APPENDLIMIT") { // without a value: each mailbox has its own (RFC 7889, section 3.2)
		items = append(items, "APPENDLIMIT")
	}
	if caps.Has("OBJECTID") && !caps.isCyrus() {
		items = append(items, "MAILBOXID")
	}
	return "(" + strings.Join(items, " ") + ")"
}

// within32 returns 0, which means "not said", for what is no nz-number (RFC 9051, section 9).
func within32(n uint64) uint32 {
	if n > math.MaxUint32 {
		return 0
	}
	return uint32(n)
}

// newStatus reads name (item value ...).
func newStatus(resp *response, names nameForm) Status {
	s := Status{Mailbox: canonicalName(names.decode(resp.field(0).text())), Size: -1, AppendLimit: -1}
	items := resp.field(1).list
	for i := 0; i+1 < len(items); i += 2 {
		s.set(strings.ToUpper(items[i].text()), items[i+1])
	}
	return s
}

func (s *Status) set(item string, v value) {
	if item == "MAILBOXID" {
		s.MailboxID = objectID(v)
		return
	}
	n, err := strconv.ParseUint(v.text(), 10, 63)
	if err != nil {
		return // nonsense counts as not said
	}
	switch item {
	case "MESSAGES":
		s.Messages = CountOf(int64(n))
	case "UIDNEXT":
		s.UIDNext = UID(within32(n))
	case "UIDVALIDITY":
		s.UIDValidity = within32(n)
	case "HIGHESTMODSEQ":
		s.HighestModSeq = n
	case "SIZE":
		s.Size = int64(n)
	case "APPENDLIMIT":
		s.AppendLimit = int64(n)
	}
}
