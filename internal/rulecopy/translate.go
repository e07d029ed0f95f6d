// SPDX-License-Identifier: Apache-2.0

package rulecopy

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"rehome"
	"rehome/internal/content/sieve"
	"rehome/internal/protocol/imap"
)

// script is one as it is wanted, or as it is at the destination.
type script struct {
	name, text   string
	active, acts bool
	doubts       []rehome.Finding // it stays off until somebody has looked at these
	read         *sieve.Script    // nil if it cannot be taken apart
}

// action is what is done about a wanted script.
func (s script) action(do Deed) Action {
	a := Action{Name: s.name, Do: do, Active: s.active, Lines: []Line{}, Text: s.text,
		Waits: do == Hand && s.active && s.acts, Person: len(s.doubts) > 0}
	if s.read == nil {
		return a
	}
	a.Needs = s.read.Require
	for _, rule := range s.read.Describe() {
		line := Line{Words: rule.Words}
		if do == Hand {
			line.NextStep = byHand(rule)
		}
		a.Lines = append(a.Lines, line)
	}
	return a
}

// wanted reads the source, and gives its scripts the destination's mailbox names.
func (e *Engine) wanted(ctx context.Context, a Account) ([]script, []rehome.Finding, error) {
	var all []script
	if a.Source != nil {
		var err error
		if all, err = look(ctx, a.Source); err != nil {
			return nil, nil, fault(err, "read the source's rules of", a.Address)
		}
	}
	var findings []rehome.Finding
	if len(all) == 0 {
		all, findings := a.fromDatabase()
		return all, findings, nil
	}
	if !a.Rules.Empty() {
		findings = append(findings, rulesDatabaseUnused.On(databaseScript, nil).Of(a.Address))
	}
	for i := range all {
		findings = append(findings, a.translate(&all[i])...)
	}
	a.checkIncludes(all)
	return all, findings, nil
}

// fromDatabase writes the database's rules as a script.
func (a Account) fromDatabase() ([]script, []rehome.Finding) {
	rules, findings := a.renamed()
	written := sieve.Write(rules, a.offered())
	findings = append(findings, unable(a.Address, databaseScript, written.Unable)...)
	if written.Text == "" {
		return nil, findings
	}
	s := script{name: databaseScript, text: written.Text, active: true, acts: written.Acts}
	a.spell(&s)
	return []script{s}, findings
}

// usual is what about every server with Sieve offers.
var usual = sieve.Capabilities{"fileinto", "vacation", "copy"}

func (a Account) offered() sieve.Capabilities {
	if a.Offered == nil {
		return usual
	}
	return a.Offered
}

// translate renames the mailboxes of an existing script.
func (a Account) translate(s *script) []rehome.Finding {
	read, err := sieve.Read(s.text)
	if err != nil {
		s.acts = true // nobody knows: what it names, and whether it sends something
		s.doubts = []rehome.Finding{rulesNotUnderstood.On(s.name, rehome.Values{"why": err}).Of(a.Address)}
		return nil
	}
	var findings []rehome.Finding
	if a.Offered != nil {
		var clauses []string
		for _, extension := range read.Missing(a.Offered) {
			clauses = append(clauses, sieve.Explain(extension))
		}
		findings = unable(a.Address, s.name, clauses)
	}
	s.acts = read.Acts()
	r := renamer{account: a, object: s.name, known: map[sieve.Mailbox]string{}}
	mapped := read.Map(r.rename)
	s.text = mapped.Text
	a.spell(s)
	a.doubt(s, mapped.Doubts)
	return append(findings, r.findings...)
}

// renamer gives the mailboxes of one script their names at the destination.
type renamer struct {
	account  Account
	object   string
	known    map[sieve.Mailbox]string
	findings []rehome.Finding
}

// maxUnknown is how many mailboxes that are not copied are looked up and named. A script has a few; one that has more is made
// by no person.
const maxUnknown = 100

// rename gives one its name. One that the script makes, or asks about, need not be at the source.
func (r *renamer) rename(m sieve.Mailbox) string {
	name := r.account.SourceNames.Decode(m.Name)
	if renamed, known := r.account.mailbox(name); known {
		return renamed
	}
	if m.Maybe {
		return m.Name
	}
	if renamed, seen := r.known[m]; seen || len(r.known) >= maxUnknown {
		return cmp.Or(renamed, name)
	}
	renamed, would := name, false
	if r.account.Further != nil {
		if further, is := r.account.Further(name); is {
			renamed, would = imap.PrintableName(further), true
		}
	}
	r.known[m] = renamed
	object := r.object + ", mailbox " + inOneLine(name)
	said := slices.ContainsFunc(r.findings, func(f rehome.Finding) bool { return f.Object == object })
	if !said && !(would && (m.Create || m.Asked)) {
		r.findings = append(r.findings, scriptMailboxUnknown.On(object, nil).Of(r.account.Address))
	}
	return renamed
}

// inOneLine shows a name that may hold anything.
func inOneLine(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, name)
}

// doubt says what a person has to look at, and keeps the script off until then: it could put messages elsewhere than at
// the source, and no moment of the move makes that right.
func (a Account) doubt(s *script, doubts []sieve.Doubt) {
	for _, d := range doubts {
		if d.Kind == sieve.ComputedName && a.NamesStay {
			continue
		}
		s.doubts = append(s.doubts, declaredFor(d.Kind).On(inLine(s.name, d.Line), rehome.Values{"what": d.Words}).Of(a.Address))
	}
}

func inLine(script string, line int) string { return fmt.Sprintf("%s, line %d", script, line) }

func declaredFor(kind sieve.DoubtKind) rehome.Declared {
	switch kind {
	case sieve.MailboxID:
		return scriptMailboxID
	case sieve.Annotation:
		return scriptAnnotation
	case sieve.ComputedInclude:
		return scriptComputedInclude
	case sieve.UnknownCommand:
		return scriptUnknownCommand
	case sieve.UnwritableName:
		return scriptUnwritable
	}
	return rulesNeedPerson
}

// spell keeps what people read of a script and gives its text the form of names that the destination
// wants. The text can be read: it is ours, or has been read before.
func (a Account) spell(s *script) {
	if s.read, _ = sieve.Read(s.text); s.read != nil {
		s.text = s.read.Map(func(m sieve.Mailbox) string { return a.TargetNames.Encode(m.Name) }).Text
	}
}

func (a Account) mailbox(name string) (string, bool) {
	if a.Mailbox == nil {
		return name, true
	}
	return a.Mailbox(name)
}

// renamed gives the database's rules the destination's mailbox names. One whose mailbox does not move is
// left out: its messages stay in INBOX.
func (a Account) renamed() (sieve.Rules, []rehome.Finding) {
	rules := a.Rules
	findings := []rehome.Finding(nil)
	rules.Sorts = nil
	for i, s := range a.Rules.Sorts {
		name, known := a.mailbox(s.Mailbox)
		if !known {
			findings = append(findings, ruleMailboxUnknown.On(fmt.Sprintf("%s, sort rule %d", databaseScript, i+1),
				rehome.Values{"mailbox": s.Mailbox}).Of(a.Address))
			continue
		}
		s.Mailbox = name
		rules.Sorts = append(rules.Sorts, s)
	}
	return rules, findings
}
