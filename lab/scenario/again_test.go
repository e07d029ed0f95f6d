// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// proved is the promised part of "verify --json" about what was not read again.
type proved struct {
	Verdict  string
	Accounts []struct {
		Mail struct {
			Remembered int
			Source     struct{ Messages int }
			Mailboxes  []struct {
				Read time.Time `json:"read_at"`
			}
		}
		Contacts, Calendars struct {
			Remembered int
			Source     struct{ Objects int }
		}
	}
}

// A second verification reads nothing again, says so, and keeps what was proved; after a pass it reads what has changed. The
// certificate says since when all is read, and what was copied since.
func TestJourney_verifiedAgain(t *testing.T) {
	t.Parallel()
	s := setPeople(t, true, pimPerson("bjorn", "default"))
	s.provision()
	s.want(0, "sync", "--quiet")
	first := answer[proved](s, 0, "verify")
	s.wantError(2, s.run("verify", "--level", "counts", "--reread"), "--reread needs --level full")
	second := answer[proved](s, 0, "verify")
	a, b := first.Accounts[0], second.Accounts[0]
	if a.Mail.Remembered+a.Contacts.Remembered+a.Calendars.Remembered != 0 {
		t.Errorf("first: %+v, want all of it read", a)
	}
	if b.Mail.Remembered != a.Mail.Source.Messages || b.Contacts.Remembered != a.Contacts.Source.Objects ||
		b.Calendars.Remembered != a.Calendars.Source.Objects || b.Calendars.Remembered == 0 {
		t.Errorf("second: %+v, want nothing read again of %+v", b, a)
	}
	for i := range a.Mail.Mailboxes {
		if got, want := b.Mail.Mailboxes[i].Read, a.Mail.Mailboxes[i].Read; !got.Equal(want) || want.IsZero() {
			t.Errorf("mailbox %d was read at %s, then at %s", i, want, got)
		}
	}
	if o := s.want(0, "verify"); !strings.Contains(o.out, "unchanged since an earlier verification and not read again") {
		t.Errorf("verify does not say what it has not read:\n%s", o.out)
	}
	s.atSource().write("INBOX", "new", 3)
	said, metrics := s.followOnce()
	if !strings.Contains(said, "copied 3 messages") || !strings.Contains(metrics, "\nrehome_messages_total{work=\"sync\"} 3\n") ||
		!strings.Contains(metrics, `spent="answers"`) {
		t.Errorf("follow said\n%s\nand told\n%s", said, metrics)
	}
	s.want(0, "certificate", "issue")
	if c := s.certificate(mover); c.CopiedSince == nil || c.CopiedSince.Messages != 3 || c.Read.IsZero() {
		t.Errorf("the certificate says %+v, want 3 messages copied since", c)
	}
	s.want(0, "verify", "--level", "counts") // proves less, and so changes nothing of what is proved
	third := answer[proved](s, 0, "verify").Accounts[0]
	if third.Mail.Remembered != a.Mail.Source.Messages || third.Mail.Source.Messages != a.Mail.Source.Messages+3 {
		t.Errorf("third: %+v, want 3 messages read", third.Mail)
	}
	if again := answer[proved](s, 0, "verify", "--reread").Accounts[0]; again.Mail.Remembered+again.Calendars.Remembered != 0 {
		t.Errorf("--reread has read but a part: %+v", again)
	}
	s.want(0, "certificate", "issue")
	if c := s.certificate(mover); c.CopiedSince != nil {
		t.Errorf("the certificate says %+v, and nothing was copied since", c.CopiedSince)
	}
	s.both()
}

// certificateSince is the promised part of a certificate about when it holds.
type certificateSince struct {
	Read        time.Time                 `json:"read_at"`
	CopiedSince *struct{ Messages int64 } `json:"copied_since"`
}

func (s *testSetup) certificate(account string) certificateSince {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.Dir, "certificates", account+".json"))
	if err != nil {
		s.t.Fatal(err)
	}
	var file struct{ Certificate certificateSince }
	if err := json.Unmarshal(text, &file); err != nil {
		s.t.Fatal(err)
	}
	return file.Certificate
}
