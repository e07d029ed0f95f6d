// SPDX-License-Identifier: Apache-2.0

package corpus

import (
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"rehome"
)

// digest covers everything that a server would be given.
func digest(t *testing.T, o Organisation) string {
	t.Helper()
	h := sha256.New()
	fmt.Fprintln(h, o.Name, o.Domains, o.Groups, o.Aliases, o.Delegates, o.Planted)
	for _, p := range o.People {
		boxes := p.Mailboxes
		p.Mailboxes = nil
		fmt.Fprintln(h, p)
		for _, m := range boxes {
			fmt.Fprintln(h, m.IMAPName(), m.Subscribed, m.UIDValidity, m.UIDNext, m.CourierUIDL)
			for _, msg := range m.Messages {
				fmt.Fprintln(h, msg.UID, msg.Size, msg.Flags, msg.InternalDate, msg.Trap)
				if err := msg.WriteStored(h); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

func TestSample_sameOptionsSameOctets(t *testing.T) {
	t.Parallel()
	small := Options{Scale: 0.02}
	first, again := digest(t, Sample(small)), digest(t, Sample(small))
	if first != again {
		t.Errorf("got %s and then %s from the same options", first, again)
	}
	small.Seed = 1
	if other := digest(t, Sample(small)); other == first {
		t.Error("another seed gave the same organisation")
	}
}

func TestSample_sizeAtScaleOne(t *testing.T) {
	t.Parallel()
	c := Sample(Options{}).Count()
	if c.Messages < 2500 || c.Messages > 3500 {
		t.Errorf("got %d messages, want about 3,000", c.Messages)
	}
	if c.Octets < 50<<20 || c.Octets > 80<<20 {
		t.Errorf("got %d octets, want about 60 MB", c.Octets)
	}
	if c.NULs == 0 {
		t.Error("got no NUL octets, want some")
	}
	t.Logf("%d messages, %d octets", c.Messages, c.Octets)
}

func TestSample_sizesAreWhatIsWritten(t *testing.T) {
	t.Parallel()
	for _, p := range Sample(Options{Scale: 0.1}).People {
		for _, m := range p.Mailboxes {
			for _, msg := range m.Messages {
				n, err := msg.WriteTo(io.Discard)
				if err != nil || n != msg.Size {
					t.Errorf("%s %s uid %d: wrote %d octets (%v), want %d", p.Address, m.IMAPName(), msg.UID, n, err, msg.Size)
				}
			}
		}
	}
}

func TestSample_numbersAndFlagsAreValid(t *testing.T) {
	t.Parallel()
	for _, p := range Sample(Options{Scale: 0.2}).People {
		for _, m := range p.Mailboxes {
			last := uint32(0)
			for _, msg := range m.Messages {
				if msg.UID <= last || msg.UID >= m.UIDNext {
					t.Errorf("%s %s: uid %d after %d, next %d", p.Address, m.IMAPName(), msg.UID, last, m.UIDNext)
				}
				last = msg.UID
				if msg.InternalDate.Year() < 1998 || msg.InternalDate.Year() > 2024 || msg.InternalDate.Nanosecond() != 0 {
					t.Errorf("%s %s uid %d: date %v", p.Address, m.IMAPName(), msg.UID, msg.InternalDate)
				}
				if len(slices.Compact(slices.Sorted(slices.Values(msg.Flags)))) != len(msg.Flags) {
					t.Errorf("%s %s uid %d: a flag twice in %v", p.Address, m.IMAPName(), msg.UID, msg.Flags)
				}
			}
		}
	}
}

func TestSample_plantsOneMessageTooLarge(t *testing.T) {
	t.Parallel()
	org := Sample(Options{Scale: 0.01})
	var large []Planted
	for _, p := range org.People {
		for _, m := range p.Mailboxes {
			for _, msg := range m.Messages {
				if msg.Size > 10<<20 {
					large = append(large, Planted{Address: p.Address, Mailbox: m.IMAPName(), Octets: msg.Size, What: org.Planted[0].What})
				}
			}
		}
	}
	if !slices.Equal(large, org.Planted) || len(large) != 1 {
		t.Errorf("got %v, want exactly %v", large, org.Planted)
	}
	if got, want := large[0].Octets, int64(25<<20); got != want {
		t.Errorf("got %d octets, want %d", got, want)
	}
}

func TestSample_holdsEveryPasswordFormAndAliasKind(t *testing.T) {
	t.Parallel()
	org := Sample(Options{Scale: 0.01})
	forms, kinds := map[rehome.PasswordForm]int{}, map[rehome.AliasKind]int{}
	for _, p := range org.People {
		forms[p.Form]++
		if p.Form == rehome.PasswordMD5 && p.Stored != md5Hex(p.Plain) {
			t.Errorf("%s: the stored digest is not of the true password", p.Address)
		}
		// UserSession.Password and UserSettings.RealName have room for so many characters.
		if len(p.Stored) > 64 || utf8.RuneCountInString(p.RealName) > 40 {
			t.Errorf("%s: the password or the name does not fit its column", p.Address)
		}
	}
	for _, a := range org.Aliases {
		kinds[a.Kind]++
	}
	for _, form := range []rehome.PasswordForm{rehome.PasswordPlain, rehome.PasswordMD5, rehome.PasswordCrypt} {
		if forms[form] == 0 {
			t.Errorf("nobody has a password of form %s", form)
		}
	}
	for _, kind := range []rehome.AliasKind{rehome.AliasLocal, rehome.AliasDeliver, rehome.AliasDomain, rehome.AliasCatchAll,
		rehome.AliasMaildir, rehome.AliasUnparsed} {
		if kinds[kind] == 0 {
			t.Errorf("no alias of kind %s", kind)
		}
	}
}

func TestSample_namesAreUniqueWithinTheirPlace(t *testing.T) {
	t.Parallel()
	for _, p := range Sample(Options{Scale: 0.01}).People {
		seen := map[string]bool{}
		once := func(name string) {
			if seen[name] {
				t.Errorf("%s: %s is there twice", p.Address, name)
			}
			seen[name] = true
		}
		for _, m := range p.Mailboxes {
			once("mailbox " + m.IMAPName())
		}
		for _, c := range append(slices.Clone(p.AddressBooks), p.Calendars...) {
			for _, r := range c.Resources {
				once(c.Name + "/" + r.Name)
			}
		}
	}
}

func TestSample_holdsTrueDuplicatesAndCopies(t *testing.T) {
	t.Parallel()
	org := Sample(Options{Scale: 0.05})
	anna := org.People[0]
	where := map[string][]string{}
	for _, m := range anna.Mailboxes {
		for _, msg := range m.Messages {
			if msg.Trap == "true duplicate" || strings.HasPrefix(msg.Trap, "same message in") {
				sum := sha256.Sum256(msg.Octets())
				where[msg.Trap+string(sum[:])] = append(where[msg.Trap+string(sum[:])], m.IMAPName())
			}
		}
	}
	for trap, mailboxes := range where {
		if len(mailboxes) < 2 {
			t.Errorf("%q: got only %v", trap[:14], mailboxes)
		}
	}
	if len(where) != 2 {
		t.Errorf("got %d kinds of copies, want 2", len(where))
	}
}

func TestCrowd_givesWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	org := Crowd(3, 100, 10_000, 7)
	for _, p := range org.People {
		c := p.Count()
		if c.Messages != 100 || len(p.Mailboxes) != 7 {
			t.Errorf("%s: got %d messages in %d mailboxes, want 100 in 7", p.Address, c.Messages, len(p.Mailboxes))
		}
		if mean := c.Octets / 100; mean < 9_000 || mean > 11_000 {
			t.Errorf("%s: got a mean of %d octets, want about 10,000", p.Address, mean)
		}
	}
	if string(org.People[0].Mailboxes[0].Messages[0].Octets()) == string(org.People[1].Mailboxes[0].Messages[0].Octets()) {
		t.Error("two people have the same mail")
	}
}
