// SPDX-License-Identifier: Apache-2.0

package maillog

import (
	"regexp"
	"strings"
)

// Sendmail's line of a delivery: "QUEUE: to=a,b, ctladdr=..., delay=..., mailer=..., relay=..., dsn=..., stat=Sent (words)".
// Only the list of recipients is chosen by others, and it ends before the first ", name=".
var (
	sendmailLine     = regexp.MustCompile(`^[0-9A-Za-z]+: to=(.*?)(, (?:ctladdr|delay)=.*)$`)
	sendmailLoopback = regexp.MustCompile(`\brelay=[^,]*\[(?:127\.[0-9.]+|::1|IPv6:::1)\]`)
)

func sendmail(text string) Event {
	m := sendmailLine.FindStringSubmatch(text)
	if m == nil {
		return nothing()
	}
	mailer, stat, controls := sendmailFields(m[2])
	if !strings.HasPrefix(stat, "Sent") || strings.Contains(mailer, "discard") {
		return nothing()
	}
	parts := sendmailList(m[1])
	names := namesIn(parts)
	if len(names) == 0 {
		switch {
		case strings.Trim(m[1], `"`) == "/dev/null":
			return nothing()
		case mailer == "prog" || mailer == "*file*": // whose address the alias to a program or file is
			controls, _, _ = strings.Cut(controls, " (")
			names = namesIn([]string{controls})
		}
	}
	if sendmailLoopback.MatchString(m[2]) {
		return delivered(Passed, names)
	}
	return delivered(Final, names)
}

func sendmailFields(text string) (mailer, stat, controls string) {
	for _, name := range []string{"mailer", "stat", "ctladdr"} {
		_, value, found := strings.Cut(text, ", "+name+"=")
		if !found {
			continue
		}
		switch name {
		case "stat": // the last field; the words may hold anything
			stat = value
		case "mailer":
			mailer, _, _ = strings.Cut(value, ", ")
		default:
			controls, _, _ = strings.Cut(value, ", ")
		}
	}
	return mailer, stat, controls
}

// sendmailList parts a list of recipients; programs and files are none.
func sendmailList(text string) (parts []string) {
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimPrefix(strings.TrimSpace(part), `\`) // a backslash keeps it from further aliases
		if part != "" && !strings.ContainsAny(part[:1], `"|/:`) {
			parts = append(parts, part)
		}
	}
	return parts
}
