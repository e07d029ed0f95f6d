// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"fmt"
	"strings"

	"rehome/internal/verify"
)

// compare says how the scripts that are wanted stand to those that are there.
func compare(wanted []wanted, there []script, stored map[string]Stored) verify.Rules {
	p := pair(wanted, there)
	found := verify.Rules{
		Source:      verify.RuleTotals{Scripts: len(wanted)},
		Destination: verify.RuleTotals{Scripts: len(there), Active: activeOf(there)},
		Scripts:     []verify.Rule{}, Differences: []verify.Rule{},
	}
	for i, w := range p.wanted {
		if w.active {
			found.Source.Active = w.name
		}
		rule := p.judge(i, stored)
		found.Scripts = append(found.Scripts, rule)
		if rule.State != verify.RuleEqual && rule.State != verify.RuleWaiting {
			found.Differences = append(found.Differences, rule)
		}
	}
	for k, s := range there {
		if p.taken[k] || !s.active || s.read != nil && s.read.Idle() {
			continue // what is off, or leaves every message where it is, changes nothing for anybody
		}
		found.Differences = append(found.Differences, verify.Rule{
			State: verify.RuleExtra, Script: s.name, There: s.name, DestinationDigest: digest(s.form()),
			Sentence: "script " + quote(s.name) + " runs at the destination, and the source does not have it",
		})
	}
	return found
}

// judge says how one wanted script stands to what was found of it.
func (p *pairing) judge(i int, stored map[string]Stored) verify.Rule {
	w := p.wanted[i]
	rule := verify.Rule{State: verify.RuleMissing, Script: w.name, Active: w.active, SourceDigest: digest(w.form())}
	if p.at[i] == none {
		rule.Sentence, rule.Since = w.missing(stored)
		return rule
	}
	s := p.there[p.at[i]]
	rule.There, rule.DestinationDigest = s.name, digest(s.form())
	known, copied := stored[s.name]
	switch {
	case s.form() != w.form():
		rule.State = verify.RuleChanged
		rule.Sentence, rule.Since = w.changed(s, known, copied)
	case w.lacks != "":
		rule.State, rule.Sentence = verify.RuleChanged, "script "+quote(w.name)+" is not complete: the destination "+w.lacks
	case w.active && !s.active && w.acts() && !known.Activated:
		rule.State = verify.RuleWaiting
	case w.active && !s.active:
		rule.State, rule.Since = verify.RuleInactive, known.Activated
		rule.Sentence = "script " + quote(w.name) + " runs at the source and is off at the destination" + since("switched off", known.Activated)
	case !w.active && s.active:
		rule.State = verify.RuleActive
		rule.Sentence = "script " + quote(w.name) + " is off at the source and runs at the destination"
	default:
		rule.State = verify.RuleEqual
	}
	if rule.State == verify.RuleEqual || rule.State == verify.RuleWaiting {
		rule.Sentence = w.translated(s)
	}
	return rule
}

// missing says that a script is not there, and whether it has been.
func (w wanted) missing(stored map[string]Stored) (sentence string, since bool) {
	sentence = "script " + quote(w.name) + " is not at the destination"
	for _, name := range []string{w.name, w.name + renamedSuffix} {
		if _, copied := stored[name]; copied {
			return sentence + "; it was deleted there since it was copied, by whom is unknown", true
		}
	}
	if w.text == "" && w.lacks != "" {
		sentence += ", which " + w.lacks
	}
	return sentence, false
}

// changed says that a script says something else at the destination, and which end it was changed at.
func (w wanted) changed(s script, known Stored, copied bool) (sentence string, since bool) {
	sentence = "script " + quote(w.name)
	switch {
	case !copied:
		sentence += " is another at the destination"
	case known.Digest == digest(s.text):
		sentence += " at the destination is as it was copied; it, or the name of a mailbox in it, was changed at the source since"
	default:
		sentence += " was changed at the destination since it was copied, by whom is unknown"
		since = true
	}
	if n := firstOther(w.read, s.read); n > 0 {
		sentence += fmt.Sprintf("; the first rule that differs is number %d", n)
	}
	return sentence, since
}

// translated says what is other by design.
func (w wanted) translated(s script) string {
	var clauses []string
	if s.name != w.name {
		clauses = append(clauses, "it is stored as "+quote(s.name))
	}
	if w.source != w.text {
		clauses = append(clauses, "names of mailboxes or scripts in it are the destination's")
	}
	return strings.Join(clauses, "; ")
}

func since(what string, is bool) string {
	if !is {
		return ""
	}
	return "; it was " + what + " there since it was copied, by whom is unknown"
}

func quote(name string) string { return `"` + name + `"` }
