// SPDX-License-Identifier: Apache-2.0

package mapping

import "slices"

// Ways are a plan, and what it was made of: they tell also where a mailbox would go that does not exist yet, as one that a
// rule makes with its first message.
type Ways struct {
	Plan
	Source, Destination End
	Rules               Rules
}

// Beyond returns the destination's name for a source name that is not in the source's list. Every pair of the plan keeps
// its place. It reports false for a name that would be left out, or that is in the list.
func (w Ways) Beyond(name string) (string, bool) {
	rules := w.Rules
	rules.Settled = map[string]string{}
	for _, pair := range w.Pairs {
		rules.Settled[pair.Source] = pair.Destination
	}
	src := w.Source
	if slices.ContainsFunc(src.Mailboxes, func(m Mailbox) bool { return m.Name == name }) {
		return "", false
	}
	src = src.withPrefix() // while the list is only what the server has said
	src.Mailboxes = append(slices.Clone(src.Mailboxes), Mailbox{Name: name})
	for _, pair := range Make(src, w.Destination, rules).Pairs {
		if pair.Source == name {
			return pair.Destination, true
		}
	}
	return "", false
}

// Unchanged reports whether every name stays what it is, also one that nobody has made yet: both ends write names alike,
// and no rule says otherwise.
func (w Ways) Unchanged() bool {
	src, dst := w.Source.withPrefix(), w.Destination.withPrefix()
	return src.Prefix == dst.Prefix && src.Delimiter == dst.Delimiter && len(w.Rules.Rename)+len(w.Rules.Patterns) == 0 &&
		!slices.ContainsFunc(w.Pairs, func(p Pair) bool { return p.Source != p.Destination })
}
