// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/passhash"
	"rehome/internal/people"
	"rehome/internal/vault"
)

// HandoverOptions say what goes into the bundle for the vendor's operations.
type HandoverOptions struct {
	Output   string   // a folder, or a file that ends with .tar.gz
	SealTo   []string // the vendor's age recipients
	POPUsers []string // who is known to poll by POP3, from logs; nil is not known
}

// Handover is the bundle as it was written.
type Handover struct {
	Output   string   `json:"output"`
	Files    []string `json:"files"`
	Hashes   int      `json:"hashes"`
	Aliases  int      `json:"aliases"` // and forwards: lines of the plan
	POPUsers int      `json:"pop_users"`
	Domains  int      `json:"domains"`
	SealedTo []string `json:"sealed_to"`
	Vendor   bool     `json:"vendor_can_open"` // somebody beside this move can open the hashes
}

// The files of a bundle.
const (
	handoverHashes   = "hashes.csv.age"
	handoverManifest = "manifest.json"
)

// Handover writes one bundle for the vendor's operations. The same people give the same bundle, octet for
// octet: sealed hashes that have not changed are taken over from the bundle that is there.
func (m *Move) Handover(ctx context.Context, options HandoverOptions) (Handover, error) {
	p, book, err := m.book(ctx)
	if err != nil {
		return Handover{}, err
	}
	aliases := book.Plan()
	var sheet bytes.Buffer
	if err := aliases.WriteCSV(&sheet); err != nil {
		return Handover{}, err
	}
	identity, err := vault.LoadIdentity(m.settings.Secrets.Identity)
	if err != nil {
		return Handover{}, err
	}
	to := m.recipients(identity)
	for _, r := range options.SealTo {
		if !slices.Contains(to, r) {
			to = append(to, r)
		}
	}
	pop := popUsers(p, options.POPUsers)
	hashes, count := hashList(p.Moving)
	h := Handover{Output: options.Output, Hashes: count, Aliases: aliases.Totals.All, POPUsers: len(pop),
		Domains: len(m.domains(p)), SealedTo: to, Vendor: len(to) > len(identity.Recipients())}
	files := map[string][]byte{
		"aliases.csv":      sheet.Bytes(),
		"pop-users.csv":    popList(pop),
		"dkim-request.txt": m.dkimRequest(p),
		"questions.txt":    m.openQuestions(h),
	}
	if count > 0 {
		if files[handoverHashes], err = sealAgain(options.Output, identity, to, hashes); err != nil {
			return Handover{}, err
		}
	}
	files["README.txt"] = m.handoverReadme(h)
	if files[handoverManifest], err = manifestOf(files, to); err != nil {
		return Handover{}, err
	}
	h.Files = sortedNames(files)
	return h, m.writeBundle(options.Output, files)
}

// sealAgain seals the hashes, or returns what an earlier bundle holds if that has the same inside for the
// same people: age never seals twice alike.
func sealAgain(output string, identity *vault.Identity, to []string, clear []byte) ([]byte, error) {
	before := readBundle(output)
	if sealed := before[handoverHashes]; sealed != nil && slices.Equal(recipientsIn(before[handoverManifest]), to) {
		if opened, err := vault.OpenBytes(handoverHashes, sealed, identity); err == nil && bytes.Equal(opened, clear) {
			return sealed, nil
		}
	}
	return vault.SealBytes(handoverHashes, to, clear)
}

// hashList is what the vendor needs to take passwords over: address, Dovecot's scheme, hash.
func hashList(accounts []rehome.Account) ([]byte, int) {
	rows := [][]string{{"EmailAddress", "Scheme", "Hash"}}
	for _, account := range accounts {
		if scheme, value, ok := passhash.Scheme(account.Password); ok {
			rows = append(rows, []string{account.Address, scheme, value.Reveal()})
		}
	}
	return asCSV(rows), len(rows) - 1
}

// popUser is an account that may poll by POP3.
type popUser struct{ address, evidence string }

// popUsers are those who are known to poll or, where nothing is known, all who may.
func popUsers(p *people.Everybody, known []string) []popUser {
	var users []popUser
	for _, account := range p.Moving {
		switch {
		case slices.Contains(known, account.Address):
			users = append(users, popUser{account.Address, "polls, by the source's log"})
		case known == nil && account.Services.POP3:
			users = append(users, popUser{account.Address, "may poll; whether it does is not known"})
		}
	}
	return users
}

func popList(users []popUser) []byte {
	rows := [][]string{{"EmailAddress", "Evidence"}}
	for _, user := range users {
		rows = append(rows, []string{user.address, user.evidence})
	}
	return asCSV(rows)
}

// domains are those that move.
func (m *Move) domains(p *people.Everybody) []string {
	if len(m.settings.Domains) > 0 {
		return m.settings.Domains
	}
	var all []string
	for _, account := range p.Moving {
		all = append(all, account.Domain())
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func asCSV(rows [][]string) []byte {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	_ = w.WriteAll(rows) // a bytes.Buffer takes everything
	return out.Bytes()
}

// bundleManifest says what the bundle holds and who can open what is sealed in it.
type bundleManifest struct {
	SealedTo []string       `json:"sealed_to"`
	Files    []manifestFile `json:"files"`
}

type manifestFile struct {
	Name   string `json:"name"`
	Octets int    `json:"bytes"`
	SHA256 string `json:"sha256"`
}

func manifestOf(files map[string][]byte, to []string) ([]byte, error) {
	manifest := bundleManifest{SealedTo: to}
	for _, name := range sortedNames(files) {
		manifest.Files = append(manifest.Files, manifestFile{Name: name, Octets: len(files[name]), SHA256: digestOf(files[name])})
	}
	text, err := json.MarshalIndent(manifest, "", "  ")
	if err != nil {
		return nil, &rehome.Fault{Class: rehome.ClassBug, Op: "write", Object: handoverManifest, Cause: err}
	}
	return append(text, '\n'), nil
}

func recipientsIn(text []byte) []string {
	var manifest bundleManifest
	if err := json.Unmarshal(text, &manifest); err != nil {
		return nil // not ours, or none: everything is sealed anew
	}
	return manifest.SealedTo
}

// ReadPOPUsers reads who polls by POP3 from Dovecot's logs, plain or gzip.
func ReadPOPUsers(files []string) ([]string, error) {
	if len(files) == 0 {
		return nil, nil
	}
	users := map[string]bool{}
	for _, file := range files {
		if err := eachLine(file, func(line string) { notePOPUser(users, line) }); err != nil {
			return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "read the log", Object: file, Cause: err, Hint: "check the path, and that you may read it"}
		}
	}
	found := []string{}
	for user := range users {
		found = append(found, user)
	}
	slices.Sort(found)
	return found, nil
}

// notePOPUser knows Dovecot's line "pop3-login: Info: Login: user=<anna@example.com>, method=PLAIN".
func notePOPUser(users map[string]bool, line string) {
	_, rest, isPOP := strings.Cut(line, "pop3-login: ")
	_, rest, isLogin := strings.Cut(rest, "Login: user=<")
	user, _, ends := strings.Cut(rest, ">")
	if address, err := rehome.ParseAddress(user); isPOP && isLogin && ends && err == nil {
		users[address] = true
	}
}

// HandoverDefault is where the bundle goes unless somebody says otherwise.
func (m *Move) HandoverDefault() string { return filepath.Join(m.settings.Accounts.Output, "handover") }

func (m *Move) organisationName() string { return cmp.Or(m.settings.Organisation, "the organisation") }

func (m *Move) dkimRequest(p *people.Everybody) []byte {
	var out strings.Builder
	fmt.Fprintf(&out, "DKIM keys for %s\n\nPlease make a DKIM key for each of these domains and send us selector and record. We publish it and\ntell you; then please check it and begin to sign.\n\n", m.organisationName())
	for _, domain := range m.domains(p) {
		fmt.Fprintf(&out, "domain: %s\n  selector: ____________________\n  record:   ____________________\n  published by us on: __________   signing since: __________\n\n", domain)
	}
	return []byte(out.String())
}
