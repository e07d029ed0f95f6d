// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rehome/lab"
	"rehome/lab/corpus"
	"rehome/lab/postgres"
)

// peopleWithMail are some of the sample whose messages the destination takes all.
func peopleWithMail(n int, scale float64) (people []corpus.Person) {
	org := corpus.Sample(corpus.Options{Scale: scale})
	for _, p := range org.People {
		refused := slices.ContainsFunc(org.Planted, func(planted corpus.Planted) bool { return planted.Address == p.Address })
		if p.LogsIn() && !refused && p.Count().Messages > 10 && strings.HasSuffix(p.Address, "@example.com") && len(people) < n {
			people = append(people, p)
		}
	}
	return people
}

// A move keeps its ledger on a PostgreSQL server, reached over the network with a password and a certificate. The server crashes in the
// middle; the same command goes on, what it copied is proved by both, and the ledger goes into a file and the move goes on with that.
func TestJourney_storeOnPostgreSQL(t *testing.T) {
	t.Parallel()
	const password = "the store's own password"
	server, err := postgres.Start(lab.Open(t), postgres.Options{Password: password})
	if err != nil {
		t.Fatal(err)
	}
	people := peopleWithMail(3, 0.05)
	s := setPeople(t, true, people...)
	s.settle()
	address := server.NetworkAddress("postgres")
	s.edit(func(text string) string {
		return strings.Replace(text, "store: rehome.db\n", "store: "+address+"\nstore_password: file:secrets/store\n", 1)
	})
	if err := os.WriteFile(filepath.Join(s.Dir, "secrets", "store"), []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if o := s.want(0, "check"); !strings.Contains(o.out, "the PostgreSQL server runs with fsync and full_page_writes off") {
		t.Errorf("check does not say that the server forgets:\n%s", o.out)
	}
	s.provision()
	cut := make(chan outcome, 1)
	go func() { cut <- s.run("sync", "--quiet") }()
	if err := server.Await(t.Context(), `SELECT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = 'rehome' AND tablename = 'objects')`); err != nil {
		t.Fatal(err)
	}
	if err := server.Await(t.Context(), `SELECT COUNT(*) > 0 FROM rehome.objects`); err != nil {
		t.Fatal(err)
	}
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	if o := <-cut; o.code == 0 || !strings.Contains(o.out+o.err, "run the same command again") || strings.Contains(o.out+o.err, "bug") {
		t.Errorf("a run whose ledger was cut off ended with %d\n%s%s", o.code, o.out, o.err)
	}
	s.want(0, "sync", "--quiet")
	if v := s.both(); v.Code != 0 {
		t.Errorf("verify ended with %d\n%.3000s", v.Code, v.Err)
	}
	if o := s.want(0, "status"); !strings.Contains(o.out, people[2].Address) {
		t.Errorf("status does not name %s:\n%s", people[2].Address, o.out)
	}
	if _, err := os.Stat(filepath.Join(s.Dir, "rehome.db")); err == nil {
		t.Error("a file was made beside the database")
	}

	s.want(0, "store", "copy", address, "rehome.db", "--from-password", "file:secrets/store")
	s.edit(func(text string) string {
		return strings.Replace(text, "store: "+address+"\nstore_password: file:secrets/store\n", "store: rehome.db\n", 1)
	})
	for _, a := range answer[synced](s, 0, "sync").Accounts {
		if a.Mail.Copied+a.Mail.Adopted > 0 || a.Mail.Unchanged == 0 {
			t.Errorf("with the copied ledger %s is not known: %+v", a.Account, a.Mail)
		}
	}
	s.want(0, "report")
	s.wantHidden([]secret{{"the store", password}})
}
