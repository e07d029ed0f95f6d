// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"bytes"
	"io"

	"rehome/internal/content/message"
	"rehome/internal/protocol/imap"
)

// bodies takes the digest of whole messages.
type bodies struct {
	digester *message.Digester
	buffer   []byte
	observe  func(octets int64) // may be nil
}

func newBodies(observe func(octets int64)) *bodies {
	return &bodies{digester: message.NewDigester(), buffer: make([]byte, 64<<10), observe: observe}
}

func (b *bodies) wants(r *record) bool { return !r.read() }

func (b *bodies) items() imap.FetchItems { return imap.FetchItems{Body: true} }

func (b *bodies) take(r io.Reader) error {
	b.digester.Reset()
	_, err := io.CopyBuffer(b.digester, r, b.buffer)
	return err
}

func (b *bodies) keep(r *record, _ *imap.Message, taken bool) bool {
	if !taken {
		return false
	}
	r.digest, r.octets = b.digester.Sum(), b.digester.Size()
	if b.observe != nil {
		b.observe(r.octets)
	}
	return true
}

// weight counts an overhead, so that many empty messages are cut into ranges too.
func (b *bodies) weight(r *record) int64 { return r.size + 256 }

// headers takes the identity of messages.
type headers struct {
	kept   *message.Header
	buffer []byte
}

// headerLimit is how much of a header is kept; the few fields asked for rarely need a hundredth.
const headerLimit = 64 << 10

func newHeaders() *headers {
	return &headers{kept: message.NewHeader(headerLimit), buffer: make([]byte, 16<<10)}
}

func (h *headers) wants(r *record) bool { return r.header == nil }

func (h *headers) items() imap.FetchItems {
	return imap.FetchItems{HeaderFields: message.FingerprintFields}
}

func (h *headers) take(r io.Reader) error {
	h.kept.Reset()
	_, err := io.CopyBuffer(h.kept, r, h.buffer)
	return err
}

func (h *headers) keep(r *record, _ *imap.Message, taken bool) bool {
	if !taken {
		return false
	}
	found := bytes.Clone(h.kept.Bytes())
	fingerprint, weak := message.FingerprintOf(found)
	r.header = &header{fingerprint: fingerprint, weak: weak, id: message.MessageID(found)}
	return true
}

func (h *headers) weight(*record) int64 { return 8 << 10 }

// metadata takes what a listing shows.
type metadata struct {
	flags  map[string]string // most messages carry one of a few sets of flags
	modseq bool              // the mailbox keeps one for each message
	saved  bool              // when it came into the mailbox is compared
}

func (e *end) newMetadata(modseq bool) metadata {
	return metadata{map[string]string{}, modseq, e.saved}
}

func (metadata) wants(*record) bool { return true }

func (t metadata) items() imap.FetchItems {
	return imap.FetchItems{Flags: true, InternalDate: true, Size: true, ModSeq: t.modseq, SaveDate: t.saved}
}

func (metadata) weight(*record) int64 { return 128 }

func (metadata) take(io.Reader) error { return nil } // a server's own idea: skipped

func (t metadata) keep(r *record, m *imap.Message, _ bool) bool {
	if m.Flags != nil {
		flags := canonicalFlags(m.Flags)
		if known, ok := t.flags[flags]; ok {
			flags = known
		} else {
			t.flags[flags] = flags
		}
		r.flags = flags
	}
	r.shown, r.size = true, max(r.size, m.Size)
	r.modseq = max(r.modseq, m.ModSeq)
	if !m.InternalDate.IsZero() {
		r.date = unixOf(m.InternalDate)
	}
	if !m.SaveDate.IsZero() {
		r.saved = m.SaveDate.Unix()
	}
	return true
}
