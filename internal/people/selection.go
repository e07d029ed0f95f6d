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

// fitting returns the addresses that one of the names fits. Lists of either may be very long.
func fitting(names, addresses []string) (map[string]bool, error) {
	found := map[string]bool{}
	plain := make(map[string][]string, len(addresses))
	for _, address := range addresses {
		lower := strings.ToLower(address)
		plain[lower] = append(plain[lower], address)
	}
	var strangers []string
	for _, name := range names {
		fit := plain[strings.ToLower(name)]
		if isPattern(name) || len(fit) == 0 {
			fits := matcher(name)
			fit = slices.DeleteFunc(slices.Clone(addresses), func(address string) bool { return !fits(address) })
		}
		if len(fit) == 0 && !slices.Contains(strangers, name) {
			strangers = append(strangers, name)
		}
		for _, address := range fit {
			found[address] = true
		}
	}
	if len(strangers) > 0 {
		return nil, choiceFault(strangers[0], addresses, noSuch(strangers), `run "rehome accounts list" to see which accounts move`)
	}
	return found, nil
}

// mostStrangers is how many names that fit nobody are shown, behind the first.
const mostStrangers = 5

// noSuch says of the first of some names that it fits nobody, and names the others.
func noSuch(strangers []string) error {
	text := "no such account in this move"
	if isPattern(strangers[0]) {
		text = "no account of this move matches"
	}
	if others := strangers[1:]; len(others) > 0 {
		shown := others[:min(len(others), mostStrangers)]
		text += "; likewise " + strings.Join(shown, ", ")
		if more := len(others) - len(shown); more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
	}
	return errors.New(text)
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
