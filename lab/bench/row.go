// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"rehome/lab/dovecot"
)

// Row is one line of the table: some work between two servers.
type Row struct {
	Key         string // such as "small/sdbox/plain/0ms", for choosing
	Work        string
	Destination string
	Line        string
	Again       bool // everything is there already: the figure is a pass with nothing to do

	standard bool
	patience time.Duration // what one run may take at least, where a tool is known to need it
	open     func(ctx context.Context, dir string, options Options) (scene, error)
}

// Choose returns those of all rows that match one of the patterns, in the order of the table; without patterns
// the standard ones. A pattern is a key, or the beginning of keys, part by part, with "*" for any part;
// one that stops before the end chooses among the standard rows.
func Choose(all []Row, patterns []string) ([]Row, error) {
	matched := make([]bool, len(patterns))
	var rows []Row
	for _, row := range all {
		wanted := len(patterns) == 0 && row.standard
		for i, pattern := range patterns {
			if row.matches(pattern) {
				matched[i], wanted = true, true
			}
		}
		if wanted {
			rows = append(rows, row)
		}
	}
	if i := slices.Index(matched, false); i >= 0 {
		return nil, fmt.Errorf("no row is called %q; --list shows them", patterns[i])
	}
	return rows, nil
}

func (r Row) matches(pattern string) bool {
	parts := strings.Split(pattern, "/")
	key := strings.Split(r.Key, "/")
	if len(parts) > len(key) || len(parts) < len(key) && !r.standard {
		return false
	}
	for i, part := range parts {
		if part != "*" && part != key[i] {
			return false
		}
	}
	return true
}

// Rows are all lines that can be measured: every work on every kind of line.
func Rows() []Row {
	var rows []Row
	for _, work := range mailWorks() {
		for _, layout := range []string{dovecot.Sdbox, dovecot.Mdbox, dovecot.Maildir} {
			for _, tls := range []bool{false, true} {
				for _, trip := range []time.Duration{0, 20 * time.Millisecond, 80 * time.Millisecond} {
					rows = append(rows, mailRow(work, mailLine{layout: layout, tls: tls, trip: trip}))
				}
			}
		}
	}
	for _, work := range pimWorks() {
		for _, kind := range pimDestinations() {
			for _, trip := range []time.Duration{0, 20 * time.Millisecond, 80 * time.Millisecond} {
				rows = append(rows, pimRow(work, kind, trip))
			}
		}
	}
	rows = append(rows, dsyncRows()...)
	return append(rows, responderRow(), listsRow())
}

// mailLine is where mail goes and what is between the client and the servers.
type mailLine struct {
	layout string // of the destination; the source is always Maildir++
	tls    bool
	trip   time.Duration // round trip to either server

	version string // of the destination; "" for the one that is installed
	lax     bool   // the destination does not wait for its disk
	lasting bool   // its processes serve several connections, one behind the other
}

// extra are lines of the destination's settings.
func (l mailLine) extra() (lines string) {
	if l.lax {
		lines = "mail_fsync = never\n"
	}
	if l.lasting {
		setting := "service_count"
		if l.version == dovecot.V24 {
			setting = "restart_request_count"
		}
		for _, service := range []string{"imap", "doveadm"} {
			lines += fmt.Sprintf("service %s {\n  %s = 64\n}\n", service, setting)
		}
	}
	return lines
}

func (l mailLine) security() string {
	if l.tls {
		return "TLS"
	}
	return "plain"
}

func mailRow(work mailWork, line mailLine) Row {
	row := Row{
		Key:  fmt.Sprintf("%s/%s/%s/%dms", work.key, line.layout, strings.ToLower(line.security()), line.trip.Milliseconds()),
		Work: work.title, Destination: line.layout, Line: fmt.Sprintf("%s, %d ms", line.security(), line.trip.Milliseconds()),
		Again: work.again || work.delta, standard: work.standard(line),
	}
	row.open = func(ctx context.Context, dir string, options Options) (scene, error) {
		return openMail(ctx, dir, options, work, line)
	}
	return row
}

// mailWork is what is moved.
type mailWork struct {
	key, title        string
	accounts          int
	messages          int // of each account
	mailboxes         int // of each account
	smallest, largest int64
	width             int  // accounts at once, where a tool knows one only
	again             bool // measured is the second pass
	delta             bool // measured is a pass that finds new mail in every mailbox
	counted           bool // round trips are counted also where no delay needs a proxy
	alone             bool // of rehome only
	unlimited         bool // no raw limit: nothing is copied, or only memory counts
	verify            bool // measured is the comparison of both ends
	dsync             bool // messages keep their UIDs, see dsyncRows
	workers           bool // of one process alone, and of workers
	lines             []mailLine
}

// standard reports whether the line is in the table by default.
func (w mailWork) standard(line mailLine) bool { return slices.Contains(w.lines, line) }

func mailWorks() []mailWork {
	const ms = time.Millisecond
	plain := []mailLine{{layout: dovecot.Sdbox}, {layout: dovecot.Mdbox}, {layout: dovecot.Maildir}}
	tls := []mailLine{{layout: dovecot.Sdbox, tls: true}, {layout: dovecot.Mdbox, tls: true}, {layout: dovecot.Maildir, tls: true}}
	sdbox := func(trip time.Duration) mailLine { return mailLine{layout: dovecot.Sdbox, trip: trip} }
	small := slices.Concat(plain, tls, []mailLine{
		sdbox(20 * ms), sdbox(80 * ms), {layout: dovecot.Mdbox, trip: 80 * ms}, {layout: dovecot.Maildir, trip: 80 * ms},
		{layout: dovecot.Sdbox, tls: true, trip: 80 * ms},
	})
	return []mailWork{
		{key: "small", title: "10,000 messages of 10 KB, 20 mailboxes", accounts: 1, messages: 10_000, mailboxes: 20,
			smallest: 7_680, largest: 12_800, width: 1, lines: small},
		{key: "large", title: "300 messages of 1 to 20 MB, 4 mailboxes", accounts: 1, messages: 300, mailboxes: 4,
			smallest: 1e6, largest: 20e6, width: 1, lines: append(plain, tls[0], sdbox(80*ms))},
		{key: "many", title: "40 accounts of 500 messages of 10 KB, 5 mailboxes", accounts: 40, messages: 500, mailboxes: 5,
			smallest: 7_680, largest: 12_800, width: 4, lines: append(plain, tls[0], sdbox(80*ms))},
		{key: "workers", title: "40 accounts of 500 messages of 10 KB, 5 mailboxes, by workers", accounts: 40, messages: 500, mailboxes: 5,
			smallest: 7_680, largest: 12_800, width: 4, unlimited: true, workers: true, lines: []mailLine{plain[0]}},
		{key: "accounts", title: "100 accounts of 20 messages of 10 KB, 5 mailboxes", accounts: 100, messages: 20, mailboxes: 5,
			smallest: 7_680, largest: 12_800, width: 4, lines: []mailLine{plain[0], sdbox(80 * ms)}},
		{key: "one", title: "10,000 messages of 10 KB, one mailbox", accounts: 1, messages: 10_000, mailboxes: 1,
			smallest: 7_680, largest: 12_800, width: 1, lines: []mailLine{plain[0], sdbox(80 * ms)}},
		{key: "mailboxes", title: "3,000 messages of 10 KB, 3,000 mailboxes", accounts: 1, messages: 3_000, mailboxes: 3_000,
			smallest: 7_680, largest: 12_800, width: 1, unlimited: true, counted: true, lines: []mailLine{plain[0]}},
		{key: "delta", title: "one new message in each of 20 mailboxes with 10,000 messages", accounts: 1, messages: 10_000, mailboxes: 20,
			smallest: 7_680, largest: 12_800, width: 1, delta: true, counted: true, unlimited: true,
			lines: []mailLine{plain[0], sdbox(80 * ms)}},
		{key: "idle", title: "nothing to do: 10,000 messages, 20 mailboxes", accounts: 1, messages: 10_000, mailboxes: 20,
			smallest: 7_680, largest: 12_800, width: 1, again: true, counted: true, unlimited: true,
			lines: append(plain, sdbox(20*ms), sdbox(80*ms))},
		{key: "verify", title: "verification of 10,000 messages of 10 KB, 100 mailboxes", accounts: 1, messages: 10_000, mailboxes: 100,
			smallest: 7_680, largest: 12_800, width: 1, again: true, counted: true, unlimited: true, verify: true,
			lines: []mailLine{plain[0], sdbox(20 * ms)}},
		{key: "verify-few", title: "verification of 10,000 messages of 10 KB, 20 mailboxes", accounts: 1, messages: 10_000, mailboxes: 20,
			smallest: 7_680, largest: 12_800, width: 1, again: true, counted: true, unlimited: true, verify: true,
			lines: []mailLine{plain[0], sdbox(80 * ms)}},
		{key: "verify-many", title: "verification of 400 messages of 10 KB, 200 mailboxes", accounts: 1, messages: 400, mailboxes: 200,
			smallest: 7_680, largest: 12_800, width: 1, again: true, counted: true, unlimited: true, verify: true,
			lines: []mailLine{sdbox(80 * ms)}},
		{key: "memory", title: "8 accounts at once, 4 messages of 25 MB each, 2 mailboxes", accounts: 8, messages: 4, mailboxes: 2,
			smallest: 25e6, largest: 25e6, width: 8, unlimited: true, lines: []mailLine{plain[0], tls[0]}},
	}
}
