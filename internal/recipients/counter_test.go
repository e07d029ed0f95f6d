// SPDX-License-Identifier: Apache-2.0

package recipients

import (
	"compress/gzip"
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
)

// The forms are those of Exim's specification, chapter 52, and of Postfix 3.7.
const eximLog = `2026-11-20 10:00:00 1uXyZa-0003Kq-2f <= fiona@partner.example H=mx.partner.example [192.0.2.1] P=esmtps S=4711 for anna@a.test
2026-11-20 10:00:01 1uXyZa-0003Kq-2f => anna <anna@a.test> R=virtual_user T=virtual_delivery
2026-11-20 10:00:01 1uXyZa-0003Kq-2f -> bob@a.test <Team@A.test> R=virtual_user T=virtual_delivery
2026-11-20 10:00:01 1uXyZa-0003Kq-2f Completed
2026-11-21 11:00:00 +0100 [812] 1uXyZb-0003Kq-2g => fax <fax@a.test> F=<x@spam.example> R=catchall T=virtual_delivery S=312
2026-11-21 11:00:02 1uXyZc-0003Kq-2h ** nobody@a.test: Unrouteable address
2026-11-21 11:00:03 H=(x) [192.0.2.9] F=<s@spam.example> rejected RCPT <guess1@a.test>: Unknown user
2026-11-21 11:00:04 1uXyZd-0003Kq-2i => out@partner.example R=dnslookup T=remote_smtp H=mx.partner.example [192.0.2.1]
`

const postfixLog = `Nov 22 09:00:00 mail postfix/lmtp[99]: 4C2F1A0B: to=<anna@a.test>, orig_to=<jobs@a.test>, relay=local[lmtp], delay=0.1, delays=0/0/0/0.1, dsn=2.0.0, status=sent (250 2.0.0 <anna@a.test> ok)
2026-11-22T09:00:01.123456+00:00 mail postfix/smtp[99]: 4XabcD1234z: to=<old-shop@a.test>, relay=x[192.0.2.1]:25, delay=1, dsn=2.0.0, status=sent (250 ok)
Nov 22 09:00:02 mail postfix/smtpd[98]: NOQUEUE: reject: RCPT from x[192.0.2.9]: 550 5.1.1 <guess2@a.test>: Recipient address rejected; from=<s@x> to=<guess2@a.test> proto=ESMTP helo=<x>
Nov 22 09:00:03 mail postfix/virtual[98]: 4C2F1A0C: to=<full@a.test>, relay=virtual, delay=1, dsn=4.2.2, status=deferred (over quota)
Nov 22 09:00:04 mail dovecot: lmtp(anna@a.test): saved mail to INBOX
`

func TestReadLogs_findsTheForgotten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var zipped strings.Builder
	z := gzip.NewWriter(&zipped)
	fmt.Fprint(z, postfixLog)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"mainlog": eximLog, "maillog.2.gz": zipped.String(), "broken.gz": zipped.String()[:60],
		"hostile": strings.Repeat("2026-11-20 10:00:00 1uXyZa-0003Kq-2f => ",
			10000) + "\n\x00\xff\xfe@@@\n2026-11-20 10:00:00 1uXyZa-0003Kq-2f => " + strings.Repeat("<", 500) + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	when := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	for _, name := range []string{"mainlog", "maillog.2.gz"} {
		if err := os.Chtimes(filepath.Join(dir, name), when, when); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(dir, "broken.gz")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "torn.gz"), []byte("\x1f\x8bnothing of the kind"), 0o600); err != nil {
		t.Fatal(err)
	}
	book := alias.NewBook(alias.Input{Domains: []string{"a.test", "c.test"}, Accounts: []string{"anna@a.test", "bob@a.test"},
		Aliases: []rehome.Alias{{Name: "team@a.test", Kind: rehome.AliasLocal, Targets: []string{"bob@a.test"}},
			{Name: "@c.test", Kind: rehome.AliasCatchAll, Targets: []string{"bob@a.test"}}}})
	census := NewCounter(book.Ours, time.Time{})
	read, err := ReadLogs(t.Context(), []string{dir, filepath.Join(dir, "mainlog")}, census.Add)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := [4]int{read.Files, read.Deliveries, read.Cut, len(read.Unread)}, [4]int{4, 6, 1, 1}; got != want {
		t.Errorf("got %v files, deliveries, cut lines and unread files, want %v; unread: %q", got, want, read.Unread)
	}
	for _, s := range InHeader([]byte("To: Sales <sales@c.test>,\r\n\tx@out.test\r\nDelivered-To: anna@a.test\r\nSubject: to y@a.test\r\n\r\n"), when) {
		census.Add(s)
	}
	report := census.Report(book, map[string]Decision{"fax@a.test": Drop, "anna@a.test": Drop})
	got := []string{}
	for _, r := range report.Recipients {
		got = append(got, fmt.Sprintf("%s %s %d %s", r.State, r.Address, r.Messages, r.Last.Format(time.DateOnly)))
	}
	want := []string{
		"undecided old-shop@a.test 1 2026-11-22", "undecided jobs@a.test 1 2026-11-22", "catch-all sales@c.test 1 2026-11-23",
		"decided fax@a.test 1 2026-11-21", "known anna@a.test 3 2026-11-23", "known bob@a.test 1 2026-11-20", "known team@a.test 1 2026-11-20",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got, want := report.Totals, (Totals{Known: 3, CatchAll: 1, Undecided: 2, Decided: 1, All: 7}); got != want {
		t.Errorf("got totals %+v, want %+v", got, want)
	}
}

func TestSyslogTime_givesTheYear(t *testing.T) {
	t.Parallel()
	latest := time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{"Jan  2 10:00:00": "2026-01-02", "Dec 31 10:00:00": "2025-12-31",
		"Feb 29 10:00:00": "2024-02-29", "nonsense": "0001-01-01"} {
		if got := syslogTime(text, latest).Format(time.DateOnly); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
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

func FuzzInLine(f *testing.F) {
	for line := range strings.Lines(eximLog + postfixLog) {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		for _, s := range inLine(line, time.Unix(1.7e9, 0)) {
			if got, err := rehome.ParseAddress(s.Address); err != nil || got != s.Address {
				t.Errorf("got %q out of %q, want an address in its one form", s.Address, line)
			}
		}
	})
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
