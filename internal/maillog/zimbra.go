// SPDX-License-Identifier: Apache-2.0

package maillog

import (
	"regexp"
	"strings"
)

// Zimbra's mailbox.log: "INFO  [thread] [name=who;...] part - words".
var (
	zimbraLine  = regexp.MustCompile(`^(?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL) +\[([^\[\]]*)\] \[([^\[\]]*)\] (\w+) - (.*)$`)
	zimbraName  = regexp.MustCompile(`(?:^|;)name=([^;]+)`)
	zimbraLogin = regexp.MustCompile(`^user (\S+) authenticated`)
)

func zimbra(text string) (event Event, is bool) {
	m := zimbraLine.FindStringSubmatch(text)
	if m == nil {
		return Event{}, false
	}
	thread, part, words := m[1], m[3], m[4]
	if strings.HasPrefix(thread, "Lmtp") && strings.HasPrefix(words, "Adding Message: ") {
		name := zimbraName.FindStringSubmatch(m[2])
		return delivered(Stored, namesIn(name[min(len(name), 1):])), true
	}
	if login := zimbraLogin.FindStringSubmatch(words); login != nil {
		if part == "pop" {
			return popLogin(login[1]), true
		}
		return Event{Kind: OtherLogin}, true
	}
	return nothing(), true
}
