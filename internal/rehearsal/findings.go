// SPDX-License-Identifier: Apache-2.0

package rehearsal

import (
	"slices"

	"rehome"
)

// Kind is the origin of these findings in the ledger.
const Kind rehome.Kind = "login"

// Findings lists the kinds of finding that the test of log-ins raises.
func Findings() []rehome.Declared {
	return []rehome.Declared{loginFails, loginUnclear, loginNotTried, probeMissing, probeRefused, probeLeft, probeInJunk}
}

// Raises reports whether a finding is one of these.
func Raises(f rehome.Finding) bool {
	return slices.ContainsFunc(Findings(), func(d rehome.Declared) bool { return d.Is(f) })
}

var (
	loginFails = rehome.Declared{
		Code: "login_fails_*", Topic: rehome.TopicLogins, Severity: rehome.SeverityError,
		Sentence: "the login by {protocol} fails ({result}): {why}", NextStep: "{hint}",
		Meaning: "The account was tried with the password that it has at the destination, as its programs will do, once by each protocol. The code " +
			"says how the server answered: login_fails_refused (name or password; servers do not tell which), login_fails_expired (the password has " +
			"to be changed first), login_fails_second_factor (programs need an app password), login_fails_forbidden (the account may not use this " +
			"service, or is disabled). rehome does not offer the password again until it is another one, or --retry-refused is given.",
	}
	loginUnclear = rehome.Declared{
		Code: "login_unproven_*", Topic: rehome.TopicLogins, Severity: rehome.SeverityWarning,
		Sentence: "it is not known whether the login by {protocol} works ({result}): {why}", NextStep: "{hint}",
		Meaning: "The server has said neither yes nor no: it was not reached, offers no login that fits, has a temporary problem, or its words are not " +
			"clear. Nothing is assumed. A later \"rehome verify --login\" tries again whatever was not refused.",
	}
	loginNotTried = rehome.Declared{
		Code: "login_not_tried", Topic: rehome.TopicLogins, Severity: rehome.SeverityInfo,
		Sentence: "the login by {protocol} was not tried: {why}", NextStep: "{hint}",
		Meaning: "No password is known, the same password was refused by another service, or the host was left alone before it could lock this " +
			"machine out.",
	}
	probeMissing = rehome.Declared{
		Code: "probe_missing", Topic: rehome.TopicLogins, Severity: rehome.SeverityError,
		Sentence: "the test message has not arrived: {why}", NextStep: "{hint}",
		Meaning: "A message from the account to itself was given to the destination and did not come within destination.login_test.wait. Until " +
			"the switch of the MX records, a destination may still send the domain's mail to the old server: then the message is in the old mailbox. " +
			"Every later run looks for it first, and removes it; no other one is sent meanwhile.",
	}
	probeRefused = rehome.Declared{
		Code: "probe_refused", Topic: rehome.TopicLogins, Severity: rehome.SeverityError,
		Sentence: "the account cannot send: {why}", NextStep: "{hint}",
		Meaning: "The login for sending worked, but the server did not take a message from the account's own address to itself.",
	}
	probeLeft = rehome.Declared{
		Code: "probe_left", Topic: rehome.TopicLogins, Severity: rehome.SeverityWarning,
		Sentence: "the test message is in {mailbox}: {why}", NextStep: "{hint}",
		Meaning: "The message arrived and could not be removed, for example because the server cannot remove single messages (no UIDPLUS). Its subject " +
			"says what it is. Every later run tries again.",
	}
	probeInJunk = rehome.Declared{
		Code: "probe_in_junk", Topic: rehome.TopicLogins, Severity: rehome.SeverityWarning,
		Sentence: "the test message arrived in {mailbox}, among spam",
		NextStep: "look at the destination's spam filter: mail within the organisation should arrive in the inbox",
		Meaning:  "A message from the account to itself was taken for spam. It was removed. Other mail within the organisation may end there as well.",
	}
)

// Findings returns what an operator must see of an account.
func (a Account) Findings() []rehome.Finding {
	var all []rehome.Finding
	for _, t := range a.Logins {
		values := rehome.Values{"protocol": t.Protocol.words(), "result": t.Result.Words(), "why": t.Sentence, "hint": t.NextStep}
		switch {
		case t.Result == Accepted:
		case t.Result == NotTried:
			all = append(all, loginNotTried.On(string(t.Protocol), values).Of(a.Account))
		case t.Result.refusesPassword() && t.Result != Unclear:
			all = append(all, loginFails.For(string(t.Result)).On(string(t.Protocol), values).Of(a.Account))
		default:
			all = append(all, loginUnclear.For(string(t.Result)).On(string(t.Protocol), values).Of(a.Account))
		}
	}
	if a.Probe != nil {
		all = append(all, a.Probe.findings(a.Account)...)
	}
	return all
}

func (p Probe) findings(account string) []rehome.Finding {
	values := rehome.Values{"why": p.Sentence, "hint": p.NextStep, "mailbox": p.Place}
	switch {
	case p.State == ProbeRefused:
		return []rehome.Finding{probeRefused.On("", values).Of(account)}
	case p.State == ProbeFound:
		return []rehome.Finding{probeLeft.On(p.Place, values).Of(account)}
	case p.State == ProbeRemoved && p.Junk:
		return []rehome.Finding{probeInJunk.On(p.Place, values).Of(account)}
	case p.State.outstanding(), p.State == ProbeLost:
		return []rehome.Finding{probeMissing.On("", values).Of(account)}
	}
	return nil
}

// words are a protocol's for people.
func (p Protocol) words() string {
	switch p {
	case IMAP, POP3:
		return map[Protocol]string{IMAP: "IMAP", POP3: "POP3"}[p]
	case DAV:
		return "CalDAV and CardDAV"
	case Sieve:
		return "ManageSieve"
	}
	return string(p)
}

// Words are a result's for people.
func (r Result) Words() string {
	switch r {
	case Refused:
		return "name or password refused"
	case Expired:
		return "password must be changed"
	case SecondFactor:
		return "second factor needed"
	case NotOffered:
		return "not offered"
	case LockedOut:
		return "host refuses this machine"
	case Unclear:
		return "answer not clear"
	case NotTried:
		return "not tried"
	}
	return string(r)
}
