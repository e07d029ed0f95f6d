// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"strings"
)

// ListEntry is one mailbox of a listing (RFC 9051, section 7.3.1).
type ListEntry struct {
	Name       string // Unicode, see DecodeName
	Delimiter  string // one character, "" for a flat name
	Attributes []string
	Subscribed bool
	Status     *Status // nil for a mailbox that cannot be selected, or that the server refuses to count
}

// HasAttribute reports whether the entry carries attribute, in any case.
func (e ListEntry) HasAttribute(attribute string) bool {
	for _, a := range e.Attributes {
		if strings.EqualFold(a, attribute) {
			return true
		}
	}
	return false
}

// Selectable reports whether the mailbox can be opened.
func (e ListEntry) Selectable() bool {
	return !e.HasAttribute(`\Noselect`) && !e.HasAttribute(`\NonExistent`)
}

// List returns every mailbox with its special use, subscription and status. With LIST-EXTENDED
// (RFC 5258), SPECIAL-USE (RFC 6154) and LIST-STATUS (RFC 5819) this is one round trip for the whole
// account; without them LSUB and pipelined STATUS commands fill in.
func (c *Client) List(ctx context.Context) ([]ListEntry, error) {
	return c.ListThen(ctx, nothing)
}

func nothing() error { return nil }

// ListThen is List, and calls behind once all commands are sent and before the last answers are waited for: whatever it
// sends is carried out when the listing is done, and costs no round trip.
func (c *Client) ListThen(ctx context.Context, behind func() error) ([]ListEntry, error) {
	caps := c.Capabilities()
	first := behind
	whole := caps.Has("LIST-EXTENDED") && caps.Has("LIST-STATUS")
	if !whole {
		first = nothing
	}
	entries, err := c.listOnce(ctx, "LIST", listCommand(caps), first)
	if err != nil {
		return nil, err
	}
	if !caps.Has("LIST-EXTENDED") {
		if err := c.markSubscribed(ctx, entries); err != nil {
			return nil, err
		}
	}
	if !whole {
		if err := c.fillStatus(ctx, entries, behind); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// listCommand renders the richest LIST that the server understands.
func listCommand(caps Capabilities) string {
	if !caps.Has("LIST-EXTENDED") {
		return `LIST "" "*"`
	}
	options := []string{"SUBSCRIBED", "CHILDREN"}
	if caps.Has("SPECIAL-USE") {
		options = append(options, "SPECIAL-USE")
	}
	if caps.Has("LIST-STATUS") {
		options = append(options, "STATUS "+statusItems(caps))
	}
	return `LIST "" "*" RETURN (` + strings.Join(options, " ") + ")"
}

// maxListing is how many lines a listing may have; a long line counts as several. An account with so many
// mailboxes sees those of a whole organisation by mistake. They take some 500 octets each.
const maxListing = 50_000

// longLine is what counts as one line of a listing.
const longLine = 256

// listOnce runs LIST or LSUB and collects the entries, joined with the STATUS data among them.
func (c *Client) listOnce(ctx context.Context, name, line string, behind func() error) ([]ListEntry, error) {
	var entries []ListEntry
	statuses := map[string]*Status{}
	lines := 0
	cmd := &command{name: name, most: 2 * maxListing, untagged: func(resp *response) bool {
		if resp.name != name && resp.name != "STATUS" {
			return false
		}
		lines += 1 + (len(resp.field(0).text())+len(resp.field(2).text()))/longLine // the name is either
		if lines > maxListing {
			return true // read to its end, so that the connection stays usable
		}
		switch resp.name {
		case name:
			if entry, ok := newListEntry(resp, c.names()); ok {
				entries = append(entries, entry)
			}
		case "STATUS":
			status := newStatus(resp, c.names())
			statuses[status.Mailbox] = &status
		}
		return true
	}}
	err := c.send(ctx, cmd, raw(line))
	if cmd.done == nil { // never began
		return nil, err
	}
	behindErr := behind()
	if err := c.wait(ctx, cmd); err != nil {
		return nil, err
	}
	if behindErr != nil {
		return nil, behindErr
	}
	if lines > maxListing {
		return nil, &TooManyError{Command: name, What: "mailboxes", Limit: maxListing}
	}
	for i := range entries {
		entries[i].Status = statuses[entries[i].Name]
	}
	return withoutRepeats(entries), nil
}

// withoutRepeats keeps one entry of a name, the first that can be opened; some servers list INBOX twice. Whether there is such a
// mailbox its opening tells.
func withoutRepeats(entries []ListEntry) []ListEntry {
	place := map[string]int{}
	kept := entries[:0]
	for _, e := range entries {
		at, known := place[e.Name]
		switch {
		case !known:
			place[e.Name] = len(kept)
			kept = append(kept, e)
		case !kept[at].Selectable() && e.Selectable():
			kept[at] = e
		}
	}
	return kept
}

// newListEntry reads (attributes) delimiter name; the extended data behind is skipped.
func newListEntry(resp *response, names nameForm) (ListEntry, bool) {
	if len(resp.fields) < 3 {
		return ListEntry{}, false
	}
	entry := ListEntry{
		Attributes: resp.field(0).strings(),
		Delimiter:  resp.field(1).text(),
		Name:       canonicalName(names.decode(resp.field(2).text())),
	}
	if resp.field(2).kind == kindNil {
		entry.Name = resp.field(2).str // a mailbox may be called that, and unquoted it looks like nothing
	}
	entry.Subscribed = entry.HasAttribute(`\Subscribed`)
	return entry, entry.Name != ""
}

// canonicalName spells INBOX in capitals, whatever the server does (RFC 9051, section 5.1).
func canonicalName(name string) string {
	if strings.EqualFold(name, "INBOX") {
		return "INBOX"
	}
	return name
}

// markSubscribed asks with LSUB, for servers without LIST-EXTENDED.
func (c *Client) markSubscribed(ctx context.Context, entries []ListEntry) error {
	subscribed, err := c.listOnce(ctx, "LSUB", `LSUB "" "*"`, nothing)
	if err != nil {
		return err
	}
	names := map[string]bool{}
	for _, e := range subscribed {
		names[e.Name] = true
	}
	for i := range entries {
		entries[i].Subscribed = names[entries[i].Name]
	}
	return nil
}

// fillStatus asks for every selectable mailbox, all commands sent before the first answer is read.
// A mailbox that the server refuses to count keeps a nil status.
func (c *Client) fillStatus(ctx context.Context, entries []ListEntry, behind func() error) error {
	waits := make([]*StatusCommand, len(entries))
	for i, e := range entries {
		if !e.Selectable() {
			continue
		}
		cmd, err := c.sendStatus(ctx, e.Name)
		if err != nil {
			return err
		}
		waits[i] = cmd
	}
	if err := behind(); err != nil {
		return err
	}
	for i, cmd := range waits {
		if cmd == nil {
			continue
		}
		status, err := cmd.Wait(ctx)
		switch {
		case err == nil:
			entries[i].Status = &status
		case !IsStatus(err, "NO"):
			return err
		}
	}
	return nil
}
