// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"

	"rehome"
	"rehome/internal/devices"
	"rehome/internal/forecast"
	"rehome/internal/ledger"
	"rehome/internal/people"
	"rehome/internal/protocol/imap"
)

// Forecast is what people's programs will make of the switch.
type Forecast struct {
	Accounts []forecast.Account `json:"accounts"` // of the choice, in order
	Sum      forecast.Sum       `json:"sum"`
}

// Outcome implements rehome.Answer: what is not known could be found out.
func (f Forecast) Outcome() rehome.Outcome {
	if f.Sum.Unknown > 0 {
		return rehome.OutcomeWaiting
	}
	return rehome.OutcomeDone
}

// Foretell reads the ledger and the list of accounts, and asks no server.
func (m *Move) Foretell(ctx context.Context, only people.Choice) (Forecast, error) {
	answer := Forecast{Accounts: []forecast.Account{}}
	who, err := m.chosen(ctx, only)
	if err != nil {
		return answer, err
	}
	routes := map[string]people.PasswordRoute{}
	for _, row := range who.PlanAccess(m.accessOptions(), nil).Accounts {
		routes[row.Account] = row.Destination
	}
	sightings, err := sightingsOf(ctx, who.store)
	if err != nil {
		return answer, err
	}
	for _, account := range who.accounts {
		facts := forecast.Facts{Account: account.Address, Route: routes[account.Address], Devices: devices.Of(sightings[account.Address])}
		if err := uidFacts(ctx, who.store.Mail, &facts); err != nil {
			return answer, err
		}
		answer.Accounts = append(answer.Accounts, forecast.Of(facts))
	}
	answer.Sum = forecast.SumOf(answer.Accounts)
	return answer, nil
}

// uidFacts fills in what the ledger tells of an account's mailboxes.
func uidFacts(ctx context.Context, mail *ledger.Mail, facts *forecast.Facts) error {
	rows, err := mail.Mailboxes(ctx, facts.Account)
	if err != nil {
		return err
	}
	for _, row := range rows {
		there := row.Done.Minus(row.Gone)
		m := forecast.Mailbox{Name: row.Anchor.Source, Messages: int64(there.Len()), Octets: row.State.SrcSize}
		if row.Anchor.SrcUIDValidity == row.Anchor.DstUIDValidity {
			if m.Kept, err = keptUIDs(ctx, mail, &row, there); err != nil {
				return err
			}
		}
		facts.Mailboxes = append(facts.Mailboxes, m)
		if m.Name != "INBOX" {
			continue
		}
		identifiers, err := mail.Identifiers(ctx, &row)
		if err != nil {
			return err
		}
		for uid := range identifiers {
			if there.Contains(uid) {
				facts.Identified++
			}
		}
	}
	return nil
}

// keptUIDs counts the messages, of those that are at the source, which have the same UID at the destination.
func keptUIDs(ctx context.Context, mail *ledger.Mail, row *ledger.Mailbox, there imap.UIDSet) (kept int64, err error) {
	err = mail.Stored(ctx, row, func(batch ledger.Stored) error {
		for _, item := range batch.Items {
			if item.UID == item.DstUID && there.Contains(item.UID) {
				kept++
			}
		}
		return nil
	})
	return kept, err
}
