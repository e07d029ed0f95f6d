// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"rehome"
	"rehome/internal/config"
	"rehome/internal/itinerary"
	"rehome/internal/ledger"
	"rehome/internal/rehearsal"
	"rehome/internal/vault"
	"rehome/internal/verify"
)

// Next is where the move stands, and what to do now.
type Next struct {
	Organisation string `json:"organisation"`
	itinerary.Itinerary
}

// Outcome implements rehome.Answer: the question is answered, whatever remains to be done.
func (n Next) Outcome() rehome.Outcome { return rehome.OutcomeDone }

// NextWithoutSettings is the answer where no settings can be read: there are none, or problem says what is wrong with them.
func NextWithoutSettings(file string, problem error) Next {
	state := itinerary.State{Now: time.Now(), Settings: itinerary.SettingsState{File: file, There: !errors.Is(problem, fs.ErrNotExist)}}
	if state.Settings.There && problem != nil {
		state.Settings.Wrong = problem.Error()
		var invalid *config.InvalidError
		if errors.As(problem, &invalid) && len(invalid.Problems) > 0 {
			state.Settings.Wrong = invalid.Problems[0].Key + " " + invalid.Problems[0].Sentence
		}
	}
	return Next{Itinerary: itinerary.Of(state)}
}

// Next says where the move stands and what to do now. It reads the settings, which are in file, the ledger and the files beside
// them, and contacts no server; it makes no ledger where there is none.
func (m *Move) Next(ctx context.Context, file string) (Next, error) { return m.next(ctx, file, nil) }

// next is Next for who has summed the accounts already; nil means that nobody has. Of very many that takes a second.
func (m *Move) next(ctx context.Context, file string, totals []ledger.AccountTotal) (Next, error) {
	state, err := m.state(ctx, file, totals)
	return Next{Organisation: m.settings.Organisation, Itinerary: itinerary.Of(state)}, err
}

// state gathers what is known, also of DNS.
func (m *Move) state(ctx context.Context, file string, totals []ledger.AccountTotal) (itinerary.State, error) {
	state, err := m.known(ctx, totals)
	if err != nil {
		return state, err
	}
	state.Settings = m.settingsState(file)
	return state, m.readDomains(&state)
}

// known gathers what is known of the move, without the settings file and without what was seen of DNS.
func (m *Move) known(ctx context.Context, totals []ledger.AccountTotal) (itinerary.State, error) {
	state := itinerary.State{Now: time.Now(), MakesAccounts: m.makesAccounts(), Mails: len(m.settings.Destination.MX.Addresses) > 0,
		Pages: exists(m.pagesFolder())}
	for _, name := range m.settings.Domains {
		state.Domains = append(state.Domains, itinerary.Domain{Name: name})
	}
	var err error
	if state.Secrets, err = m.secretsState(); err != nil {
		return state, err
	}
	if begun, err := m.begun(ctx); err != nil {
		return state, err
	} else if begun {
		if err := m.readLedger(ctx, &state, totals); err != nil {
			return state, err
		}
	}
	return state, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// pagesFolder is where the users' pages are written.
func (m *Move) pagesFolder() string { return filepath.Join(m.settings.Accounts.Output, "people") }

// settingsState looks at the files that the settings refer to. What a program or a keyring would give is not asked for.
func (m *Move) settingsState(file string) itinerary.SettingsState {
	state := itinerary.SettingsState{File: filepath.Base(file), There: true}
	if info, err := os.Stat(file); err == nil {
		state.Written = info.ModTime()
	}
	for _, placed := range m.settings.References() {
		if place := placed.Reference.File(); place != "" && !exists(place) {
			state.Missing = append(state.Missing, "the secret of "+placed.Key+" ("+m.shortPath(place, file)+")")
		}
	}
	if roster := m.settings.Roster; roster != "" && !exists(roster) {
		state.Missing = append(state.Missing, "the list of accounts ("+m.shortPath(roster, file)+")")
	}
	return state
}

// shortPath names a file as the settings do, from their folder.
func (m *Move) shortPath(path, settings string) string {
	if short, err := filepath.Rel(filepath.Dir(settings), path); err == nil && filepath.IsLocal(short) {
		return short
	}
	return path
}

// secretsState is what the register knows of files with passwords, and who needs them.
func (m *Move) secretsState() (itinerary.Secrets, error) {
	files, err := m.register().Files()
	if err != nil {
		return itinerary.Secrets{}, err
	}
	secrets := itinerary.Secrets{Needed: m.needsPasswords(), Master: m.masterAtDestination()}
	for _, f := range files {
		if f.File == m.sheetFile() {
			secrets.Temporary = true
		}
		if f.Event != vault.EventWritten || !exists(f.File) {
			continue
		}
		switch f.What {
		case vault.SecretImport:
			secrets.Import++
		case vault.SecretHandOut:
			secrets.HandOut++
		case vault.SecretSheet:
			secrets.Sheet = true
		}
	}
	return secrets, nil
}

// needsPasswords reports whether a pass logs in at the destination with users' own passwords.
func (m *Move) needsPasswords() bool {
	dst := m.settings.Destination
	return m.movesMail(nil) && dst.IMAP.Login == config.LoginUser || dst.DAV.URL != "" && !m.masterOpensDAV()
}

// masterAtDestination says who opens all accounts there; "" is nobody.
func (m *Move) masterAtDestination() string {
	switch imap := m.settings.Destination.IMAP; imap.Login {
	case config.LoginMaster:
		return "the master user " + imap.MasterUser
	case config.LoginOAuth:
		return "an access token"
	}
	return ""
}

// readLedger reads what was copied, compared and looked at.
func (m *Move) readLedger(ctx context.Context, state *itinerary.State, totals []ledger.AccountTotal) error {
	store, err := m.store(ctx)
	if err != nil {
		return err
	}
	if state.Running, err = atWork(ctx, store); err != nil {
		return err
	}
	if state.Waves, err = waveStops(ctx, store, state.Now); err != nil {
		return err
	}
	if state.Copies, err = copies(ctx, store, totals); err != nil {
		return err
	}
	looks, err := store.Looks.All(ctx)
	if err != nil {
		return err
	}
	m.readLooks(looks, state)
	cutovers, err := store.Cutovers.All(ctx)
	if err != nil {
		return err
	}
	m.readCutovers(cutovers, state)
	if state.Logins, err = triedLogins(ctx, store); err != nil {
		return err
	}
	if state.Notices, err = m.notices(ctx, store); err != nil {
		return err
	}
	if state.Exported, err = store.Audit.Last(ctx, actionExported); err != nil {
		return err
	}
	state.HandedOver, err = store.Audit.Last(ctx, actionHandedOver)
	return err
}

// copies counts the accounts, without reading each: there may be very many. Those of which differences were accepted are few, and are
// counted by what is left of their verdict.
func copies(ctx context.Context, store *ledger.Ledger, totals []ledger.AccountTotal) (itinerary.Copies, error) {
	if totals == nil {
		var err error
		if totals, err = store.Accounts.Totals(ctx); err != nil {
			return itinerary.Copies{}, err
		}
	}
	all := itinerary.Copies{}
	for _, t := range totals {
		all.Accounts += int(t.Accounts)
		count(&all, t.State, t.Verdict, t.Unfinished, int(t.Accounts))
		if t.Newest.After(all.Newest) {
			all.Newest = t.Newest
		}
	}
	answers, err := settled(ctx, store)
	if err != nil {
		return itinerary.Copies{}, err
	}
	for address, answer := range answers {
		r, known, err := store.Accounts.Find(ctx, address)
		if err != nil {
			return itinerary.Copies{}, err
		}
		if known {
			count(&all, r.State, r.Verdict, r.Unfinished, -1)
			count(&all, r.State, string(answer.Verdict), r.Unfinished, 1)
		}
	}
	return all, nil
}

// count adds n accounts. One whose turn is not over has more to bring.
func count(all *itinerary.Copies, state ledger.AccountState, verdict string, unfinished bool, n int) {
	switch {
	case state == ledger.AccountBlocked && verdict != string(verify.Equal): // else what blocks it was accepted
		all.Blocked += n
	case state == ledger.AccountBlocked, state == ledger.AccountPreStaged && !unfinished:
		all.Copied += n
	}
	switch verdict {
	case "":
	case string(verify.Equal):
		all.Equal += n
	default:
		all.Differs += n
	}
}

// readLooks sorts in what was looked at. The domains are those of the settings, or, where these name none, those that were planned.
func (m *Move) readLooks(looks []ledger.Look, state *itinerary.State) {
	for _, l := range looks {
		switch l.Name {
		case lookCheck:
			state.Check = looked(l)
		case lookAccounts:
			state.AccountsCheck = looked(l)
		case lookRecipients:
			state.RecipientsCheck = looked(l)
		case lookMoving:
			state.Moving = l.Open
		default:
			m.readPlan(l, state)
		}
	}
}

// readPlan sorts in what is kept of the plan of a domain.
func (m *Move) readPlan(l ledger.Look, state *itinerary.State) {
	if !slices.Contains([]string{lookPlan, lookAsk, lookHand, lookStage, lookLower}, l.Name) {
		return
	}
	d := domainOf(state, l.Object)
	if d == nil && len(m.settings.Domains) == 0 {
		state.Domains = append(state.Domains, itinerary.Domain{Name: l.Object})
		d = domainOf(state, l.Object)
	}
	if d == nil {
		return // not one that moves
	}
	switch l.Name {
	case lookPlan:
		d.Planned, d.Waits = looked(l), l.Sentence
	case lookAsk:
		d.Open.Ask = l.Sentence
	case lookHand:
		d.Open.Hand = l.Sentence
	case lookStage:
		d.Open.Stage = l.Open
	case lookLower:
		d.Open.Lower = l.Open
	}
}

func domainOf(state *itinerary.State, name string) *itinerary.Domain {
	for i := range state.Domains {
		if state.Domains[i].Name == name {
			return &state.Domains[i]
		}
	}
	return nil
}

// readDomains completes the domains with the first safe moment of each, as what was seen of its DNS shows it now.
func (m *Move) readDomains(state *itinerary.State) error {
	memory, err := m.memory()
	if err != nil {
		return err
	}
	for i := range state.Domains {
		d := &state.Domains[i]
		if d.Planned.At.IsZero() || d.Waits != "" {
			continue
		}
		d.Earliest = memory.Earliest(d.Name, state.Now)
		if d.Earliest.Before(d.Planned.At) {
			d.Earliest = d.Planned.At // nothing has to be waited for
		}
	}
	return nil
}

// notices count the messages that tell users of the switch. One that is being sent may have arrived.
func (m *Move) notices(ctx context.Context, store *ledger.Ledger) (itinerary.Notices, error) {
	state := itinerary.Notices{Able: m.settings.Clients.Notify.Address != ""}
	all, err := store.Notices.All(ctx)
	for _, n := range all {
		switch {
		case n.Kind != noticeBefore:
		case n.State == ledger.NoticeSent:
			state.Sent++
		case n.State == ledger.NoticeRefused, n.State == ledger.NoticeBounced, n.State == ledger.NoticeCommitting:
			state.Trouble++
		}
	}
	return state, err
}

// triedLogins counts the accounts of which a login was tried for its own sake, by the last result of each protocol.
func triedLogins(ctx context.Context, store *ledger.Ledger) (itinerary.LoginState, error) {
	tried, err := loginsOf(ctx, store)
	state := itinerary.LoginState{}
	for _, logins := range tried {
		if slices.ContainsFunc(logins, func(l verify.Login) bool { return l.Result != string(rehearsal.Accepted) }) {
			state.Fail++
		} else {
			state.Work++
		}
	}
	return state, err
}
