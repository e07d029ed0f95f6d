// SPDX-License-Identifier: Apache-2.0

package maillog

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// Where a log-in came from, as each server writes it.
func TestFrom(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		`Nov 25 08:00:00 mail dovecot: pop3-login: Login: user=<anna@a.test>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.1, mpid=7, TLS`: "192.0.2.7",
		`Nov 25 08:00:00 mail pop3d: LOGIN, user=anna@a.test, ip=[::ffff:192.0.2.7], port=[50123]`:                                     "192.0.2.7",
		`Nov 25 08:00:00 mail pop3d[99]: LOGIN, user=anna@a.test, ip=[2001:db8::7], protocol=POP3`:                                     "2001:db8::7",
		`Nov 25 08:00:00 mail cyrus/pop3[99]: login: pc.a.test [192.0.2.7] anna@a.test plaintext+TLS User logged in`:                   "192.0.2.7",
		`Nov 25 08:00:00 mail cyrus/pop3[99]: login: [192.0.2.7] anna@a.test plaintext+TLS User logged in`:                             "192.0.2.7",
		`Nov 25 08:00:00 mail ipop3d[99]: Login user=anna@a.test host=pc.a.test [192.0.2.7] nmsgs=0/0`:                                 "192.0.2.7",
		`Nov 25 08:00:00 mail dovecot: pop3-login: Login: user=<anna@a.test>, method=PLAIN`:                                            "invalid IP",
		`Nov 25 08:00:00 mail dovecot: pop3(anna@a.test): Disconnected: Logged out top=0/0, retr=1/10, del=0/3, size=9`:                "invalid IP",
	} {
		all, _ := uses(t, line)
		if len(all) != 1 || all[0].From.String() != want || all[0].Ended != strings.Contains(line, "Logged out") {
			t.Errorf("%s\ngot %+v, want %s", line, all, want)
		}
		event := newParser().line(line)
		if event.Kind != POPLogin || event.From.String() != want || event.Ended != strings.Contains(line, "Logged out") {
			t.Errorf("%s\ngot %+v, want %s", line, event, want)
		}
	}
}

// As many as are ours, from where we are and when we were there: nobody else is taken for us.
func TestOwn_countsDown(t *testing.T) {
	t.Parallel()
	at := func(day, hour int) time.Time { return time.Date(2026, 11, day, hour, 0, 0, 0, time.UTC) }
	ours, theirs := netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("192.0.2.8")
	visits := []Visit{
		{Account: "anna@a.test", From: ours, Times: 1, First: at(20, 9), Last: at(20, 9)},
		{Account: "anna@a.test", From: netip.MustParseAddr("2001:db8::7"), Times: 1, First: at(21, 9), Last: at(22, 9)},
		{Account: "ben@a.test", From: ours, Times: 3, First: at(20, 9), Last: at(20, 9)},
	}
	type line struct {
		account string
		from    netip.Addr
		ended   bool
		when    time.Time
		is      bool
	}
	for i, lines := range [][]line{
		{{"anna@a.test", ours, false, at(20, 9), true}, {"anna@a.test", ours, false, at(22, 9), true}, {"anna@a.test", ours, false, at(22, 9), false}},
		{{"anna@a.test", theirs, false, at(20, 9), false}, {"anna@a.test", netip.Addr{}, false, at(20, 9), false}},
		{{"anna@a.test", netip.Addr{}, true, at(20, 9), true}, {"anna@a.test", netip.Addr{}, true, at(20, 9), true},
			{"anna@a.test", netip.Addr{}, true, at(20, 9), false}, {"anna@a.test", ours, false, at(20, 9), true}},
		{{"anna@a.test", ours, false, at(19, 6), false}, {"anna@a.test", ours, false, at(19, 8), true}, {"anna@a.test", ours, false, at(23, 12), false}},
		{{"ben@a.test", ours, false, time.Time{}, true}, {"cy@a.test", ours, false, at(20, 9), false}},
	} {
		own := NewOwn(visits)
		for _, l := range lines {
			if got := own.Is(l.account, l.from, l.ended, l.when); got != l.is {
				t.Errorf("%d: %s: got %v", i, fmt.Sprint(l), got)
			}
		}
	}
	var nobody *Own
	if nobody.Is("anna@a.test", ours, false, at(20, 9)) {
		t.Error("who knows of none knows of one")
	}
}
