// SPDX-License-Identifier: Apache-2.0

package maillog

import (
	"regexp"
	"strings"
)

// qmail tells of a delivery in two lines: "starting delivery 7: msg 12 to local a.test-anna@a.test" says whom it is for,
// "delivery 7: success: did_1+0+0/" how it ended. Between them may lie anything, and the end of a file.
var (
	qmailBegins = regexp.MustCompile(`^starting delivery (\d+): msg \d+ to (local|remote) (\S+)$`)
	qmailEnds   = regexp.MustCompile(`^delivery (\d+): (success|failure|deferral)(?:: (.*))?$`)
	qmailOther  = regexp.MustCompile(`^(?:(?:new|end|info|bounce) msg \d+|triple bounce|status: (?:local|qmail|exiting)|running$|alert: |warning: )`)
	pleskNumber = regexp.MustCompile(`^\d+-`)
	splogger    = regexp.MustCompile(`^\d{9,}\.\d{6} `) // the time that splogger puts before the text
)

// maxBegun bounds the deliveries that are under way: qmail has never more than a few hundred.
const maxBegun = 10000

// qmail reads one line; a delivery is told by the line that ends it.
func (p *parser) qmail(text string) (event Event, is bool) {
	text = text[len(splogger.FindString(text)):]
	if m := qmailBegins.FindStringSubmatch(text); m != nil {
		if name := qmailName(m[2], m[3]); name != "" && len(p.begun) < maxBegun {
			p.begun[m[1]] = name
		}
		return nothing(), true
	}
	if m := qmailEnds.FindStringSubmatch(text); m != nil {
		name := p.begun[m[1]]
		delete(p.begun, m[1])
		// "did_0+0+0" went to no mailbox, address or program: an empty .qmail file throws it away.
		if m[2] != "success" || name == "" || strings.HasPrefix(m[3], "did_0+0+0/") {
			return nothing(), true
		}
		return delivered(Final, []string{name}), true
	}
	return nothing(), qmailOther.MatchString(text)
}

// unfinished returns those whose delivery was begun and whose end is in no log. They count: one too many is asked
// about, one too few is lost.
func (p *parser) unfinished() (all []Event) {
	for _, name := range p.begun {
		all = append(all, Event{Kind: Delivery, Names: []string{name}})
	}
	clear(p.begun)
	return all
}

// qmailName is the address. qmail puts the owner of a virtual domain before it, which vpopmail names like the domain, and
// Plesk by a number.
func qmailName(kind, text string) string {
	name := nameIn(text)
	if i := strings.LastIndexByte(name, '@'); i > 0 && kind == "local" {
		name = strings.TrimPrefix(name, name[i+1:]+"-")
		name = nameIn(name[len(pleskNumber.FindString(name)):])
	}
	return name
}
