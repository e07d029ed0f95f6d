// SPDX-License-Identifier: Apache-2.0

package itinerary

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

func settings(s State) finding {
	file := s.Settings
	switch {
	case !file.There:
		return finding{progress: NoWord, sentence: "begin with your domain: rehome finds out what it publishes, and asks only for the rest",
			command: "rehome init DOMAIN"}
	case file.Wrong != "":
		return finding{progress: NoWord, sentence: file.File + " has a mistake: " + file.Wrong, command: "rehome config check"}
	case len(file.Missing) > 0:
		return finding{progress: NoWord, sentence: "provide " + strings.Join(file.Missing, ", "), command: "rehome config check --secrets"}
	}
	return finding{progress: Done, sentence: file.File + " and what it refers to are there"}
}

// check is also proved by a pass: it has reached both ends.
func check(s State) finding {
	switch {
	case s.Check.good() || s.Copies.Copied > 0 && s.Copies.Newest.After(s.Check.At):
		f := finding{progress: Done, sentence: "both ends answered " + at(later(s.Check.At, s.Copies.Newest))}
		// The store keeps whole seconds: who checks in the second in which the file was written has checked what is in it.
		if s.Settings.Written.Truncate(time.Second).After(later(s.Check.At, s.Copies.Newest)) {
			f.sentence += "; the settings have changed since, so \"rehome check\" is worth another look"
		}
		return f
	case s.Check.ever():
		return finding{progress: NoWord, command: "rehome check",
			sentence: join("the last check "+at(s.Check.At)+" found something to mend", s.Check.Sentence)}
	}
	return finding{progress: NoWord, sentence: "see whether both ends let rehome in, and what they can do", command: "rehome check"}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func plan(s State) finding {
	var missing []string
	for _, d := range s.Domains {
		if !d.Planned.ever() && d.Stage == "" {
			missing = append(missing, d.Name)
		}
	}
	const command = "rehome cutover plan"
	switch {
	case len(s.Domains) == 0:
		return finding{progress: NoWord, sentence: "find out what the switch of DNS needs, and what of it takes days", command: command}
	case len(missing) > 0:
		return finding{progress: NoWord, command: command,
			sentence: "find out what the switch of " + some(missing) + " needs in DNS, and what of it takes days"}
	}
	return finding{progress: Done, sentence: "the records of " + plural(len(s.Domains), "domain") + " are planned"}
}

func accounts(s State) finding {
	switch {
	case s.AccountsCheck.good() && !s.Exported.After(s.AccountsCheck.At): // a later file has others in it
		return finding{progress: Done, sentence: "every account let rehome in at the destination " + at(s.AccountsCheck.At)}
	case s.Copies.Copied > 0 && s.Copies.open() == 0 && s.Copies.Copied >= s.total():
		return finding{progress: Done, sentence: "a pass has opened " + all(s.Copies.Copied, "account") + " at the destination"}
	case s.AccountsCheck.ever() && !s.AccountsCheck.good():
		return finding{progress: NoWord, command: "rehome accounts check",
			sentence: join("not every account was ready at the destination "+at(s.AccountsCheck.At), s.AccountsCheck.Sentence)}
	case !s.MakesAccounts:
		return finding{progress: NoWord, command: "rehome accounts check",
			sentence: "create the accounts at the destination, then see whether each lets rehome in"}
	case s.Exported.IsZero():
		return finding{progress: NoWord, sentence: "write the file that the Account Manager imports", command: "rehome accounts export"}
	}
	return finding{progress: NoWord, command: "rehome accounts check",
		sentence: "import the accounts that were written " + at(s.Exported) + " in the Account Manager, then see whether each lets rehome in"}
}

func copying(s State) finding {
	c, total := s.Copies, s.total()
	if f, is := braked(s); is {
		return f
	}
	left := c.Accounts == 0 || c.open() > 0 || c.Copied < total
	if f, is := held(s); is && left && !s.Running {
		return f
	}
	switch {
	case s.Running:
		return finding{progress: Running, command: "rehome status",
			sentence: fmt.Sprintf("a sync is at work: %d of %s copied so far%s", c.Copied, plural(total, "account"), s.inWaves())}
	case c.Accounts == 0:
		return finding{progress: NoWord, sentence: "copy everything while everybody keeps working", command: "rehome sync"}
	case c.Blocked > 0:
		return finding{progress: NoWord, command: "rehome status",
			sentence: plural(c.Blocked, "account") + verb(c.Blocked, " is", " are") + " blocked; see why, mend it, then run \"rehome sync\""}
	case left:
		return finding{progress: NoWord, command: "rehome sync",
			sentence: fmt.Sprintf("%d of %s copied%s", c.Copied, plural(total, "account"), s.inWaves())}
	}
	return finding{progress: Done, sentence: all(c.Copied, "account") + verb(c.Copied, " is", " are") + " copied, last " + at(c.Newest)}
}

func proof(s State) finding {
	c, total := s.Copies, s.total()
	switch {
	case c.Accounts > 0 && c.Equal == c.Accounts && c.Equal >= total:
		return finding{progress: Done, sentence: all(c.Equal, "account") + verb(c.Equal, " was", " were") + " equal at both ends"}
	case c.Equal+c.Differs < max(total, c.Accounts) || c.Accounts == 0:
		return finding{progress: NoWord, sentence: "compare both ends, message by message", command: "rehome verify"}
	}
	return finding{progress: NoWord, command: "rehome findings list",
		sentence: plural(c.Differs, "account") + verb(c.Differs, " differs", " differ") + "; see what, then copy it again or accept it"}
}

func recipients(s State) finding {
	const command = "rehome recipients check"
	switch look := s.RecipientsCheck; {
	case look.good():
		return finding{progress: Done, sentence: "the new mail host accepted every recipient " + at(look.At)}
	case look.ever():
		return finding{progress: NoWord, sentence: join("not every recipient is settled", look.Sentence), command: command}
	case !s.Mails:
		return finding{progress: NoWord, sentence: "name the mail hosts of the destination (destination.mx.addresses), then ask them about every recipient",
			command: command}
	}
	return finding{progress: NoWord, sentence: "ask the new mail host about everybody who receives mail, aliases too", command: command}
}

func logins(s State) finding {
	const command = "rehome verify --login"
	switch n := s.Logins; {
	case n.Fail > 0:
		return finding{progress: NoWord, sentence: "logins of " + plural(n.Fail, "account") + verb(n.Fail, " does", " do") + " not work", command: command}
	case n.Work == 0:
		return finding{progress: NoWord, sentence: "log in as everybody at the destination before they do", command: command}
	case n.Work < s.total():
		return finding{progress: NoWord, sentence: fmt.Sprintf("logins of %d of %d accounts work; the others were not tried", n.Work, s.total()),
			command: command}
	}
	return finding{progress: Done, sentence: "logins of " + plural(s.Logins.Work, "account") + verb(s.Logins.Work, " works", " work")}
}

func people(s State) finding {
	const notify = "rehome clients notify"
	switch n := s.Notices; {
	case n.Trouble > 0:
		return finding{progress: NoWord, command: notify,
			sentence: "the message to " + plural(n.Trouble, "user") + " was refused, came back or is not known to have arrived"}
	case n.Sent > 0 && n.Sent >= s.total():
		return finding{progress: Done, sentence: plural(n.Sent, "user") + verb(n.Sent, " has", " have") + " been sent a page by mail"}
	case n.Sent > 0:
		return finding{progress: NoWord, command: notify,
			sentence: fmt.Sprintf("%d of %s have been sent a page by mail", n.Sent, plural(s.total(), "user"))}
	case n.Able:
		return finding{progress: NoWord, command: notify,
			sentence: "send each user a page: what changes, and what to enter again; look at the messages first"}
	case s.Pages:
		return finding{progress: Done, sentence: "a page for each user is written; whether everybody has got it, only you know"}
	}
	return finding{progress: NoWord, command: "rehome accounts settings --sheets",
		sentence: "write a page for each user: what changes, and what to enter again"}
}

// ready is the time that DNS takes: every step before the switch is taken, and what resolvers remember is over. What somebody here
// can do comes before what has to be waited for.
func ready(s State) finding {
	var left []Domain
	for _, d := range s.Domains {
		if d.Stage == "" || d.Stage == StageBack {
			left = append(left, d)
		}
	}
	if len(s.Domains) == 0 {
		return finding{progress: Unknown, sentence: "it is not known which domains move", command: commandPlan}
	}
	for _, look := range []func(State, []Domain) (finding, bool){asked, staged, lowered, byHand, blocked} {
		if f, some := look(s, left); some {
			return f
		}
	}
	return waited(s, left)
}

const commandPlan = "rehome cutover plan"

// asked has the destination asked for what only it can give.
func asked(s State, left []Domain) (finding, bool) {
	for _, d := range left {
		if d.Open.Ask != "" && s.HandedOver.IsZero() {
			return finding{progress: NoWord, command: "rehome handover",
				sentence: join(d.Name, d.Open.Ask) + "; it takes days, so ask now: the bundle for the destination has the request"}, true
		}
	}
	return finding{}, false
}

func staged(_ State, left []Domain) (finding, bool) {
	names, n := recordsOf(left, func(d Domain) int { return d.Open.Stage })
	return finding{progress: NoWord, command: "rehome dns stage --write",
		sentence: "publish " + plural(n, "record") + " of " + some(names) + " that must be there before the switch"}, n > 0
}

func lowered(_ State, left []Domain) (finding, bool) {
	names, n := recordsOf(left, func(d Domain) int { return d.Open.Lower })
	return finding{progress: NoWord, command: "rehome dns lower-ttl --write",
		sentence: "lower the TTL of " + plural(n, "record") + " of " + some(names) + ", so that the switch takes minutes and not a day"}, n > 0
}

// recordsOf names the domains that have records left to do, and counts these.
func recordsOf(left []Domain, open func(Domain) int) (names []string, records int) {
	for _, d := range left {
		if n := open(d); n > 0 {
			names, records = append(names, d.Name), records+n
		}
	}
	return names, records
}

func byHand(_ State, left []Domain) (finding, bool) {
	for _, d := range left {
		if d.Open.Hand != "" {
			return finding{progress: NoWord, sentence: join(d.Name, d.Open.Hand) + "; then run the plan again", command: commandPlan}, true
		}
	}
	return finding{}, false
}

// blocked is what keeps the moment from being known, beside what was asked for.
func blocked(_ State, left []Domain) (finding, bool) {
	for _, d := range left {
		switch {
		case d.Open.Ask != "":
		case d.Waits != "":
			return finding{progress: NoWord, sentence: join(d.Name, d.Waits), command: commandPlan}, true
		case d.Earliest.IsZero():
			return finding{progress: Unknown, sentence: "it is not known when " + d.Name + " may switch", command: commandPlan}, true
		}
	}
	return finding{}, false
}

// waited is what nobody here can do anything about.
func waited(s State, left []Domain) finding {
	until := time.Time{}
	for _, d := range left {
		if d.Open.Ask != "" {
			return finding{progress: Waiting, waitsFor: "the destination", command: commandPlan,
				sentence: join(d.Name, d.Open.Ask) + "; the bundle with the request was written " + at(s.HandedOver)}
		}
		until = later(until, d.Earliest)
	}
	if until.After(s.Now) {
		return finding{progress: Waiting, sentence: "resolvers may remember old records until " + stamp(until), waitsFor: "the clock", until: until,
			command: "rehome next"}
	}
	return finding{progress: Done, sentence: "DNS is ready for the switch"}
}

// stages are the domains of a state by their stage.
func stages(s State) map[Stage][]string {
	all := map[Stage][]string{}
	for _, d := range s.Domains {
		all[d.Stage] = append(all[d.Stage], d.Name)
	}
	return all
}

func switching(s State) finding {
	at := stages(s)
	var waits *finding
	for _, d := range s.Domains {
		if d.Stage != StageSwitching && d.Stage != StageReturning {
			continue
		}
		f := finding{progress: NoWord, sentence: join(d.Name, d.Says), waitsFor: d.WaitsFor, command: CommandRun}
		if d.Until.After(s.Now) {
			f.progress, f.waitsFor, f.until = Waiting, "the clock ("+stamp(d.Until)+")", d.Until
			waits = &f
			continue // with another one there may be something to do
		}
		return f
	}
	left := append(slices.Clone(at[""]), at[StageBack]...)
	switch {
	case waits != nil && len(left) == 0:
		return *waits
	case len(s.Domains) > 0 && len(left) == 0:
		return finding{progress: Done, sentence: plural(len(s.Domains), "domain") + verb(len(s.Domains), " is", " are") + " switched"}
	case len(left) == 0:
		return finding{progress: NoWord, sentence: "switch the domains", command: CommandRun}
	}
	return finding{progress: NoWord, sentence: "switch " + some(left), command: CommandRun}
}

func late(s State) finding {
	at := stages(s)
	live := at[StageLive]
	switch {
	case len(s.Domains) == 0 || len(at[""])+len(at[StageSwitching])+len(at[StageReturning])+len(at[StageBack]) > 0:
		return finding{progress: NoWord, sentence: "bring what still arrives at the source", command: CommandRun}
	case len(live) > 0:
		for _, d := range s.Domains {
			if d.Stage == StageLive && d.Says != "" {
				return finding{progress: Waiting, sentence: d.Name + ": " + d.Says, waitsFor: "the old server to be quiet", command: CommandRun}
			}
		}
		return finding{progress: Waiting, sentence: "mail may still arrive at the source for " + some(live), waitsFor: "the old server to be quiet",
			command: CommandRun}
	}
	return finding{progress: Done, sentence: "no mail arrives at the source any more"}
}

func closing(s State) finding {
	if n := len(stages(s)[StageClosed]); n > 0 && n == len(s.Domains) {
		return finding{progress: Done, sentence: "the move is closed"}
	}
	for _, d := range s.Domains {
		switch {
		case d.Stage == StageQuiet && d.Until.After(s.Now):
			return finding{progress: Waiting, waitsFor: "the clock (" + stamp(d.Until) + ")", until: d.Until, command: "rehome next",
				sentence: d.Name + " can be taken back until then, in case something is wrong"}
		case d.Stage == StageClosing && d.Until.After(s.Now):
			return finding{progress: Waiting, waitsFor: "the clock (" + stamp(d.Until) + ")", until: d.Until, command: "rehome next",
				sentence: "the old senders and keys of " + d.Name + " stay until then, for mail that is under way"}
		}
	}
	return finding{progress: NoWord, sentence: "close the move: then passwords may change, and files with secrets are destroyed",
		command: CommandClose + " --yes"}
}

// The commands of the steps that change DNS.
const (
	CommandRun   = "rehome cutover run"
	CommandClose = "rehome close"
)

// Commands are all that a step may name, for whoever proves that they exist.
func Commands() []string {
	return []string{"rehome init", "rehome config check", "rehome check", "rehome cutover plan", "rehome accounts export", "rehome accounts check",
		"rehome sync", "rehome status", "rehome verify", "rehome findings list", "rehome recipients check", "rehome accounts settings", "rehome next",
		commandStart, commandResume, commandWaveStatus, "rehome handover", "rehome dns stage", "rehome dns lower-ttl", "rehome clients notify",
		CommandRun, CommandClose}
}
