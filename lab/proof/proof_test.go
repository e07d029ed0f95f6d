// SPDX-License-Identifier: Apache-2.0

package proof

import (
	"strings"
	"testing"

	"rehome/lab/judge"
)

const printed = `{"accounts": [{"account": "anna", "verdict": "VERDICT", "mail": {"differences": [MAIL]},
	"contacts": {"differences": [CONTACTS], "repaired": [REPAIRED]}, "calendars": {}}]}`

func document(verdict, mail, contacts, repaired string) []byte {
	return []byte(strings.NewReplacer("VERDICT", verdict, "MAIL", mail, "CONTACTS", contacts, "REPAIRED", repaired).Replace(printed))
}

func TestDisagreements(t *testing.T) {
	t.Parallel()
	const (
		lost     = `{"kind": "missing_message", "mailbox": "INBOX.Work", "sentence": "s"}`
		extra    = `{"kind": "extra_message", "mailbox": "Work", "sentence": "s"}`
		changed  = `{"kind": "changed_message", "mailbox": "INBOX.Work", "sentence": "s"}`
		missing  = `{"verdict": "missing", "object": "a%20b.vcf"}`
		repaired = `{"verdict": "repaired", "object": "dirty.vcf"}`
	)
	clean := strings.ReplaceAll(repaired, "dirty", "clean")
	const noMailbox = `{"kind": "missing_mailbox", "mailbox": "INBOX.Work"}`
	work := func(kind judge.Kind) judge.Difference { return judge.Difference{Kind: kind, Place: "INBOX.Work"} }
	at := func(kind judge.Kind, place, name string) judge.Differences {
		return judge.Differences{{Kind: kind, Place: place, Name: name}}
	}
	for name, test := range map[string]struct {
		printed []byte
		judged  judge.Differences
		want    int // disagreements
	}{
		"both say equal":                {document("equal", "", "", ""), nil, 0},
		"only the judge":                {document("equal", "", "", ""), at(judge.Lost, "INBOX.Work", ""), 2},
		"only the verifier":             {document("differs", lost, "", ""), nil, 1},
		"the same":                      {document("differs", lost, "", ""), at(judge.Lost, "INBOX.Work", ""), 0},
		"another mailbox":               {document("differs", lost, "", ""), at(judge.Lost, "INBOX.Other", ""), 2},
		"another number":                {document("differs", lost+","+lost, "", ""), at(judge.Lost, "INBOX.Work", ""), 1},
		"twice is too many":             {document("differs", extra, "", ""), at(judge.Twice, "INBOX.Work", ""), 0},
		"changed is lost and too many":  {document("differs", changed, "", ""), judge.Differences{work(judge.Lost), work(judge.Extra)}, 0},
		"lost with the mailbox":         {document("differs", noMailbox, "", ""), judge.Differences{work(judge.MailboxLost), work(judge.Lost)}, 0},
		"it could not read":             {document("unknown", "", "", ""), nil, 1},
		"the same object":               {document("differs", "", missing, ""), at(judge.ObjectLost, "/b/", "a b.vcf"), 0},
		"another matter of the object":  {document("differs", "", missing, ""), at(judge.ObjectChanged, "/b/", "a b.vcf"), 1},
		"an object of the judge's":      {document("equal", "", "", ""), at(judge.ObjectChanged, "/b/", "a b.vcf"), 2},
		"a repair that was foreseen":    {document("equal", "", "", repaired), at(judge.ObjectChanged, "/b/", "dirty.vcf"), 0},
		"a repair that nobody sees":     {document("equal", "", "", repaired), nil, 0},
		"a repair that nobody foresaw":  {document("equal", "", "", clean), at(judge.ObjectChanged, "/b/", "clean.vcf"), 2},
		"it does not speak of somebody": {[]byte(`{"accounts": []}`), nil, 1},
	} {
		accounts := []Account{{
			Address: "anna", Source: judge.Login{Address: "x"}, SourceDAV: judge.DAVLogin{URL: "x"},
			Mail:     judge.MailTerms{Where: judge.Names{SourcePrefix: "INBOX.", SourceDelimiter: ".", Delimiter: "/"}.Where},
			Repaired: func(object string) bool { return object == "dirty.vcf" },
		}}
		got, err := Disagreements(test.printed, accounts, map[string]judge.Differences{"anna": test.judged})
		if err != nil || len(got) != test.want {
			t.Errorf("%s: %v %v, want %d", name, got, err, test.want)
		}
	}
}
