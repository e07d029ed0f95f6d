// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"fmt"

	"rehome"
)

func (p *planner) find(code string, severity rehome.Severity, object, nextStep, format string, args ...any) {
	p.plan.Findings = append(p.plan.Findings, rehome.Finding{
		Code: code, Severity: severity, Object: object, Sentence: fmt.Sprintf(format, args...), NextStep: nextStep,
	})
}

const renameInstead = "give a rename rule for it if another name is wanted"

// findRename tells about names that a user will not recognise at once.
func (p *planner) findRename(n *node) {
	reasons := map[string]string{
		whyTaken:   "the name is already taken by another mailbox",
		whyForeign: "the name belongs to a namespace of other users there",
		whyTooLong: "the name is too long there",
		whyDelim:   "the name holds the character that separates levels there",
		whyRefused: "the name holds characters that the destination refuses",
	}
	if reason, found := reasons[n.why]; found {
		p.find("mailbox_renamed", rehome.SeverityWarning, n.Name, renameInstead, "%q becomes %q: %s", n.Name, n.placed, reason)
	}
}

func (p *planner) findMerge(n *node, into string) {
	p.find("mailbox_merged", rehome.SeverityInfo, n.Name, "", "%q goes into %q together with another mailbox", n.Name, into)
}

func (p *planner) findSecondUses(use string, best *node, others []candidate) {
	for _, c := range others {
		if c.node.fixed == "" {
			p.find("special_use_twice", rehome.SeverityInfo, c.node.Name,
				fmt.Sprintf("to merge them, rename %q to the destination name of %q", c.node.Name, best.Name),
				"%q looks like a %s mailbox too, but %q was chosen; it keeps its own name", c.node.Name, use, best.Name)
		}
	}
}

func (p *planner) findUnusable(source, reason string) {
	p.find("mapping_rule_unusable", rehome.SeverityWarning, source, "correct the rule", "a rule for %q is ignored: %s", source, reason)
}

func (p *planner) findInboxLeftOut(source string) {
	p.find("inbox_left_out", rehome.SeverityWarning, source, "see whether an exclude rule matches more than it should", "INBOX is left out")
}

// findLeftOut tells what the operator did not ask to leave out.
func (p *planner) findLeftOut(m Mailbox, reason string) {
	switch {
	case reason == reasonExcluded:
	case m.has(`\All`):
		p.find("mailbox_left_out", rehome.SeverityWarning, m.Name, "give a rename rule for it to copy it all the same",
			"%q is left out, %s; messages that are in no other mailbox stay behind", m.Name, reason)
	default:
		p.find("mailbox_left_out", rehome.SeverityInfo, m.Name, "give a rename rule for it to copy it all the same",
			"%q is left out: %s", m.Name, reason)
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
				p.find("mailbox_case_twin", rehome.SeverityWarning, pair.Source,
					"if the destination takes them for one mailbox, set mail.folds_case", "%q and %q differ only in case or in the form of accents", pair.Destination, twin)
				break
			}
		}
	}
}
