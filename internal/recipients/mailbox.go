// SPDX-License-Identifier: Apache-2.0

package recipients

import (
	"context"
	"io"
	"strings"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/protocol/imap"
)

// maxHeader bounds what is read of one message's address fields.
const maxHeader = 64 << 10

// ReadHeaders reads the address fields of the newest messages of every mailbox that receives, and returns how many
// messages that were. An account that cannot be opened is a finding; the others go on. The error is that of the host.
func ReadHeaders(
	ctx context.Context, host *endpoint.IMAP, accounts []rehome.Account, newest int, see func(Sighting),
) (read int, findings []rehome.Finding, err error) {
	if err := host.Reach(ctx, accounts); err != nil {
		return 0, nil, err
	}
	for _, account := range accounts {
		n, err := accountHeaders(ctx, host, account, newest, see)
		read += n
		if ctx.Err() != nil {
			return read, findings, ctx.Err()
		}
		if err == nil {
			continue
		}
		findings = append(findings, headersUnread.On("", rehome.Values{"why": err}).Of(account.Address))
		if !ofTheAccount(err) {
			return read, findings, err
		}
	}
	return read, findings, nil
}

// ofTheAccount reports whether an error is one account's, so that the others can be read all the same.
func ofTheAccount(err error) bool {
	switch rehome.ClassOf(err) {
	case rehome.ClassAuth, rehome.ClassPermanent, rehome.ClassOperator:
		return true
	}
	return false
}

func accountHeaders(
	ctx context.Context, host *endpoint.IMAP, account rehome.Account, newest int, see func(Sighting),
) (read int, err error) {
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

func mailboxHeaders(ctx context.Context, session *endpoint.Session, name string, newest int, see func(Sighting)) (read int, err error) {
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
			for _, s := range InHeader(header, m.InternalDate) {
				see(s)
			}
			delete(headers, m.UID)
			delete(headers, 0)
			read++
			return nil
		},
	}
	items := imap.FetchItems{InternalDate: true, HeaderFields: strings.Join(HeaderFields, " ")}
	fetch, err := session.Fetch(ctx, last(uids, newest), items, handler)
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
