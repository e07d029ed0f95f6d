// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"errors"
	"fmt"
	"testing"
)

func TestMove_withExtension(t *testing.T) {
	t.Parallel()
	client := connect(t, "MOVE UIDPLUS", func(s *script) {
		s.ok(`UID MOVE 3:5 "b"`, "* OK [COPYUID 7 3:5 12,10:11] moved", "* 1 EXPUNGE")
		s.send(s.expect(`UID COPY 3:5 "b"`) + " OK [COPYUID 7 3:5 20:22] copied")
		s.ok(`UID COPY 3:5 "b"`)
		s.send(s.expect(`UID MOVE 3:5 "b"`) + " NO [TRYCREATE] none")
		s.silent()
	})
	for _, test := range []struct {
		run  func() (Copied, error)
		want string
	}{
		{func() (Copied, error) { return client.Move(within(t), rangeSet(3, 5), "b") }, "{7 [3 4 5] [12 10 11]}"},
		{func() (Copied, error) { return client.Copy(within(t), rangeSet(3, 5), "b") }, "{7 [3 4 5] [20 21 22]}"},
		{func() (Copied, error) { return client.Copy(within(t), rangeSet(3, 5), "b") }, "{0 [] []}"},
	} {
		if got, err := test.run(); err != nil || fmt.Sprint(got) != test.want {
			t.Errorf("got %v, %v, want %s", got, err, test.want)
		}
	}
	if _, err := client.Move(within(t), rangeSet(3, 5), "b"); !IsCode(err, "TRYCREATE") {
		t.Errorf("got %v, want TRYCREATE", err)
	}
}

func TestMove_withoutExtension(t *testing.T) {
	t.Parallel()
	client := connect(t, "UIDPLUS", func(s *script) {
		s.ok(`UID COPY 3 "b"`)
		s.ok(`UID STORE 3 \+FLAGS.SILENT \(\\Deleted\)`)
		s.ok(`UID EXPUNGE 3`)
		s.silent()
	})
	if got, err := client.Move(within(t), rangeSet(3, 3), "b"); err != nil || got.From != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestMove_wouldExpungeOthers(t *testing.T) {
	t.Parallel()
	client := connect(t, "", func(s *script) { s.silent() })
	var unsupported *UnsupportedError
	if _, err := client.Move(within(t), rangeSet(3, 3), "b"); !errors.As(err, &unsupported) {
		t.Errorf("Move: %v, want %T", err, unsupported)
	}
	if err := client.Expunge(within(t), rangeSet(3, 3)); !errors.As(err, &unsupported) {
		t.Errorf("Expunge: %v, want %T", err, unsupported)
	}
}

func TestCopied_nonsense(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"", "7 1:2", "7 1:2 3", "x 1 2", "7 1:4294967295 1:4294967295", "7 0 0", "7 1 *"} {
		if got := newCopied(&response{codeArgs: args}); got.From != nil || got.To != nil {
			t.Errorf("%q: %v, want nothing", args, got)
		}
	}
}

func TestMailboxes_renameAndDelete(t *testing.T) {
	t.Parallel()
	client := connect(t, "", func(s *script) {
		s.ok(`RENAME "a" "Entw&APw-rfe"`)
		s.ok(`DELETE "a&-b"`)
		s.send(s.expect(`DELETE "gone"`) + " NO [NONEXISTENT] no such mailbox")
		s.send(s.expect(`DELETE "kept"`) + " NO [NOPERM] not yours")
		s.ok(`UNSUBSCRIBE "gone"`)
		s.silent()
	})
	if err := errors.Join(client.Rename(within(t), "a", "Entwürfe"), client.Delete(within(t), "a&b"), client.Delete(within(t), "gone")); err != nil {
		t.Error(err)
	}
	if err := client.Delete(within(t), "kept"); !IsCode(err, "NOPERM") {
		t.Errorf("got %v, want NOPERM", err)
	}
	if err := client.Unsubscribe(within(t), "gone"); err != nil {
		t.Error(err)
	}
	var argument *ArgumentError
	if err := client.Rename(within(t), "a", ""); !errors.As(err, &argument) {
		t.Errorf("got %v, want %T", err, argument)
	}
}

func TestCreateSpecial_fallsBack(t *testing.T) {
	t.Parallel()
	client := connect(t, "CREATE-SPECIAL-USE", func(s *script) {
		s.ok(`CREATE "Sent" \(USE \(\\Sent\)\)`)
		s.send(s.expect(`CREATE "Old" \(USE \(\\Sent\)\)`) + ` NO [USEATTR] \Sent is taken`)
		s.ok(`CREATE "Old"`)
		s.send(s.expect(`CREATE "There" \(USE \(\\Junk\)\)`) + ` NO [ALREADYEXISTS] it does`)
		s.send(s.expect(`CREATE "There"`) + ` NO [ALREADYEXISTS] it does`)
		s.silent()
	})
	for _, test := range []struct {
		name, use string
		assigned  bool
	}{{"Sent", `\Sent`, true}, {"Old", `\Sent`, false}, {"There", `\Junk`, false}} {
		assigned, err := client.CreateSpecial(within(t), test.name, test.use)
		if assigned != test.assigned || (test.name == "There") != IsCode(err, "ALREADYEXISTS") || err != nil && test.name != "There" {
			t.Errorf("%s: %v, %v, want %v", test.name, assigned, err, test.assigned)
		}
	}
	var argument *ArgumentError
	for _, use := range []string{"", "Sent", `\`, `\Se nt`, "\\Sent\r\n"} {
		if _, err := client.CreateSpecial(within(t), "x", use); !errors.As(err, &argument) {
			t.Errorf("use %q: %v, want %T", use, err, argument)
		}
	}
}
