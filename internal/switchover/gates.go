// SPDX-License-Identifier: Apache-2.0

package switchover

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rehome"
	"rehome/internal/cutover"
	"rehome/internal/forecast"
	"rehome/internal/ledger"
)

// Facts are what is known of a domain when its gates are asked.
type Facts struct {
	Plan     cutover.Plan
	Blind    bool // it is not known what stands at the domain's MX, or what is to stand there
	Accounts []Account
	// Refused are addresses that the new mail hosts do not take although they should; Unanswered how many have no answer yet.
	Refused    []string
	Unanswered int
	// Hasty says that the destination's server was told for the first copy not to wait for its disk.
	Hasty bool
	// Certificates are the names that records will lead to.
	Certificates []Certificate
	// ByHand says that a person writes the zone.
	ByHand bool
	// Records are the sets that would be exchanged now, in order.
	Records []ledger.CutoverRecord
	// Failures say what could not be found out, by the gate that asks it.
	Failures map[Gate]error
}

// Account is where one account of the domain stands.
type Account struct {
	Address  string
	Passed   time.Time // the end of its last complete pass; zero for never
	Why      string    // it is not complete: the reason
	NextStep string
	Unproved string // why both ends do not count as equal; "" if they do
	NoLogin  string // why it is not known that the person can log in; "" if it is

	Undecided string         // what a person has to decide about what its programs download again; "" for nothing
	Again     forecast.Again // how much that is, as far as is known
}

// Certificate is a name at which programs will ask for a certificate.
type Certificate struct {
	Host  string
	Words string // what is wrong with it; "" for nothing
}

// judge collects what holds a domain.
type judge struct {
	facts    Facts
	settings Settings
	now      time.Time
	holds    []ledger.CutoverHold
}

// Holds says what keeps a domain from being switched, in the order of the gates. of is the domain as it stands, with its snapshot.
func Holds(facts Facts, of ledger.Cutover, settings Settings, now time.Time) []ledger.CutoverHold {
	j := &judge{facts: facts, settings: settings, now: now}
	j.accounts()
	j.downloads()
	j.durable()
	j.recipients()
	j.certificates()
	j.plan()
	j.zone(of)
	for gate, err := range facts.Failures {
		j.hold(gate, err.Error(), "whoever runs rehome", orElse(rehome.HintOf(err), `run "rehome cutover run" again`))
		j.holds[len(j.holds)-1].Final = gate == GateServers // then nothing is known of the zone
	}
	slices.SortStableFunc(j.holds, func(a, b ledger.CutoverHold) int {
		return slices.Index(Gates(), Gate(a.Gate)) - slices.Index(Gates(), Gate(b.Gate))
	})
	return j.holds
}

func (j *judge) hold(gate Gate, sentence, who, next string) {
	j.holds = append(j.holds, ledger.CutoverHold{Gate: string(gate), Sentence: sentence, Who: who, NextStep: next})
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// accounts asks those that have to be copied, looked at lately, proved, and open to their owners. Each gate names the first account.
func (j *judge) accounts() {
	if len(j.facts.Accounts) == 0 && j.facts.Failures[GateCopied] == nil {
		j.hold(GateCopied, "no account of the domain moves", "whoever runs rehome", "correct domains: in the settings, or the list of accounts")
	}
	var behind, old, unproved, locked []Account
	for _, a := range j.facts.Accounts {
		switch {
		case a.Why != "" || a.Passed.IsZero():
			behind = append(behind, a)
		case j.now.Sub(a.Passed) > j.settings.Lag:
			old = append(old, a)
		}
		if a.Unproved != "" {
			unproved = append(unproved, a)
		}
		if a.NoLogin != "" {
			locked = append(locked, a)
		}
	}
	if len(behind) > 0 {
		j.hold(GateCopied, some(behind, "is not copied completely", "are not copied completely")+": "+
			orElse(behind[0].Why, "no pass has reached its end"), "whoever runs rehome",
			orElse(behind[0].NextStep, `run "rehome sync" until it ends with code 0`))
	}
	if len(old) > 0 {
		slices.SortFunc(old, func(a, b Account) int { return a.Passed.Compare(b.Passed) })
		j.hold(GateLag, fmt.Sprintf("%s last looked at more than %s ago (%s UTC), so the final pass may take long", some(old, "was", "were"),
			period(j.settings.Lag), old[0].Passed.UTC().Format("2006-01-02 15:04")), "whoever runs rehome", `run "rehome sync" now`)
	}
	if len(unproved) > 0 {
		j.hold(GateProved, some(unproved, "is not proved to be equal at both ends", "are not proved to be equal at both ends")+": "+unproved[0].Unproved,
			"whoever runs rehome", `run "rehome verify", then mend what differs, or accept it with "rehome findings accept"`)
	}
	if len(locked) > 0 {
		j.hold(GateLogins, some(locked, "is not known to be able to log in at the destination", "are not known to be able to log in at the destination")+
			": "+locked[0].NoLogin, "whoever runs rehome", `run "rehome verify --login"`)
	}
}

// downloads asks about mail that programs download again: who, how much, and that it cannot be healed when it has happened.
func (j *judge) downloads() {
	var open []Account
	var sum forecast.Again
	for _, a := range j.facts.Accounts {
		if a.Undecided != "" {
			open = append(open, a)
			sum = sum.Plus(a.Again)
		}
	}
	if len(open) == 0 {
		return
	}
	total := ""
	if len(open) > 1 && sum.Messages > 0 {
		total = ", " + sum.Words() + " in all"
	}
	j.hold(GateDownloads, some(open, "has programs that download mail again", "have programs that may download mail again")+total+": "+open[0].Undecided,
		"whoever runs rehome", `see "rehome clients forecast"; "rehome verify --uids" proves what stays; tell these users, then decide with `+
			`--override downloads --why "..."`)
}

// durable asks whether the haste of the first copy was taken back: mail that arrives behind the switch is nowhere else.
func (j *judge) durable() {
	if j.facts.Hasty {
		j.hold(GateDurable, "the destination stores mail without waiting for its disk (destination.mail_fsync: never)", "the destination's operations",
			"take mail_fsync=never back there, reload the server and run sync(1) on it; then remove destination.mail_fsync from the settings")
	}
}

// some names the first of several accounts.
func some(accounts []Account, one, more string) string {
	if len(accounts) == 1 {
		return accounts[0].Address + " " + one
	}
	return fmt.Sprintf("%d accounts %s, for example %s", len(accounts), more, accounts[0].Address)
}

func (j *judge) recipients() {
	if n := len(j.facts.Refused); n > 0 {
		j.hold(GateRecipients, fmt.Sprintf("the new mail host does not take %s, for example %s: mail to it would bounce", count2(n, "address", "addresses"),
			j.facts.Refused[0]), "whoever runs the destination",
			`make the account or alias there, or decide in recipients.csv that it goes; then run "rehome recipients check"`)
	}
	if n := j.facts.Unanswered; n > 0 {
		j.hold(GateRecipients, fmt.Sprintf("it is not known whether the new mail host takes %s", count2(n, "address", "addresses")), "whoever runs rehome",
			`run "rehome recipients check" until every address has an answer`)
	}
}

func count2(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

func (j *judge) certificates() {
	for _, c := range j.facts.Certificates {
		if c.Words != "" {
			j.hold(GateCertificate, fmt.Sprintf("%s has no certificate that programs accept: %s", c.Host, c.Words), "whoever runs the destination",
				"have the name put on the certificate there")
		}
	}
}

// plan turns what DNS asks for into gates.
func (j *judge) plan() {
	p := j.facts.Plan
	final := j.facts.Failures[GateServers] == nil && j.facts.Blind
	for _, wait := range p.Waits {
		j.hold(GateServers, wait, orElse(p.Who, "whoever runs its DNS"), `see to that; "rehome dns check `+p.Domain+`" shows what each server says`)
		j.holds[len(j.holds)-1].Final = final
	}
	if final && len(p.Waits) == 0 {
		j.hold(GateServers, "it is not known what stands at MX of "+p.Domain, "whoever runs its DNS", `run "rehome dns check `+p.Domain+`"`)
		j.holds[len(j.holds)-1].Final = true
	}
	for _, c := range p.Conditions {
		if c.Met && !c.Ready.After(j.now) {
			continue
		}
		gate := gateOf(c)
		if c.Met {
			j.hold(gate, c.Sentence, "nobody: it passes by itself", "wait until "+c.Ready.UTC().Format("2006-01-02 15:04 UTC"))
			j.holds[len(j.holds)-1].Until = c.Ready
			continue
		}
		who, next := p.Who, `follow "rehome cutover plan `+p.Domain+`"`
		for _, s := range p.Steps {
			if s.Phase == cutover.Before && s.About == c.About {
				who, next = s.Who, s.Sentence
				break
			}
		}
		j.hold(gate, c.Sentence, who, next)
	}
}

func gateOf(c cutover.Condition) Gate {
	switch {
	case c.About == "MTA-STS":
		return GatePolicy
	case c.About == "DKIM" || c.About == "SPF":
		return GateRecords
	}
	return GateTTL
}

// zone compares the sets as they stand with those of the snapshot.
func (j *judge) zone(of ledger.Cutover) {
	if j.facts.Failures[GateServers] != nil || len(j.facts.Plan.Waits) > 0 {
		return // what stands there is not known, and the servers hold the domain already
	}
	for _, was := range of.Records {
		i := slices.IndexFunc(j.facts.Records, func(r ledger.CutoverRecord) bool { return r.Name == was.Name && r.About == was.About })
		if i < 0 || slices.Equal(j.facts.Records[i].Before.Data, was.Before.Data) {
			continue // one that is not there stands as it should after the switch
		}
		j.hold(GateZone, changedSentence(was, j.facts.Records[i].Before.Data), "whoever changed it",
			`put it back, or take it as it is now with --override zone --why "..."`)
	}
}

func changedSentence(was ledger.CutoverRecord, now []string) string {
	return fmt.Sprintf("somebody has changed %s of %s since it was noted: it was %s, and now is %s", was.About, was.Name, shown(was.Before.Data),
		shown(now))
}

// words joins the names of gates.
func words(gates []Gate) string {
	texts := make([]string, len(gates))
	for i, g := range gates {
		texts[i] = string(g)
	}
	return strings.Join(texts, ", ")
}
