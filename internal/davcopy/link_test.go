// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"strings"
	"testing"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
)

// An attachment that lies on the source is named with its object and its host; one that lies elsewhere is not.
func TestLinks_thatEndWithTheSource(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ line, host string }{
		{"ATTACH:https://Mail.Example.com:8443/files/1.pdf", "mail.example.com"},
		{"ATTACH;MANAGED-ID=97S:https://files.example.net/97S", "files.example.net"},
		{"ATTACH;FMTTYPE=text/plain:/f/1251", "a path of the source"},
		{"ATTACH:https://drive.example.org/f", ""},
		{"ATTACH:cid:part1@example.com", ""},
		{"ATTACH;ENCODING=BASE64;VALUE=BINARY:QUJD", ""},
		{"DESCRIPTION:https://mail.example.com/", ""},
	} {
		event := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20200101T000000Z\r\nDTSTART:20240101T100000Z\r\n" +
			c.line + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
		p := consider(dav.Object{Href: "/cal/a.ics", Data: []byte(event)}, books{
			content: pim.KindCalendar, hosts: []string{"mail.example.com"}, below: "/cal/", taken: map[string]bool{},
		})
		if len(repairsOf(p.row)) > 0 {
			t.Errorf("%s: counts as repaired: %+v", c.line, p.row.Repairs)
		}
		p.row.State = ledger.ObjectStored
		exceptions := []ledger.Exception{{Kind: rehome.KindCalendars, Collection: "/cal/", Object: p.row}}
		findings := exceptionFindings(exceptions, []rehome.Kind{rehome.KindCalendars}, false)
		switch {
		case c.host == "" && len(findings) > 0:
			t.Errorf("%s: %+v", c.line, findings)
		case c.host == "":
		case len(findings) != 1 || findings[0].Severity != rehome.SeverityWarning || findings[0].Object != "/cal/a.ics" ||
			!strings.HasSuffix(findings[0].Sentence, ": "+c.host) || findings[0].NextStep == "":
			t.Errorf("%s: %+v, want a finding that names %s", c.line, findings, c.host)
		}
	}
}
