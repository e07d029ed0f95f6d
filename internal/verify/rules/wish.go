// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"cmp"
	"strings"

	"rehome"
	"rehome/internal/content/sieve"
	"rehome/internal/mapping"
	"rehome/internal/people"
	"rehome/internal/protocol/imap"
)

// databaseScript is what the rules of the database are called.
const databaseScript = "rules from the old server"

// wanted is a script of the source as it is wanted at the destination.
type wanted struct {
	script
	source string // the text as it is at the source
	lacks  string // what the destination cannot do of it, in clauses; "" for nothing
}

// wish works out what is wanted at the destination.
type wish struct {
	options  Options
	account  string
	src, dst end
	ways     mapping.Ways
}

func (w *wish) fromDatabase() bool { return len(w.src.scripts) == 0 && !w.tables().Empty() }

// any reports whether the source has rules at all.
func (w *wish) any() bool { return len(w.src.scripts) > 0 || w.fromDatabase() }

func (w *wish) tables() sieve.Rules {
	return people.Rules(w.account, w.options.Tables[w.account], w.options.Forwards, w.ways.Holding(`\Junk`))
}

// scripts are the source's with the destination's names of mailboxes. What has no place there by the settings is a finding.
func (w *wish) scripts() (all []wanted, findings []rehome.Finding) {
	if w.fromDatabase() {
		return w.written()
	}
	from := w.options.SourceNames.For(w.src.implementation)
	for _, s := range w.src.scripts {
		all = append(all, wanted{script: w.renamed(s, func(m sieve.Mailbox) string { return w.name(m, from.Decode(m.Name)) }), source: s.text})
	}
	return all, nil
}

// renamed gives the mailboxes of a script their names at the destination, in the form that scripts have there. Both are done
// one after the other, as a name may be chosen while the script runs.
func (w *wish) renamed(s script, rename func(sieve.Mailbox) string) script {
	if s.read == nil {
		return s
	}
	to := w.options.DestinationNames.For(w.dst.implementation)
	for _, step := range []func(sieve.Mailbox) string{rename, func(m sieve.Mailbox) string { return to.Encode(m.Name) }} {
		s = newScript(s.name, s.read.Map(step).Text, s.active)
		if s.read == nil {
			break // no name makes a script another thing than a script
		}
	}
	return s
}

// name is where a mailbox goes that a script names; one that is not copied keeps its name, but for a place that it would get.
func (w *wish) name(m sieve.Mailbox, decoded string) string {
	if renamed, known := w.ways.Named(decoded); known {
		return renamed
	}
	if m.Maybe {
		return m.Name
	}
	further, _ := w.ways.Beyond(decoded)
	return cmp.Or(imap.PrintableName(further), decoded)
}

// written is what the database holds, as one script. A filter whose mailbox is not part of the move is left out.
func (w *wish) written() ([]wanted, []rehome.Finding) {
	var findings []rehome.Finding
	rules := w.tables()
	held := rules.Sorts
	rules.Sorts = nil
	for _, sort := range held {
		name, known := w.ways.Named(sort.Mailbox)
		if !known {
			findings = append(findings, filterLeftOut.On(sort.Mailbox, nil))
			continue
		}
		sort.Mailbox = name
		rules.Sorts = append(rules.Sorts, sort)
	}
	text := sieve.Write(rules, w.dst.offered)
	if text.Text == "" && len(text.Unable) == 0 {
		return nil, findings
	}
	s := w.renamed(newScript(databaseScript, text.Text, true), func(m sieve.Mailbox) string { return m.Name })
	return []wanted{{script: s, source: text.Text, lacks: strings.Join(text.Unable, ", ")}}, findings
}
