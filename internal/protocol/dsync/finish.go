// SPDX-License-Identifier: Apache-2.0

package dsync

import (
	"context"
	"errors"
	"io"
)

// finishItem is F (dsync-ibc.h, dsync_ibc_send_finish; since version 3.3).
func finishItem() item { return item{'F', []string{"error", "mail_error", "require_full_resync"}} }

// finishOf returns what went wrong; nil if nothing did.
func finishOf(r record) *PeerError {
	words, code := r.values["error"], r.values["mail_error"]
	_, again := r.values["require_full_resync"]
	coded := code != "" && code != "0"
	if words == "" && !coded && !again {
		return nil
	}
	if words == "" && coded {
		words = "error " + code + " of its mail store, see its log"
	}
	return &PeerError{Text: printable(words), Again: again}
}

// Finish ends the conversation and waits for the server's verdict. A *PeerError means that it could not do all; what Done has
// confirmed is stored all the same.
func (s *Session) Finish(ctx context.Context) error {
	if err := s.expect("Finish", betweenBoxes); err != nil {
		return err
	}
	err := s.do(ctx, func() error {
		if err := s.endList(); err != nil {
			return err
		}
		r, err := s.next(ctx, "end")
		if _, known := s.peer.headers['F']; !known && errors.Is(err, io.ErrUnexpectedEOF) {
			return nil // before version 3.3 the server just leaves
		}
		if err != nil {
			return err
		}
		if r.letter != 'F' {
			return unexpected("the end", r)
		}
		s.stage = finished
		return nil
	})
	s.Close()
	return err
}
