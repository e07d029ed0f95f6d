// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/passhash"
)

// The actions of the audit log about who may sign in.
const (
	actionOperatorSet     = "operator set"
	actionOperatorRemoved = "operator removed"
)

// Operator is somebody who may sign in to the screen, without the password.
type Operator struct {
	Name    string      `json:"name"`
	Role    ledger.Role `json:"role"`
	Changed time.Time   `json:"changed"`
}

// OperatorList is everybody who may sign in.
type OperatorList struct {
	Operators []Operator `json:"operators"`
}

// Outcome implements rehome.Answer.
func (OperatorList) Outcome() rehome.Outcome { return rehome.OutcomeDone }

// Roles are those of the screen, the one that may least first.
func Roles() []ledger.Role {
	return []ledger.Role{ledger.RoleLook, ledger.RoleOperate, ledger.RoleSwitch}
}

var operatorName = regexp.MustCompile(`^[a-z0-9][a-z0-9._@-]{0,63}$`)

// shortestPassword is that of an operator, in characters.
const shortestPassword = 12

// ListOperators returns who may sign in to the screen.
func (m *Move) ListOperators(ctx context.Context) (OperatorList, error) {
	all, err := m.Operators(ctx)
	list := OperatorList{Operators: make([]Operator, 0, len(all))}
	for _, o := range all {
		list.Operators = append(list.Operators, Operator{o.Name, o.Role, o.Changed})
	}
	return list, err
}

// SetOperator lets somebody sign in to the screen, or gives an operator another role and password, which ends the sessions of the one
// before.
func (m *Move) SetOperator(ctx context.Context, name string, role ledger.Role, password rehome.Secret) (OperatorList, error) {
	if err := checkOperator(name, password); err != nil {
		return OperatorList{}, err
	}
	before, err := m.roleOf(ctx, name)
	if err != nil {
		return OperatorList{}, err
	}
	hash, err := passhash.New(password)
	if err != nil {
		return OperatorList{}, err
	}
	store, err := m.store(ctx)
	if err != nil {
		return OperatorList{}, err
	}
	if err := store.Operators.Save(ctx, ledger.Operator{Name: name, Role: role, Password: hash}); err != nil {
		return OperatorList{}, err
	}
	if err := m.note(ctx, ledger.AuditLine{Action: actionOperatorSet, Object: name, Before: before, After: string(role)}); err != nil {
		return OperatorList{}, err
	}
	return m.ListOperators(ctx)
}

func checkOperator(name string, password rehome.Secret) error {
	problem, hint := "", ""
	switch length := utf8.RuneCountInString(password.Reveal()); {
	case !operatorName.MatchString(name):
		problem, hint = "the name is not valid", "use up to 64 small letters, digits and . _ @ -"
	case length < shortestPassword:
		problem, hint = "the password is too short", fmt.Sprintf("use at least %d characters; a sentence is easy to remember", shortestPassword)
	case strings.Contains(strings.ToLower(password.Reveal()), name):
		problem, hint = "the password contains the name", "choose another password"
	default:
		return nil
	}
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "set", Object: "operator " + name, Cause: errors.New(problem), Hint: hint}
}

// roleOf returns the role of an operator; "" if there is none of that name.
func (m *Move) roleOf(ctx context.Context, name string) (string, error) {
	all, err := m.Operators(ctx)
	for _, o := range all {
		if o.Name == name {
			return string(o.Role), err
		}
	}
	return "", err
}

// RemoveOperator takes somebody off the list, which also ends the sessions.
func (m *Move) RemoveOperator(ctx context.Context, name string) (OperatorList, error) {
	before, err := m.roleOf(ctx, name)
	if err != nil {
		return OperatorList{}, err
	}
	store, err := m.store(ctx)
	if err != nil {
		return OperatorList{}, err
	}
	was, err := store.Operators.Remove(ctx, name)
	if err != nil {
		return OperatorList{}, err
	}
	if !was {
		return OperatorList{}, &rehome.Fault{Class: rehome.ClassOperator, Op: "remove", Object: "operator " + name,
			Cause: errors.New("there is none of that name"), Hint: `"rehome operators list" shows all`}
	}
	if err := m.note(ctx, ledger.AuditLine{Action: actionOperatorRemoved, Object: name, Before: before}); err != nil {
		return OperatorList{}, err
	}
	return m.ListOperators(ctx)
}
