// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"

	"rehome"
	"rehome/internal/passhash"
	"rehome/internal/people"
)

// PasswordTest says whether a candidate is an account's password. It shows neither.
type PasswordTest struct {
	Account string              `json:"account"`
	Form    rehome.PasswordForm `json:"password_form"`
	Matches bool                `json:"matches"`
	Reason  string              `json:"reason,omitempty"` // why it cannot be told
}

// TestPassword holds a candidate against what the source stores. No server sees it.
func (m *Move) TestPassword(ctx context.Context, address string, candidate rehome.Secret) (PasswordTest, error) {
	p, err := m.people(ctx)
	if err != nil {
		return PasswordTest{}, err
	}
	accounts, err := choose(p, people.Choice{Only: []string{address}})
	if err != nil {
		return PasswordTest{}, err
	}
	if len(accounts) > 1 {
		return PasswordTest{}, &rehome.Fault{Class: rehome.ClassOperator, Op: "find account", Object: address,
			Cause: &people.ChoiceError{Name: address, Cause: errors.New("it names several accounts")}, Hint: "give one address"}
	}
	account := accounts[0]
	test := PasswordTest{Account: account.Address, Form: account.Password.Form}
	var untestable *passhash.UntestableError
	if test.Matches, err = passhash.Matches(account.Password, candidate); errors.As(err, &untestable) {
		test.Reason = untestable.Reason
		return test, nil
	}
	return test, err
}
