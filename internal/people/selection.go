// SPDX-License-Identifier: Apache-2.0

package people

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"rehome"
)

// Choice says which accounts an operation is about. Its zero value is all of them.
//
// A name is an address or a pattern with * and ?, such as *@example.org; letter case does not matter. Every name has to fit
// somebody: one that fits nobody is a mistake, and an operation on fewer accounts than were meant would end well.
type Choice struct {
	Only   []string // none means all
	Except []string // taken out of them
}

// All reports whether nobody is left out.
func (c Choice) All() bool { return len(c.Only)+len(c.Except) == 0 }

// ChoiceError is a name that fits nobody, or a choice that leaves nobody: the command line is wrong, and nothing was done.
type ChoiceError struct {
	Name  string   // the name that fits nobody; "" if nobody is left
	Known []string // the addresses that there are
	Cause error
}

// Error returns the reason.
func (e *ChoiceError) Error() string { return e.Cause.Error() }

// Unwrap returns the reason.
func (e *ChoiceError) Unwrap() error { return e.Cause }

// Among returns which of the addresses are chosen, each once and in the order of addresses. The error is a *rehome.Fault
// around a *ChoiceError.
func (c Choice) Among(addresses []string) ([]string, error) {
	only, err := fitting(c.Only, addresses)
	if err != nil {
		return nil, err
	}
	except, err := fitting(c.Except, addresses)
	if err != nil {
		return nil, err
	}
	var chosen []string
	for _, address := range addresses {
		if (len(c.Only) == 0 || only[address]) && !except[address] {
			chosen = append(chosen, address)
		}
	}
	if len(chosen) == 0 && len(addresses) > 0 {
		return nil, choiceFault("", addresses, errors.New("the exclusions leave no account"), "exclude fewer accounts")
	}
	return chosen, nil
}

// fitting returns the addresses that one of the names fits.
func fitting(names, addresses []string) (map[string]bool, error) {
	found := map[string]bool{}
	for _, name := range names {
		fits := matcher(name)
		some := false
		for _, address := range addresses {
			if fits(address) {
				found[address], some = true, true
			}
		}
		if !some {
			return nil, choiceFault(name, addresses, noSuch(name), `run "rehome accounts list" to see which accounts move`)
		}
	}
	return found, nil
}

func noSuch(name string) error {
	if isPattern(name) {
		return errors.New("no account of this move matches")
	}
	return errors.New("no such account in this move")
}

func isPattern(name string) bool { return strings.ContainsAny(name, "*?") }

// matcher returns what a name fits. Only * and ? are special, as addresses hold what else patterns may mean.
func matcher(name string) func(address string) bool {
	if !isPattern(name) {
		return func(address string) bool { return strings.EqualFold(address, name) }
	}
	// No address has a path separator as a boundary: path.Match would not let * cross it.
	pattern := flat(strings.NewReplacer(`\`, `\\`, `[`, `\[`).Replace(name))
	return func(address string) bool {
		fits, err := path.Match(pattern, flat(address))
		return err == nil && fits
	}
}

func flat(text string) string { return strings.ReplaceAll(strings.ToLower(text), "/", "\x00") }

func choiceFault(name string, known []string, cause error, hint string) *rehome.Fault {
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "find account", Object: name, Hint: hint,
		Cause: &ChoiceError{Name: name, Known: known, Cause: cause}}
}

// Only keeps the accounts that move and are chosen, by address. A name that fits nobody who moves is a Fault before anything
// is done; of a person who stays it says why.
func (e *Everybody) Only(choice Choice) ([]rehome.Account, error) {
	addresses := make([]string, len(e.Moving))
	for i, account := range e.Moving {
		addresses[i] = account.Address
	}
	chosen, err := choice.Among(addresses)
	if err != nil {
		return nil, e.explained(err)
	}
	left := make(map[string]bool, len(chosen))
	for _, address := range chosen {
		left[address] = true
	}
	return slices.DeleteFunc(slices.Clone(e.Moving), func(a rehome.Account) bool { return !left[a.Address] }), nil
}

// explained says of somebody who stays why, instead of that there is no such account.
func (e *Everybody) explained(err error) error {
	var fault *rehome.Fault
	var choice *ChoiceError
	if !errors.As(err, &fault) || !errors.As(err, &choice) {
		return err
	}
	for _, s := range e.Staying {
		if strings.EqualFold(s.Account, choice.Name) {
			choice.Cause, choice.Known, fault.Hint = fmt.Errorf("it does not move: %s", s.Reason), nil, ""
		}
	}
	return err
}
