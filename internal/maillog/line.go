// SPDX-License-Identifier: Apache-2.0

package maillog

import (
	"strings"
	"time"
)

// parser reads the lines of one file after the other. It keeps what a server tells in two lines.
type parser struct {
	latest time.Time // no line of the file can be after it
	begun  map[string]string

	clients map[string]string // what programs have said of themselves, by session; nil if nobody asks who uses what
}

func newParser() *parser { return &parser{begun: map[string]string{}} }

// line says what a line tells.
func (p *parser) line(text string) Event {
	e := partEntry(text, p.latest)
	if p.clients != nil {
		if event, is := p.use(e, text); is {
			if event.When.IsZero() {
				event.When = e.when
			}
			if event.protocol == "pop3" {
				event.From = from(text)
			}
			return event
		}
	}
	event := p.tell(e)
	if event.Kind == POPLogin {
		event.From = from(text)
	}
	if p.clients != nil && event.Kind == POPLogin {
		event.Kind, event.protocol = Used, "pop3"
	}
	event.When = e.when
	return event
}

// tell asks the programs in an order in which no line can be taken for another's: Exim's deliveries have a form of their
// own, and their addresses look like tags; then the program that has a tag decides alone; then come files without tags.
func (p *parser) tell(e entry) Event {
	if event, is := eximDelivery(e.own); is {
		return event
	}
	if event, is := dovecot(e.own); is {
		return event
	}
	if event, known := p.tagged(e); known {
		return event
	}
	if event, is := zimbra(e.own); is {
		return event
	}
	if event, is := p.qmail(e.own); is {
		return event
	}
	return eximOther(e.own, !e.when.IsZero())
}

// tagged asks the program that the tag names.
func (p *parser) tagged(e entry) (event Event, known bool) {
	name := e.program[strings.LastIndexByte(e.program, '/')+1:]
	switch {
	case strings.HasPrefix(e.program, "postfix"):
		return postfix(name, e.text), true
	case strings.HasPrefix(name, "exim"):
		return eximThroughSyslog(e.text), true
	case name == "sendmail" || strings.HasPrefix(name, "sm-m") || strings.HasPrefix(name, "sendmail-"):
		return sendmail(e.text), true
	case name == "qmail" || name == "qmail-send":
		event, is := p.qmail(e.text)
		return event, is
	case name == "smtpd":
		return openSMTPd(e.text), true
	case strings.HasPrefix(name, "courier"):
		return courier(name, e.text), true
	case strings.HasPrefix(name, "lmtp") && strings.HasPrefix(e.text, "Delivered: "):
		return cyrus(e.text), true
	case name == "dovecot":
		return ofDovecot(e.text), true
	case isDovecotPart(name):
		return ofDovecot(e.tag + ": " + e.text), true
	}
	if event, known := popServer(name, e.text); known {
		return event, true
	}
	return nothing(), besideMail(name)
}

// besideMail knows programs that stand beside a mail server and deliver nothing. What Amavis passes, the mail server
// tells of when it has it back.
func besideMail(name string) bool {
	for _, known := range []string{"amavis", "opendkim", "opendmarc", "postgrey", "policyd", "spamd", "spampd", "clamd", "clamsmtpd", "clamav",
		"rspamd", "milter", "saslauthd", "postsrsd", "mimedefang", "mailscanner", "fetchmail", "authdaemond", "vpopmail", "procmail",
		"greylist", "policy-spf", "qmail-", "postfix-local", "plesk", "zmconfigd", "zimbramon", "tcpserver", "freshclam", "imap", "lmtp", "nntpd"} {
		if strings.HasPrefix(name, known) {
			return true
		}
	}
	return false
}
