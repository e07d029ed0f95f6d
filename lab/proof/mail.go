// SPDX-License-Identifier: Apache-2.0

package proof

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"rehome/lab/judge"
)

// place is where something differs, and in what: in the words of neither.
type place struct{ matter, mailbox string }

// What both have words for. A changed message is for one a lost and an extra message, as soon as its Message-ID
// tells nothing.
const (
	gone       = "messages are missing"
	foreign    = "messages are too many"
	looks      = "flags or dates"
	unread     = "messages are not given"
	noMailbox  = "the mailbox is missing"
	newMailbox = "the mailbox is too many"
	closed     = "the mailbox does not open"
	unlisted   = "it is not subscribed"
)

func mattersOfVerifier(kind string) []string {
	switch kind {
	case "missing_message":
		return []string{gone}
	case "extra_message":
		return []string{foreign}
	case "changed_message":
		return []string{gone, foreign}
	case "flags_differ", "date_differs":
		return []string{looks + ": " + kind[:4]}
	case "unreadable_message":
		return []string{unread}
	case "missing_mailbox":
		return []string{noMailbox}
	case "extra_mailbox":
		return []string{newMailbox}
	case "unreadable_mailbox":
		return []string{closed}
	case "not_subscribed":
		return []string{unlisted}
	}
	return []string{"another matter: " + kind}
}

func mattersOfJudge(kind judge.Kind) []string {
	switch kind {
	case judge.Lost:
		return []string{gone}
	case judge.Extra, judge.Twice:
		return []string{foreign}
	case judge.Changed:
		return []string{gone, foreign}
	case judge.FlagsDiffer:
		return []string{looks + ": flag"}
	case judge.DateDiffers:
		return []string{looks + ": date"}
	case judge.Unreadable:
		return []string{unread}
	case judge.MailboxLost:
		return []string{noMailbox}
	case judge.MailboxExtra:
		return []string{newMailbox}
	case judge.MailboxUnopened:
		return []string{closed}
	case judge.NotSubscribed:
		return []string{unlisted}
	}
	return nil // special uses and objects
}

// disagreeOnMail compares what differs where. How many messages differ is compared where both list all.
func disagreeOnMail(a Account, v verified, judged judge.Differences) (lines []string) {
	if v.Mail == nil {
		return []string{"the verifier has not compared the mail"}
	}
	theirs := map[place][]string{}
	ours := map[place][]string{}
	for _, d := range v.Mail.Differences {
		for _, matter := range mattersOfVerifier(d.Kind) {
			for mailbox := range strings.SplitSeq(d.Mailbox, ", ") {
				at := place{matter, a.destinationOf(mailbox, matter == foreign && d.Kind == "extra_message" || matter == newMailbox)}
				theirs[at] = append(theirs[at], d.Sentence)
			}
		}
	}
	for _, d := range judged {
		for _, matter := range mattersOfJudge(d.Kind) {
			at := place{matter, a.destinationOf(d.Place, matter == newMailbox)}
			ours[at] = append(ours[at], d.String())
		}
	}
	// Of a mailbox that is not there the verifier does not list what is missing in it.
	for at := range ours {
		if at.matter == noMailbox {
			delete(ours, place{gone, at.mailbox})
		}
	}
	places := maps.Clone(theirs)
	maps.Copy(places, ours)
	for at := range places {
		verifier := theirs[at]
		judge := ours[at]
		counted := at.matter == gone && v.Mail.Unlisted == 0
		if len(verifier) == 0 && v.Mail.Unlisted == 0 || len(judge) == 0 || counted && len(verifier) != len(judge) {
			lines = append(lines, fmt.Sprintf("%q: %s\n  the verifier: %s\n  the judge: %s", at.mailbox, at.matter, some(verifier), some(judge)))
		}
	}
	slices.Sort(lines)
	return lines
}

// destinationOf names a mailbox as the destination does.
func (a Account) destinationOf(mailbox string, already bool) string {
	if already || a.Mail.Where == nil {
		return mailbox
	}
	return a.Mail.Where(mailbox)
}

// some shows the first of a list.
func some(lines []string) string {
	if len(lines) == 0 {
		return "nothing"
	}
	const shown = 4
	if len(lines) > shown {
		lines = append(slices.Clone(lines[:shown]), fmt.Sprintf("and %d more", len(lines)-shown))
	}
	return strings.Join(lines, "\n    ")
}
