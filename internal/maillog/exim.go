// SPDX-License-Identifier: Apache-2.0

package maillog

import (
	"regexp"
	"strings"
)

// Exim's lines, from its specification, 52.8 to 52.15: the message's name, a mark, the final address and, in angle
// brackets, the one that the sender wrote to; between them, in parentheses, what lies between. The marks "=>" and "->" are
// normal and further addresses, ">>" is cutthrough; "*>" was kept from delivery by -N, "**" bounced, "==" waits.
var (
	eximHead     = regexp.MustCompile(`^(?:[+-]\d{4} )?(?:\[\d+\] )?(?:\[\d+[\\/]\d+\] )?([0-9A-Za-z]{6,}-[0-9A-Za-z]{6,}-[0-9A-Za-z]{2,}) `)
	eximSplit    = regexp.MustCompile(`^\[\d+[\\/]\d+\] `) // of a line that is too long for syslog (52.4)
	eximField    = regexp.MustCompile(` [A-Za-z]{1,4}=`)
	eximLoopback = regexp.MustCompile(` H=\S+ \[(?:127\.[0-9.]+|::1)\]`)
	eximClock    = regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? `)
)

// eximDelivery knows the lines of deliveries and nothing else.
func eximDelivery(text string) (event Event, is bool) {
	head := eximHead.FindString(text)
	if head == "" {
		return Event{}, false
	}
	mark, rest, _ := strings.Cut(text[len(head):], " ")
	if mark != "=>" && mark != "->" && mark != ">>" {
		return Event{}, false
	}
	return eximTo(rest), true
}

// eximTo reads what follows the mark.
func eximTo(rest string) Event {
	to := rest
	names := AddressesIn
	if cut := eximField.FindStringIndex(to); cut != nil {
		to = to[:cut[0]]
		names = eximNames
	}
	final, _, _ := strings.Cut(to, " ")
	switch {
	case final == ":blackhole:" || final == "blackhole" || final == "discarded" || final == "/dev/null":
		return nothing() // nobody has it (22.7); "blackhole" and "discarded" are ACLs' and the system filter's
	case strings.HasPrefix(final, ">") || eximLoopback.MatchString(rest):
		return delivered(Passed, names(to)) // ">" is an automatic reply beside the delivery
	}
	return delivered(Final, names(to))
}

// eximNames returns the addresses, or the name of a local user: without a router's name behind it, it could be anything.
func eximNames(to string) []string {
	if all := AddressesIn(to); len(all) > 0 {
		return all
	}
	final, _, _ := strings.Cut(to, " ")
	return namesIn([]string{final})
}

// eximOther knows the other lines. Without a message's name they must be in Exim's words: other programs begin a line
// with the same time.
func eximOther(text string, timed bool) Event {
	if !timed {
		return Event{}
	}
	if head := eximHead.FindString(text); head != "" {
		return nothing()
	}
	text = strings.TrimLeft(text, "+-0123456789 ")
	if i := strings.Index(text, "] "); strings.HasPrefix(text, "[") && i > 0 {
		text = text[i+2:]
	}
	for _, begin := range []string{"H=", "Start queue run", "End queue run", "exim ", "cwd=", "SMTP ", "TLS ", "no host name found",
		"no IP address found", "unexpected disconnection", "refused connection", "Connection from", "ignoring AUTH", "rejected ", "U=",
		"Warning: ", "daemon: ", "SIGHUP received", "pid ", "socket bind", "listening on", "queue run"} {
		if strings.HasPrefix(text, begin) {
			return nothing()
		}
	}
	if strings.Contains(text, " authenticator failed for ") || strings.Contains(text, " rejected RCPT ") {
		return nothing()
	}
	return Event{}
}

// eximThroughSyslog knows a line with the tag of Exim. It may have a time of its own (syslog_timestamp) and, where it was
// too long for one, tells by which number it is part of a line.
func eximThroughSyslog(text string) Event {
	text = text[len(eximSplit.FindString(text)):]
	text = text[len(eximClock.FindString(text)):]
	if event, is := eximDelivery(text); is {
		return event
	}
	return nothing()
}
