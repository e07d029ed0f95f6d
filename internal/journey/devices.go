// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"fmt"

	"rehome"
	"rehome/internal/devices"
	"rehome/internal/ledger"
	"rehome/internal/maillog"
	"rehome/internal/people"
)

// Devices are the programs that use people's accounts, as far as logs tell.
type Devices struct {
	Accounts  []AccountDevices `json:"accounts"`   // of the choice, in order; one of which nothing is known has an empty list
	Strangers []string         `json:"strangers"`  // names in the logs that are of no account that moves, or of several
	Full      bool             `json:"full"`       // an account has more programs than are counted
	Own       int              `json:"own_logins"` // lines in the logs about POP3 logins that may be rehome's own, which are not counted
	Logs      *maillog.Summary `json:"logs,omitempty"`
}

// AccountDevices are those of one account.
type AccountDevices struct {
	Account string           `json:"account"`
	Devices []devices.Device `json:"devices"`
}

// Outcome implements rehome.Answer.
func (d Devices) Outcome() rehome.Outcome {
	if d.Logs != nil && !d.Logs.Complete() {
		return rehome.OutcomeWaiting
	}
	return rehome.OutcomeDone
}

// CountDevices reads logs of the source, if any are named, adds what they tell to the ledger, and returns what is known of the chosen
// accounts. The same log may be read again.
func (m *Move) CountDevices(ctx context.Context, only people.Choice, logs []string) (Devices, error) {
	answer := Devices{Accounts: []AccountDevices{}, Strangers: []string{}}
	who, err := m.chosen(ctx, only)
	if err != nil {
		return answer, err
	}
	if len(logs) > 0 {
		if err := m.countDevices(ctx, who, logs, &answer); err != nil {
			return answer, err
		}
	}
	byAccount, err := sightingsOf(ctx, who.store)
	if err != nil {
		return answer, err
	}
	for _, account := range who.accounts {
		answer.Accounts = append(answer.Accounts, AccountDevices{Account: account.Address, Devices: devices.Of(byAccount[account.Address])})
	}
	return answer, nil
}

// sightingsOf returns what the ledger has of programs, by account.
func sightingsOf(ctx context.Context, store *ledger.Ledger) (map[string][]devices.Sighting, error) {
	seen, err := store.Sightings.All(ctx)
	byAccount := map[string][]devices.Sighting{}
	for _, one := range seen {
		byAccount[one.Address] = append(byAccount[one.Address], devices.Sighting(one))
	}
	return byAccount, err
}

func (m *Move) countDevices(ctx context.Context, who selection, logs []string, answer *Devices) error {
	own, err := ownLogins(ctx, who.store)
	if err != nil {
		return err
	}
	census, err := devices.Read(ctx, logs, people.NamesOf(who.Moving), own)
	if err != nil {
		return err
	}
	if census.Read.Uses == 0 {
		return &rehome.Fault{Class: rehome.ClassOperator, Op: "read", Object: "the logs",
			Cause: fmt.Errorf("none of the lines (%d) tells which program uses an account", census.Read.Lines),
			Hint:  "name the logs in which the source writes logins, and the access log of the web server that has the calendars"}
	}
	if len(census.Sightings)+census.Own == 0 {
		return &rehome.Fault{Class: rehome.ClassOperator, Op: "read", Object: "the logs",
			Cause: errors.New("nobody in them is an account that moves"), Hint: "check that they are logs of the source"}
	}
	answer.Full, answer.Own, answer.Logs = census.Full, census.Own, &census.Read
	answer.Strangers = append(answer.Strangers, census.Strangers...)
	rows := make([]ledger.Sighting, len(census.Sightings))
	for i, one := range census.Sightings {
		rows[i] = ledger.Sighting(one)
	}
	return who.store.Sightings.Save(ctx, rows)
}
