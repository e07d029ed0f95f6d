// SPDX-License-Identifier: Apache-2.0

package config

import (
	"testing"

	"rehome/internal/protocol"
)

func TestDraft_parses(t *testing.T) {
	t.Parallel()
	for name, draft := range map[string]Draft{
		"least": {SourceIMAP: "old.example.com:993", DestinationIMAP: "new.example.com:993"},
		"most": {Organisation: `Müller & "Söhne": #1`, Domains: []string{"example.com", "example.org"}, Store: "a b.db", Roster: "p.csv",
			SourceKind: SourceAtmail7, SourceIMAP: "old.example.com:143", SourceMaster: "mover", SourceDatabase: "mysql://reader@127.0.0.1/atmail",
			DestinationKind: DestinationIMAP, DestinationIMAP: "new.example.com:993"},
	} {
		text, err := draft.YAML()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		c, err := Parse("rehome.yaml", text)
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, text)
		}
		if c.Organisation != draft.Organisation || c.Source.IMAP.Address != draft.SourceIMAP || len(c.Domains) != len(draft.Domains) {
			t.Errorf("%s: got %+v", name, c)
		}
		if draft.SourceMaster != "" && (c.Source.IMAP.Login != LoginMaster || c.Source.IMAP.TLS != protocol.StartTLS || c.Source.Database.Password.IsZero()) {
			t.Errorf("%s: got %+v", name, c.Source)
		}
		if c.Roster == "" {
			t.Errorf("%s: nobody moves", name)
		}
	}
}

func TestDraft_wrongAnswersAreFoundByParse(t *testing.T) {
	t.Parallel()
	text, err := Draft{SourceIMAP: "old.example.com", DestinationIMAP: "new.example.com:993"}.YAML()
	if err != nil {
		t.Fatal(err)
	}
	if problems := problemsOf(t, string(text)); len(problems) != 1 || problems[0].Key != "source.imap.address" {
		t.Errorf("got %v, want one problem of source.imap.address", problems)
	}
}
