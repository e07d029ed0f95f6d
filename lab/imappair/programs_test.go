// SPDX-License-Identifier: Apache-2.0

package imappair_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"rehome/lab"
	"rehome/lab/dovecot"
	"rehome/lab/fetchmail"
	"rehome/lab/imappair"
	"rehome/lab/operator"
)

// device is a computer with two programs that keep mail: one that leaves it on a POP3 server and remembers identifiers, and one
// that mirrors IMAP and remembers UIDs. Neither knows of rehome.
type device struct {
	t   testing.TB
	dir string
	p   imappair.Person
	pop fetchmail.Computer
}

func newDevice(t testing.TB, p imappair.Person) device {
	t.Helper()
	dir := t.TempDir()
	for _, folder := range []string{"imap", "state"} {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return device{t, dir, p, fetchmail.Computer{Dir: dir, Address: p.Address, Password: p.Password}}
}

func (d device) write(name, text string) string {
	d.t.Helper()
	path := filepath.Join(d.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
	return path
}

// fetch polls by POP3 and returns how many messages the program has got in all.
func (d device) fetch(s server) int {
	d.t.Helper()
	got, err := d.pop.Fetch(d.t.Context(), s.pop3)
	if err != nil {
		d.t.Fatal(err)
	}
	return got
}

// mirror pulls the INBOX by IMAP and returns how many messages the program has got in all.
func (d device) mirror(s server) int {
	d.t.Helper()
	program, err := lab.FindProgram("mbsync", "isync")
	if err != nil {
		d.t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(s.plain)
	settings := d.write("mbsyncrc", fmt.Sprintf(`IMAPStore far
Host %s
Port %s
User %q
Pass %q
SSLType None
AuthMechs LOGIN


MaildirStore near
Path %[5]s/imap/
Inbox %[5]s/imap/INBOX

Channel all
Far :far:
Near :near:
Create Near
Sync Pull
SyncState %[5]s/state/
`, host, port, d.p.Address, d.p.Password, d.dir))
	cmd := exec.CommandContext(d.t.Context(), program, "-q", "-c", settings, "all")
	cmd.Env = append(os.Environ(), "HOME="+d.dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		d.t.Fatalf("mbsync: %v\n%s", err, out)
	}
	return d.count("imap/INBOX/new") + d.count("imap/INBOX/cur")
}

func (d device) count(folder string) int {
	d.t.Helper()
	files, err := os.ReadDir(filepath.Join(d.dir, filepath.FromSlash(folder)))
	if err != nil {
		d.t.Fatal(err)
	}
	return len(files)
}

// Programs with a state of their own, moved from a server whose identifiers are names of files: they find everything as they know
// it, and what has come since once.
func TestUIDs_programsWithTheirOwnState(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	src := startCourier(t, l, person)
	dst, address, secret := startDsync(t, l, dovecot.Options{Name: "dst", Layout: dovecot.Maildir, Separator: "/"}, person)
	u := src.logIn(t, person)
	u.store("INBOX", letters(20, 400, "first")...)
	_, err := u.Select(t.Context(), "INBOX")
	u.must(err)
	u.expunge(u.uids("3,7"))
	d := newDevice(t, person)
	if pop, mirrored := d.fetch(src), d.mirror(src); pop != 18 || mirrored != 18 {
		t.Fatalf("the programs have %d and %d messages of the source, want 18", pop, mirrored)
	}
	m := move{t: t, Operator: newOperator(t), src: src, dst: dst, people: []imappair.Person{person}}
	u.must(imappair.Prepare(l, m.Dir, imappair.Options{Source: src.tls, Destination: dst.tls, People: m.people, Dsync: dsyncAt(address, secret),
		SourcePOP3: src.pop3, DestinationPOP3: dst.pop3}))
	operator.Answer[operator.Synced](t, m.Operator, 0, "sync")
	u.store("INBOX", letters(3, 400, "later")...)
	operator.Answer[operator.Synced](t, m.Operator, 0, "sync")
	m.wantEqual(21)
	operator.Answer[operator.Verified](t, m.Operator, 0, "verify", "--level", "metadata", "--uids")
	u.must(os.WriteFile(filepath.Join(m.Dir, "dovecot.log"), []byte(
		"2026-11-20 08:00:00 pop3-login: Info: Login: user=<"+person.Address+">, method=PLAIN, rip=10.0.0.7, session=<s2>\n"), 0o600))
	m.Want(t, 0, "clients", "devices", "dovecot.log")
	told := operator.Answer[struct{ Sum struct{ Download int } }](t, m.Operator, 0, "clients", "forecast")
	if told.Sum.Download != 0 {
		t.Errorf("the forecast is %+v, want nothing\n%s", told, m.Run(t, "clients", "forecast", "--json").Out)
	}
	if pop, mirrored := d.fetch(dst), d.mirror(dst); pop != 21 || mirrored != 21 {
		t.Errorf("after the move the programs have %d and %d messages, want 18 of before and 3 new ones\n%s", pop, mirrored, d.pop.Remembered())
	}
	if pop, mirrored := d.fetch(dst), d.mirror(dst); pop != 21 || mirrored != 21 {
		t.Errorf("the next time the programs have %d and %d messages, want 21", pop, mirrored)
	}
}

// mergingPOP3 has POP3 show virtual mailboxes, and all other protocols what is really there: of each person what is listed for the address.
func mergingPOP3(t testing.TB, merged map[string]string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "virtual") // t.TempDir is below a folder that the server's user cannot enter
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for address, list := range merged {
		folder := filepath.Join(dir, address, "INBOX")
		err := os.MkdirAll(folder, 0o755)
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, "dovecot-virtual"), []byte(list+"  all\n"), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return fmt.Sprintf(`namespace real {
  location = maildir:~/maildir
  prefix = Real.
  separator = .
  hidden = yes
  list = no
}
protocol pop3 {
  mail_plugins = quota virtual
  mail_location = virtual:%s/%%u:INDEX=~/virtual:CONTROL=~/virtual
  pop3_deleted_flag = Hidden
}
`, dir)
}

// A maildrop that does not show all of the INBOX, and one that shows other mailboxes as well: the program downloads again just what the
// forecast says, and then nothing more.
func TestUIDs_forecastOfAMaildropThatHidesOrMerges(t *testing.T) {
	t.Parallel()
	hides, merges := person, imappair.Person{Address: "merging@example.test", Password: password}
	l := lab.Open(t)
	src := startDovecot(t, l, dovecot.Options{Name: "src", Layout: dovecot.Maildir, Prefix: "INBOX.",
		Extra: mergingPOP3(t, map[string]string{hides.Address: "Real\n", merges.Address: "Real.Work\nReal\n"})}, hides, merges)
	dst, address, secret := startDsync(t, l, dovecot.Options{Name: "dst", Layout: dovecot.Sdbox, Separator: "/"}, hides, merges)
	inbox, work := letters(8, 400, "inbox"), letters(5, 400, "work")
	for _, i := range []int{1, 5} {
		inbox[i].flags = append(inbox[i].flags, "Hidden")
	}
	src.logIn(t, hides).fill("INBOX", inbox...)
	u := src.logIn(t, merges)
	u.fill("INBOX", inbox...)
	u.fill("INBOX.Work", append(work, inbox[3])...) // a copy of one
	for _, test := range []struct {
		person       imappair.Person
		shown, again int // to the program at the source, and once more behind the move
	}{{hides, 6, 2}, {merges, 12, 2}} {
		d := newDevice(t, test.person)
		if got := d.fetch(src); got != test.shown {
			t.Fatalf("%s: the program has %d messages of the source, want the %d that it is shown", test.person.Address, got, test.shown)
		}
		m := move{t: t, Operator: newOperator(t), src: src, dst: dst, people: []imappair.Person{test.person}}
		u.must(imappair.Prepare(l, m.Dir, imappair.Options{Source: src.tls, Destination: dst.tls, People: m.people, Dsync: dsyncAt(address, secret),
			SourcePOP3: src.pop3, DestinationPOP3: dst.pop3}))
		operator.Answer[operator.Synced](t, m.Operator, 0, "sync")
		m.wantPolled(true)
		told := operator.Answer[struct {
			Accounts []struct{ POP3 struct{ Messages int } }
		}](t, m.Operator, 0, "clients", "forecast").Accounts[0].POP3
		if told.Messages != test.again {
			t.Errorf("%s: the forecast is %+v, want %d\n%s", test.person.Address, told, test.again, m.Run(t, "clients", "forecast").Out)
		}
		for range 2 {
			if got := d.fetch(dst); got != test.shown+told.Messages {
				t.Errorf("%s: after the move the program has %d messages, want %d more than %d\n%s", test.person.Address, got, told.Messages,
					test.shown, d.pop.Remembered())
			}
		}
	}
}
