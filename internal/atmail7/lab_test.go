// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rehome"
	"rehome/lab"
	"rehome/lab/atmail7"
)

// reveal lets go-cmp look into secrets; the values here are no secrets.
var reveal = cmp.Comparer(func(a, b rehome.Secret) bool { return a.Reveal() == b.Reveal() })

// bench is a real MariaDB with atmail's tables, and the settings that read it.
type bench struct {
	*atmail7.Server
	settings Settings
}

func startBench(t *testing.T, options atmail7.Options) *bench {
	t.Helper()
	options.NoDAV = true
	server, err := atmail7.Start(lab.Open(t), options)
	if err != nil {
		t.Fatal(err)
	}
	return &bench{Server: server, settings: Settings{
		DSN:      "mysql://" + server.Reader + "@" + server.MySQL + "/" + server.Database,
		Password: rehome.NewSecret(server.ReaderPassword),
	}}
}

// exec changes the database, one statement a line.
func (b *bench) exec(t *testing.T, statements string) {
	t.Helper()
	for statement := range strings.SplitSeq(statements, "\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if _, err := b.DB().ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%v, in: %s", err, statement)
		}
	}
}

func (b *bench) add(t *testing.T, accounts ...atmail7.Account) {
	t.Helper()
	for _, account := range accounts {
		if err := b.AddAccount(t.Context(), account); err != nil {
			t.Fatal(err)
		}
	}
}

func (b *bench) open(t *testing.T) *Database {
	t.Helper()
	d, err := Open(t.Context(), b.settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func (b *bench) organisation(t *testing.T) (rehome.Organisation, []rehome.Finding) {
	t.Helper()
	org, findings, err := b.open(t).Organisation(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return org, findings
}

// codes are the findings in short: "code account object".
func codes(findings []rehome.Finding) []string {
	all := []string{}
	for _, f := range findings {
		all = append(all, strings.Join(strings.Fields(f.Code+" "+f.Account+" "+f.Object), " "))
	}
	slices.Sort(all)
	return all
}

func addresses(org rehome.Organisation) []string {
	all := []string{}
	for _, a := range org.Accounts {
		all = append(all, a.Address)
	}
	return all
}

// wantFault checks class, text and hint of a Fault.
func wantFault(t *testing.T, err error, class rehome.Class, text, hint string) {
	t.Helper()
	if err == nil {
		t.Fatal("got no error")
	}
	var fault *rehome.Fault
	if !errors.As(err, &fault) || fault.Class != class {
		t.Errorf("got class %q, want %q, of: %v", rehome.ClassOf(err), class, err)
	}
	if !strings.Contains(err.Error(), text) {
		t.Errorf("got error %q, want %q in it", err, text)
	}
	if got := rehome.HintOf(err); !strings.Contains(got, hint) {
		t.Errorf("got hint %q, want %q in it", got, hint)
	}
}

// questions is how many statements the server has answered so far.
func (b *bench) questions(t *testing.T) (n int) {
	t.Helper()
	var name string
	if err := b.DB().QueryRowContext(context.Background(), "SHOW GLOBAL STATUS LIKE 'Questions'").Scan(&name, &n); err != nil {
		t.Fatal(err)
	}
	return n
}
