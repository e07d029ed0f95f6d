// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"

	"rehome"
	"rehome/internal/protocol/imap"
)

// What a caller wants to be called back for runs on the connection's reader, or on a goroutine of its own. A mistake of
// this program in it ends the account's work, as an error does, and not the process.

// Fetch is that of imap.Client; what is read is paid for.
func (s *Session) Fetch(ctx context.Context, uids imap.UIDSet, items imap.FetchItems, handler imap.FetchHandler) (*imap.FetchCommand, error) {
	return s.Client.Fetch(ctx, uids, items, s.guarded(ctx, handler))
}

// FetchAhead is that of imap.Opening, one of this session; what is read is paid for.
func (s *Session) FetchAhead(ctx context.Context, opening *imap.Opening, uids imap.UIDSet, items imap.FetchItems, handler imap.FetchHandler) (
	*imap.FetchCommand, error) {
	return opening.FetchAhead(ctx, uids, items, s.guarded(ctx, handler))
}

// ExamineSinceAhead is that of imap.Client.
func (s *Session) ExamineSinceAhead(ctx context.Context, name string, known imap.Known, handler imap.FetchHandler) (*imap.Opening, error) {
	return s.Client.ExamineSinceAhead(ctx, name, known, s.guarded(ctx, handler))
}

func (s *Session) guarded(ctx context.Context, h imap.FetchHandler) imap.FetchHandler {
	literal := h.Literal
	if literal != nil && s.host.host.pace != nil {
		literal = func(l *imap.Literal) error {
			paid := *l
			paid.Reader = &paced{ctx: ctx, from: l.Reader, host: s.host}
			return h.Literal(&paid)
		}
	}
	return imap.FetchHandler{
		Literal: guardedCall(s.Account, literal), Message: guardedCall(s.Account, h.Message), Vanished: guardedCall(s.Account, h.Vanished),
	}
}

// guardedCall is rehome.Guarded for a function with an argument; nil stays nil.
func guardedCall[T any](account string, call func(T) error) func(T) error {
	if call == nil {
		return nil
	}
	return func(argument T) error { return rehome.Guarded(account, func() error { return call(argument) }) }
}
