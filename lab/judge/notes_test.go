// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"testing"
	"time"
)

// Annotations and the times at which messages came are compared where both ends tell them.
func TestCompareMail_annotationsAndSavedDates(t *testing.T) {
	t.Parallel()
	mail := func(saved int64, notes map[string]string) *Mail {
		m := Message{Mailbox: "INBOX", UID: 1, Octets: 3, ID: "<1>"}
		if saved != 0 {
			m.Saved = time.Unix(saved, 0)
		}
		return &Mail{Mailboxes: map[string]*Mailbox{"INBOX": {Name: "INBOX", Messages: []Message{m}, Notes: notes}},
			Notes: map[string]string{"/shared/comment": "the server's"}}
	}
	src := mail(5, map[string]string{"/private/comment": "a", "/shared/comment": "b", "/shared/vendor/cmu/cyrus-imapd/size": "1"})
	dst := mail(6, map[string]string{"/shared/comment": "c", "/private/own": "d"})
	dst.Notes = map[string]string{}
	got := CompareMail(src, dst, MailTerms{Saved: true})
	if len(got) != 3 || len(got.Of(NoteDiffers)) != 2 || len(got.Of(SavedDiffers)) != 1 {
		t.Errorf("got\n%v", got)
	}
	if got := CompareMail(src, mail(0, nil), MailTerms{Saved: true}); len(got) > 0 {
		t.Errorf("an end that tells nothing: %v", got)
	}
	if got := CompareMail(src, mail(6, src.Mailboxes["INBOX"].Notes), MailTerms{}); len(got) > 0 {
		t.Errorf("saved dates that nobody asks for: %v", got)
	}
}
