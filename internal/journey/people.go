// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/atmail7"
	"rehome/internal/config"
	"rehome/internal/ledger"
	"rehome/internal/people"
	"rehome/internal/vault"
)

// people is everybody known, of whom somebody moves: an operation on nobody would end well and have done
// nothing.
func (m *Move) people(ctx context.Context) (*people.Everybody, error) {
	p, err := m.everybody(ctx)
	if err == nil && len(p.Moving) == 0 {
		err = m.nobodyMoves(p)
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// everybody reads directory and roster, and adds what is known of passwords at both ends.
func (m *Move) everybody(ctx context.Context) (p *people.Everybody, err error) {
	err = m.withDirectory(ctx, func(directory people.Directory) error {
		p, err = people.Gather(ctx, directory, people.Options{
			Roster: m.settings.Roster, Domains: m.settings.Domains, MoveDisabled: m.settings.Accounts.IncludeDisabled == config.DisabledImport,
			PlainLooksHashed: m.settings.Source.Database.PlainLooksHashed, MakesAccounts: m.makesAccounts(),
			Policy: m.settings.Accounts.Policy, Temporary: m.openSheet,
		})
		return err
	})
	return p, err
}

// directory opens the source system's own list of people; nil when there is none and the roster names them. The caller
// closes it. One more source system is one more case here.
func (m *Move) directory(ctx context.Context) (people.Directory, error) {
	settings := m.settings.Source.Database
	if settings.DSN == "" {
		return nil, nil
	}
	password, err := settings.Password.Resolve(ctx)
	if err != nil {
		return nil, err
	}
	masterKey, err := settings.MasterKey.Resolve(ctx)
	if err != nil {
		return nil, err
	}
	defer m.waits.Begin("the database of the source")()
	database, err := atmail7.Open(ctx, atmail7.Settings{
		DSN: settings.DSN, Password: password, MasterKey: masterKey, Profile: settings.Profile, ProfileFile: settings.ProfileFile,
		QuotaUnit: settings.QuotaUnit, Charset: settings.Charset, PlainLooksHashed: settings.PlainLooksHashed,
	})
	if err != nil {
		return nil, err // and no directory that is not nil
	}
	return database, nil
}

// withDirectory lends the directory, which is nil when there is none, and closes it.
func (m *Move) withDirectory(ctx context.Context, use func(people.Directory) error) error {
	directory, err := m.directory(ctx)
	if err != nil {
		return err
	}
	if directory == nil {
		return use(nil)
	}
	return errors.Join(use(directory), directory.Close())
}

// makesAccounts reports whether the destination's accounts are made from our import file.
func (m *Move) makesAccounts() bool { return m.settings.Destination.Kind == config.DestinationAtmail8 }

// openSheet loads the temporary passwords that were handed out before. A move without any needs no
// identity.
func (m *Move) openSheet() (vault.Sheet, error) {
	if _, err := os.Stat(m.sheetFile()); errors.Is(err, os.ErrNotExist) {
		return vault.Sheet{}, nil
	}
	identity, err := vault.LoadIdentity(m.settings.Secrets.Identity)
	if err != nil {
		return nil, err
	}
	return vault.LoadSheet(m.sheetFile(), identity)
}

// nobodyMoves says why, and which domain of the settings is misspelt if one is.
func (m *Move) nobodyMoves(p *people.Everybody) error {
	fault := &rehome.Fault{Class: rehome.ClassOperator, Op: "find", Object: "an account that moves",
		Cause: &config.SettingsError{Cause: fmt.Errorf("none of %s moves: %s", plural(len(p.Staying), "account"), p.Staying[0].Reason)}}
	for _, lone := range p.LoneDomains(m.settings.Domains) {
		fault.Object = "an account that moves in " + lone.Domain
		fault.Cause = &config.SettingsError{Cause: errors.New("there are accounts in " + strings.Join(knownDomains(lone), ", ") + " only")}
		fault.Hint = loneHint(lone)
	}
	return fault
}

// knownDomains are those that have accounts, the last of many as a number.
func knownDomains(lone people.LoneDomain) []string {
	if lone.More == 0 {
		return lone.Known
	}
	return append(lone.Known[:len(lone.Known):len(lone.Known)], plural(lone.More, "other domain"))
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func loneHint(lone people.LoneDomain) string {
	if meant := config.Nearest(lone.Domain, lone.Known); meant != "" {
		return fmt.Sprintf("correct domains: in the settings (did you mean %s instead of %s?)", meant, lone.Domain)
	}
	return "correct domains: in the settings, or take " + lone.Domain + " out of them"
}

// selection is the people of the move, those of them a command is about, and the ledger that knows them.
type selection struct {
	*people.Everybody
	accounts []rehome.Account
	whole    bool // they are everybody who moves
	store    *ledger.Ledger
	waves    *waveKeeper // nil where waves do not count
	patient  bool        // that all wait for their waves is no error
	among    []string    // the waves that accounts of it are in, when they were put into order

	precedence map[string]int // priorities of these waves, by account
}

// choose keeps the accounts of a choice, and says what a name that fits nobody was probably meant to be.
func choose(p *people.Everybody, choice people.Choice) ([]rehome.Account, error) {
	accounts, err := p.Only(choice)
	return accounts, withSuggestion(err)
}

// withSuggestion adds the nearest address to the hint of a name that fits nobody.
func withSuggestion(err error) error {
	var choice *people.ChoiceError
	if !errors.As(err, &choice) {
		return err
	}
	var fault *rehome.Fault
	if meant := nearestAddress(choice.Name, choice.Known); meant != "" && errors.As(err, &fault) {
		fault.Hint = fmt.Sprintf("did you mean %s?", meant)
	}
	return err
}

// nearestAddress returns which of the addresses somebody most likely meant, or "": one whose other half is right, or with
// the domain left out or misspelt. Two addresses of a domain are alike in most of their letters, so halves are compared.
func nearestAddress(name string, known []string) string {
	local, domain, _ := strings.Cut(strings.ToLower(name), "@")
	var locals, domains []string
	for _, address := range known {
		l, d, _ := strings.Cut(address, "@")
		if d == domain || domain == "" {
			locals = append(locals, l)
		}
		if l == local {
			domains = append(domains, d)
		}
	}
	if meant := config.Nearest(domain, domains); meant != "" {
		return local + "@" + meant
	}
	meant := config.Nearest(local, locals)
	if meant == "" {
		return ""
	}
	i := slices.IndexFunc(known, func(address string) bool {
		l, d, _ := strings.Cut(address, "@")
		return l == meant && (d == domain || domain == "")
	})
	return known[i]
}

// chosen finds the accounts of a choice and opens the ledger.
func (m *Move) chosen(ctx context.Context, choice people.Choice) (selection, error) {
	p, err := m.people(ctx)
	if err != nil {
		return selection{}, err
	}
	accounts, err := choose(p, choice)
	if err != nil {
		return selection{}, err
	}
	store, err := m.store(ctx)
	if err != nil {
		return selection{}, err
	}
	return selection{Everybody: p, accounts: accounts, whole: choice.All(), store: store}, store.Looks.Note(ctx, movingLook(len(p.Moving)))
}
