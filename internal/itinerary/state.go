// SPDX-License-Identifier: Apache-2.0

package itinerary

import (
	"time"

	"rehome"
)

// State is what is known of a move at one time. The zero value knows nothing.
type State struct {
	Now      time.Time
	Settings SettingsState

	MakesAccounts bool // the destination's accounts are made from our import file
	Mails         bool // its mail hosts are named, which "recipients check" asks

	// What was last looked at, by name.
	Check, AccountsCheck, RecipientsCheck Look

	Exported   time.Time // when the import file was last written; zero is never
	HandedOver time.Time // the vendor's bundle
	Pages      bool      // the users' pages are written
	Notices    Notices   // that have them

	Running bool   // a sync is at work, here or on workers
	Waves   []Wave // those that go first at the head
	Moving  int    // accounts that move, when they were last counted; 0 is not known
	Copies  Copies
	Logins  LoginState
	Domains []Domain
	Secrets Secrets
}

// SettingsState is what is known of the settings file.
type SettingsState struct {
	File    string
	There   bool
	Wrong   string    // what is wrong with it; "" is nothing
	Missing []string  // files that it refers to and that are not there, each as a clause: "the secret for source.imap.master_password (secrets/x)"
	Written time.Time // when it was last changed
}

// Look is what a command has shown that changes nothing. The zero value was never run.
type Look struct {
	At       time.Time
	Outcome  rehome.Outcome
	Sentence string // what is wrong; "" is nothing
}

// ever reports whether there was a look.
func (l Look) ever() bool { return !l.At.IsZero() }

// good reports whether it found nothing wrong.
func (l Look) good() bool { return l.ever() && l.Outcome == rehome.OutcomeDone }

// Copies count the accounts that a pass has begun with.
type Copies struct {
	Accounts int // all that the ledger knows
	Copied   int // whose last pass has ended
	Blocked  int
	Equal    int       // of those copied, what the last verification said, after what somebody has accepted
	Differs  int       // or could not be compared
	Newest   time.Time // when the last pass ended
}

// total is how many accounts have to be copied: those that move, or all that a pass has begun with if nobody has counted.
func (s State) total() int {
	if s.Moving > 0 {
		return s.Moving
	}
	return s.Copies.Accounts
}

// open is how many of the accounts that a pass has begun with it has not ended for.
func (c Copies) open() int { return c.Accounts - c.Copied }

// Notices are messages to users with their pages, before the switch.
type Notices struct {
	Able    bool // a server that sends them is named
	Sent    int
	Trouble int // refused, returned, or not known to have arrived
}

// LoginState counts the accounts of which logins at the destination were tried for their own sake.
type LoginState struct {
	Work, Fail int
}

// Domain is one that moves.
type Domain struct {
	Name    string
	Planned Look // the last plan of its records
	// Waits is what keeps the moment of the switch from being known, as the last plan said; "" is nothing.
	Waits string
	// Open are the steps that remained before the switch.
	Open Open
	// Earliest is the first safe moment, as far as the last plan and all looks before show; zero if it is not known.
	Earliest time.Time

	Stage    Stage
	Since    time.Time // when the stage began
	WaitsFor string    // whom the stage waits for; "" is nobody
	Until    time.Time // when what the stage waits for is over by itself; zero if it is not, or not known
	Says     string    // a sentence about the stage
}

// crossing reports whether a domain is on its way across or back, or all are across.
func (s State) crossing() bool {
	left := 0
	for _, d := range s.Domains {
		switch d.Stage {
		case StageSwitching, StageReturning:
			return true
		case "", StageBack:
			left++
		}
	}
	return len(s.Domains) > 0 && left == 0
}

// Open are steps before the switch: how many there are of each kind, and the first of those that nothing but a person does.
type Open struct {
	Stage, Lower int    // records to publish, TTLs to lower
	Ask, Hand    string // what the destination has to be asked for; what a person does by hand. "" is nothing
}

// any reports whether there are some.
func (o Open) any() bool { return o != Open{} }

// Stage is how far the switch of a domain has come.
type Stage string

// The stages. The empty one has not begun.
const (
	StageSwitching Stage = "switching" // somebody has begun with it; records may have changed
	StageReturning Stage = "returning" // it is being taken back
	StageLive      Stage = "live"      // switched; mail still arrives at the source, or may
	StageQuiet     Stage = "quiet"     // none has for the time that was asked for; it can still be taken back
	StageClosing   Stage = "closing"   // it cannot be taken back any more; old records stay for some weeks
	StageClosed    Stage = "closed"
	StageBack      Stage = "rolled_back"
)

// Secrets is what there is of files with secrets, and what still needs them.
type Secrets struct {
	Import    int  // files with readable passwords for the import
	HandOut   int  // files with readable passwords, to hand out
	Sheet     bool // the sealed sheet of temporary passwords is there
	Temporary bool // there were temporary passwords; false where nobody has one
	// Needed says that later passes log in at the destination with users' passwords.
	Needed bool
	// Master names who opens accounts there instead; "" is nobody.
	Master string
}
