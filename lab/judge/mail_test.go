// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"rehome/lab"
	"rehome/lab/courier"
	"rehome/lab/cyrus"
	"rehome/lab/dovecot"
)

const (
	address  = "person0@example.test"
	password = "correct horse"
	people   = 20
)

func person(i int) string { return fmt.Sprintf("person%d@example.test", i) }

func accounts[T any](account func(address string) T) (all []T) {
	for i := range people {
		all = append(all, account(person(i)))
	}
	return all
}

func startDovecot(t *testing.T, l *lab.Lab, name, layout string) Login {
	t.Helper()
	s, err := dovecot.Start(l, dovecot.Options{
		Name: name, Layout: layout, Separator: "/",
		Accounts:  accounts(func(who string) dovecot.Account { return dovecot.Account{Address: who, Password: password} }),
		Mailboxes: []dovecot.Mailbox{{Name: "Sent", SpecialUse: `\Sent`, Subscribed: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return Login{s.IMAP, address, password}
}

func startCyrus(t *testing.T, l *lab.Lab) Login {
	t.Helper()
	s, err := cyrus.Start(l, cyrus.Options{
		Accounts: accounts(func(who string) cyrus.Account { return cyrus.Account{Address: who, Password: password} }),
	})
	if err != nil {
		t.Fatal(err)
	}
	return Login{s.IMAP, address, password}
}

func startCourier(t *testing.T, l *lab.Lab) Login {
	t.Helper()
	s, err := courier.Start(l, courier.Options{Accounts: []courier.Account{{Address: address, Password: password}}})
	if err != nil {
		t.Fatal(err)
	}
	return Login{s.IMAP, address, password}
}

// client is somebody who works in an account.
type client struct {
	*session
	t  *testing.T
	at Login
}

func sit(t *testing.T, at Login) client {
	t.Helper()
	s, err := open(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return client{s, t, at}
}

func (c client) must(words ...word) {
	c.t.Helper()
	if err := c.do(nil, words...); err != nil {
		c.t.Fatal(err)
	}
}

const usualDate = `"17-Jul-1996 02:44:25 -0700"`

func (c client) store(mailbox, flags, date, message string) error {
	return c.do(nil, text("APPEND"), quoted(mailbox), text("("+flags+")"), text(date), word{text: message, literal: true})
}

func (c client) put(mailbox, flags, date, message string) {
	c.t.Helper()
	if err := c.store(mailbox, flags, date, message); err != nil {
		c.t.Fatal(err)
	}
}

// change opens a mailbox and changes what one message of it is.
func (c client) change(mailbox, number, store string) {
	c.t.Helper()
	c.must(text("SELECT"), quoted(mailbox))
	c.must(text("STORE"), text(number), text(store))
	c.must(text("EXPUNGE"))
	c.must(text("CLOSE"))
}

func (c client) all() *Mail {
	c.t.Helper()
	m, err := ReadMail(c.t.Context(), c.at)
	if err != nil {
		c.t.Fatal(err)
	}
	return m
}

func letter(n int) string {
	return fmt.Sprintf("From: a@example.test\r\nSubject: %d\r\nMessage-ID: <%d@example.test>\r\n\r\nbody %d\r\n", n, n, n)
}

// furnish fills an account.
func (c client) furnish() {
	c.t.Helper()
	for _, name := range []string{"Work", "Work/2024", "Empty", "Entw&APw-rfe &- mehr"} {
		c.must(text("CREATE"), quoted(name))
		c.must(text("SUBSCRIBE"), quoted(name))
	}
	for n := range 6 {
		c.put("INBOX", []string{"", `\Seen`, `\Seen \Answered $Forwarded`}[n%3], usualDate, letter(n))
		c.put("Work/2024", "", usualDate, letter(100+n/2)) // twins
	}
	c.put("Entw&APw-rfe &- mehr", `\Draft`, usualDate, letter(200))
	c.put("Work", "", usualDate, letter(201))
}

// planted is something wrong at the destination, and what the judge must say of it: no more and no less.
type planted struct {
	name string
	do   func(c client)
	want string // "kind: place", comma-separated, in the order of the kinds
}

func plants() []planted {
	return []planted{
		{"a message is lost", func(c client) { c.change("INBOX", "2", `+FLAGS (\Deleted)`) }, "message lost: INBOX"},
		{"a twin is lost", func(c client) { c.change("Work/2024", "1", `+FLAGS (\Deleted)`) }, "message lost: Work/2024"},
		{"a message is there twice", func(c client) { c.put("INBOX", "", usualDate, letter(0)) }, "message twice: INBOX"},
		{"a twin is there three times", func(c client) { c.put("Work/2024", "", usualDate, letter(100)) }, "message twice: Work/2024"},
		{"a message is only there", func(c client) { c.put("Work", "", usualDate, letter(300)) }, "message extra: Work"},
		{"an octet is another", func(c client) {
			c.change("INBOX", "1", `+FLAGS (\Deleted)`)
			c.put("INBOX", "", usualDate, strings.Replace(letter(0), "body", "Body", 1))
		}, "message changed: INBOX"},
		{"a header is gone", func(c client) {
			c.change("INBOX", "1", `+FLAGS (\Deleted)`)
			c.put("INBOX", "", usualDate, strings.Replace(letter(0), "Message-ID: <0@example.test>\r\n", "", 1))
		}, "message extra: INBOX, message lost: INBOX"},
		{"a flag is lost", func(c client) { c.change("INBOX", "2", `-FLAGS (\Seen)`) }, "flags: INBOX"},
		{"a keyword is lost", func(c client) { c.change("INBOX", "3", `-FLAGS ($Forwarded)`) }, "flags: INBOX"},
		{"a flag is too many", func(c client) { c.change("INBOX", "1", `+FLAGS (\Flagged)`) }, "flags: INBOX"},
		{"a date is another", func(c client) {
			c.change("INBOX", "1", `+FLAGS (\Deleted)`)
			c.put("INBOX", "", `"17-Jul-1996 02:44:26 -0700"`, letter(0))
		}, "date: INBOX"},
		{"a mailbox is lost", func(c client) { c.must(text("DELETE"), quoted("Empty")) }, "mailbox lost: Empty"},
		{"a mailbox is too many", func(c client) {
			c.must(text("CREATE"), quoted("More"))
			c.put("More", "", usualDate, letter(1))
		}, "mailbox extra: More"},
		{"a subscription is lost", func(c client) { c.must(text("UNSUBSCRIBE"), quoted("Work")) }, "not subscribed: Work"},
		{"a message is in another mailbox", func(c client) {
			c.must(text("SELECT"), quoted("INBOX"))
			c.must(text("COPY"), text("1"), quoted("Work"))
			c.change("INBOX", "1", `+FLAGS (\Deleted)`)
		}, "message extra: Work, message lost: INBOX"},
	}
}

func told(found Differences) string {
	set := map[string]bool{}
	for _, d := range found {
		set[fmt.Sprintf("%s: %s", d.Kind, d.Place)] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(set)), ", ")
}

// A judge that cannot fail is none: whatever is planted it names, and nothing else.
func TestCompareMail_findsWhatIsPlanted(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(t *testing.T, l *lab.Lab) Login{
		"Dovecot": func(t *testing.T, l *lab.Lab) Login { return startDovecot(t, l, "dst", dovecot.Mdbox) },
		"Cyrus":   startCyrus,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := lab.Open(t)
			src := sit(t, startDovecot(t, l, "src", dovecot.Sdbox))
			at := start(t, l)
			src.furnish()
			want := src.all()
			for i, p := range plants() {
				dst := sit(t, Login{at.Address, person(i), password})
				dst.furnish()
				if found := CompareMail(want, dst.all(), MailTerms{}); len(found) > 0 && !subscribedSent(found) {
					t.Fatalf("before %s:\n%s", p.name, found)
				}
				p.do(dst)
				found := CompareMail(want, dst.all(), MailTerms{Where: withoutSent})
				if got := told(found); got != p.want || len(found) != strings.Count(p.want, ",")+1 {
					t.Errorf("%s: the judge says\n%s\nwant %s", p.name, found, p.want)
				}
				dst.close()
			}
		})
	}
}

// Only the Dovecot has a mailbox for sent mail.
func withoutSent(name string) string {
	if name == "Sent" {
		return ""
	}
	return name
}

func subscribedSent(found Differences) bool {
	return told(found) == "mailbox lost: Sent"
}

// What a special use is missing is said too.
func TestCompareMail_specialUse(t *testing.T) {
	t.Parallel()
	c := sit(t, startDovecot(t, lab.Open(t), "dst", dovecot.Sdbox))
	all := c.all()
	if found := CompareMail(all, all, MailTerms{Uses: map[string]string{"Sent": `\Sent`}}); len(found) > 0 {
		t.Errorf("the judge says\n%s", found)
	}
	found := CompareMail(all, all, MailTerms{Uses: map[string]string{"INBOX": `\Sent`}})
	if told(found) != "special use: INBOX" {
		t.Errorf("the judge says\n%s", found)
	}
}

// oddOctets are messages that servers change when they save them.
func oddOctets() []string {
	var all []string
	for i, tail := range []string{
		"a\nb\nc\n", "a\r\nb", "a\r\r\nb\r\n", "a\r\r\r\nb\r\n", "a\rb\r\n", "a\r\n\r", "a\r", "a\r\r\r", "a\n\r\n\n", "\r\n\r\n", "a\r\n.\r\n..\r\n",
		"a\x00b\r\n", "\x00\x00\r\n", "a\r\x00\r\n", "\xe4\xff\r\n", "a\n\rb\r\n", strings.Repeat("x", 5000) + "\n" + strings.Repeat("\r", 70) + "\n",
	} {
		all = append(all, strings.TrimSuffix(letter(i), "\r\n")+tail, strings.ReplaceAll(letter(50+i), "\r\n", "\n")+tail)
	}
	return all
}

// The rules of settled and bare are what servers do: each gives back, of what it has taken, what they foresee. What
// it refuses is not the judge's.
func TestSettled_asRealServersSave(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	for name, at := range map[string]Login{
		"sdbox": startDovecot(t, l, "sdbox", dovecot.Sdbox), "mdbox": startDovecot(t, l, "mdbox", dovecot.Mdbox),
		"maildir": startDovecot(t, l, "maildir", dovecot.Maildir), "Cyrus": startCyrus(t, l), "Courier": startCourier(t, l),
	} {
		c := sit(t, at)
		var taken []string
		for _, message := range oddOctets() {
			if c.store("INBOX", "", usualDate, message) == nil {
				taken = append(taken, message)
			}
		}
		t.Logf("%s took %d of %d", name, len(taken), len(oddOctets()))
		if len(taken) < 5 {
			t.Errorf("%s took only %d messages", name, len(taken))
		}
		for i, m := range c.all().Mailboxes["INBOX"].Messages {
			var want gathered
			want.content(taken[i])
			if name == "Courier" && m.Bare != want.Bare || name != "Courier" && m.Settled != want.Settled {
				t.Errorf("%s gives back of %q something else (%d octets, want %d)", name, taken[i], m.Octets, want.Octets)
			}
		}
	}
}
