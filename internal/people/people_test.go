// SPDX-License-Identifier: Apache-2.0

package people

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rehome"
	"rehome/internal/atmail8"
	"rehome/internal/vault"
)

// plainList is a directory without any ability.
type plainList struct {
	organisation rehome.Organisation
	findings     []rehome.Finding
	err          error
}

func (d plainList) Organisation(context.Context) (rehome.Organisation, []rehome.Finding, error) {
	return d.organisation, d.findings, d.err
}

func (d plainList) Close() error { return nil }

func person(address, plain string) rehome.Account {
	account := rehome.Account{Address: address, Services: rehome.AllServices, Password: rehome.Password{Form: rehome.PasswordNone}}
	if plain != "" {
		account.Password = rehome.Password{Form: rehome.PasswordPlain, Stored: rehome.NewSecret(plain)}
	}
	return account
}

func disabled(account rehome.Account) rehome.Account {
	account.Disabled = true
	return account
}

func noSheet() (vault.Sheet, error) { return vault.Sheet{}, nil }

func gather(t *testing.T, options Options, accounts ...rehome.Account) *Everybody {
	t.Helper()
	if options.Temporary == nil {
		options.Temporary = noSheet
	}
	everybody, err := Gather(t.Context(), plainList{organisation: rehome.Organisation{Accounts: accounts}}, options)
	if err != nil {
		t.Fatal(err)
	}
	return everybody
}

func addresses(accounts []rehome.Account) string {
	var all []string
	for _, a := range accounts {
		all = append(all, a.Address)
	}
	return strings.Join(all, " ")
}

func TestGather_whoMovesAndWhy(t *testing.T) {
	t.Parallel()
	accounts := []rehome.Account{
		person("zoe@a.test", ""), disabled(person("carl@a.test", "")), person("anna@b.test", ""), disabled(person("dora@c.test", "")),
	}
	const (
		domain = "its domain does not move"
		off    = "it is disabled at the source"
	)
	for name, c := range map[string]struct {
		options Options
		moving  string
		staying map[string]string
	}{
		"all domains": {Options{}, "anna@b.test zoe@a.test", map[string]string{"carl@a.test": off, "dora@c.test": off}},
		"one domain": {Options{Domains: []string{"a.test"}}, "zoe@a.test",
			map[string]string{"carl@a.test": off, "anna@b.test": domain, "dora@c.test": domain}},
		"the disabled too": {Options{MoveDisabled: true}, "anna@b.test carl@a.test dora@c.test zoe@a.test", nil},
		"of one domain, too": {Options{MoveDisabled: true, Domains: []string{"a.test"}}, "carl@a.test zoe@a.test",
			map[string]string{"anna@b.test": domain, "dora@c.test": domain}},
		"nobody": {Options{Domains: []string{"x.test"}}, "",
			map[string]string{"zoe@a.test": domain, "carl@a.test": domain, "anna@b.test": domain, "dora@c.test": domain}},
	} {
		everybody := gather(t, c.options, accounts...)
		if got := addresses(everybody.Moving); got != c.moving || len(everybody.Decisions) != len(everybody.Moving) {
			t.Errorf("%s: %q moves with %d decisions, want %q", name, got, len(everybody.Decisions), c.moving)
		}
		if len(everybody.Staying) != len(c.staying) {
			t.Errorf("%s: %v stays, want %v", name, everybody.Staying, c.staying)
		}
		for _, s := range everybody.Staying {
			if want := c.staying[s.Account]; want == "" || !strings.HasPrefix(s.Reason, want) {
				t.Errorf("%s: %s stays because %q, want %q", name, s.Account, s.Reason, want)
			}
		}
	}
}

func TestGather_theRosterWinsRowByRow(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "people.csv")
	text := "EmailAddress,FirstName,LastName,Password,SourcePassword\nanna@a.test,Anna,,,fromroster\nnew@a.test,,,,\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	everybody := gather(t, Options{Roster: file}, person("anna@a.test", "fromtable"), person("bob@a.test", "fromtable"))
	got := map[string]string{}
	for _, a := range everybody.Moving {
		got[a.Address] = a.FirstName + "/" + a.SourcePassword.Reveal()
	}
	want := map[string]string{"anna@a.test": "Anna/fromroster", "bob@a.test": "/fromtable", "new@a.test": "/"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Gather(t.Context(), nil, Options{Roster: file, Temporary: noSheet}); err == nil {
		t.Error("a roster with passwords that everybody can read is taken")
	}
	if _, err := Gather(t.Context(), nil, Options{Roster: file + ".old", Temporary: noSheet}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no roster: got %v", err)
	}
}

func TestGather_nobodyIsKnown(t *testing.T) {
	t.Parallel()
	if _, err := Gather(t.Context(), nil, Options{Temporary: noSheet}); rehome.HintOf(err) == "" {
		t.Errorf("got %v, want a hint where people are named", err)
	}
	broken := errors.New("the table is gone")
	if _, err := Gather(t.Context(), plainList{err: broken}, Options{Temporary: noSheet}); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}

func TestGather_passwordsAtBothEnds(t *testing.T) {
	t.Parallel()
	sheet := func() (vault.Sheet, error) {
		return vault.Sheet{"weak@a.test": {Password: rehome.NewSecret("Handed-Out-2")}}, nil
	}
	options := Options{MakesAccounts: true, Policy: atmail8.DefaultPolicy(), Temporary: sheet}
	everybody := gather(t, options, person("good@a.test", "Str0ng-Enough!"), person("weak@a.test", "abc"), person("none@a.test", ""))
	want := map[string][2]string{
		"good@a.test": {"Str0ng-Enough!", "Str0ng-Enough!"}, "weak@a.test": {"abc", "Handed-Out-2"}, "none@a.test": {"", ""},
	}
	for _, a := range everybody.Moving {
		if got := [2]string{a.SourcePassword.Reveal(), a.DestinationPassword.Reveal()}; got != want[a.Address] {
			t.Errorf("%s: got %q, want %q", a.Address, got, want[a.Address])
		}
	}
	now := time.Date(2026, 11, 28, 1, 2, 3, 4, time.UTC)
	if made, err := everybody.MakePasswords(options.Policy, now); err != nil || made != 1 {
		t.Errorf("made %d, %v, want one, for who has none", made, err)
	}
	entry := everybody.Temporary["none@a.test"]
	decided := everybody.Decisions[1].Password.Reveal()
	if decided == "" || entry.Password.Reveal() != decided || entry.Why == "" || !entry.Created.Equal(now.Truncate(time.Second)) {
		t.Errorf("got %+v", entry)
	}
	if made, err := everybody.MakePasswords(options.Policy, now); err != nil || made != 0 {
		t.Errorf("made %d again, %v", made, err)
	}
	options.MakesAccounts = false
	if other := gather(t, options, person("good@a.test", "Str0ng-Enough!")); !other.Moving[0].DestinationPassword.Empty() {
		t.Error("an own password is tried at a destination that rehome makes no accounts for")
	}
}

func TestLoneDomains(t *testing.T) {
	t.Parallel()
	directory := plainList{organisation: rehome.Organisation{Domains: []string{"aliases.test"}}}
	for _, domain := range []string{"a", "b", "c", "d", "e", "f"} {
		directory.organisation.Accounts = append(directory.organisation.Accounts, person("x@"+domain+".test", ""))
	}
	asked := []string{"a.test", "aliases.test", "z.test"}
	everybody, err := Gather(t.Context(), directory, Options{Domains: asked, Temporary: noSheet})
	if err != nil {
		t.Fatal(err)
	}
	lone := everybody.LoneDomains(asked)
	want := []LoneDomain{{Domain: "z.test", Known: []string{"a.test", "aliases.test", "b.test", "c.test", "d.test"}, More: 2}}
	if diff := cmp.Diff(want, lone); diff != "" {
		t.Error(diff)
	}
	if got := everybody.DomainsOf(nil); !cmp.Equal(got, []string{"a.test"}) {
		t.Errorf("domains that move: got %v", got)
	}
	nobody := gather(t, Options{Domains: []string{"aliases.test"}}, directory.organisation.Accounts...)
	if lone := nobody.LoneDomains([]string{"aliases.test"}); len(lone) != 1 {
		t.Errorf("where nobody moves, a domain of aliases is no excuse: got %v", lone)
	}
}

func TestList_saysWhatBecomesOfThePassword(t *testing.T) {
	t.Parallel()
	sheet := func() (vault.Sheet, error) {
		return vault.Sheet{"bob@a.test": {Password: rehome.NewSecret("x")}}, nil
	}
	list := gather(t, Options{Temporary: sheet, Policy: atmail8.DefaultPolicy()},
		person("anna@a.test", "Str0ng-Enough!"), person("bob@a.test", ""), person("carl@a.test", "")).List()
	want := []string{"own", "temporary", "temporary, created by export"}
	for i, p := range list.Moving {
		if p.DestinationPassword != want[i] {
			t.Errorf("%s: got %q, want %q", p.Account, p.DestinationPassword, want[i])
		}
	}
	if list.Staying == nil || list.Findings == nil {
		t.Error("an empty list would be null in JSON")
	}
}

func TestAbilities_aDirectoryWithoutThemTellsNothing(t *testing.T) {
	t.Parallel()
	for _, directory := range []Directory{nil, plainList{}} {
		preferences, err1 := ReadPreferences(t.Context(), directory)
		shares, err2 := ReadShares(t.Context(), directory)
		rules, err3 := ReadRules(t.Context(), directory)
		digest, err4 := ReadDigest(t.Context(), directory, "anna@a.test")
		if err := errors.Join(err1, err2, err3, err4); err != nil || len(preferences)+len(shares)+len(rules) > 0 || !digest.Empty() {
			t.Errorf("%T: got %v %v %v, %v", directory, preferences, shares, rules, err)
		}
	}
}

// A hash in a roster is nobody's password, unless the operator says so.
func TestGather_hashesInTheRoster(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "people.csv")
	const md5 = "5f4dcc3b5aa765d61d8327deb882cf99"
	text := "EmailAddress,Password,DestinationPassword\na@x.test,$1$q7Lr2Pwx$PG9f9DF7TtRhFWHKmgy..1,\nb@x.test," + md5 + ",\n" +
		"c@x.test," + md5 + ",\nd@x.test,{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr,\ne@x.test,Tulpen-47,$P$B9bHBmWeVSwbdLiZyRRCYb5QvnOLR70\nf@x.test,Wintergarten2,\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := Gather(t.Context(), nil, Options{Roster: file, PlainLooksHashed: []string{"C@x.test"}, MakesAccounts: true,
		Temporary: func() (vault.Sheet, error) { return vault.Sheet{}, nil }})
	if err != nil {
		t.Fatal(err)
	}
	var got, named []string
	for _, a := range e.Moving {
		got = append(got, a.Address[:1]+" "+a.SourcePassword.Reveal()+"/"+a.DestinationPassword.Reveal())
	}
	for _, f := range e.Findings {
		named = append(named, f.Code+" "+f.Account)
	}
	want := []string{"a /", "b /", "c " + md5 + "/" + md5, "d /", "e Tulpen-47/Tulpen-47", "f Wintergarten2/Wintergarten2"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if want := []string{"roster_password_hashed a@x.test", "roster_password_hashed b@x.test", "roster_password_hashed d@x.test",
		"roster_password_hashed e@x.test"}; !slices.Equal(named, want) {
		t.Errorf("got findings %q, want %q", named, want)
	}
}

// An account whose address the destination cannot have is in the plan, and a row of the roster moves it to another address.
func TestGather_addressThatTheDestinationCannotHave(t *testing.T) {
	t.Parallel()
	unfit := AddressUnfit.On("UserSession", rehome.Values{"why": "has the character 'ü' before the @"}).Of("jürgen@example.org")
	directory := &plainList{organisation: rehome.Organisation{Accounts: []rehome.Account{{Address: "anna@example.org"}}},
		findings: []rehome.Finding{unfit}}
	options := Options{Temporary: func() (vault.Sheet, error) { return vault.Sheet{}, nil }}
	e, err := Gather(t.Context(), directory, options)
	if err != nil {
		t.Fatal(err)
	}
	plan := e.PlanAccess(AccessOptions{}, nil)
	if len(plan.Accounts) != 2 || plan.Accounts[1].Standing != StandingNoAddress || !strings.Contains(plan.Accounts[1].Policy, "as SourceUser") {
		t.Errorf("got rows %+v", plan.Accounts)
	}
	options.Roster = filepath.Join(t.TempDir(), "people.csv")
	if err := os.WriteFile(options.Roster, []byte("EmailAddress;SourceUser\njuergen@example.org;Jürgen@example.org\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if e, err = Gather(t.Context(), directory, options); err != nil {
		t.Fatal(err)
	}
	if len(e.Findings) > 0 || len(e.Moving) != 2 || e.Moving[1].SourceLogin() != "Jürgen@example.org" {
		t.Errorf("with a row: got %+v and findings %+v", e.Moving, e.Findings)
	}
}

// A database with accounts that are all left out is not one without accounts.
func TestGather_saysWhyNobodyIsLeft(t *testing.T) {
	t.Parallel()
	directory := &plainList{findings: []rehome.Finding{ExternalAccountSkipped.On("", nil).Of("anna@example.org")}}
	_, err := Gather(t.Context(), directory, Options{Temporary: func() (vault.Sheet, error) { return vault.Sheet{}, nil }})
	if err == nil || !strings.Contains(err.Error(), "all accounts of the database are left out (1): of anna@example.org") ||
		strings.Contains(rehome.HintOf(err), "dsn") {
		t.Errorf("got %v, hint %q", err, rehome.HintOf(err))
	}
}
