// SPDX-License-Identifier: Apache-2.0

package rulecopy

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rehome/internal/content/sieve"
	"rehome/lab"
	"rehome/lab/dovecot"
)

// Scripts in the forms of the programs that write them, each with all that is said about it, and the lines that change.
// A Dovecot takes what is stored of each whose extensions it has.
func TestPlan_formsOfTheField(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("testdata", "field", "*.sieve"))
	if err != nil || len(files) < 15 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	const all = "+notify +imapflags +spamtestplus +vacation-seconds +editheader +mboxmetadata +vnd.dovecot.report"
	to := logIn(t, startServerWith(t, lab.Open(t), "plugin {\n  sieve_extensions = "+all+"\n}"))
	offered := to.Capabilities().Sieve
	checked := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		action, findings := planned(t, dotted(), string(text))
		var b strings.Builder
		fmt.Fprintf(&b, "activate %v, needs a person %v\n", action.Activate, action.Person)
		for i, line := range action.Lines {
			fmt.Fprintf(&b, "%d. %s\n", i+1, line.Words)
		}
		for _, f := range findings {
			fmt.Fprintf(&b, "! %s\n", f)
		}
		before := strings.Split(strings.TrimPrefix(string(text), "\ufeff"), "\n")
		for _, line := range strings.Split(action.Text, "\n") {
			if len(before) > 0 && before[0] == line {
				before = before[1:]
				continue
			}
			fmt.Fprintf(&b, "+ %s\n", strings.TrimSuffix(line, "\r"))
			if len(before) > 0 && !strings.Contains(line, "mailbox_at_destination1\" ") {
				before = before[1:]
			}
		}
		wantGolden(t, strings.TrimSuffix(file, ".sieve")+".txt", b.String())
		script, err := sieve.Read(action.Text)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		missing := script.Missing(offered)
		if slices.ContainsFunc(script.Includes, func(i sieve.Include) bool { return i.Global }) {
			missing = append(missing, "global scripts")
		}
		if len(missing) > 0 {
			t.Logf("%s: not checked, the server lacks %v", file, missing)
			continue
		}
		checked++
		if err := to.CheckScript(t.Context(), action.Text); err != nil {
			t.Errorf("%s: %v\n%s", file, err, action.Text)
		}
	}
	if checked < 10 {
		t.Errorf("the server has looked at %d scripts only", checked)
	}
}

func startServerWith(t *testing.T, room *lab.Lab, extra string) string {
	t.Helper()
	server, err := dovecot.Start(room, dovecot.Options{Extra: extra, Accounts: []dovecot.Account{{Address: anna, Password: password}}})
	if err != nil {
		t.Fatal(err)
	}
	return server.Sieve
}

// wantGolden compares with a golden file; UPDATE in the environment writes it anew.
func wantGolden(t *testing.T, file, got string) {
	t.Helper()
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s: -want +got\n%s", file, diff)
	}
}
