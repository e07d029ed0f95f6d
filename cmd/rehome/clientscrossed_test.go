// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"rehome/internal/ledger"
)

// Without a file, where a domain stands on its way across says which servers its people are told; a line of the file takes precedence.
func TestClientsServe_followsTheCutover(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "rehome.yaml"), fmt.Appendf(nil, clientsSettings, "127.0.0.1:0"), 0o600); err != nil {
		t.Fatal(err)
	}
	store, err := ledger.Open(t.Context(), filepath.Join(folder, "rehome.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	at := ledger.CutoverState("")
	enter := func(state ledger.CutoverState) {
		t.Helper()
		c := ledger.Cutover{Domain: "example.com", State: state, Switched: time.Now().Add(-time.Minute)}
		if err := store.Cutovers.Save(t.Context(), at, c, ledger.AuditLine{Action: "cutover"}); err != nil {
			t.Fatal(err)
		}
		at = state
	}
	enter(ledger.CutoverProving)
	r := respond(t, folder)
	for _, c := range []struct {
		state ledger.CutoverState
		host  string
	}{
		{ledger.CutoverProving, "old.example.com"}, {ledger.CutoverProbing, "new.example.org"}, {ledger.CutoverRestoring, "old.example.com"},
	} {
		if at != c.state {
			enter(c.state)
		}
		for deadline := time.Now().Add(time.Minute); r.server(t, "example.com", "anna@example.com") != c.host; {
			if time.Now().After(deadline) {
				t.Fatalf("%s was not followed", c.state)
			}
		}
	}
	r.end(t)
	enter(ledger.CutoverLive)
	if err := os.WriteFile(filepath.Join(folder, "switched.txt"), []byte("example.com source\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	again := respond(t, folder)
	if got := again.server(t, "example.com", "anna@example.com"); got != "old.example.com" {
		t.Errorf("got %s although the file says otherwise", got)
	}
	again.end(t)
}
