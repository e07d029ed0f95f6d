// SPDX-License-Identifier: Apache-2.0

// Package switchover takes domains across: a durable machine that asks gates, has everything copied once more, writes the records,
// proves them at every server, sends test messages, switches on what waited, and brings late mail until it is quiet; and that takes
// all of it back.
//
// It knows no protocol: what it touches is World, which the caller provides. The caller opens a Driver, tells it with Begin,
// Override or Back what a person wants, and calls Run for each domain. A Driver may be killed at any point, and another one goes on.
package switchover

// Invariants
//
//   - Next and After decide, and are pure; Driver does, and decides nothing.
//   - What changes the outside world is written down before it is done (Intend), and is harmless to repeat: a set is only ever
//     exchanged for another if the first still stands there.
//   - One action, one commit. Each change of the state, and each gate that is passed on somebody's word, is a line in the audit log.
//   - What is not known holds: a gate opens only on an answer.
//   - No set of records is written that was not seen to be as the snapshot has it, and none is put back that is not as we wrote it.

import (
	"context"
	"fmt"
	"strings"
	"time"

	"rehome/internal/ledger"
)

// Gate is something that must be so before a domain goes on.
type Gate string

// The gates before the switch, in the order in which they are shown, then those after it.
const (
	GateCopied      Gate = "copied"      // every account of the domain is at the destination
	GateLag         Gate = "lag"         // and was looked at lately
	GateProved      Gate = "proved"      // both ends were compared, and what differs was accepted
	GateRecipients  Gate = "recipients"  // the new mail hosts take every address
	GateLogins      Gate = "logins"      // everybody can log in there
	GateDownloads   Gate = "downloads"   // nobody's programs download again what a person has not decided about
	GateDurable     Gate = "durable"     // the destination waits for its disk before it says that it has stored a message
	GateCertificate Gate = "certificate" // the destination has certificates for the names that the records lead to
	GateServers     Gate = "servers"     // every server of the zone answers, and they agree
	GateRecords     Gate = "records"     // what has to be published before the switch is
	GateTTL         Gate = "ttl"         // resolvers have forgotten the long TTLs
	GatePolicy      Gate = "mta_sts"     // senders have forgotten policies that do not name the new hosts
	GateZone        Gate = "zone"        // the records are as they were when they were noted
	GateCredentials Gate = "credentials" // the zone can be written
	GatePass        Gate = "final_pass"  // everything was copied once more
	GateProof       Gate = "proof"       // every server gives the new records
	GateProbe       Gate = "probe"       // test messages have arrived, both ways
	GateRules       Gate = "rules"       // the rules that waited are switched on
	GateLate        Gate = "late_mail"   // what came late was brought over
	GateReturn      Gate = "return"      // what has arrived at the destination was carried back
)

// Gates are all gates on which somebody may give their word, in order.
func Gates() []Gate {
	return []Gate{GateCopied, GateLag, GateProved, GateRecipients, GateLogins, GateDownloads, GateDurable, GateCertificate, GateServers, GateRecords,
		GateTTL, GatePolicy, GateZone, GateCredentials, GatePass, GateProof, GateProbe, GateRules, GateLate, GateReturn}
}

// Settings are how long things take.
type Settings struct {
	Lag   time.Duration // how old the last pass over an account may be
	Quiet time.Duration // for how long no mail may come late before a domain is live
	Every time.Duration // between two looks for late mail
	Look  time.Duration // between two looks at anything else that is waited for
}

// World is what a domain's way across touches. Its functions may be called for several domains at once, and again after a kill.
type World interface {
	// Facts finds out what the gates ask. What cannot be found out is in Facts.Failures; the error is the context's.
	Facts(ctx context.Context, domain string) (Facts, error)
	// Look asks every server of the zone for a set. What servers do not say is part of the answer; the error says that the servers
	// themselves were not found.
	Look(ctx context.Context, domain string, set ledger.CutoverRecord) (Sight, error)
	// Exchange puts one set of records in the place of another in one step, if the first still stands there; a *ChangedError says
	// that it does not.
	Exchange(ctx context.Context, domain string, change Change) error
	Mail
}

// Mail is what a switch does with mail. Each of its functions goes over the accounts of one domain.
type Mail interface {
	// FinalPass copies everything once more. What stays behind is in the answer; an error says that it could not be begun.
	FinalPass(ctx context.Context, domain string) (Carried, error)
	// Probe sends test messages from the destination to the world and from the world to the destination, and looks whether they
	// have arrived. One that was sent before a kill is looked for, and not sent again.
	Probe(ctx context.Context, domain string) (Probed, error)
	// SwitchRulesOn switches on the rules that waited until the domain has moved.
	SwitchRulesOn(ctx context.Context, domain string) (Carried, error)
	// LatePass brings over what has arrived at the source since the switch.
	LatePass(ctx context.Context, domain string) (Carried, error)
	// Arrived counts the messages that have arrived at the destination since the switch and are not at the source: what CarryBack
	// would carry.
	Arrived(ctx context.Context, domain string, since time.Time) (int64, error)
	// CarryBack brings to the source what has arrived at the destination since the switch.
	CarryBack(ctx context.Context, domain string, since time.Time) (Carried, error)
}

// Carried is what a pass has done.
type Carried struct {
	Messages int64 // or objects, or rules: what the function is about
	Left     []Left
}

// Left is what a pass has left behind.
type Left struct {
	Account  string
	Sentence string // why
	NextStep string
}

// Probed is how the test messages fare.
type Probed struct {
	Out, In string // why it is not known to have arrived; "" if it has
	// NotTried says why no message was sent in a direction that cannot be tried from here; then it counts neither way.
	NotTried string
	NextStep string
}

// Change exchanges a set of records.
type Change struct {
	Name   string
	Before ledger.RecordSet
	After  ledger.RecordSet
}

// ChangedError says that a set is not as it was expected to be.
type ChangedError struct {
	Name string
	Now  []string // what stands there
}

// Error says what stands there.
func (e *ChangedError) Error() string { return "at " + e.Name + " now stands " + shown(e.Now) }

// Sight is what every server of a zone says of one set.
type Sight struct {
	At      time.Time
	Servers []Said
}

// Said is what one server says.
type Said struct {
	Server string
	Data   []string // as in ledger.RecordSet
	Words  string   // why it says nothing; "" if it says what there is
}

func shown(data []string) string {
	if len(data) == 0 {
		return "nothing"
	}
	return strings.Join(data, ", ")
}

// period shows a time span in words.
func period(d time.Duration) string {
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		if d >= unit.length && d%unit.length == 0 {
			return count(int64(d/unit.length), unit.name)
		}
	}
	if d >= time.Hour {
		return d.Round(time.Minute).String()
	}
	return count(int64((d+time.Second-1)/time.Second), "second")
}

// every says how often something is done.
func every(d time.Duration) string { return "every " + strings.TrimPrefix(period(d), "1 ") }

func count(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
