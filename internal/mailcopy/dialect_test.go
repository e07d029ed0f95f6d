// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"strings"
	"testing"

	"rehome/lab/dovecot"
)

// Servers announce less than Dovecot can do. Each fallback is tried on the real server by taking
// the announcement away.
func TestSync_destinationsThatOfferLess(t *testing.T) {
	t.Parallel()
	const base = "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE AUTH=PLAIN NAMESPACE UNSELECT"
	for _, test := range []struct{ name, capabilities string }{
		{"without MULTIAPPEND", base + " LITERAL+ UIDPLUS LIST-EXTENDED LIST-STATUS SPECIAL-USE ESEARCH CONDSTORE"},
		{"without UIDPLUS", base + " LITERAL+ MULTIAPPEND LIST-EXTENDED LIST-STATUS ESEARCH CONDSTORE"},
		{"without LITERAL+", base + " MULTIAPPEND UIDPLUS LIST-EXTENDED LIST-STATUS ESEARCH"},
		{"with LITERAL- only", base + " LITERAL- UIDPLUS MULTIAPPEND"},
		{"with nothing", "IMAP4rev1 AUTH=PLAIN"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			extra := "protocol imap {\n  imap_capability = " + test.capabilities + "\n}\n"
			p := newPair(t,
				dovecot.Options{Layout: dovecot.Maildir, Prefix: "INBOX."},
				dovecot.Options{Layout: dovecot.Sdbox, Separator: "/", Extra: extra, MaxMessageSize: 64 << 10})
			mails := letters(130, 3000, "a")
			mails[50].body += strings.Repeat("x", 100<<10) // refused, wherever it stands
			p.fill(p.src, "INBOX", mails...)
			p.fill(p.src, "INBOX.A.B", letters(3, 100, "b")...)
			r := p.sync()
			if r.Tally.Copied != 132 || r.Tally.Failed != 1 {
				t.Errorf("%+v, want 132 copied and 1 refused; findings %v", r.Tally, r.Findings)
			}
			p.wantEqual("INBOX.A.B", "A/B")
			if got := len(p.content(p.dst, "INBOX")); got != 129 {
				t.Errorf("INBOX has %d messages, want 129", got)
			}
			again := p.sync()
			if again.Tally.Copied != 0 || again.Tally.Adopted != 0 || again.Tally.Failed != 1 {
				t.Errorf("second pass: %+v", again.Tally)
			}
		})
	}
}

// The same for sources.
func TestSync_sourcesThatOfferLess(t *testing.T) {
	t.Parallel()
	p := newPair(t,
		dovecot.Options{Layout: dovecot.Maildir, Prefix: "INBOX.", Extra: "protocol imap {\n  imap_capability = IMAP4rev1\n}\n"},
		dovecot.Options{Layout: dovecot.Sdbox, Separator: "/"})
	p.fill(p.src, "INBOX", letters(130, 3000, "a")...)
	p.fill(p.src, "INBOX.A.B", letters(3, 100, "b")...)
	if r := p.sync(); r.Tally.Copied != 133 {
		t.Errorf("%+v", r.Tally)
	}
	p.wantEqual("INBOX", "INBOX")
	p.wantEqual("INBOX.A.B", "A/B")
}
