// SPDX-License-Identifier: Apache-2.0

package web

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"rehome"
	"rehome/internal/journey"
	"rehome/internal/people"
	"rehome/internal/switchover"
	"rehome/internal/verify"
)

// meant says which accounts an order is about.
type meant struct {
	Accounts []string `json:"accounts,omitempty"` // addresses or patterns as at the terminal; none means all
}

func (m meant) choice() people.Choice { return people.Choice{Only: m.Accounts} }

// syncOrder asks for a pass.
type syncOrder struct {
	meant

	Only             []rehome.Kind `json:"only,omitempty"`              // mail, contacts, calendars, rules; none means all
	ConfirmDeletions bool          `json:"confirm_deletions,omitempty"` // a large loss is intended
	ConfirmSource    bool          `json:"confirm_source,omitempty"`    // this is the right source account
	CopyAgain        bool          `json:"copy_again,omitempty"`        // what the destination has lost
	SwitchOnRules    bool          `json:"switch_on_rules,omitempty"`   // those that reply or forward
	ReplaceRules     bool          `json:"replace_rules,omitempty"`     // those that were changed at the destination
}

// retryOrder asks for another try of what has failed.
type retryOrder struct {
	meant

	Only         []rehome.Kind `json:"only,omitempty"`
	CopyAgain    bool          `json:"copy_again,omitempty"`
	ReplaceRules bool          `json:"replace_rules,omitempty"`
	IDs          []string      `json:"ids,omitempty"` // of open differences of these accounts, which then are addresses; none means what has failed
}

// verifyOrder asks for a comparison.
type verifyOrder struct {
	meant

	Level verify.Level `json:"level,omitempty"` // counts, metadata or full; "" means full
}

// cutoverOrder asks for domains to be taken across.
type cutoverOrder struct {
	Domains   []string `json:"domains"`
	Overrides []string `json:"overrides,omitempty"` // gates that are answered for
	Why       string   `json:"why,omitempty"`       // they are
}

// rollbackOrder asks for domains to be taken back.
type rollbackOrder struct {
	Domains []string `json:"domains"`
}

// check refuses what no order may name. Forms only send what there is.
func (o syncOrder) check() error    { return checkKinds(o.Only) }
func (o retryOrder) check() error   { return checkKinds(o.Only) }
func (o verifyOrder) check() error  { return checkWord("level", o.Level, append(verify.Levels(), "")) }
func (o cutoverOrder) check() error { return checkWords("gate", o.Overrides, gateNames()) }

func checkKinds(kinds []rehome.Kind) error { return checkWords("kind", kinds, journey.Kinds()) }

func checkWords[T ~string](what string, words, known []T) error {
	for _, word := range words {
		if err := checkWord(what, word, known); err != nil {
			return err
		}
	}
	return nil
}

func checkWord[T ~string](what string, word T, known []T) error {
	if slices.Contains(known, word) {
		return nil
	}
	var names []string
	for _, name := range known {
		if name != "" {
			names = append(names, string(name))
		}
	}
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "read", Object: "the " + what + " " + string(word),
		Cause: errors.New("there is no such " + what), Hint: "use one of " + strings.Join(names, ", ")}
}

func gateNames() (names []string) {
	for _, gate := range switchover.Gates() {
		names = append(names, string(gate))
	}
	return names
}

// accountsOf reads which accounts a form means: in one field, or each in its own.
func accountsOf(form url.Values) meant {
	return meant{strings.FieldsFunc(strings.Join(form["account"], " "), func(r rune) bool { return r == ',' || unicode.IsSpace(r) })}
}

// ticked are those of a form's words that there are.
func ticked[T ~string](words []string, known []T) (all []T) {
	for _, name := range known {
		if slices.Contains(words, string(name)) {
			all = append(all, name)
		}
	}
	return all
}

func syncForm(form url.Values) syncOrder {
	return syncOrder{
		meant: accountsOf(form), Only: ticked(form["only"], journey.Kinds()),
		ConfirmDeletions: form.Has("confirm_deletions"), ConfirmSource: form.Has("confirm_source"), CopyAgain: form.Has("copy_again"),
		SwitchOnRules: form.Has("switch_on_rules"), ReplaceRules: form.Has("replace_rules"),
	}
}

func retryForm(form url.Values) retryOrder {
	order := retryOrder{
		meant: accountsOf(form), Only: ticked(form["only"], journey.Kinds()), CopyAgain: form.Has("copy_again"), ReplaceRules: form.Has("replace_rules"),
	}
	if chosen := differencesIn(form); len(chosen.IDs) > 0 {
		order.Accounts, order.IDs = chosen.Accounts, chosen.IDs
	}
	return order
}

func verifyForm(form url.Values) verifyOrder {
	order := verifyOrder{meant: accountsOf(form)}
	if levels := ticked(form["level"], verify.Levels()); len(levels) > 0 {
		order.Level = levels[0]
	}
	return order
}

func cutoverForm(form url.Values) cutoverOrder {
	return cutoverOrder{Domains: form["domain"], Overrides: ticked(form["override"], gateNames()), Why: form.Get("why")}
}
