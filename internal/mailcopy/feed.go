// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"errors"
	"io"
	"sort"
	"time"

	"rehome/internal/content/message"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dsync"
	"rehome/internal/protocol/imap"
)

// feed streams the messages of a conversation from the source to it. None is held in memory.
type feed struct {
	job     *mailboxJob
	entries []entry // in the order of UIDs
	ctx     context.Context
	session *endpoint.DsyncSession
	naming  naming

	came     imap.UIDSet
	latest   imap.UID
	sent     map[imap.UID]ledger.Item
	digester *message.Digester
	header   *message.Header
	end      ending
	notes    io.Writer     // the three above, for what goes by
	over     chan struct{} // closed when a callback has failed, with err
	err      error
}

func newFeed(j *mailboxJob, entries []entry) *feed {
	f := &feed{job: j, entries: entries, sent: make(map[imap.UID]ledger.Item, len(entries)), digester: message.NewDigester(),
		header: message.NewHeader(headerLimit), over: make(chan struct{})}
	f.notes = io.MultiWriter(f.digester, f.header, &f.end)
	return f
}

// run reads all entries at the source and sends them. What the source does not give stays behind without harm: the server stores
// what it gets.
func (f *feed) run(ctx context.Context, session *endpoint.DsyncSession, guid dsync.GUID) error {
	f.ctx, f.session, f.naming = ctx, session, newNaming(guid, f.job.srcBox.UIDValidity)
	fetch, err := f.job.src.Fetch(ctx, uidsOf(f.entries), imap.FetchItems{Body: true}, imap.FetchHandler{Literal: f.body})
	if err != nil {
		return err
	}
	err = f.wait(ctx, fetch)
	var body *dsync.BodyError
	switch {
	case err == nil, imap.IsStatus(err, "NO") && f.job.src.Err() == nil:
		return nil
	case errors.Is(err, errStopped):
		f.job.wound = true
		return nil
	case f.err == nil && f.job.src.Err() != nil, errors.As(err, &body):
		return f.broke(err)
	}
	return err
}

// wait returns at the end of the FETCH. Where a callback has failed, the source's connection is closed: the rest of its answer is
// of no use. Where the work is over, so is the conversation: a callback may be waiting for it.
func (f *feed) wait(ctx context.Context, fetch *imap.FetchCommand) error {
	select {
	case <-fetch.Done():
	case <-f.over:
		_ = f.job.src.Client.Close() // no callback runs behind this
		return f.err
	case <-ctx.Done():
		f.session.Session.Close()
	}
	return fetch.Wait(ctx)
}

// broke names the message at which the source has ended the connection.
func (f *feed) broke(err error) error {
	var cut *imap.BodyError
	var body *dsync.BodyError
	if f.latest != 0 && (errors.As(err, &cut) || errors.As(err, &body)) {
		return &readError{uid: f.latest, err: err}
	}
	if missing := first(uidsOf(f.entries).Minus(f.came)); missing != 0 {
		return &readError{uid: missing, err: err}
	}
	return err
}

// body runs on the source's reader for every message that arrives; after an error no further one is handed out.
func (f *feed) body(l *imap.Literal) error {
	err := f.pass(l)
	if err != nil {
		f.err = err
		close(f.over)
	}
	return err
}

func (f *feed) pass(l *imap.Literal) error {
	if l.UID == 0 {
		return errNoUID
	}
	i := sort.Search(len(f.entries), func(i int) bool { return f.entries[i].uid >= l.UID })
	if i == len(f.entries) || f.entries[i].uid != l.UID || f.came.Contains(l.UID) {
		return nil
	}
	f.came.Add(l.UID)
	f.latest = l.UID
	switch {
	case f.job.slice.stopping():
		return errStopped
	case l.Size == 0:
		return nil // see checkLeftovers
	}
	return f.send(f.entries[i], l)
}

func (f *feed) send(e entry, l *imap.Literal) error {
	f.digester.Reset()
	f.header.Reset()
	f.end = ending{}
	body := io.TeeReader(l, f.notes)
	mail := dsync.Mail{GUID: f.naming.of(e.uid), UID: uint32(e.uid), Received: e.date, Saved: e.saved, LoneCR: true}
	identifier := f.job.uids.identifiers[e.uid]
	mail.UIDL, mail.Order = identifier.ID, identifier.Place
	if !imap.KeepableDate(e.date) {
		mail.Received = time.Now() // as a destination does by IMAP: verify knows that, see date_not_kept
		f.job.undated.Add(e.uid)
	}
	if err := f.session.Mail(f.ctx, mail, body); err != nil {
		return err
	}
	f.job.slice.memory.noteOffered(f.job.pair.Source, e.uid)
	digest := f.digester.Sum()
	item := e.item()
	item.Size, item.Digest, item.DstUID = l.Size, digest[:], e.uid
	if !f.header.Truncated() {
		if origin, known := message.OriginOf(f.header.Bytes()); known {
			item.Origin = origin[:]
		}
	}
	if f.end.last == '\r' {
		f.job.uids.cut.Add(e.uid)
	}
	f.sent[e.uid] = item
	return nil
}

// ending remembers the last octet.
type ending struct{ last byte }

func (e *ending) Write(p []byte) (int, error) {
	if len(p) > 0 {
		e.last = p[len(p)-1]
	}
	return len(p), nil
}
