// SPDX-License-Identifier: Apache-2.0

package mapping

import "rehome"

// Findings lists every kind of finding that the mapping of mailboxes raises.
func Findings() []rehome.Declared {
	return []rehome.Declared{
		MailboxLeftOut, allLeftOut, inboxLeftOut, mailboxRenamed, mailboxMerged, mailboxCaseTwin, specialUseTwice, ruleUnusable,
	}
}

var (
	// MailboxLeftOut says that a mailbox is not copied.
	MailboxLeftOut = rehome.Declared{
		Code: "mailbox_left_out", Topic: rehome.TopicMailboxes, Severity: rehome.SeverityInfo,
		Sentence: "this mailbox is not copied: {why}",
		NextStep: "to copy it, give it a name under mail.rename",
		Meaning: "rehome leaves out what you exclude with `mail.exclude`, the mailboxes of other users, and views that show messages of " +
			"other mailboxes once more.",
	}
	allLeftOut = MailboxLeftOut.As(rehome.SeverityWarning).Saying(
		"this mailbox is not copied: {why}; messages that are in no other mailbox are not copied", MailboxLeftOut.NextStep)
	inboxLeftOut = rehome.Declared{
		Code: "inbox_left_out", Topic: rehome.TopicMailboxes, Severity: rehome.SeverityWarning,
		Sentence: "INBOX is not copied",
		NextStep: "check whether a pattern under mail.exclude matches more than it should",
		Meaning:  "A pattern under `mail.exclude` matches INBOX, which is rarely wanted.",
	}
	mailboxRenamed = rehome.Declared{
		Code: "mailbox_renamed", Topic: rehome.TopicMailboxes, Severity: rehome.SeverityWarning,
		Sentence: `"{before}" becomes "{after}": {why}`,
		NextStep: "to choose another name, set one under mail.rename",
		Meaning: "The destination cannot have a mailbox of this name, so rehome chooses one that its users will recognise. The choice is " +
			"the same in every pass.",
	}
	mailboxMerged = rehome.Declared{
		Code: "mailbox_merged", Topic: rehome.TopicMailboxes, Severity: rehome.SeverityInfo,
		Sentence: `"{before}" is copied into "{after}", together with another mailbox`,
		Meaning:  "Two mailboxes have the same destination name, because a rule under `mail.rename` says so.",
	}
	mailboxCaseTwin = rehome.Declared{
		Code: "mailbox_case_twin", Topic: rehome.TopicMailboxes, Severity: rehome.SeverityWarning,
		Sentence: `"{one}" and "{other}" differ only in letter case or in how accents are encoded`,
		NextStep: "if the destination treats them as one mailbox, set mail.folds_case",
		Meaning:  "Both names are legal and are copied as two mailboxes. Some servers and clients show only one of them, or mix them up.",
	}
	specialUseTwice = rehome.Declared{
		Code: "special_use_twice", Topic: rehome.TopicMailboxes, Severity: rehome.SeverityInfo,
		Sentence: `"{mailbox}" looks like a second {use} mailbox; "{best}" is used as such, and this one keeps its name`,
		NextStep: `to merge them, rename "{mailbox}" to the destination name of "{best}" under mail.rename`,
		Meaning: "Mail clients in other languages create their own mailboxes for sent mail, drafts, junk and trash. The destination has one " +
			"of each, so rehome uses the most likely one and copies the others under their own names.",
	}
	ruleUnusable = rehome.Declared{
		Code: "mapping_rule_unusable", Topic: rehome.TopicMailboxes, Severity: rehome.SeverityWarning,
		Sentence: `a rule that renames "{mailbox}" is ignored: {why}`,
		NextStep: "correct the rule",
		Meaning:  "A rename rule gives a name that the destination cannot have. The mailbox is copied as if there were no such rule.",
	}
)

func (p *planner) find(f rehome.Finding) { p.plan.Findings = append(p.plan.Findings, f) }

// findRename tells about names that a user will not recognise at once.
func (p *planner) findRename(n *node) {
	reasons := map[string]string{
		whyTaken:   "another mailbox already has this name",
		whyForeign: "the destination uses this name for mailboxes of other users",
		whyTooLong: "the name is too long for the destination",
		whyDelim:   "the name contains the character that separates levels at the destination",
		whyRefused: "the name contains characters that the destination refuses",
	}
	if reason, found := reasons[n.why]; found {
		p.find(mailboxRenamed.On(n.Name, rehome.Values{"before": n.Name, "after": n.placed, "why": reason}))
	}
}

func (p *planner) findMerge(n *node, into string) {
	p.find(mailboxMerged.On(n.Name, rehome.Values{"before": n.Name, "after": into}))
}

func (p *planner) findSecondUses(use string, best *node, others []candidate) {
	for _, c := range others {
		if c.node.fixed == "" {
			p.find(specialUseTwice.On(c.node.Name, rehome.Values{"mailbox": c.node.Name, "use": use, "best": best.Name}))
		}
	}
}

func (p *planner) findUnusable(source, reason string) {
	p.find(ruleUnusable.On(source, rehome.Values{"mailbox": source, "why": reason}))
}

func (p *planner) findInboxLeftOut(source string) {
	p.find(inboxLeftOut.On(source, nil))
}

// findLeftOut tells what the operator did not ask to leave out.
func (p *planner) findLeftOut(m Mailbox, reason string) {
	switch {
	case reason == reasonExcluded:
	case m.has(`\All`):
		p.find(allLeftOut.On(m.Name, rehome.Values{"why": reason}))
	default:
		p.find(MailboxLeftOut.On(m.Name, rehome.Values{"why": reason}))
	}
}

// findCaseTwins tells about destination names that differ by nothing but case: legal, but many
// clients and file systems take them for one.
func (p *planner) findCaseTwins() {
	if p.rules.FoldsCase {
		return
	}
	twins := map[string][]string{}
	for _, m := range p.dst.Mailboxes {
		twins[foldName(m.Name)] = append(twins[foldName(m.Name)], m.Name)
	}
	for _, pair := range p.plan.Pairs {
		twins[foldName(pair.Destination)] = append(twins[foldName(pair.Destination)], pair.Destination)
	}
	for _, pair := range p.plan.Pairs {
		for _, twin := range twins[foldName(pair.Destination)] {
			if twin != pair.Destination && pair.Destination != inbox {
				p.find(mailboxCaseTwin.On(pair.Source, rehome.Values{"one": pair.Destination, "other": twin}))
				break
			}
		}
	}
}
