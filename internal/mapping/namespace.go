// SPDX-License-Identifier: Apache-2.0

package mapping

import "strings"

const inbox = "INBOX"

func isInbox(name string) bool { return strings.EqualFold(name, inbox) }

// separator returns what stands between the parts of a name; a server without a hierarchy gets a
// dot, so that "A.B" still tells where it came from.
func (e End) separator() string {
	if e.Delimiter == "" {
		return "."
	}
	return e.Delimiter
}

// underInbox says that the personal namespace itself lies below INBOX, as with Courier, Cyrus and
// Dovecot's Maildir++.
func (e End) underInbox() bool {
	return len(e.Prefix) > len(inbox) && isInbox(e.Prefix[:len(inbox)])
}

// withPrefix fills in the prefix of a server that does not tell its namespace (no NAMESPACE, RFC 2342):
// when every mailbox is INBOX or below it, that is where mailboxes live, as Courier and Cyrus have it.
func (e End) withPrefix() End {
	if !e.Guess || e.Prefix != "" || e.Delimiter == "" {
		return e
	}
	below := 0
	for _, m := range e.Mailboxes {
		switch {
		case isInbox(m.Name):
		case len(m.Name) > len(inbox) && isInbox(m.Name[:len(inbox)]) && strings.HasPrefix(m.Name[len(inbox):], e.Delimiter):
			below++
		default:
			return e
		}
	}
	if below > 0 {
		e.Prefix = inbox + e.Delimiter
	}
	return e
}

// withoutPrefix returns the name inside the personal namespace, and whether it lies there.
func (e End) withoutPrefix(name string) (string, bool) {
	if e.underInbox() && len(name) >= len(e.Prefix) && strings.EqualFold(name[:len(e.Prefix)], e.Prefix) {
		return name[len(e.Prefix):], true
	}
	return strings.CutPrefix(name, e.Prefix)
}

// path returns the parts of a name inside the personal namespace. It is empty for a name that is
// nothing but prefix and delimiters.
func (e End) path(name, delimiter string) []string {
	rest, inside := e.withoutPrefix(name)
	if delimiter == "" {
		delimiter = e.Delimiter
	}
	parts := []string{rest}
	if delimiter != "" {
		parts = strings.Split(rest, delimiter)
	}
	kept := parts[:0]
	for _, part := range parts {
		if part != "" {
			kept = append(kept, part)
		}
	}
	if below := len(kept) > 1 && isInbox(kept[0]); below && (!inside || e.Prefix == "") {
		kept[0] = inbox
	}
	return kept
}

// join is the other direction of path.
func (e End) join(parts []string) string {
	return e.Prefix + strings.Join(parts, e.separator())
}

// foreign says that a name belongs to another user, or is shared: the longest prefix wins, so that
// a personal namespace inside a foreign one stays personal.
func (e End) foreign(name, delimiter string) bool {
	if isInbox(name) {
		return false
	}
	own := 0
	if _, inside := e.withoutPrefix(name); inside {
		own = len(e.Prefix)
	}
	if delimiter == "" {
		delimiter = e.Delimiter
	}
	for _, prefix := range e.Others {
		root := strings.TrimSuffix(prefix, delimiter)
		if len(prefix) > own && (strings.HasPrefix(name, prefix) || name == root) {
			return true
		}
	}
	return false
}

// has says that the server sent the attribute.
func (m Mailbox) has(attribute string) bool {
	for _, sent := range m.Attributes {
		if strings.EqualFold(sent, attribute) {
			return true
		}
	}
	return false
}

// selectable says that the mailbox can hold messages: RFC 9051 section 7.3.1.
func (m Mailbox) selectable() bool {
	return !m.has(`\Noselect`) && !m.has(`\NonExistent`)
}

// virtual says that the mailbox only shows messages that live in other ones.
func (m Mailbox) virtual() bool {
	return m.has(`\All`) || m.has(`\Flagged`) || m.has(`\Important`) // RFC 6154 section 2, RFC 8457 section 3
}
