// SPDX-License-Identifier: Apache-2.0

package itinerary

import "slices"

// Password says when something may happen to passwords, so that no later pass is shut out.
type Password struct {
	What     string `json:"what"`
	Now      bool   `json:"now"` // it may happen now
	Sentence string `json:"sentence"`
}

// Holds says why files with secrets are still needed, each as a clause; "" is not needed.
type Holds struct {
	Import string // the file for the Account Manager, and clear lists to hand out
	Sheet  string // temporary passwords, sealed, and the identity that opens them
}

// NoPassFollows reports whether every domain is being closed: until then passes bring the late mail, or carry mail back.
func (s State) NoPassFollows() bool {
	return len(s.Domains) > 0 && !slices.ContainsFunc(s.Domains, func(d Domain) bool { return d.Stage != StageClosing && d.Stage != StageClosed })
}

// Hold says what must not be destroyed yet. A pass after the switch logs in as the passes before it did.
func Hold(s State) Holds {
	var holds Holds
	if s.NoPassFollows() {
		return holds
	}
	if s.MakesAccounts && accounts(s).progress != Done {
		holds.Import = "the accounts are not known to be at the destination yet: \"rehome accounts check\" tells"
	}
	if s.Secrets.Needed && s.Secrets.Sheet { // one that is gone needs no key either
		holds.Sheet = "until \"rehome close --yes\" has begun, passes log in at the destination with these passwords"
	}
	return holds
}

func passwords(s State) []Password {
	rules := []Password{}
	holds := Hold(s)
	if s.MakesAccounts && s.Secrets.Needed && switching(s).progress != Done {
		rules = append(rules, freeze(s))
	}
	if s.Secrets.Temporary {
		rules = append(rules, handOut(s))
	}
	rules = append(rules, change(s))
	if s.Secrets.Import+s.Secrets.HandOut > 0 {
		rules = append(rules, destroy("destroy readable ones", holds.Import,
			"\"rehome secrets purge --yes\" destroys accounts.csv and lists that were handed out, and keeps what later passes need"))
	}
	if s.Secrets.Sheet {
		rules = append(rules, destroy("destroy sealed ones", holds.Sheet, "no pass needs them: once everybody has theirs, "+
			"\"rehome secrets purge --yes\" destroys them"))
	}
	return rules
}

// freeze is about passwords that move: the destination has those of the export.
func freeze(s State) Password {
	const why = ": one that is changed there later is not that of the destination, and passes cannot log in with it. Then export again, " +
		"and import that account's row again"
	if s.Exported.IsZero() {
		return Password{What: "leave those at the source", Sentence: "from \"rehome accounts export\" until the switch" + why}
	}
	return Password{What: "leave those at the source", Now: true, Sentence: "now, until the switch" + why}
}

func handOut(s State) Password {
	rule := Password{What: "hand out temporary ones", Now: logins(s).progress == Done}
	rule.Sentence = "now, until the switch: \"rehome accounts settings --sheets\" seals a letter for each user"
	if !rule.Now {
		rule.Sentence = "when \"rehome verify --login\" has proved that they work, and before the switch"
	}
	return rule
}

// change is the day on which users may choose new passwords at the destination.
func change(s State) Password {
	rule := Password{What: "let users change theirs", Now: s.NoPassFollows() || !s.Secrets.Needed && switching(s).progress == Done}
	switch {
	case s.NoPassFollows():
		rule.Sentence = "now: no pass follows"
	case s.Secrets.Needed && s.Secrets.Master != "":
		rule.Sentence = "when \"rehome close --yes\" has begun: " + s.Secrets.Master +
			" opens the mail, but contacts and calendars need each user's password"
	case s.Secrets.Needed:
		rule.Sentence = "when \"rehome close --yes\" has begun: until then passes log in with the passwords that rehome knows. " +
			"If a user has changed one earlier, add it to the roster as DestinationPassword, or late mail stays behind. " +
			"A master user at the destination (destination.imap.login: master) lifts this"
	case rule.Now:
		rule.Sentence = "now: " + s.Secrets.Master + " opens the accounts, so no pass needs users' passwords"
	default:
		rule.Sentence = "after the switch: " + s.Secrets.Master + " opens the accounts, so no pass needs users' passwords"
	}
	return rule
}

func destroy(what, held, free string) Password {
	if held != "" {
		return Password{What: what, Sentence: "not yet: " + held}
	}
	return Password{What: what, Now: true, Sentence: "now: " + free}
}
