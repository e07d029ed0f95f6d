// SPDX-License-Identifier: Apache-2.0

package recipients

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rehome"
	"rehome/internal/alias"
	"rehome/internal/maillog"
)

// counted is a census of what logs hold.
func counted(t *testing.T, book *alias.Book, decisions map[string]Decision, lines ...string) Report {
	t.Helper()
	file := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := NewCounter(book, time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC))
	if _, err := maillog.Read(t.Context(), []string{file}, c.AddEvent); err != nil {
		t.Fatal(err)
	}
	for _, s := range InHeader([]byte("To: Sales <sales@c.test>,\r\n\tx@out.test\r\nDelivered-To: anna@a.test\r\nSubject: to y@a.test\r\n\r\n"),
		time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)) {
		c.Add(s)
	}
	return c.Report(decisions)
}

func rendered(report Report) string {
	var b strings.Builder
	for _, r := range report.Recipients {
		fmt.Fprintf(&b, "%s %s %d %s\n", r.State, r.Address, r.Messages, r.Last.Format(time.DateOnly))
	}
	return b.String()
}

func TestReport_findsTheForgotten(t *testing.T) {
	t.Parallel()
	book := alias.NewBook(alias.Input{Domains: []string{"a.test", "c.test"}, Accounts: []string{"anna@a.test", "bob@a.test"},
		Aliases: []rehome.Alias{{Name: "team@a.test", Kind: rehome.AliasLocal, Targets: []string{"bob@a.test"}},
			{Name: "@c.test", Kind: rehome.AliasCatchAll, Targets: []string{"bob@a.test"}}}})
	report := counted(t, book, map[string]Decision{"fax@a.test": Drop, "anna@a.test": Drop},
		"2026-11-20 10:00:01 1uXyZa-0003Kq-2f => anna <anna@a.test> R=virtual_user T=virtual_delivery",
		"2026-11-20 10:00:01 1uXyZa-0003Kq-2f -> bob@a.test <Team@A.test> R=virtual_user T=virtual_delivery",
		"2026-11-21 11:00:00 +0100 [812] 1uXyZb-0003Kq-2g => fax <fax@a.test> R=catchall T=virtual_delivery",
		"2026-11-21 11:00:04 1uXyZd-0003Kq-2i => out@partner.example R=dnslookup T=remote_smtp",
		"2020-11-21 11:00:04 1uXyZd-0003Kq-2i => long-ago@a.test R=r T=t",
		"2026-11-22T09:00:00Z mail postfix/lmtp[99]: 4C2F: to=<anna@a.test>, orig_to=<jobs@a.test>, relay=l, dsn=2.0.0, status=sent (250 ok)",
		"2026-11-22T09:00:00Z mail postfix/lmtp[99]: 4C2E: to=<old-shop@a.test>, relay=l, dsn=2.0.0, status=sent (250 ok)")
	want := "undecided jobs@a.test 1 2026-11-22\nundecided old-shop@a.test 1 2026-11-22\ncatch-all sales@c.test 1 2026-11-23\n" +
		"decided fax@a.test 1 2026-11-21\nknown anna@a.test 3 2026-11-23\nknown bob@a.test 1 2026-11-20\nknown team@a.test 1 2026-11-20\n"
	if got := rendered(report); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got, want := report.Totals, (Totals{Known: 3, CatchAll: 1, Undecided: 2, Decided: 1, All: 7, Older: 1}); got != want {
		t.Errorf("got totals %+v, want %+v", got, want)
	}
}

// One message that a filter gives back, and that the store tells of as well, is one.
func TestReport_countsAMessageOnceHoweverManyProgramsTellOfIt(t *testing.T) {
	t.Parallel()
	amavis := "Nov 22 09:00:0%d mail postfix/smtp[98]: %dC: to=<fax@a.test>, relay=127.0.0.1[127.0.0.1]:10024, dsn=2.0.0, " +
		"status=sent (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as %dD)"
	back := "Nov 22 09:00:0%d mail postfix/lmtp[98]: %dD: to=<fax@a.test>, relay=dovecot, dsn=2.0.0, status=sent (250 ok)"
	stored := "Nov 22 09:00:0%d mail dovecot: lmtp(fax@a.test)<%d><x>: msgid=<x@y>: saved mail to INBOX"
	var lines []string
	for i := range 3 {
		lines = append(lines, fmt.Sprintf(amavis, i, i, i), fmt.Sprintf(back, i, i), fmt.Sprintf(stored, i, i))
	}
	lines = append(lines, strings.ReplaceAll(fmt.Sprintf(amavis, 9, 9, 9), "fax@", "only-before-the-filter@"))
	report := counted(t, newBook(), nil, lines...)
	for _, r := range report.Recipients {
		if want := map[string]int{"fax@a.test": 3, "only-before-the-filter@a.test": 1, "anna@a.test": 1}[r.Address]; r.Messages != want {
			t.Errorf("%s: got %d messages, want %d", r.Address, r.Messages, want)
		}
	}
	if len(report.Recipients) != 3 {
		t.Errorf("got\n%s", rendered(report))
	}
}

// What was not understood may be a delivery: its addresses are shown, and counted as nothing.
func TestReport_addressesInLinesThatWereNotUnderstood(t *testing.T) {
	t.Parallel()
	report := counted(t, newBook(), nil, "Nov 20 10:00:00 mail newmta[1]: stored anna@a.test and hidden@a.test and x@elsewhere.test",
		"Nov 20 10:00:00 mail newmta[1]: x@elsewhere.test", "Nov 20 10:00:00 mail postfix/qmgr[1]: 4C2F: removed")
	if got := report.Doubtful; got.Lines != 1 || !slices.Equal(got.Addresses, []string{"hidden@a.test"}) || report.Totals.All != 1 {
		t.Errorf("got %+v and %+v", got, report.Totals)
	}
}

// A name without a domain is the one address on the books that has it, or is shown as it is: no address is made up.
func TestReport_namesWithoutADomain(t *testing.T) {
	t.Parallel()
	line := "Nov 20 10:00:00 mail sendmail[123]: uAKA0000123: to=%s, delay=00:00:01, mailer=local, dsn=2.0.0, stat=Sent"
	report := counted(t, newBook(), nil, fmt.Sprintf(line, "anna"), fmt.Sprintf(line, "root"))
	if got, want := rendered(report), "known anna@a.test 2 2026-11-23\n"; got != want || !slices.Equal(report.WithoutDomain, []string{"root"}) {
		t.Errorf("got\n%s and %q, want\n%s and root", got, report.WithoutDomain, want)
	}
}

func TestCompare_anyAddressProvesNothing(t *testing.T) {
	t.Parallel()
	wants := []Want{{"a@x.test", Accept, ""}, {"b@x.test", Refuse, ""}, {"c@y.test", Accept, ""}, {"d@y.test", Accept, ""}}
	replies := map[string]Reply{"a@x.test": {Answer: Accepted}, "b@x.test": {Answer: Accepted}, "c@y.test": {Answer: Deferred}}
	parity := Compare(wants, []Asked{{Host: "mx", Replies: replies, AcceptAll: []string{"x.test"}}})
	if got, want := parity.Totals, (ParityTotals{Unsure: 2, Pending: 2, All: 4}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestCompare_theWorstOfSeveralHostsCounts(t *testing.T) {
	t.Parallel()
	wants := []Want{{"a@x.test", Accept, ""}, {"b@x.test", Accept, ""}, {"c@x.test", Refuse, ""}, {"d@x.test", Accept, ""}, {"e@x.test", Accept, ""}}
	yes, no := Reply{Answer: Accepted}, Reply{Answer: Refused, Server: "550 unknown"}
	first := map[string]Reply{"a@x.test": yes, "b@x.test": yes, "c@x.test": no, "d@x.test": yes, "e@x.test": no}
	second := map[string]Reply{"a@x.test": yes, "b@x.test": no, "c@x.test": yes, "e@x.test": no}
	hosts := []Asked{{Host: "mx1", Replies: first}, {Host: "mx2", Replies: second}, {Host: "mx3", Error: "no route"}}
	parity := Compare(wants, hosts)
	got := []string{}
	for _, line := range parity.Lines {
		got = append(got, strings.TrimSpace(string(line.Agreement)+" "+line.Address+" "+line.Host))
	}
	want := []string{"missing b@x.test mx2", "missing e@x.test", "extra c@x.test mx2", "not answered d@x.test mx2", "agrees a@x.test"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := parity.Totals, (ParityTotals{Agrees: 1, Missing: 2, Extra: 1, Pending: 1, All: 5}); got != want || len(parity.Hosts) != 3 {
		t.Errorf("got %+v of %d hosts, want %+v of 3", got, len(parity.Hosts), want)
	}
	if got := Compare(wants[:1], hosts[2:]).Lines[0]; got.Agreement != Pending {
		t.Errorf("got %+v of no host, want it not answered", got)
	}
}

func TestResolve_everyAddressOfEveryName(t *testing.T) {
	t.Parallel()
	lookup := func(_ context.Context, _, host string) ([]netip.Addr, error) {
		if address, err := netip.ParseAddr(host); err == nil {
			return []netip.Addr{address}, nil
		}
		known := map[string][]netip.Addr{"mx1.test": {netip.MustParseAddr("2001:db8::7"), netip.MustParseAddr("192.0.2.8"),
			netip.MustParseAddr("::ffff:192.0.2.7"), netip.MustParseAddr("192.0.2.8")}}
		if known[host] == nil {
			return nil, errors.New("no such host")
		}
		return known[host], nil
	}
	hosts, err := Resolve(t.Context(), []string{"mx1.test:25", "192.0.2.9:2525"}, lookup)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{}
	for _, host := range hosts {
		got = append(got, host.String()+" "+host.Address)
	}
	want := []string{"mx1.test:25 (192.0.2.8) 192.0.2.8:25", "mx1.test:25 (2001:db8::7) [2001:db8::7]:25",
		"mx1.test:25 (192.0.2.7) 192.0.2.7:25", "192.0.2.9:2525 192.0.2.9:2525"}
	if slices.Sort(got); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, name := range []string{"nobody.test:25", "mx1.test"} {
		if _, err := Resolve(t.Context(), []string{name}, lookup); rehome.HintOf(err) == "" {
			t.Errorf("%s: got %v, want an error with a hint", name, err)
		}
	}
}

func FuzzInHeader(f *testing.F) {
	f.Add([]byte("To: \"a@b\" <anna@a.test>,\r\n bob@a.test\r\nDelivered-To: x@a.test\r\n"))
	f.Add([]byte("cc:=?utf-8?q?x@y.test?="))
	f.Fuzz(func(t *testing.T, header []byte) {
		for _, s := range InHeader(header, time.Time{}) {
			if got, err := rehome.ParseAddress(s.Address); err != nil || got != s.Address {
				t.Errorf("got %q out of %q, want an address in its one form", s.Address, header)
			}
		}
	})
}

// What receives mail for something that rehome does not understand is asked for and decided by name; a sub-address is its
// account's, unless somebody has it to the letter.
func TestReport_unreadAliasesAndSubAddresses(t *testing.T) {
	t.Parallel()
	unread := func(name, target string) rehome.Alias {
		return rehome.Alias{Name: name, Kind: rehome.AliasUnparsed, Targets: []string{target}, Raw: name + target}
	}
	book := alias.NewBook(alias.Input{Domains: []string{"a.test"}, Accounts: []string{"anna@a.test"}, Aliases: []rehome.Alias{
		unread("tickets@a.test", "|/usr/bin/ticket"), unread("all@a.test", ":include:/etc/all"), unread("old@a.test", "/var/mail/old"),
		{Name: "anna+lists@a.test", Kind: rehome.AliasLocal, Targets: []string{"anna@a.test"}}}})
	decisions := map[string]Decision{"all@a.test": Keep, "old@a.test": Drop}
	line := "2026-11-20 10:00:01 1uXyZa-0003Kq-2f => x <%s> R=r T=t"
	report := counted(t, book, decisions, fmt.Sprintf(line, "anna+news@a.test"), fmt.Sprintf(line, "tickets+7@a.test"),
		fmt.Sprintf(line, "anna+lists@a.test"), fmt.Sprintf(line, "nobody+x@a.test"))
	var got []string
	for _, r := range report.Recipients {
		got = append(got, fmt.Sprintf("%s %s (%s)", r.State, r.Address, r.By))
	}
	want := []string{"undecided nobody+x@a.test ()", "undecided tickets+7@a.test (alias in an unknown form)",
		"undecided tickets@a.test (alias in an unknown form)", "decided all@a.test (alias in an unknown form)",
		"decided old@a.test (alias in an unknown form)", "known anna@a.test (account)", "known anna+lists@a.test (alias)",
		"known anna+news@a.test (sub-address)"}
	if !slices.Equal(got, want) || report.Totals.Unseen != 3 {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	var wants []string
	for _, w := range Wants(book, report.Recipients) {
		wants = append(wants, string(w.Expect)+" "+w.Address)
	}
	wanted := []string{"accept all@a.test", "accept anna@a.test", "accept anna+lists@a.test", "accept anna+news@a.test", "open nobody+x@a.test",
		"refuse old@a.test", "open tickets@a.test", "open tickets+7@a.test"}
	if !slices.Equal(wants, wanted) {
		t.Errorf("got %q, want %q", wants, wanted)
	}
	if got := Wants(book, nil); !slices.ContainsFunc(got, func(w Want) bool { return w.Address == "tickets@a.test" && w.Expect == Nothing }) {
		t.Errorf("without a census: got %+v, want it asked for", got)
	}
}
