// SPDX-License-Identifier: Apache-2.0

package mailcopy

// Amount is how much mail an account has at the source, and how much of it is not at the destination yet, as far as the
// servers tell before anything is copied.
type Amount struct {
	Mailboxes   int   `json:"mailboxes"`
	Messages    int64 `json:"messages"`
	Octets      int64 `json:"bytes"` // -1 if the source does not tell
	NewMessages int64 `json:"new_messages"`
	NewOctets   int64 `json:"new_bytes"` // by the average size of a mailbox's messages; -1 as above
	Uncounted   int   `json:"uncounted_mailboxes,omitempty"`
	Unordered   int   `json:"unordered_mailboxes,omitempty"` // into which new messages may come in another order than the source's
}

// amount counts the mailboxes that move. What the ledger has of a mailbox counts as copied only under its UIDVALIDITY. With part,
// each so many new messages of a mailbox are worth another writer, see Options.
func (v *accountView) amount(part int) Amount {
	var a Amount
	for _, pair := range v.plan.Pairs {
		entry, listed := v.src[pair.Source]
		if pair.Container || !selectable(entry, listed) {
			continue
		}
		a.Mailboxes++
		messages, told := int64(0), false
		if entry.Status != nil {
			messages, told = entry.Status.Messages.Told()
		}
		if !told {
			a.Uncounted++
			a.Octets, a.NewOctets = -1, -1
			continue
		}
		fresh := messages
		if row, known := v.rows[pair.Source]; known && row.Anchor.SrcUIDValidity == entry.Status.UIDValidity {
			fresh = max(messages-int64(row.Done.Minus(row.Gone).Len()), 0)
		}
		a.Messages += messages
		a.NewMessages += fresh
		if part > 0 && fresh >= int64(part) {
			a.Unordered++
		}
		size := entry.Status.Size
		switch {
		case messages == 0 || a.Octets < 0:
		case size < 0:
			a.Octets, a.NewOctets = -1, -1
		default:
			a.Octets += size
			a.NewOctets += size / messages * fresh
		}
	}
	return a
}
