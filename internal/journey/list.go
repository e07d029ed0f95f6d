// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"strings"

	"rehome"
	"rehome/internal/atmail8"
)

// People is who moves and who stays.
type People struct {
	Moving   []Person         `json:"moving"`
	Staying  []Staying        `json:"staying"`
	Findings []rehome.Finding `json:"findings"`
}

// Person is one account that moves.
type Person struct {
	Account             string              `json:"account"`
	Name                string              `json:"name"`
	PasswordForm        rehome.PasswordForm `json:"password_form"`
	DestinationPassword string              `json:"destination_password"` // "own", "temporary" or "to be made"
}

// People lists who moves, without showing a password.
func (m *Move) People(ctx context.Context) (People, error) {
	p, err := m.everybody(ctx)
	if err != nil {
		return People{}, err
	}
	list := People{Moving: []Person{}, Staying: nonNil(p.staying), Findings: nonNil(p.findings)}
	for i, account := range p.moving {
		list.Moving = append(list.Moving, Person{
			Account: account.Address, Name: strings.TrimSpace(account.FirstName + " " + account.LastName),
			PasswordForm: account.Password.Form, DestinationPassword: passwordWord(p.decisions[i]),
		})
	}
	return list, nil
}

func passwordWord(d atmail8.Decision) string {
	switch {
	case d.Missing():
		return "temporary, to be made by export"
	case d.Origin == atmail8.OriginTemporary:
		return "temporary"
	}
	return "own"
}
