// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"testing"

	"rehome"
	"rehome/internal/protocol/imap"
)

// A mistake in what is called back ends the account and not the process.
func TestSession_callbacksAreGuarded(t *testing.T) {
	t.Parallel()
	s := &Session{Account: "anna@example.test", host: NewIMAP(Settings{})}
	var none []int
	h := s.guarded(t.Context(), imap.FetchHandler{
		Literal:  func(*imap.Literal) error { return s.panics(none) },
		Vanished: func(imap.UIDSet) error { return s.panics(none) },
	})
	if h.Message != nil {
		t.Error("nobody wants messages, and the client is told that somebody does")
	}
	for name, err := range map[string]error{"Literal": h.Literal(nil), "Vanished": h.Vanished(imap.UIDSet{})} {
		if rehome.ClassOf(err) != rehome.ClassBug {
			t.Errorf("%s: %v, want a bug", name, err)
		}
	}
}

func (s *Session) panics(none []int) error { _ = none[7]; return nil }
