// SPDX-License-Identifier: Apache-2.0

package maillog

import (
	"regexp"
	"strings"
)

// What other servers of mailboxes say.
var (
	cyrusSaved = regexp.MustCompile(`^Delivered: .* to mailbox: (\S+)`)
	cyrusLogin = regexp.MustCompile(`^login: \S+ (?:\[[^\]]*\] )?(\S+) \S+ (?:User logged in|\S+ User logged in)`)
	vpopmail   = regexp.MustCompile(`^vchkpw-pop3s?: \([^)]*\) login success ([^:\s]+):`)
	qpopper    = regexp.MustCompile(`^(?:\([^)]*\) )?(?:POP login by user "([^"]+)"|Stats: (\S+) \d)`)
	popUser    = regexp.MustCompile(`^(?:Login|Auth|APOP) user=(\S+) host=`) // the University of Washington's
)

// popServer knows servers of POP3 that are none of Dovecot's.
func popServer(name, text string) (event Event, known bool) {
	pattern := cyrusLogin
	switch {
	case name == "pop3d" || name == "pop3d-ssl" || name == "pop3login":
		if courierUser.MatchString(text) {
			return courierLogin(text), true
		}
	case name == "pop3" || name == "pop3s":
	case name == "vpopmail":
		pattern = vpopmail
	case name == "popper" || name == "qpopper" || name == "in.qpopper":
		pattern = qpopper
	case name == "ipop3d" || name == "ipop3":
		pattern = popUser
	default:
		return Event{}, false
	}
	if m := pattern.FindStringSubmatch(text); m != nil {
		return popLogin(strings.Join(m[1:], "")), true
	}
	return Event{Kind: OtherLogin}, true
}

// cyrus knows what its lmtpd says: "Delivered: <id> to mailbox: a.test!user.anna.Folder".
func cyrus(text string) Event {
	m := cyrusSaved.FindStringSubmatch(text)
	if m == nil {
		return Event{}
	}
	return delivered(Stored, namesIn([]string{cyrusUser(m[1])}))
}

// cyrusUser is whose mailbox it is. With the separator "." a "^" stands for a dot in the name.
func cyrusUser(mailbox string) string {
	domain, path, virtual := strings.Cut(mailbox, "!")
	if !virtual {
		domain, path = "", mailbox
	}
	rest, found := strings.CutPrefix(path, "user")
	if !found || rest == "" || rest[0] != '.' && rest[0] != '/' {
		return ""
	}
	path, at, _ := strings.Cut(rest[1:], "@")
	name, _, _ := strings.Cut(path, rest[:1])
	if rest[0] == '.' {
		name = strings.ReplaceAll(name, "^", ".")
	}
	switch {
	case virtual:
		return name + "@" + domain
	case at != "":
		return name + "@" + at
	}
	return name
}
