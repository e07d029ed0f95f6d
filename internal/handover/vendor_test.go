// SPDX-License-Identifier: Apache-2.0

package handover

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rehome"
	"rehome/internal/alias"
	"rehome/internal/vault"
)

// newVendorInput has one account of every kind that a bundle tells apart.
func newVendorInput(t *testing.T) VendorInput {
	t.Helper()
	file := filepath.Join(t.TempDir(), "identity.txt")
	if _, err := vault.CreateIdentity(file); err != nil {
		t.Fatal(err)
	}
	identity, err := vault.LoadIdentity(file)
	if err != nil {
		t.Fatal(err)
	}
	hashed := rehome.Password{Form: rehome.PasswordMD5, Stored: rehome.NewSecret(strings.Repeat("0", 32))}
	book := alias.NewBook(alias.Input{
		Domains: []string{"example.test"}, Accounts: []string{"anna@example.test", "bob@example.test"},
		Aliases:  []rehome.Alias{{Name: "info@example.test", Kind: rehome.AliasLocal, Targets: []string{"anna@example.test"}}},
		Forwards: []rehome.Forward{{Account: "bob@example.test", Target: "bob@elsewhere.test", KeepCopy: true, CopyKnown: true}},
	})
	return VendorInput{
		Organisation: "Example Ltd", Domains: []string{"example.test", "example.org"}, Aliases: book.Plan(),
		Accounts: []rehome.Account{
			{Address: "anna@example.test", Password: hashed, Services: rehome.AllServices},
			{Address: "bob@example.test", Services: rehome.Services{IMAP: true}},
		},
		Identity: identity, SealTo: identity.Recipients(),
	}
}

func TestWriteBundle_golden(t *testing.T) {
	t.Parallel()
	output := filepath.Join(t.TempDir(), "bundle")
	input := newVendorInput(t)
	bundle, err := WriteBundle(output, input, vault.NewRegister(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	if bundle.Hashes != 1 || bundle.Aliases != 2 || bundle.POPUsers != 1 || bundle.Domains != 2 || bundle.Vendor {
		t.Errorf("got %+v", bundle)
	}
	want := []string{"README.txt", "aliases.csv", "dkim-request.txt", "hashes.csv.age", "manifest.json", "pop-users.csv", "questions.txt"}
	if diff := cmp.Diff(want, bundle.Files); diff != "" {
		t.Error(diff)
	}
	for _, name := range want {
		got, err := os.ReadFile(filepath.Join(output, name))
		if err != nil {
			t.Fatal(err)
		}
		switch name {
		case "manifest.json": // holds digests of what is sealed, which never is the same
			continue
		case bundledHashes:
			opened, err := vault.OpenBytes(name, got, input.Identity)
			if err != nil {
				t.Fatal(err)
			}
			name = "hashes.csv"
			got = opened
		}
		compareGolden(t, filepath.Join("testdata", "bundle", name), got)
	}
}

func compareGolden(t *testing.T, file string, got []byte) {
	t.Helper()
	if os.Getenv("UPDATE") != "" {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s:\n%s", file, diff)
	}
}

// The same people give the same bundle, octet for octet, in a folder and in an archive.
func TestWriteBundle_twiceIsTheSame(t *testing.T) {
	t.Parallel()
	input := newVendorInput(t)
	folder := t.TempDir()
	for _, output := range []string{"bundle", "bundle" + BundleExtension} {
		output = filepath.Join(folder, output)
		read := func() string {
			if _, err := WriteBundle(output, input, vault.NewRegister(folder)); err != nil {
				t.Fatal(err)
			}
			if content, err := os.ReadFile(output); err == nil {
				return digestOf(content)
			}
			content := readBundle(output)
			return digestOf(content[bundledHashes]) + digestOf(content[bundledManifest])
		}
		if first, second := read(), read(); first != second {
			t.Errorf("%s: written twice, it differs", output)
		}
	}
	input.SealTo = append(input.SealTo, newVendorInput(t).SealTo...)
	bundle, err := WriteBundle(filepath.Join(folder, "bundle"), input, vault.NewRegister(folder))
	if err != nil || !bundle.Vendor || len(bundle.SealedTo) != 2 {
		t.Errorf("got %+v, %v, want the vendor to open the hashes", bundle, err)
	}
}

func logOf(names ...string) *POPLog {
	log := &POPLog{}
	for _, name := range names {
		log.Polls = append(log.Polls, Poll{Name: name, Logins: 1})
	}
	return log
}

func TestPOPUsers(t *testing.T) {
	t.Parallel()
	accounts := append(newVendorInput(t).Accounts, rehome.Account{Address: "anna@example.org"},
		rehome.Account{Address: "eva@example.org", SourceUser: "E17"})
	for _, c := range []struct {
		log             *POPLog
		want, strangers string
	}{
		{nil, "anna@example.test", ""}, // by her services; nothing is known
		{logOf("bob@example.test", "x@example.test"), "bob@example.test", "x@example.test"},
		{logOf("bob", "anna", "e17"), "bob@example.test eva@example.org", "anna"}, // two have the name anna
		{&POPLog{}, "", ""},
	} {
		users, strangers := popUsers(accounts, c.log, nil)
		var got []string
		for _, user := range users {
			got = append(got, user.address)
		}
		if strings.Join(got, " ") != c.want || strings.Join(strangers, " ") != c.strangers {
			t.Errorf("%+v: got %q and %q, want %q and %q", c.log, got, strangers, c.want, c.strangers)
		}
	}
}

// Hashes of an earlier bundle are destroyed and noted, in a folder and in an archive.
func TestWriteBundle_destroysOutdatedHashes(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"bundle", "bundle" + BundleExtension} {
		dir := t.TempDir()
		register := vault.NewRegister(filepath.Join(dir, "accounts"))
		output := filepath.Join(dir, name)
		holder := output
		if !strings.HasSuffix(output, BundleExtension) {
			holder = filepath.Join(output, bundledHashes)
		}
		if err := writeBundle(output, map[string][]byte{"README.txt": nil, bundledHashes: []byte("sealed")}, register); err != nil {
			t.Fatal(err)
		}
		if files, err := register.Files(); err != nil || len(files) != 1 || files[0].File != holder || files[0].Event != vault.EventWritten {
			t.Errorf("got %+v, %v, want %s to be known", files, err, holder)
		}
		twin := filepath.Join(dir, "twin") // shows what became of the octets
		if err := os.Link(holder, twin); err != nil {
			t.Fatal(err)
		}
		if err := writeBundle(output, map[string][]byte{"README.txt": nil}, register); err != nil {
			t.Fatal(err)
		}
		if left, err := os.ReadFile(twin); err != nil || strings.Trim(string(left), "\x00") != "" {
			t.Errorf("%s: the hashes are still on the disk (%v)", output, err)
		}
		if _, there := readBundle(output)[bundledHashes]; there {
			t.Errorf("%s still has hashes", output)
		}
		if files, err := register.Files(); err != nil || len(files) != 1 || files[0].Event != vault.EventDestroyed {
			t.Errorf("got %+v, %v, want nothing left", files, err)
		}
	}
}
