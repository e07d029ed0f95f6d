// SPDX-License-Identifier: Apache-2.0

// Package latemail watches what still arrives at the source after a domain was switched: resolvers that keep old records, programs
// with a host name of their own, and mail servers that know the domain as theirs go on delivering there for days.
//
// It asks each account by one listing, reads the header of what is new, and counts: messages by account, hour and delivering host.
// It brings nothing; it says which accounts a pass has to visit. All of it is in the ledger, so that a run goes on where the one
// before has ended.
//
//   - What a STATUS does not say is unknown, and the mailbox is opened.
//   - An account that could not be looked at as a whole is open.
//   - In doubt a message is a late arrival: to count one too many harms nobody.
//
// A caller looks at each account now and then (Look), keeps the answer (ledger.LateMail.Note), runs a pass over those that are due,
// and asks Judge.
package latemail

import (
	"cmp"
	"context"
	"io"
	"net/netip"
	"slices"
	"time"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// Host opens sessions at the source; *endpoint.IMAP is one.
type Host interface {
	Open(ctx context.Context, account rehome.Account) (*endpoint.Session, error)
}

const (
	maxHeader = 64 << 10       // octets of one message's Received fields
	maxNew    = 10_000         // messages of one mailbox whose header is read in one look
	maxHosts  = 50             // hosts that are told apart in one look at an account
	moved     = 24 * time.Hour // a message that is so much older than the look before was not delivered since, but moved or stored

	others = "other hosts" // stands for those beyond maxHosts
)

// Before is what is known of an account.
type Before struct {
	Marks  map[string]ledger.LateMark // by mailbox
	Looked time.Time                  // the last look; zero: never, and what is there counts for nothing
}

// Look looks at one account. What went wrong is the look's Trouble; the error is the context's.
func Look(ctx context.Context, host Host, account rehome.Account, before Before, own func(netip.Addr) bool) (ledger.LateLook, error) {
	l := &look{before: before, own: own, hosts: map[string]bool{}, counts: map[place]int64{},
		row: ledger.LateLook{Address: account.Address, At: time.Now()}}
	err := l.account(ctx, host, account)
	if ctx.Err() != nil {
		return ledger.LateLook{}, context.Cause(ctx)
	}
	if err != nil {
		l.row.Trouble, l.row.Refused = err.Error(), rehome.ClassOf(err) == rehome.ClassAuth
	}
	for at, n := range l.counts {
		l.row.Traffic = append(l.row.Traffic, ledger.LateTraffic{Address: account.Address, Hour: at.hour, Host: at.host, Messages: n})
	}
	slices.SortFunc(l.row.Traffic, func(a, b ledger.LateTraffic) int {
		return cmp.Or(a.Hour.Compare(b.Hour), cmp.Compare(a.Host, b.Host))
	})
	return l.row, nil
}

// look is one look at an account.
type look struct {
	before Before
	own    func(netip.Addr) bool
	row    ledger.LateLook
	hosts  map[string]bool
	counts map[place]int64
}

// place is where a message is counted.
type place struct {
	hour time.Time
	host string
}

func (l *look) account(ctx context.Context, host Host, account rehome.Account) error {
	session, err := host.Open(ctx, account)
	if err != nil {
		return err
	}
	defer session.Close()
	entries, err := session.List(ctx)
	if err != nil {
		return err
	}
	var first error
	for _, e := range entries {
		if !e.Selectable() || e.HasAttribute(`\All`) || e.HasAttribute(`\Flagged`) { // those show messages of other mailboxes
			continue
		}
		if still(l.before.Marks[e.Name], e.Status) {
			continue
		}
		err := l.mailbox(ctx, session, e.Name)
		if session.Err() != nil || ctx.Err() != nil {
			return err
		}
		first = cmp.Or(first, err) // one mailbox's trouble is its own
	}
	return first
}

// still reports whether a mailbox has got nothing since its mark: the server says all that tells, and all of it says so. UIDNEXT
// alone does not: it may stand still.
func still(mark ledger.LateMark, status *imap.Status) bool {
	if mark.UIDValidity == 0 || !status.Complete() {
		return false
	}
	messages, _ := status.Messages.Told()
	return status.UIDValidity == mark.UIDValidity && status.UIDNext == mark.UIDNext && messages <= mark.Messages
}

// mailbox opens one mailbox and counts what is new in it.
func (l *look) mailbox(ctx context.Context, session *endpoint.Session, name string) error {
	box, err := session.Examine(ctx, name)
	if err != nil {
		return endpoint.Fault(err, "open source mailbox", name)
	}
	before, known := l.before.Marks[name]
	from := imap.UID(1)
	fallen := box.UIDNext != 0 && box.UIDNext < before.UIDNext // put back from a backup: UIDs below the mark may be new
	if known && before.UIDValidity == box.UIDValidity && !fallen {
		from = before.UIDNext
	}
	found, err := session.SearchAll(ctx, from)
	if err != nil {
		return endpoint.Fault(err, "look into source mailbox", name)
	}
	messages, told := box.Messages.Told()
	if !told {
		messages = -1
	}
	mark := ledger.LateMark{Mailbox: name, UIDValidity: box.UIDValidity, UIDNext: max(box.UIDNext, from), Messages: messages}
	if runs := found.Ranges(); len(runs) > 0 {
		mark.UIDNext = max(mark.UIDNext, runs[len(runs)-1].Last+1)
	}
	l.row.News = l.row.News || !known || fallen || !found.Empty() || messages > before.Messages
	if !l.before.Looked.IsZero() && !found.Empty() {
		if err := l.count(ctx, session, found); err != nil {
			return endpoint.Fault(err, "read what is new in", name)
		}
	}
	l.row.Marks = append(l.row.Marks, mark)
	return nil
}

// count reads when messages came and who delivered them. All of it is counted, or nothing is.
func (l *look) count(ctx context.Context, session *endpoint.Session, uids imap.UIDSet) error {
	headers, dates := map[imap.UID][]byte{}, map[imap.UID]time.Time{}
	command, err := session.Fetch(ctx, newest(uids, maxNew), imap.FetchItems{InternalDate: true, HeaderFields: "RECEIVED"}, imap.FetchHandler{
		Literal: func(lit *imap.Literal) error {
			text, err := io.ReadAll(io.LimitReader(lit, maxHeader))
			headers[lit.UID] = text
			return err
		},
		Message: func(m *imap.Message) error {
			if header, early := headers[0]; early { // the server sends the UID behind the header
				headers[m.UID] = header
				delete(headers, 0)
			}
			dates[m.UID] = m.InternalDate
			return nil
		},
	})
	if err == nil {
		err = command.Wait(ctx)
	}
	if err != nil {
		return err
	}
	for uid, date := range dates {
		l.add(date, sender(headers[uid], l.own))
	}
	return nil
}

// add counts one message.
func (l *look) add(date time.Time, host string) {
	if !date.IsZero() && date.Before(l.before.Looked.Add(-moved)) {
		return
	}
	at := arrival(date, l.before.Looked, l.row.At)
	if !l.hosts[host] {
		if len(l.hosts) >= maxHosts {
			host = others
		}
		l.hosts[host] = true
	}
	l.counts[place{at.UTC().Truncate(time.Hour), host}]++
	if at.After(l.row.LastSeen) {
		l.row.LastSeen = at
	}
}

// arrival is when a message came: after the look before it was not there, and a clock that says otherwise is wrong.
func arrival(date, before, now time.Time) time.Time {
	switch {
	case date.IsZero() || date.After(now):
		return now
	case date.Before(before):
		return before
	}
	return date
}

// newest returns the n highest UIDs.
func newest(uids imap.UIDSet, n int) imap.UIDSet {
	var kept imap.UIDSet
	runs := uids.Ranges()
	for i := len(runs) - 1; i >= 0 && n > 0; i-- {
		first := max(int64(runs[i].First), int64(runs[i].Last)-int64(n)+1)
		kept.AddRange(imap.UID(first), runs[i].Last)
		n -= int(int64(runs[i].Last) - first + 1)
	}
	return kept
}
