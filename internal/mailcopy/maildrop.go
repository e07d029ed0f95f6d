// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/content/message"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
	"rehome/internal/protocol/pop3"
	"rehome/internal/uidl"
)

// Where messages keep their UIDs, those of the INBOX keep the identifiers as well by which POP3 programs know them, and their order.
// An identifier can only be given together with the message, and a program that has seen another one downloads the message again,
// for ever. So the source's maildrop is looked at before the first message goes, and where that cannot be done the INBOX waits.

// Maildrop opens what POP3 shows of an account at the source; *endpoint.POP3 is one.
type Maildrop interface {
	Open(ctx context.Context, account rehome.Account) (*endpoint.POP3Session, error)
	Fault(ctx context.Context, err error, op, object string) error
}

// maildrop is what POP3 shows.
type maildrop struct {
	session *endpoint.POP3Session
	shown   []uidl.Shown
	odd     int // with an identifier that is none (RFC 1939, section 7)
}

// learnIdentifiers finds out how POP3 programs know the messages that are about to go.
func (j *mailboxJob) learnIdentifiers(ctx context.Context, wanted imap.UIDSet) error {
	drops := j.slice.engine.options.Maildrop
	if drops == nil || !j.uids.kept || !strings.EqualFold(j.pair.Source, "INBOX") {
		return nil
	}
	known, err := j.ledger().Identifiers(ctx, j.row)
	if err != nil {
		return err
	}
	j.uids.identifiers = known
	var looked imap.UIDSet
	for uid := range known {
		looked.Add(uid)
	}
	if wanted.Minus(looked).Empty() {
		return nil
	}
	return j.readMaildrop(ctx, drops, union(wanted, j.row.Done.Minus(j.row.Gone)).Minus(looked))
}

// readIdentifiers is what is attempted where POP3 does not tell them.
const readIdentifiers = "read the POP3 list of"

// noIdentifiers makes what went wrong with POP3 the trouble of this mailbox alone.
func noIdentifiers(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return err
	}
	fault := &rehome.Fault{Class: rehome.ClassPermanent, Op: readIdentifiers, Object: "the INBOX", Cause: err,
		Hint: "make POP3 work for this account at the source, or, if nobody reads it by POP3, set destination.dsync.uidls: leave"}
	var told *rehome.Fault
	if rehome.ClassOf(err) == rehome.ClassTemporary {
		fault.Class, fault.Hint = rehome.ClassTemporary, "run sync again; if it stops here each time, "+fault.Hint
	}
	if errors.As(err, &told) {
		fault.Server = told.Server
	}
	return fault
}

// readMaildrop matches the maildrop with messages, which no identifier is known of, and keeps what it has found.
func (j *mailboxJob) readMaildrop(ctx context.Context, drops Maildrop, uids imap.UIDSet) error {
	entries, err := sweep(ctx, j.src, uids)
	if err != nil {
		return faultOf(err, "list source mailbox", j.pair.Source)
	}
	session, err := drops.Open(ctx, j.slice.account)
	if err != nil {
		return noIdentifiers(ctx, err)
	}
	defer session.Close()
	drop, err := listMaildrop(ctx, session)
	if err != nil {
		return noIdentifiers(ctx, drops.Fault(ctx, err, "list", "the maildrop"))
	}
	drop.forget(j.uids.identifiers)
	match := uidl.Match(j.srcBox.UIDValidity, messagesOf(entries), drop.shown)
	if len(match.Rest) > 0 && len(match.Other) > 0 {
		digests, err := j.headerDigests(ctx, drop, match)
		if err != nil {
			return err
		}
		match.Join(digests)
	}
	return j.keepIdentifiers(ctx, drop, match)
}

func messagesOf(entries []entry) []uidl.Message {
	all := make([]uidl.Message, len(entries))
	for i, e := range entries {
		all[i] = uidl.Message{UID: e.uid, Octets: e.size}
		if e.size == 0 { // not known
			all[i].Octets = -1
		}
	}
	return all
}

// listMaildrop lists what POP3 shows. Both lists are of one session, in which nothing comes or goes (RFC 1939, section 3): where they
// are of different messages, nobody knows which of them tells the truth.
func listMaildrop(ctx context.Context, session *endpoint.POP3Session) (maildrop, error) {
	drop := maildrop{session: session}
	unique, err := session.UIDL(ctx)
	if err != nil {
		return drop, err
	}
	listed, err := session.List(ctx)
	if err != nil {
		return drop, err
	}
	if !slices.EqualFunc(unique, listed, func(u pop3.Unique, l pop3.Listed) bool { return u.Number == l.Number }) {
		return drop, fmt.Errorf("UIDL shows %d messages and LIST %d, and they are not the same", len(unique), len(listed))
	}
	for i, u := range unique {
		if !isIdentifier(u.ID) {
			drop.odd++
			continue
		}
		drop.shown = append(drop.shown, uidl.Shown{Number: u.Number, Octets: listed[i].Octets, ID: u.ID})
	}
	return drop, nil
}

// isIdentifier says whether POP3 can carry it: printable ASCII without a blank (RFC 1939, section 7).
func isIdentifier(id string) bool {
	return !strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' })
}

// forget takes out what belongs to messages that have their identifiers.
func (d *maildrop) forget(known map[imap.UID]ledger.Identifier) {
	taken := map[string]int{} // some servers give one twice
	for _, i := range known {
		taken[i.ID]++
	}
	var rest []uidl.Shown
	for _, s := range d.shown {
		if taken[s.ID] > 0 {
			taken[s.ID]--
			continue
		}
		rest = append(rest, s)
	}
	d.shown = rest
}

// headerDigests reads the headers of what the listings leave apart. A server without TOP could only give whole messages, and
// would take these for read.
func (j *mailboxJob) headerDigests(ctx context.Context, drop maildrop, match uidl.Matching) (uidl.Digests, error) {
	of := uidl.Digests{Messages: map[imap.UID]uidl.Digest{}, Shown: map[int]uidl.Digest{}}
	if !drop.session.Capabilities().TOP {
		return of, nil
	}
	header := message.NewHeader(headerLimit)
	entries := make([]*entry, len(match.Rest))
	for i, m := range match.Rest {
		entries[i] = &entry{uid: m.UID}
	}
	err := fill(ctx, j.src, entries, imap.FetchItems{Header: true}, func(*entry) bool { return true }, func(e *entry, r io.Reader) error {
		header.Reset()
		if _, err := io.Copy(header, r); err != nil {
			return err
		}
		if digest, ok := uidl.DigestOf(header.Bytes()); ok && !header.Truncated() {
			of.Messages[e.uid] = digest
		}
		return nil
	})
	if err != nil {
		return of, faultOf(err, "read headers of source mailbox", j.pair.Source)
	}
	numbers := make([]int, len(match.Other))
	for i, s := range match.Other {
		numbers[i] = s.Number
	}
	err = drop.session.TopEach(ctx, numbers, 0, &topTaker{header: header, of: of.Shown})
	if err != nil {
		err = noIdentifiers(ctx, j.slice.engine.options.Maildrop.Fault(ctx, err, "read headers of", "the maildrop"))
	}
	return of, err
}

// topTaker takes the headers of a maildrop.
type topTaker struct {
	header *message.Header
	of     map[int]uidl.Digest
}

func (t *topTaker) Begin(int) io.Writer {
	t.header.Reset()
	return t.header
}

// End passes over what the server does not give: it stays apart.
func (t *topTaker) End(number int, _ int64, err error) error {
	var status *pop3.StatusError
	if err != nil && !errors.As(err, &status) {
		return err
	}
	if digest, ok := uidl.DigestOf(t.header.Bytes()); err == nil && ok && !t.header.Truncated() {
		t.of[number] = digest
	}
	return nil
}

// keepIdentifiers writes down what was found, in the order of the maildrop behind all that is known, and counts what was not.
func (j *mailboxJob) keepIdentifiers(ctx context.Context, drop maildrop, match uidl.Matching) error {
	place := uint32(0)
	for _, i := range j.uids.identifiers {
		place = max(place, i.Place)
	}
	var found []ledger.Identifier
	last := 0
	for _, uid := range match.InOrder() {
		if place == math.MaxUint32 {
			break
		}
		place++
		last = match.Of[uid].Number
		found = append(found, ledger.Identifier{UID: uid, ID: match.Of[uid].ID, Place: place})
		if j.row.Done.Contains(uid) {
			j.uids.late++
		}
	}
	none := len(found) == 0 && len(j.uids.identifiers) == 0 && len(match.Rest) > 0 // of all that POP3 shows is one that the INBOX has
	for _, s := range match.Other {
		if s.Number < last || none { // what stands behind all others may have come since the mailbox was listed
			j.uids.apart++
		}
	}
	j.uids.apart += drop.odd
	if j.uids.apart == 0 { // else nobody knows which of them they are
		j.uids.hidden = len(match.Rest)
	}
	if err := j.ledger().NoteIdentifiers(ctx, j.row, found); err != nil {
		return err
	}
	for _, i := range found {
		j.uids.identifiers[i.UID] = i
	}
	return nil
}

// identifiersFinding says which POP3 programs will download what again.
func (j *mailboxJob) identifiersFinding() (findings []rehome.Finding) {
	if j.uids.late > 0 {
		findings = append(findings, uidlsNotKept.On(j.pair.Source, rehome.Values{"n": j.uids.late,
			"why": "they were at the destination before their identifiers were read"}))
	}
	if j.uids.apart > 0 {
		findings = append(findings, uidlsNotKept.On(j.pair.Source, rehome.Values{"n": j.uids.apart,
			"why": "POP3 shows them at the source, and they match no message of the INBOX there; if it shows other mailboxes as well, they may " +
				"be of those, and POP3 at the destination shows none of these"}))
	}
	if j.uids.hidden > 0 {
		findings = append(findings, uidlsHidden.On(j.pair.Source, rehome.Values{"n": j.uids.hidden}))
	}
	return findings
}
