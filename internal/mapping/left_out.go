// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"cmp"
	"slices"
	"strings"
)

// admit sorts the source mailboxes into those that get a pair and those that are left out.
func (p *planner) admit() {
	inboxSeen := false
	for _, m := range p.src.Mailboxes {
		switch {
		case isInbox(m.Name) && inboxSeen:
			p.leave(m.Name, "another spelling of INBOX")
		case isInbox(m.Name):
			inboxSeen = true
			p.admitInbox(m)
		default:
			p.admitOther(m)
		}
	}
}

func (p *planner) leave(source, reason string) {
	p.plan.Left = append(p.plan.Left, Left{Source: source, Reason: reason})
}

func (p *planner) admitInbox(m Mailbox) {
	if renamed, found := p.rules.Rename[m.Name]; found && !isInbox(renamed) {
		p.findUnusable(m.Name, "INBOX is always copied into INBOX")
	}
	switch {
	case p.rules.excludes(m.Name):
		p.leave(m.Name, reasonExcluded)
		p.findInboxLeftOut(m.Name)
	case !m.selectable():
		p.leave(m.Name, "cannot be selected")
		p.findInboxLeftOut(m.Name)
	default:
		p.nodes = append(p.nodes, &node{Mailbox: m, natural: inbox})
	}
}

const (
	reasonExcluded = "excluded by rule"
	reasonSkipped  = "mailboxes of this use are skipped (mail.skip)"
)

func (p *planner) admitOther(m Mailbox) {
	fixed, byRule := p.fixedName(m)
	if !byRule {
		if reason := p.unwanted(m); reason != "" {
			p.leave(m.Name, reason)
			p.findLeftOut(m, reason)
			return
		}
	}
	n := &node{Mailbox: m, fixed: fixed, byRule: byRule, path: p.src.path(m.Name, m.Delimiter)}
	if len(n.path) == 0 {
		p.leave(m.Name, "has no name of its own")
		return
	}
	p.followPatterns(n)
	p.makeNatural(n)
	p.nodes = append(p.nodes, n)
	if key := pathKey(n.path); p.parents[key] == nil {
		p.parents[key] = n
	}
}

// fixedName returns what a rename rule, or else an earlier plan, says about a mailbox, or "".
func (p *planner) fixedName(m Mailbox) (name string, byRule bool) {
	renamed, found := p.rules.Rename[m.Name]
	if found && p.usable(renamed) {
		return renamed, true
	}
	if found {
		p.findUnusable(m.Name, "the destination cannot have a mailbox of that name")
	}
	if settled := p.rules.Settled[m.Name]; p.usable(settled) {
		return settled, false
	}
	return "", false
}

// unwanted returns why a mailbox is left out, or "".
func (p *planner) unwanted(m Mailbox) string {
	switch {
	case p.rules.excludes(m.Name):
		return reasonExcluded
	case p.skipped(m):
		return reasonSkipped
	case p.src.foreign(m.Name, m.Delimiter):
		return "belongs to another user, or is shared"
	case m.virtual():
		return "virtual: it shows messages of other mailboxes"
	case p.insideVirtual(m):
		return "inside the virtual namespace"
	}
	return ""
}

// skipped reports whether the operator does not want the use of a mailbox, or of the one above it.
func (p *planner) skipped(m Mailbox) bool {
	use := m.attributeUse()
	if path := p.src.path(m.Name, m.Delimiter); use == "" && len(path) > 0 {
		top := 1
		if path[0] == inbox {
			top = 2
		}
		byName, _ := p.names.lookup(path[:min(top, len(path))])
		use = byName.use
	}
	return use != "" && slices.Contains(p.rules.Skip, use)
}

// insideVirtual recognises the namespace of Dovecot's virtual plugin by the name that its manual
// gives it.
func (p *planner) insideVirtual(m Mailbox) bool {
	path := p.src.path(m.Name, m.Delimiter)
	return len(path) > 1 && path[0] == "virtual"
}

// followPatterns lets the patterns change the path, unless what comes out is no mailbox.
func (p *planner) followPatterns(n *node) {
	name := p.rules.rewrite(n.Name)
	if name == n.Name {
		return
	}
	path := p.src.path(name, n.Delimiter)
	if isInbox(name) || len(path) == 0 {
		p.findUnusable(n.Name, "nothing is left of the name")
		return
	}
	n.path = path
	n.altered = whyPattern
}

// makeNatural translates the path into the name that the mailbox has at the destination by itself.
func (p *planner) makeNatural(n *node) {
	if len(n.path) > 1 && n.path[0] == inbox && p.dst.underInbox() && !p.src.underInbox() {
		n.dropped = 1 // everything is below INBOX there: no INBOX.INBOX
		n.altered = cmp.Or(n.altered, whySamePath)
	}
	for i, part := range n.path[n.dropped:] {
		spelled := p.letters.spell(part, i == 0)
		if spelled != part {
			n.altered = whyRefused
			if strings.Contains(part, p.dst.separator()) {
				n.altered = whyDelim
			}
		}
		n.spelled = append(n.spelled, spelled)
	}
	if p.dst.Prefix == "" && len(n.spelled) > 1 && isInbox(n.spelled[0]) {
		n.spelled[0] = inbox
	}
	n.natural = p.dst.join(n.spelled)
	for p.dst.foreign(n.natural, "") {
		n.spelled[0] = "_" + n.spelled[0] // at the front: the prefix may hold more than this part
		n.natural, n.altered = p.dst.join(n.spelled), whyForeign
	}
}
