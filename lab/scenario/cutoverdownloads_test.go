// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"rehome/lab/fetchmail"
	"rehome/lab/operator"
)

// decidedOn is what "cutover status --json" prints of what people have answered for.
type decidedOn struct {
	Domains []struct {
		State     string
		Overrides []struct{ Gate, Why, Person string }
	}
}

// Somebody reads by POP3, as the log of the source shows, and UIDs are not kept: nothing is changed in DNS until a person has said
// that this is to be so, and the program then downloads again just as much as the person was told.
func testDownloads(t *testing.T, c *crossing) {
	const domain, address, why = "pop.test", "anna@pop.test", "told to throw away what comes twice"
	for n := range 5 {
		c.deliver(t, domain, fmt.Sprintf("number %d", n))
	}
	// What is left has UIDs that no message at the destination has, even if both mailboxes are made in the same second.
	if _, err := c.src.Exec(t.Context(), "expunge", "-u", address, "mailbox", "INBOX", "1:3"); err != nil {
		t.Fatal(err)
	}
	o := c.move(t, domain) // one more
	computer := fetchmail.Computer{Dir: t.TempDir(), Address: address, Password: crossingPassword}
	c.wantFetched(t, computer, c.src.POP3S, 3)
	c.wantFetched(t, computer, c.src.POP3S, 3)
	for deadline := time.Now().Add(20 * time.Second); ; { // until the log has it
		o.Run(t, "clients", "devices", c.src.LogFile())
		if strings.Contains(o.Want(t, 0, "clients", "devices").Out, "pop3") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the source's log does not show the program")
		}
	}
	told := operator.Answer[struct {
		Accounts []struct {
			POP3 struct{ Messages, Octets int }
		}
	}](t, o, 0, "clients", "forecast").Accounts[0].POP3
	serial := c.serial(t, domain)
	size := c.octetsAtSource(t, address)
	if told.Messages != 3 || told.Octets != size {
		t.Errorf("the forecast is %+v, want 3 messages of %d octets", told, size)
	}
	sentence := fmt.Sprintf("%s has programs that download mail again: its POP3 programs download 3 messages (%d B) again, and show it as new",
		address, size)
	wantHeld(t, operator.Answer[crossed](t, o, 6, "cutover", "run"), "downloads", sentence)
	held := operator.Answer[crossed](t, o, 6, "cutover", "status")
	wantHeld(t, held, "downloads", sentence)
	if d := held.Domains[0]; d.State != "gates" || len(d.Waits) != 1 || c.serial(t, domain) != serial ||
		!slices.Equal(c.standing(t, domain), []string{"10 mail." + domain}) {
		t.Errorf("it is not held by this alone, or DNS was changed: %+v", d)
	}
	o.Want(t, 0, "cutover", "run", "--override", "downloads", "--why", why)
	if got := c.standing(t, domain); !slices.Equal(got, []string{"10 mx1.new.test"}) {
		t.Errorf("MX is %q", got)
	}
	c.wantDecided(t, o, why, sentence)
	c.wantFetched(t, computer, c.dst.POP3S, 3+told.Messages)
	c.wantFetched(t, computer, c.dst.POP3S, 3+told.Messages)
}

// octetsAtSource is how large the messages of an INBOX are, as they are sent.
func (c *crossing) octetsAtSource(t *testing.T, address string) (sum int) {
	t.Helper()
	out, err := c.src.Exec(t.Context(), "-f", "tab", "fetch", "-u", address, "size.virtual", "mailbox", "INBOX")
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range strings.Fields(string(out))[1:] { // behind the head of the column
		n, err := strconv.Atoi(field)
		if err != nil {
			t.Fatalf("%v:\n%s", err, out)
		}
		sum += n
	}
	return sum
}

// wantFetched has the program poll, and says how many messages it must have got in all.
func (c *crossing) wantFetched(t *testing.T, computer fetchmail.Computer, pop3s string, want int) {
	t.Helper()
	got, err := computer.Fetch(t.Context(), pop3s)
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("the program has got %d messages, want %d; it remembers\n%s", got, want, computer.Remembered())
	}
}

// wantDecided wants to read who has answered for the gate, and why, with the domain and in the audit log, where the sentence is too.
func (c *crossing) wantDecided(t *testing.T, o operator.Operator, why, sentence string) {
	t.Helper()
	d := operator.Answer[decidedOn](t, o, 0, "cutover", "status").Domains[0]
	if d.State != "live" || len(d.Overrides) != 1 || d.Overrides[0].Gate != "downloads" || d.Overrides[0].Why != why || d.Overrides[0].Person == "" {
		t.Fatalf("got %+v", d)
	}
	log, person := o.Want(t, 0, "audit", "show", "--json").Out, d.Overrides[0].Person
	var written []string
	for line := range strings.Lines(log) {
		var l struct{ Who, Action, Object, Before, After string }
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		before, _, _ := strings.Cut(l.Before, ": messages have new UIDs")
		written = append(written, strings.Join([]string{l.Who, l.Action, l.Object, before, l.After}, "|"))
	}
	for _, want := range []string{
		person + "|gate overridden|pop.test downloads||" + why,
		person + "|gate passed by override|pop.test downloads|" + sentence + "|" + why + " (" + person + ")",
	} {
		if !slices.Contains(written, want) {
			t.Errorf("the audit log has no %q:\n%s", want, strings.Join(written, "\n"))
		}
	}
	o.Want(t, 0, "audit", "check")
}
