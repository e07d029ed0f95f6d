// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/verify"
)

// topic is one problem or note, its next step, and the accounts that it affects.
type topic struct {
	Tone     string // a severity
	Title    string
	Extent   string // "3 in 2 accounts"
	NextStep string
	Groups   []topicGroup
	Open     bool // short enough to be shown at once
}

// topicGroup is the part of a topic about one account.
type topicGroup struct {
	Account string
	Lines   []string
	More    string // says that lines are left out, "" if none are
}

const (
	linesOfAccount = 25 // lines of a topic; the JSON document has more
	linesAtOnce    = 12
)

// topics lists what needs attention, the most severe first.
func (r *Report) topics() []topic {
	all := append(r.differences(), r.objectDifferences()...)
	all = append(all, r.ruleDifferences()...)
	all = append(all, r.unfinished()...)
	all = append(all, r.findings(rehome.SeverityError)...)
	all = append(all, r.findings(rehome.SeverityWarning)...)
	slices.SortStableFunc(all, func(a, b topic) int { return cmp.Compare(rank(a.Tone), rank(b.Tone)) })
	return all
}

// notes lists what needs no action.
func (r *Report) notes() []topic { return append(r.accepted(), r.findings(rehome.SeverityInfo)...) }

// accepted makes one topic of what somebody has accepted.
func (r *Report) accepted() []topic {
	c := topic{Tone: string(rehome.SeverityInfo), Title: "Differences were accepted"}
	total := 0
	for _, a := range r.accounts {
		if len(a.result.Accepted) == 0 {
			continue
		}
		total += len(a.result.Accepted)
		g := topicGroup{Account: a.Address}
		for _, d := range a.result.Accepted {
			g.Lines = append(g.Lines, d.Sentence+" (accepted by "+d.By+" on "+timeText(d.At)+": "+d.Reason+")")
		}
		c.Groups = append(c.Groups, g)
	}
	if total == 0 {
		return nil
	}
	return []topic{c.closed(total)}
}

func rank(severity string) int {
	return slices.Index([]string{string(rehome.SeverityError), string(rehome.SeverityWarning), string(rehome.SeverityInfo)}, severity)
}

// differences makes one topic of each kind of difference.
func (r *Report) differences() []topic {
	var all []topic
	for _, kind := range verify.Kinds() {
		c := topic{Tone: string(severityOf(kind)), Title: titleOf(kind), NextStep: kind.NextStep()}
		total := 0
		for _, a := range r.accounts {
			if a.result.Mail == nil || a.result.Mail.Counts[kind] == 0 {
				continue
			}
			n := a.result.Mail.Counts[kind]
			total += n
			g := topicGroup{Account: a.Address}
			for _, d := range a.result.Mail.Differences {
				if d.Kind == kind && len(g.Lines) < linesOfAccount {
					g.Lines = append(g.Lines, d.Sentence)
				}
			}
			if left := n - len(g.Lines); left > 0 {
				g.More = humanize.Comma(int64(left)) + ` more; "rehome report --json" lists up to 1,000 for each account`
			}
			c.Groups = append(c.Groups, g)
		}
		if total > 0 {
			all = append(all, c.closed(total))
		}
	}
	return all
}

// severityOf is error where a message would be lost or altered, and warning for any other difference.
func severityOf(kind verify.Kind) rehome.Severity {
	switch kind {
	case verify.ExtraMailbox, verify.ExtraMessage, verify.FlagsDiffer, verify.DateDiffers, verify.NotSubscribed,
		verify.UIDsDiffer, verify.UIDLsDiffer, verify.SavedDatesDiffer, verify.AnnotationsDiffer:
		return rehome.SeverityWarning
	}
	return rehome.SeverityError
}

func titleOf(kind verify.Kind) string {
	titles := map[verify.Kind]string{
		verify.MissingMailbox:    "Mailboxes are missing at the destination",
		verify.ExtraMailbox:      "Mailboxes exist only at the destination",
		verify.UnreadableMailbox: "Mailboxes could not be read",
		verify.NotSubscribed:     "Mailboxes are not subscribed at the destination",
		verify.CountDiffers:      "Message counts differ",
		verify.MissingMessage:    "Messages are missing at the destination",
		verify.ExtraMessage:      "Messages exist only at the destination",
		verify.ChangedMessage:    "Messages have different content at the destination",
		verify.UnreadableMessage: "Messages could not be read",
		verify.FlagsDiffer:       "Flags differ",
		verify.DateDiffers:       "Dates differ",
		verify.UIDsDiffer:        "Mail programs will download mailboxes again",
		verify.UIDLsDiffer:       "POP3 programs will download messages again",
		verify.SavedDatesDiffer:  "Messages came into their mailboxes at other times",
		verify.AnnotationsDiffer: "Annotations of mailboxes differ",
		verify.UnlistedMessages:  "Servers hold messages that they do not list",
	}
	return titles[kind]
}

// unfinished makes topics of the accounts that are blocked, or whose verification is missing or out of date.
func (r *Report) unfinished() []topic {
	blocked := topic{Tone: string(rehome.SeverityError), Title: "Accounts are blocked", NextStep: "follow the next step given for each account"}
	unverified := topic{Tone: string(rehome.SeverityWarning), Title: "Accounts are not verified yet", NextStep: `run "rehome verify"`}
	outdated := topic{Tone: string(rehome.SeverityWarning), Title: "Accounts were copied again after verification",
		NextStep: `run "rehome verify" again`}
	for _, a := range r.accounts {
		if a.State == ledger.AccountBlocked {
			blocked.Groups = append(blocked.Groups, topicGroup{Account: a.Address, Lines: withNextStep(a.Reason, a.NextStep)})
		}
		if a.verified.IsZero() {
			unverified.Groups = append(unverified.Groups, topicGroup{Account: a.Address})
		}
		if a.outdated() {
			outdated.Groups = append(outdated.Groups, topicGroup{Account: a.Address, Lines: []string{
				"verified " + timeText(a.verified) + "; " + a.result.CopiedSince.Words(),
			}})
		}
	}
	var all []topic
	for _, c := range []topic{blocked, unverified, outdated} {
		if len(c.Groups) > 0 {
			all = append(all, c.closed(len(c.Groups)))
		}
	}
	return all
}

func withNextStep(sentence, nextStep string) []string {
	lines := []string{sentence}
	if nextStep != "" {
		lines = append(lines, "next step: "+nextStep)
	}
	return slices.DeleteFunc(lines, func(line string) bool { return line == "" })
}

// findings makes one topic of all findings with the same code and next step.
func (r *Report) findings(severity rehome.Severity) []topic {
	var all []topic
	index := map[[2]string]int{}
	totals := map[int]int{}
	for _, f := range r.document.Findings {
		if f.Severity != severity {
			continue
		}
		key := [2]string{f.Code, f.NextStep}
		i, found := index[key]
		if !found {
			i = len(all)
			index[key] = i
			all = append(all, topic{Tone: string(severity), Title: titleOfCode(f.Code), NextStep: f.NextStep})
		}
		totals[i]++
		all[i].add(f)
	}
	for i := range all {
		all[i] = all[i].closed(totals[i])
	}
	return all
}

// add adds a finding to the group of its account.
func (c *topic) add(f rehome.Finding) {
	i := slices.IndexFunc(c.Groups, func(g topicGroup) bool { return g.Account == f.Account })
	if i < 0 {
		i = len(c.Groups)
		c.Groups = append(c.Groups, topicGroup{Account: f.Account})
	}
	g := &c.Groups[i]
	if len(g.Lines) == linesOfAccount {
		g.More = `more; "rehome report --json" lists them all`
		return
	}
	line := f.Sentence
	if f.Object != "" && !strings.Contains(line, f.Object) {
		line = f.Object + ": " + line
	}
	g.Lines = append(g.Lines, line)
}

// titleOfCode makes a heading of a code: "message_refused" becomes "Message refused".
func titleOfCode(code string) string {
	words := strings.ReplaceAll(code, "_", " ")
	if words == "" {
		return "Finding"
	}
	return strings.ToUpper(words[:1]) + words[1:]
}

// closed completes a topic once all its groups are known.
func (c topic) closed(total int) topic {
	lines := 0
	for _, g := range c.Groups {
		lines += 1 + len(g.Lines)
	}
	c.Open = lines <= linesAtOnce
	c.Extent = count(len(c.Groups), "account")
	switch {
	case len(c.Groups) == 1 && c.Groups[0].Account == "":
		c.Extent = humanize.Comma(int64(total))
	case total != len(c.Groups):
		c.Extent = humanize.Comma(int64(total)) + " in " + c.Extent
	}
	return c
}
