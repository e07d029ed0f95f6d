// SPDX-License-Identifier: Apache-2.0

package config

import (
	"net/mail"
	"time"
)

// Alerts are who is told what needs somebody while passes follow each other.
type Alerts struct {
	Mail    []string  `yaml:"mail" example:"[it@example.com]"`
	Webhook Reference `yaml:"webhook" example:"\"file:secrets/webhook\""`
	Report  string    `yaml:"report" example:"\"07:00\"" doc:"Time of the day at which all of them also get a report. Empty: none."`
}

// Some reports whether anybody is told.
func (a Alerts) Some() bool { return len(a.Mail) > 0 || !a.Webhook.IsZero() }

// ReportAt returns the next time of a report behind a moment, in its time zone; some is false where there is none.
func (a Alerts) ReportAt(now time.Time) (at time.Time, some bool) {
	clock, err := time.Parse("15:04", a.Report)
	if err != nil {
		return at, false // nothing, or a mistake that was told
	}
	at = time.Date(now.Year(), now.Month(), now.Day(), clock.Hour(), clock.Minute(), 0, 0, now.Location())
	if !at.After(now) {
		at = time.Date(now.Year(), now.Month(), now.Day()+1, clock.Hour(), clock.Minute(), 0, 0, now.Location())
	}
	return at, true
}

// ReportWas returns when a report was last due, in the time zone of a moment; some is false where there is none.
func (a Alerts) ReportWas(now time.Time) (at time.Time, some bool) {
	next, some := a.ReportAt(now)
	return time.Date(next.Year(), next.Month(), next.Day()-1, next.Hour(), next.Minute(), 0, 0, next.Location()), some
}

func (d *document) checkAlerts(a Alerts, server string) {
	for _, address := range a.Mail {
		if parsed, err := mail.ParseAddress(address); err != nil || parsed.Address != address {
			d.addAt("alerts.mail", "has something that is not an address", "write for example [it@example.com]")
		}
	}
	if len(a.Mail) > 0 && server == "" {
		d.addAt("alerts.mail", "needs a server that sends the messages", "write clients.notify, at least address and from")
	}
	if a.Report == "" {
		return
	}
	if _, err := time.Parse("15:04", a.Report); err != nil {
		d.addAt("alerts.report", "is not a time of the day", `write for example "07:00"`)
	}
	if !a.Some() {
		d.addAt("alerts.report", "goes to nobody", "write alerts.mail or alerts.webhook")
	}
}
