// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"slices"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/verify"
	"rehome/lab"
	"rehome/lab/dovecot"
)

// annotated are two ends that keep annotations; without, the destination keeps none.
func annotatedServers(t *testing.T, address string, without bool) *servers {
	t.Helper()
	l := lab.Open(t)
	const dict = "mail_attribute_dict = file:%h/attributes\n"
	const announced = "protocol imap {\n  imap_metadata = yes\n}\n"
	start := func(name, prefix, extra string) *dovecot.Server {
		s, err := dovecot.Start(l, dovecot.Options{Name: name, Layout: dovecot.Sdbox, Prefix: prefix, Extra: extra,
			Accounts: []dovecot.Account{{Address: address, Password: "secret"}}})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	extra := dict + announced
	if without {
		extra = ""
	}
	return &servers{src: start("src", "INBOX.", dict+announced), dst: start("dst", "", extra)}
}

func (u user) note(mailbox, entry, value string) {
	u.t.Helper()
	if err := u.SetMetadata(u.t.Context(), mailbox, entry, value); err != nil {
		u.t.Fatal(err)
	}
}

// What the destination lacks, or has with another value, is named by mailbox and entry and never by value; what only it has is its own.
func TestAnnotations_differByEntry(t *testing.T) {
	t.Parallel()
	const address = "anna@example.test"
	s := annotatedServers(t, address, false)
	src, dst := s.logIn(t, rehome.Source, address), s.logIn(t, rehome.Destination, address)
	correspond(2, src, dst)
	for _, u := range []user{src, dst} {
		u.note("INBOX", "/private/comment", "the same")
	}
	if got := s.verify(t, address, s.options(verify.LevelFull)); got.Verdict != verify.Equal {
		t.Errorf("%v, want equal", got.Mail.Differences)
	}
	src.note("INBOX", "/private/vendor/example/colour", "SECRET")
	src.note("INBOX", "/shared/comment", "SECRET")
	dst.note("INBOX", "/shared/comment", "SECRET, TOO")
	dst.note("INBOX", "/shared/vendor/example/its-own", "SECRET")
	src.note("", "/private/comment", "SECRET")
	got := s.verify(t, address, s.options(verify.LevelMetadata))
	var said []string
	for _, d := range got.Mail.Differences {
		said = append(said, string(d.Kind)+": "+d.Sentence)
		if strings.Contains(d.Sentence+d.Source+d.Destination, "SECRET") {
			t.Errorf("%+v shows a value", d)
		}
	}
	want := []string{
		`annotations_differ: mailbox "INBOX" has the annotation "/private/vendor/example/colour" at the source, which the destination has not`,
		`annotations_differ: mailbox "INBOX" has the annotation "/shared/comment" at the source, which the destination has with another value`,
		`annotations_differ: the account has the annotation "/private/comment" at the source, which the destination has not`,
	}
	if slices.Sort(said); !slices.Equal(said, want) || got.Verdict != verify.Differs {
		t.Errorf("%v: %q, want %q", got.Verdict, said, want)
	}
	if got := s.verify(t, address, s.options(verify.LevelCounts)); got.Verdict != verify.Equal {
		t.Errorf("counting compares them: %v", got.Mail.Differences)
	}
}

// What the destination does not tell is unknown, and said so.
func TestAnnotations_untold(t *testing.T) {
	t.Parallel()
	const address = "anna@example.test"
	s := annotatedServers(t, address, true)
	src, dst := s.logIn(t, rehome.Source, address), s.logIn(t, rehome.Destination, address)
	correspond(1, src, dst)
	src.note("INBOX", "/private/comment", "x")
	got := s.verify(t, address, s.options(verify.LevelFull))
	if got.Verdict != verify.Equal || len(got.Findings) != 1 || got.Findings[0].Code != "annotations_not_compared" {
		t.Errorf("%v, %v", got.Verdict, got.Findings)
	}
}

// When a message came into its mailbox is compared as UIDs are: only where that is asked for, and where both ends say.
func TestUnlikeSaved_whatIsNotToldIsUnknown(t *testing.T) {
	t.Parallel()
	at := func(src, dst int64) pair { return pair{&record{saved: src}, &record{saved: dst}} }
	if other, untold := unlikeSaved([]pair{at(1, 1), at(1, 2), at(0, 2), at(3, 0), at(0, 0)}); other != 1 || untold != 3 {
		t.Errorf("%d are unlike and %d untold, want 1 and 3", other, untold)
	}
}
