// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"io"
	"strings"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/people"
	"rehome/internal/protocol/imap"
	"rehome/internal/recipients"
)

// maxHeader bounds what is read of one message's address fields.
const maxHeader = 64 << 10

// readHeaders reads the address fields of the newest messages of every mailbox that receives. An account that
// cannot be opened is a finding; the others go on.
func (m *Move) readHeaders(ctx context.Context, p *people.Everybody, newest int, see func(recipients.Sighting), census *Census) error {
	host, err := m.end(ctx, rehome.Source, nil)
	if err != nil {
		return err
	}
	if err := host.Reach(ctx, p.Moving); err != nil {
		return err
	}
	for _, account := range p.Moving {
		read, err := accountHeaders(ctx, host, account, newest, see)
		census.Headers += read
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			census.Findings = append(census.Findings, rehome.Finding{Code: "headers_unread", Severity: rehome.SeverityWarning, Account: account.Address,
				Sentence: "not all headers of the account's messages could be read: " + err.Error(), NextStep: "take the census again when its log-in works; logs may cover it"})
		}
		if class := rehome.ClassOf(err); err != nil && class != rehome.ClassAuth && class != rehome.ClassPermanent && class != rehome.ClassOperator {
			return err // the host, not the account
		}
	}
	return nil
}

func accountHeaders(ctx context.Context, host *endpoint.IMAP, account rehome.Account, newest int, see func(recipients.Sighting)) (read int, err error) {
	session, err := host.Open(ctx, account)
	if err != nil {
		return 0, err
	}
	defer session.Close()
	mailboxes, err := session.List(ctx)
	if err != nil {
		return 0, err
	}
	for _, mailbox := range mailboxes {
		if !mailbox.Selectable() || writtenHere(mailbox) {
			continue
		}
		n, err := mailboxHeaders(ctx, session, mailbox.Name, newest, see)
		read += n
		if err != nil {
			return read, err
		}
	}
	return read, nil
}

// writtenHere tells mailboxes of messages that the account's owner wrote.
func writtenHere(mailbox imap.ListEntry) bool {
	last := mailbox.Name[strings.LastIndexAny(mailbox.Name, "./")+1:]
	return mailbox.HasAttribute(`\Sent`) || mailbox.HasAttribute(`\Drafts`) || last == "Sent" || last == "Drafts"
}

func mailboxHeaders(ctx context.Context, session *endpoint.Session, name string, newest int, see func(recipients.Sighting)) (read int, err error) {
	if _, err := session.Examine(ctx, name); err != nil {
		return 0, err
	}
	uids, err := session.SearchAll(ctx, 1)
	if err != nil || uids.Len() == 0 {
		return 0, err
	}
	headers := map[imap.UID][]byte{} // until the date of arrival is there too
	handler := imap.FetchHandler{
		Literal: func(l *imap.Literal) error {
			text, err := io.ReadAll(io.LimitReader(l, maxHeader))
			headers[l.UID] = text
			return err
		},
		Message: func(m *imap.Message) error {
			header, ok := headers[m.UID]
			if !ok { // the server sends the UID behind the header
				header = headers[0]
			}
			for _, s := range recipients.InHeader(header, m.InternalDate) {
				see(s)
			}
			delete(headers, m.UID)
			delete(headers, 0)
			read++
			return nil
		},
	}
	fetch, err := session.Fetch(ctx, last(uids, newest), imap.FetchItems{InternalDate: true, HeaderFields: strings.Join(recipients.HeaderFields, " ")}, handler)
	if err != nil {
		return 0, err
	}
	err = fetch.Wait(ctx)
	return read, err
}

// last returns the n highest UIDs.
func last(uids imap.UIDSet, n int) imap.UIDSet {
	var kept imap.UIDSet
	runs := uids.Ranges()
	for i := len(runs) - 1; i >= 0 && n > 0; i-- {
		first := max(int64(runs[i].First), int64(runs[i].Last)-int64(n)+1)
		kept.AddRange(imap.UID(first), runs[i].Last)
		n -= int(int64(runs[i].Last) - first + 1)
	}
	return kept
}
