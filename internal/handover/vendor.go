// SPDX-License-Identifier: Apache-2.0

package handover

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"

	"rehome"
	"rehome/internal/alias"
	"rehome/internal/content/table"
	"rehome/internal/passhash"
	"rehome/internal/vault"
)

// VendorInput is what the bundle for the vendor's operations is made of.
type VendorInput struct {
	Organisation string // its name, for people
	Domains      []string
	Accounts     []rehome.Account // who moves
	Aliases      alias.Plan
	POPLog       *POPLog // who is known to poll by POP3; nil is not known
	// Seen says who was seen to poll in logs that were read earlier, by address, and when last.
	Seen  map[string]time.Time
	Drops map[string]Drop // what POP3 shows at the source, by address; those that nobody has looked at are missing

	Identity *vault.Identity // opens what an earlier bundle has sealed
	SealTo   []string        // age recipients; the identity's own are among them
}

// Bundle is the bundle as it was written.
type Bundle struct {
	Output   string   `json:"output"`
	Files    []string `json:"files"`
	Hashes   int      `json:"hashes"`
	Aliases  int      `json:"aliases"` // and forwards: lines of the plan
	POPUsers int      `json:"pop_users"`
	UIDLs    int      `json:"pop_uidls"`         // POP3 identifiers of those users that were counted
	Unread   int      `json:"pop_unread"`        // users whose identifiers were not counted
	POPLog   *POPLog  `json:"pop_log,omitempty"` // what the number was read from; without it, all who may use POP3 count
	Unknown  []string `json:"pop_unknown"`       // who has logged in by POP3 and is no account that moves, or may be several
	Domains  int      `json:"domains"`
	SealedTo []string `json:"sealed_to"`
	Vendor   bool     `json:"vendor_can_open"` // somebody beside this move can open the hashes
}

// The files of a bundle.
const (
	bundledHashes   = "hashes.csv.age"
	bundledManifest = "manifest.json"
)

// WriteBundle writes one bundle for the vendor's operations: a folder, or a file if output ends with BundleExtension. The
// same input gives the same bundle, octet for octet: sealed hashes that have not changed are taken over from the bundle that
// is there. The register learns where the hashes are before they are written.
func WriteBundle(output string, input VendorInput, register vault.Register) (Bundle, error) {
	pop, strangers := popUsers(input.Accounts, input.POPLog, input.Seen)
	hashes, count := hashList(input.Accounts)
	b := Bundle{Output: output, Hashes: count, Aliases: input.Aliases.Totals.All, POPUsers: len(pop), POPLog: input.POPLog, Unknown: strangers,
		Domains: len(input.Domains), SealedTo: input.SealTo, Vendor: len(input.SealTo) > len(input.Identity.Recipients())}
	for _, user := range pop {
		if drop, looked := input.Drops[user.address]; looked && drop.Why == "" {
			b.UIDLs += drop.Messages
		} else {
			b.Unread++
		}
	}
	var sheet bytes.Buffer
	if err := input.Aliases.WriteCSV(&sheet); err != nil {
		return Bundle{}, err
	}
	files := map[string][]byte{
		"aliases.csv":      sheet.Bytes(),
		"pop-users.csv":    popList(pop, input.Drops),
		"dkim-request.txt": dkimRequest(input.Organisation, input.Domains),
		"questions.txt":    openQuestions(input.Organisation, b),
		"README.txt":       readme(input.Organisation, b),
	}
	var err error
	if count > 0 {
		if files[bundledHashes], err = sealAgain(output, input.Identity, input.SealTo, hashes); err != nil {
			return Bundle{}, err
		}
	}
	if files[bundledManifest], err = manifestOf(files, input.SealTo); err != nil {
		return Bundle{}, err
	}
	b.Files = sortedNames(files)
	return b, writeBundle(output, files, register)
}

// sealAgain seals the hashes, or returns what an earlier bundle holds if that has the same inside for the
// same people: age never seals twice alike.
func sealAgain(output string, identity *vault.Identity, to []string, clear []byte) ([]byte, error) {
	before := readBundle(output)
	if sealed := before[bundledHashes]; sealed != nil && slices.Equal(recipientsIn(before[bundledManifest]), to) {
		if opened, err := vault.OpenBytes(bundledHashes, sealed, identity); err == nil && bytes.Equal(opened, clear) {
			return sealed, nil
		}
	}
	return vault.SealBytes(bundledHashes, to, clear)
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

func popList(users []popUser, drops map[string]Drop) []byte {
	rows := [][]string{{"EmailAddress", "Evidence", "LastLogin", "Logins", "Messages", "Identifiers", "SettingForTheSame"}}
	for _, user := range users {
		var drop *Drop
		if looked, ok := drops[user.address]; ok {
			drop = &looked
		}
		rows = append(rows, slices.Concat([]string{user.address, user.evidence}, user.columns(), drop.columns()))
	}
	return asCSV(rows)
}

func asCSV(rows [][]string) []byte {
	var out bytes.Buffer
	_ = table.Write(&out, slices.Values(rows)) // a bytes.Buffer takes everything
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
		return nil, &rehome.Fault{Class: rehome.ClassBug, Op: "write", Object: bundledManifest, Cause: err}
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

// Outcome implements rehome.Answer.
func (Bundle) Outcome() rehome.Outcome { return rehome.OutcomeDone }
