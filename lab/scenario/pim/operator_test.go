// SPDX-License-Identifier: Apache-2.0

// Package pim_test moves contacts and calendars with the real binary from SabreDAV 1.8 to four kinds of
// servers, and looks at what became of every object. Mail has no part in it: both ends name the same
// mailboxes.
package pim_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rehome/internal/content/pim"
	"rehome/lab"
	"rehome/lab/atmail7"
	"rehome/lab/atmail8"
	"rehome/lab/corpus"
	"rehome/lab/cyrus"
	"rehome/lab/davical"
	"rehome/lab/judge"
	"rehome/lab/operator"
	"rehome/lab/proof"
	"rehome/lab/scenario"
	"rehome/lab/xandikos"
)

// binary is rehome, built once for all tests.
var binary string

func TestMain(m *testing.M) {
	os.Exit(operator.Main(m, &binary))
}

const password = "Correct-Horse-1,2"

// kinds are the destinations.
func kinds() []corpus.DAVServer {
	return []corpus.DAVServer{corpus.Radicale, corpus.Xandikos, corpus.DAViCal, corpus.Cyrus}
}

// destination starts a server of that kind, with scheduling if it can, and returns its URL.
func destination(t *testing.T, l *lab.Lab, kind corpus.DAVServer, people []corpus.Person) string {
	t.Helper()
	switch kind {
	case corpus.Radicale:
		return radicale(t, l, people)
	case corpus.Xandikos:
		var accounts []xandikos.Account
		for _, p := range people {
			accounts = append(accounts, xandikos.Account{Address: p.Address, Password: password})
		}
		server, err := xandikos.Start(l, xandikos.Options{Accounts: accounts})
		must(t, err)
		return server.URL
	case corpus.DAViCal:
		return startDAViCal(t, l, people).URL
	}
	return startCyrus(t, l, people).DAV()
}

func radicale(t *testing.T, l *lab.Lab, people []corpus.Person) string {
	t.Helper()
	domains := map[string]bool{}
	for _, p := range people {
		_, domain, _ := strings.Cut(p.Address, "@")
		domains[domain] = true
	}
	server, err := atmail8.Start(l, atmail8.Options{Domains: slices.Collect(maps.Keys(domains))})
	must(t, err)
	return imported(t, server, people)
}

// imported adds the people and returns the URL.
func imported(t *testing.T, server *atmail8.Server, people []corpus.Person) string {
	t.Helper()
	rows := [][]string{{"EmailAddress", "FirstName", "LastName", "Password"}}
	for _, p := range people {
		rows = append(rows, []string{p.Address, "A", "B", password})
	}
	var text bytes.Buffer
	must(t, csv.NewWriter(&text).WriteAll(rows))
	result, err := server.ImportCSV(&text)
	must(t, err)
	if len(result.Rejected) > 0 {
		t.Fatalf("rejected: %+v", result.Rejected)
	}
	return server.DAVPlain
}

func hostOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	must(t, err)
	return u.Host
}

func startDAViCal(t *testing.T, l *lab.Lab, people []corpus.Person) *davical.Server {
	t.Helper()
	var accounts []davical.Account
	for _, p := range people {
		accounts = append(accounts, davical.Account{Address: p.Address, Password: password})
	}
	server, err := davical.Start(l, davical.Options{Accounts: accounts})
	must(t, err)
	return server
}

func startCyrus(t *testing.T, l *lab.Lab, people []corpus.Person) *cyrus.Server {
	t.Helper()
	var accounts []cyrus.Account
	for _, p := range people {
		accounts = append(accounts, cyrus.Account{Address: p.Address, Password: password})
	}
	server, err := cyrus.Start(l, cyrus.Options{Accounts: accounts, Scheduling: true})
	must(t, err)
	return server
}

// source starts SabreDAV with the people.
func source(t *testing.T, l *lab.Lab, people []corpus.Person) *atmail7.Server {
	t.Helper()
	server, err := atmail7.Start(l, atmail7.Options{Domains: []string{"example.test", "example.com", "example.org", "example.net"}})
	must(t, err)
	org := corpus.Sample(corpus.Options{Scale: 0.01})
	org.People, org.Aliases, org.Delegates, org.Planted = people, nil, nil, nil
	must(t, corpus.Seed(t.Context(), server, org))
	return server
}

// bare makes a person who has contacts and calendars only, and the password of everybody.
func bare(p corpus.Person) corpus.Person {
	q := corpus.PIMPerson(p.Address, password, 0, 0)
	q.AddressBooks, q.Calendars = p.AddressBooks, p.Calendars
	return q
}

// move is an operator, and what the judge has to know of it.
type move struct {
	operator.Operator
	people   []corpus.Person
	src, dst string // URLs without a fault in between
	kind     corpus.DAVServer
}

// newDesk writes the settings for a move of the people from one URL to another. more goes below the
// destination's dav.
func newOperator(t *testing.T, people []corpus.Person, imap, src, dst, more string) move {
	t.Helper()
	dir := t.TempDir()
	settings := fmt.Sprintf(`organisation: Proof
store: rehome.db
roster: people.csv
source: {kind: imap, imap: {address: "%s", tls: none}, dav: {url: "%s"}}
destination: {kind: imap, imap: {address: "%s", tls: none}, dav: {url: "%s"%s}}
`, imap, src, imap, dst, more)
	rows := [][]string{{"EmailAddress", "SourceUser", "SourcePassword", "DestinationUser", "DestinationPassword"}}
	for _, p := range people {
		rows = append(rows, []string{p.Address, p.Address, password, p.Address, password})
	}
	var roster bytes.Buffer
	must(t, csv.NewWriter(&roster).WriteAll(rows))
	for name, text := range map[string]string{"rehome.yaml": settings, "people.csv": roster.String()} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return move{Operator: operator.Operator{Dir: dir, Binary: binary}, people: people, src: src, dst: dst}
}

// accounts tells the judge who moves from where to where.
func (m move) accounts() (all []proof.Account) {
	for _, p := range m.people {
		all = append(all, proof.Account{
			Address:        p.Address,
			SourceDAV:      judge.DAVLogin{URL: m.src, User: p.Address, Password: password},
			DestinationDAV: judge.DAVLogin{URL: m.dst, User: p.Address, Password: password},
			Objects:        judge.ObjectTerms{Where: scenario.Collection}, Repaired: scenario.Foreseen(m.kind),
		})
	}
	return all
}

// verified is what "verify --json" says of contacts and calendars.
type verified struct {
	Accounts []struct {
		Account, Verdict    string
		Contacts, Calendars *kindVerified
	}
}

type kindVerified struct {
	Source, Destination struct{ Objects int }
	Verdicts            map[pim.State]int
	Differences         []objectVerified
	Repaired            []objectVerified
	Unlisted            int
}

type objectVerified struct {
	Verdict                              pim.State
	Collection, Object, Sentence, Escrow string
}

// verify asks the verifier and the judge, whatever they find.
func verify(t *testing.T, m move) verified {
	t.Helper()
	o := proof.Both(t, m.Operator, m.accounts())
	if o.Code != 0 && o.Code != 5 {
		t.Fatalf("verify ended with %d\n%s%s", o.Code, o.Out, o.Err)
	}
	return decoded[verified](t, o.Out)
}

// all gathers verdicts and objects over accounts and kinds.
func (v verified) all(t *testing.T) (verdicts map[pim.State]int, objects []objectVerified) {
	t.Helper()
	verdicts = map[pim.State]int{}
	for _, a := range v.Accounts {
		if a.Verdict == "unknown" {
			t.Errorf("%s could not be verified", a.Account)
		}
		for _, k := range []*kindVerified{a.Contacts, a.Calendars} {
			if k == nil {
				continue
			}
			for verdict, n := range k.Verdicts {
				verdicts[verdict] += n
			}
			objects = append(append(objects, k.Differences...), k.Repaired...)
		}
	}
	return verdicts, objects
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// moveSettings puts the settings of one folder into another, which has been worked in.
func moveSettings(t *testing.T, from, to string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(from, "rehome.yaml"))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(to, "rehome.yaml"), text, 0o600))
	return to
}
