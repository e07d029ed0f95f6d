// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"cmp"
	"context"
	"io"
	"slices"
	"sync"

	"rehome/internal/content/message"
	"rehome/internal/endpoint"
	"rehome/internal/protocol/imap"
)

// headerLimit is how much of a header is kept to recognise a message by.
const headerLimit = 64 << 10

// fingerprints fills in the fingerprints of entries that have none yet.
func fingerprints(ctx context.Context, session *endpoint.Session, entries []*entry) error {
	header := message.NewHeader(headerLimit)
	return fill(ctx, session, entries, imap.FetchItems{HeaderFields: message.FingerprintFields},
		func(e *entry) bool { return !e.seen },
		func(e *entry, r io.Reader) error {
			header.Reset()
			if err := readThrough(header, r); err != nil {
				return err
			}
			e.showHeader(header)
			return nil
		})
}

// buffers are what messages are read through. io.Copy makes one for each message, which may be some hundred octets of a header.
var buffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// readThrough reads a message to its end.
func readThrough(notes io.Writer, body io.Reader) error {
	buffer := buffers.Get().(*[32 << 10]byte)
	defer buffers.Put(buffer)
	_, err := io.CopyBuffer(notes, body, buffer[:])
	return err
}

// showHeader takes down what a header tells.
func (e *entry) showHeader(header *message.Header) {
	e.fingerprint, _ = message.FingerprintOf(header.Bytes())
	e.origin, e.original = message.OriginOf(header.Bytes())
	e.seen = true
}

// digests fills in the digests of entries that have none yet, reading their bodies.
func digests(ctx context.Context, session *endpoint.Session, entries []*entry) error {
	return readBodies(ctx, session, entries, bodySeen)
}

// readBodies reads the bodies of the entries that have not been read (read), and what their headers say if that
// is not known.
func readBodies(ctx context.Context, session *endpoint.Session, entries []*entry, read func(*entry) bool) error {
	return fill(ctx, session, entries, imap.FetchItems{Body: true}, func(e *entry) bool { return !read(e) }, newBodyReader().read)
}

// bodyReader reads one body after the other.
type bodyReader struct {
	digester *message.Digester
	kin      *message.KinDigester
	header   *message.Header
}

func newBodyReader() bodyReader {
	return bodyReader{message.NewDigester(), message.NewKinDigester(), message.NewHeader(headerLimit)}
}

func (b bodyReader) read(e *entry, r io.Reader) error {
	b.digester.Reset()
	b.kin.Reset()
	b.header.Reset()
	if err := readThrough(io.MultiWriter(b.digester, b.kin, b.header), r); err != nil {
		return err
	}
	e.digest, e.kin = b.digester.Sum(), b.kin.Sum()
	if !e.seen || !e.original { // the header of a message that was damaged is remembered as empty by some servers
		e.showHeader(b.header)
	}
	return nil
}

func headerSeen(e *entry) bool { return e.seen }

// headerShown says that a header is known that can tell one message from others, or that the whole message was read.
func headerShown(e *entry) bool { return e.seen && e.original || bodySeen(e) }
func bodySeen(e *entry) bool    { return e.digest != message.Digest{} }
func kinSeen(e *entry) bool     { return e.kin != message.Digest{} }

// reader asks the messages of the source what they are; see unread.
type reader struct{ session *endpoint.Session }

// headers reads the headers of entries, and the bodies of those that show none, or one without Message-ID and Date: some
// servers remember for ever what they could read of the header of a message that was damaged once.
func (r reader) headers(ctx context.Context, entries []*entry) error {
	if err := r.judge(entries, headerSeen, fingerprints(ctx, r.session, entries)); err != nil {
		return err
	}
	return r.bodies(ctx, slices.DeleteFunc(slices.Clone(entries), headerShown), headerShown)
}

// bodies reads the bodies of those entries of which that has not been done (read).
func (r reader) bodies(ctx context.Context, entries []*entry, read func(*entry) bool) error {
	return r.judge(entries, read, readBodies(ctx, r.session, entries, read))
}

func (r reader) judge(entries []*entry, seen func(*entry) bool, err error) error {
	return unread(r.session, entries, seen, err)
}

// unread judges an error with which a server has answered when it was asked for entries: one message that
// it cannot read must not keep back the others. What a NO has left out stays undecided, and what the connection broke at
// becomes a suspect: servers mostly answer in the order of UIDs, so that is the lowest without an answer. Where the destination
// is silent, what may be that message is not sent, see veiled.
func unread(session *endpoint.Session, entries []*entry, seen func(*entry) bool, err error) error {
	switch {
	case err == nil || session.Err() == nil && imap.IsStatus(err, "NO"):
		return nil
	case session.Err() == nil:
		return err
	}
	silent := slices.DeleteFunc(slices.Clone(entries), seen)
	if len(silent) == 0 {
		return err
	}
	first := slices.MinFunc(silent, func(a, b *entry) int { return cmp.Compare(a.uid, b.uid) })
	return &readError{uid: first.uid, err: err}
}

// fill fetches items of the entries that want it and hands each body to use.
func fill(ctx context.Context, session *endpoint.Session, entries []*entry, items imap.FetchItems,
	wants func(*entry) bool, use func(*entry, io.Reader) error) error {
	byUID := map[imap.UID]*entry{}
	var uids imap.UIDSet
	for _, e := range entries {
		if wants(e) {
			byUID[e.uid] = e
			uids.Add(e.uid)
		}
	}
	if uids.Empty() {
		return nil
	}
	command, err := session.Fetch(ctx, uids, items, imap.FetchHandler{Literal: func(l *imap.Literal) error {
		e := byUID[l.UID]
		if e == nil {
			return nil
		}
		return use(e, l)
	}})
	if err != nil {
		return err
	}
	return command.Wait(ctx)
}
