// SPDX-License-Identifier: Apache-2.0

package roster

import (
	"path/filepath"
	"strings"
	"testing"

	"rehome"
)

// trials are exports as programs save them, in forms that nobody had in mind when the reader was written: what comes of each.
var trials = map[string]struct {
	rows    string // address, names and password of each, or
	wrong   string // what the error says
	finding string
}{
	"brazil": {rows: "joao@example.com João Conceição Praia-47!x; angela@example.com Ângela Araújo "},
	"csvde": {rows: "anna.berg@example.com Anna Berg ", finding: "4 columns of the roster are not read: DN, objectClass, " +
		"displayName, userPrincipalName"},
	"czech-pipes": {rows: "jiri@example.com Jiří Dvořák Hrad-47!x", finding: "2 columns of the roster are not read: number 1, number 6"},
	"iredmail":    {rows: "anna@example.com Anna Berg {SSHA512}", finding: "quota"}, // that it is a hash is for package people to say
	"numbers":     {rows: "anna@example.com Anna Berg a,b"},
	"outlook":     {rows: "anna@example.com Anna Berg ; ben@example.com Ben Cole ", finding: "E-mail 2 Address, Notes"},
	"phpmyadmin": {rows: "anna@example.com   Rosen-47!x; ben@example.com   ; cleo@example.com   ",
		finding: "2 passwords in the roster are only asterisks, dots or a word for nothing"},
	"poland-cp1250":      {wrong: "not those of Western Europe"},
	"powershell":         {rows: "zoe@example.com Zoë Ek ", finding: "Enabled"},
	"quoted-apostrophes": {wrong: "2:1: EmailAddress has no valid domain"},
	"sweden-mac":         {wrong: "3:11: EmailAddress is empty"}, // the line of a total
	"thunderbird":        {rows: "anna@example.com Anna Berg ", finding: "6 columns"},
}

func TestLoad_exportsOfPrograms(t *testing.T) {
	t.Parallel()
	for name, want := range trials {
		accounts, findings, err := Load(filepath.Join("testdata", "trial-"+name+".csv"))
		if want.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), want.wrong) || rehome.HintOf(err) == "" {
				t.Errorf("%s: got %v, want %q and a hint", name, err, want.wrong)
			}
			continue
		}
		var rows []string
		for _, a := range accounts {
			rows = append(rows, strings.Join([]string{a.Address, a.FirstName, a.LastName, a.SourcePassword.Reveal()}, " "))
		}
		if got := strings.Join(rows, "; "); err != nil || !strings.HasPrefix(got, want.rows) || len(got) > len(want.rows)+100 {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, want.rows)
		}
		if got := sentences(findings); (got == "") != (want.finding == "") || !strings.Contains(got, want.finding) {
			t.Errorf("%s: got findings %q, want %q", name, got, want.finding)
		}
	}
}
