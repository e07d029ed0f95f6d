// SPDX-License-Identifier: Apache-2.0

package config

import (
	"strings"
	"testing"
	"time"
)

func TestAlerts_mistakes(t *testing.T) {
	t.Parallel()
	const ends = "organisation: Example\nsource: {kind: imap, imap: {address: 'a.test:993'}}\n" +
		"destination: {kind: imap, imap: {address: 'b.test:993'}}\nroster: people.csv\n"
	const server = "clients: {notify: {address: 'mail.test:465', from: it@a.test}}\n"
	for text, wrong := range map[string]string{
		server + "alerts: {mail: [it@a.test], report: '07:00'}": "",
		"alerts: {webhook: 'env:HOOK'}":                         "",
		"alerts: {mail: [it@a.test]}":                           "alerts.mail",
		server + "alerts: {mail: ['IT <it@a.test>']}":           "alerts.mail",
		"alerts: {report: '07:00'}":                             "alerts.report",
		"alerts: {webhook: 'env:HOOK', report: at seven}":       "alerts.report",
	} {
		_, err := Parse("rehome.yaml", []byte(ends+text))
		if (err == nil) != (wrong == "") || err != nil && !strings.Contains(err.Error(), wrong) {
			t.Errorf("%s: %v, wanted %q", text, err, wrong)
		}
	}
}

func TestAlerts_reportAt(t *testing.T) {
	t.Parallel()
	day := func(hour, minute int) time.Time { return time.Date(2026, 3, 31, hour, minute, 0, 0, time.UTC) }
	for now, want := range map[time.Time]time.Time{
		day(6, 59): day(7, 0), day(7, 0): day(7, 0).AddDate(0, 0, 1), day(23, 0): day(7, 0).AddDate(0, 0, 1),
	} {
		if at, some := (Alerts{Report: "07:00"}).ReportAt(now); !some || !at.Equal(want) {
			t.Errorf("after %s: %s, %v, wanted %s", now, at, some, want)
		}
	}
	if _, some := (Alerts{}).ReportAt(day(0, 0)); some {
		t.Error("there is a report that nobody wants")
	}
}
