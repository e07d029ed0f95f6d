// SPDX-License-Identifier: Apache-2.0

package rulecopy

import (
	"context"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rehome/internal/ledger"
	"rehome/internal/protocol/managesieve"
	"rehome/lab"
	"rehome/lab/dovecot"
)

const calling = "require \"include\";\r\ninclude :personal \"a\";\r\n"

// A call runs the script that it ran at the source, under whatever name that is stored; what it could run instead keeps it
// off and is said, with the line.
func TestSync_callsOfScripts(t *testing.T) {
	t.Parallel()
	foreign := `: the script calls "a", but the destination has another script of that name; the script stays off`
	for _, test := range []struct {
		name          string
		source, there map[string]string
		known         memory
		main, active  string   // the text of main at the destination; which script is active there
		findings      []string // without their codes
	}{
		{"the name is free", map[string]string{"main": calling, "a": "keep;\r\n"}, nil, nil, calling, "main", nil},
		{"the name is taken", map[string]string{"main": calling, "a": "keep;\r\n"}, map[string]string{"a": "stop;"}, nil,
			strings.Replace(calling, `"a"`, `"a (old server)"`, 1), "main", nil},
		{"both names are taken", map[string]string{"main": calling, "a": "keep;\r\n"}, map[string]string{"a": "stop;", "a (old server)": "discard;"}, nil,
			strings.Replace(calling, `"a"`, `"a (old server)"`, 1), "", []string{
				"a (old server): somebody has changed or deleted the script at the destination; rehome leaves it as it is", "main, line 2" + foreign}},
		{"a person has changed what is called", map[string]string{"main": calling, "a": "keep;\r\n"}, map[string]string{"a": "stop;"},
			memory{"a": ledger.Rule{Name: "a", Digest: digest("keep;\r\n")}}, calling, "main", []string{
				"a: somebody has changed or deleted the script at the destination; rehome leaves it as it is"}},
		{"through another", map[string]string{"main": calling, "a": "require \"include\"; include \"b\";", "b": "keep;"},
			map[string]string{"b": "stop;"}, nil, calling, "main", nil},
		{"missing", map[string]string{"main": calling}, nil, nil, calling, "", []string{
			`main, line 2: the script calls "a", which does not exist at the source; the script stays off`}},
		{"missing, and may be", map[string]string{"main": strings.Replace(calling, ":personal", ":optional :once", 1)}, nil, nil,
			strings.Replace(calling, ":personal", ":optional :once", 1), "main", nil},
		{"missing and there", map[string]string{"main": strings.Replace(calling, ":personal", ":optional", 1)}, map[string]string{"a": "stop;"}, nil,
			strings.Replace(calling, ":personal", ":optional", 1), "", []string{"main, line 2" + foreign}},
		{"global", map[string]string{"main": strings.Replace(calling, ":personal", ":global", 1), "a": "keep;"}, nil, nil,
			strings.Replace(calling, ":personal", ":global", 1), "", []string{
				`main, line 2: the script calls "a", a global script of the source server, which rehome cannot copy; the script stays off`}},
		{"in a circle", map[string]string{"main": calling, "a": "require \"include\"; include \"main\";"}, nil, nil, calling, "main", nil},
		{"what is called needs a person", map[string]string{"main": calling, "a": "require \"include\";\n\ninclude :global \"x\";"}, nil, nil,
			calling, "", []string{
				`a, line 3: the script calls "x", a global script of the source server, which rehome cannot copy; the script stays off`,
				`main, line 2: the script calls "a", which needs a person or was rejected; both stay off`}},
		{"what is called is refused", map[string]string{"main": calling, "a": "refuse \"x\";"}, nil, nil, calling, "", []string{
			`a: the destination refuses the script: CHECKSCRIPT: NO no`,
			`main: the script calls "a", which needs a person or was rejected; both stay off`}},
	} {
		to := &picky{server{scriptStore: scriptStore{}}}
		maps.Copy(to.scriptStore, test.there)
		book := memory{}
		maps.Copy(book, test.known)
		engine := New(Options{Ledger: book, SwitchOn: true})
		var said []string
		for pass := range 2 {
			outcome, err := engine.Sync(t.Context(), Account{Address: anna, Source: scriptStore(test.source), Target: to})
			if err != nil {
				t.Fatal(err)
			}
			if pass > 0 {
				continue
			}
			for _, f := range outcome.Findings {
				said = append(said, f.Object+": "+f.Sentence)
			}
			// A pass behind it finds nothing to do.
			to.wrote = 0
		}
		if diff := cmp.Diff(test.findings, said); diff != "" {
			t.Errorf("%s: findings: -want +got\n%s", test.name, diff)
		}
		if got := to.scriptStore["main"]; got != test.main || to.active != test.active || to.wrote > 0 {
			t.Errorf("%s: got %q, active %q, wrote %d in the second pass", test.name, got, to.active, to.wrote)
		}
		if test.there["a"] != "" && to.scriptStore["a"] != test.there["a"] {
			t.Errorf("%s: a person's script has become %q", test.name, to.scriptStore["a"])
		}
	}
}

// picky refuses one script.
type picky struct{ server }

func (p *picky) CheckScript(_ context.Context, text string) error {
	if strings.HasPrefix(text, "refuse") {
		return &managesieve.StatusError{Command: "CHECKSCRIPT", Kind: "NO", Text: "no"}
	}
	return nil
}

// On real servers: a person has a script of the called name at the destination already, and the call still runs the one of
// the source.
func TestSync_callRunsTheSourcesScript(t *testing.T) {
	t.Parallel()
	room := lab.Open(t)
	src := startServer(t, room, "source", dovecot.Maildir, ".", "INBOX.")
	dst := startServer(t, room, "destination", dovecot.Sdbox, "/", "")
	from, to := logIn(t, src.Sieve), logIn(t, dst.Sieve)
	for at, text := range map[*managesieve.Client]string{
		from: "require \"fileinto\";\r\nfileinto \"INBOX.Lists\";\r\n", to: "require \"fileinto\";\r\nfileinto \"Junk\";\r\n",
	} {
		if err := at.PutScript(t.Context(), "sorts", text); err != nil {
			t.Fatal(err)
		}
	}
	store(t, from, "main", "require \"include\";\r\ninclude :personal \"sorts\";\r\n")
	account := Account{Address: anna, Source: from, Target: to, Offered: to.Capabilities().Sieve, Mailbox: withoutPrefix}
	outcome, err := New(Options{Ledger: openLedger(t), SwitchOn: true}).Sync(t.Context(), account)
	if err != nil || len(outcome.Findings) > 0 {
		t.Fatalf("%+v %v", outcome, err)
	}
	deliver(t, src.LMTP, "")
	deliver(t, dst.LMTP, "")
	want := map[string]string{"INBOX": "0", "Lists": "5", "Größe": "0", "Junk": "0"}
	for prefix, server := range map[string]*dovecot.Server{"INBOX.": src, "": dst} {
		if diff := cmp.Diff(want, landed(t, server.IMAP, prefix)); diff != "" {
			t.Errorf("%q: -want +got\n%s", prefix, diff)
		}
	}
}
