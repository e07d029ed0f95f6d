// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"rehome"
	"rehome/internal/content/message"
	"rehome/internal/protocol/imap"
)

// box is one mailbox of one end as it was read.
type box struct {
	side    rehome.Side
	name    string
	order   int        // among those that are compared together
	refusal string     // the server's words when it does not open the mailbox
	count   int64      // messages that it shows
	short   imap.Count // messages that it holds and does not show, whatever way it is asked
	swept   bool       // all is listed
	state   imap.Selected
	uids    imap.UIDSet // of all messages, when they were only counted
	records []*record   // in UID order

	known   *known // what an earlier comparison has found out; nil for nothing
	vouched bool   // the mailbox is that of then, see stamp.vouches
}

// record is what one end shows of one message.
type record struct {
	box      *box
	uid      imap.UID
	failures uint8          // how often the server has failed to give it, see unreadable
	shown    bool           // a listing has shown more of it than the UID
	size     int64          // RFC822.SIZE; 0 is not told
	date     int64          // INTERNALDATE as Unix time, or noDate
	flags    string         // see canonicalFlags; untold while the server has not told them
	digest   message.Digest // zero until the message has been read
	octets   int64          // of the normal form
	header   *header        // nil until it has been read
	modseq   uint64         // 0 while it is not told
	recalled bool           // the digest is an earlier comparison's
	saved    int64          // when it came into the mailbox, as Unix time; 0 is not told
	paired   int64          // when both ends were last seen to have it, as Unix time; 0 is never
}

// header is what the identity of a message without its body is made of.
type header struct {
	fingerprint message.Fingerprint
	weak        bool // shared by too many messages to mean anything
	id          string
}

// noDate stands for an INTERNALDATE that is NIL or nonsense.
const noDate = math.MinInt64

func unixOf(date time.Time) int64 {
	if date.IsZero() {
		return noDate
	}
	return date.Unix()
}

// withheld is how many failures it takes until a message counts as unreadable: one in company, where
// any message may be the reason, and two alone, because a connection may also break by chance.
const withheld = 3

// unreadable says that the server lists the message and does not give it.
func (r *record) unreadable() bool { return r.failures >= withheld }

// untold stands for flags that a server does not tell: that is not the same as none.
const untold = "(not told)"

// newRecord is a message of which nothing but the UID is known.
func newRecord(b *box, uid imap.UID) record {
	return record{box: b, uid: uid, date: noDate, flags: untold}
}

// listed says that the message was listed. A server that cannot even list a damaged message leaves nothing
// but its UID.
func (r *record) listed() bool { return r.shown }

// sized says that its size is known.
func (r *record) sized() bool { return r.size > 0 }

// read says that the digest is there.
func (r *record) read() bool { return r.digest != message.Digest{} }

// canonicalFlags renders a set of flags so that equal sets are equal strings. Case does not matter in
// flags (RFC 9051, section 9), and \Recent belongs to the session.
func canonicalFlags(flags []string) string {
	set := make([]string, 0, len(flags))
	for _, flag := range flags {
		if !strings.EqualFold(flag, `\Recent`) {
			set = append(set, strings.ToLower(flag))
		}
	}
	slices.Sort(set)
	return strings.Join(slices.Compact(set), " ")
}

// byPlace orders records as their end does.
func byPlace(a, b *record) int {
	return cmp.Or(cmp.Compare(a.box.order, b.box.order), cmp.Compare(a.uid, b.uid))
}
