// SPDX-License-Identifier: Apache-2.0

package alias

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rehome"
)

// house is an organisation with an alias of every kind and every mistake.
func house(can Abilities) *Book {
	a := func(kind rehome.AliasKind, name string, targets ...string) rehome.Alias {
		return rehome.Alias{Name: name, Kind: kind, Targets: targets}
	}
	return NewBook(Input{
		Domains: []string{"a.test", "b.test"}, Accounts: []string{"anna@a.test", "bob@a.test", "eva@b.test"},
		Staying: map[string]string{"joe@a.test": "disabled"}, Abilities: can, SkipInstaller: true,
		Aliases: []rehome.Alias{
			a(rehome.AliasLocal, "sales@a.test", "anna@a.test"),
			a(rehome.AliasDeliver, "team@a.test", "anna@a.test", "bob@a.test"),
			a(rehome.AliasDeliver, "press@a.test", "agency@out.test"),
			a(rehome.AliasDomain, "@old.test", "@a.test"),
			a(rehome.AliasCatchAll, "@b.test", "eva@b.test"),
			a(rehome.AliasMaildir, "archive@a.test", "/var/mail/archive/"),
			a(rehome.AliasLocal, "ping@a.test", "pong@a.test"),
			a(rehome.AliasLocal, "pong@a.test", "ping@a.test"),
			a(rehome.AliasLocal, "bob@a.test", "anna@a.test"),
			a(rehome.AliasLocal, "gone@a.test", "left@a.test"),
			a(rehome.AliasLocal, "retired@a.test", "joe@a.test"),
			a(rehome.AliasLocal, "postmaster@a.test", "anna@a.test"),
			a(rehome.AliasLocal, "x@elsewhere.test", "anna@a.test"),
			{Kind: rehome.AliasUnparsed, Name: "^s-.*", Raw: "^s-.* | | /bin/x"},
			a(rehome.AliasLocal, "|pipe@a.test", "anna@a.test"),
		},
		Forwards: []rehome.Forward{
			{Account: "anna@a.test", Target: "anna@out.test", KeepCopy: true},
			{Account: "eva@b.test", Target: "sales@a.test"},
			{Account: "joe@a.test", Target: "bob@a.test"},
		},
	})
}

func lineOf(t *testing.T, plan Plan, name string) Line {
	t.Helper()
	i := slices.IndexFunc(plan.Lines, func(l Line) bool { return strings.HasPrefix(l.Name, name) })
	if i < 0 {
		t.Fatalf("got no line for %s", name)
	}
	return plan.Lines[i]
}

func TestPlan_everyKindAndMistake(t *testing.T) {
	t.Parallel()
	able := house(Abilities{Yes, Yes, Yes, Yes}).Plan()
	unknown := house(Abilities{}).Plan()
	unable := house(Abilities{No, No, No, No}).Plan()
	for _, test := range []struct {
		plan    Plan
		name    string
		state   State
		problem string
	}{
		{able, "sales@a.test", StateCreate, ""},
		{able, "team@a.test", StateCreate, ""},
		{unknown, "team@a.test", StateAsk, "several targets"},
		{unable, "team@a.test", StateDecide, "several targets"},
		{unknown, "press@a.test", StateAsk, "external target"},
		{unknown, "@old.test", StateAsk, "whole domain"},
		{able, "@old.test", StateCreate, ""},
		{unable, "@b.test", StateDecide, "catch-all"},
		{able, "archive@a.test", StateDecide, "folder on the source's disk"},
		{able, "ping@a.test", StateDecide, "loop"},
		{able, "pong@a.test", StateDecide, "loop"},
		{able, "bob@a.test", StateDecide, "an account has the same address"},
		{able, "gone@a.test", StateDecide, "left@a.test does not exist"},
		{able, "retired@a.test", StateDecide, "joe@a.test does not move: disabled"},
		{able, "postmaster@a.test", StateLeaveOut, "installer"},
		{able, "x@elsewhere.test", StateLeaveOut, "domain does not move"},
		{able, "^s-.*", StateDecide, "does not know its form"},
		{able, "anna@a.test", StateCreate, ""},
		{unable, "anna@a.test", StateDecide, "external target"},
		{able, "joe@a.test", StateLeaveOut, "account does not move"},
	} {
		line := lineOf(t, test.plan, test.name)
		if line.State != test.state || !strings.Contains(strings.Join(line.Problems, "; "), test.problem) || line.NextStep == "" {
			t.Errorf("%s: got %+v, want state %q, problem %q and a next step", test.name, line, test.state, test.problem)
		}
	}
	if got, want := able.Totals, (Totals{Create: 8, Ask: 0, Decide: 7, LeaveOut: 3, All: 18}); got != want {
		t.Errorf("got totals %+v, want %+v", got, want)
	}
}

func TestLookup_tellsWhatAnswers(t *testing.T) {
	t.Parallel()
	b := house(Abilities{})
	for address, want := range map[string]ByWhat{
		"anna@a.test": ByAccount, "sales@a.test": ByAlias, "joe@a.test": ByStaying, "anna@old.test": ByDomain,
		"fax@b.test": ByCatchAll, "fax@a.test": ByNothing, "fax@old.test": ByNothing, "anna@out.test": ByNothing,
	} {
		if got := b.Lookup(address); got != want {
			t.Errorf("%s: got %q, want %q", address, got, want)
		}
	}
	if !b.Ours("fax@old.test") || b.Ours("x@out.test") {
		t.Error("got a wrong idea of whose domains they are")
	}
}

func TestPlan_addsUpAndEndsWhateverTheGraph(t *testing.T) {
	t.Parallel()
	address := rapid.SampledFrom([]string{"a@x.test", "b@x.test", "c@y.test", "d@z.test"})
	domain := rapid.SampledFrom([]string{"@x.test", "@y.test", "@z.test"})
	rapid.Check(t, func(t *rapid.T) {
		in := Input{Domains: []string{"x.test", "y.test"}, Accounts: rapid.SliceOfDistinct(address, rapid.ID[string]).Draw(t, "accounts")}
		for range rapid.IntRange(0, 8).Draw(t, "aliases") {
			a := rehome.Alias{Name: address.Draw(t, "name"), Kind: rehome.AliasDeliver, Targets: rapid.SliceOfN(address, 1, 3).Draw(t, "targets")}
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				a = rehome.Alias{Name: domain.Draw(t, "from"), Kind: rehome.AliasDomain, Targets: []string{domain.Draw(t, "to")}}
			case 1:
				a.Name, a.Kind = domain.Draw(t, "all of"), rehome.AliasCatchAll
			}
			in.Aliases = append(in.Aliases, a)
		}
		for range rapid.IntRange(0, 3).Draw(t, "forwards") {
			in.Forwards = append(in.Forwards, rehome.Forward{Account: address.Draw(t, "account"), Target: address.Draw(t, "target")})
		}
		book := NewBook(in)
		plan := book.Plan()
		sum := plan.Totals.Create + plan.Totals.Ask + plan.Totals.Decide + plan.Totals.LeaveOut
		if want := len(in.Aliases) + len(in.Forwards); sum != want || plan.Totals.All != want || len(plan.Lines) != want {
			t.Fatalf("got totals %+v, want %d lines", plan.Totals, want)
		}
		for _, recipient := range book.Recipients() {
			if book.Lookup(recipient) == ByNothing {
				t.Fatalf("got %s among the recipients, and nothing answers for it", recipient)
			}
		}
	})
}

func TestWrite_sheetAndMaps(t *testing.T) {
	t.Parallel()
	b := house(Abilities{Yes, Yes, Yes, Yes})
	plan := b.Plan()
	for _, test := range []struct {
		name          string
		write         func(*strings.Builder) error
		with, without []string
	}{
		{"CSV", func(w *strings.Builder) error { return plan.WriteCSV(w) },
			[]string{"No;Alias;DeliverTo", "team@a.test;bob@a.test;deliver;create", "*@b.test;eva@b.test"}, []string{"\n@", ";@"}},
		{"text", func(w *strings.Builder) error { return plan.WriteText(w) },
			[]string{"8 to create + 0 to ask about + 7 to decide + 3 left out = 18", "[ ] choose another target"}, nil},
		{"Postfix", func(w *strings.Builder) error { return b.WritePostfix(w, plan) },
			[]string{"team@a.test\tanna@a.test, bob@a.test\n", "anna@a.test\tanna@a.test, anna@out.test\n", "sales@old.test\tsales@a.test\n",
				"eva@b.test\tsales@a.test\n", "@b.test\teva@b.test\n", `# not in the map: "|pipe@a.test"`}, []string{"\n|pipe", "\n@old.test", "\nping"}},
		{"Exim", func(w *strings.Builder) error { return b.WriteExim(w, plan) },
			[]string{"team@a.test: anna@a.test, bob@a.test\n", "*@b.test: eva@b.test\n"}, []string{"\n|pipe"}},
	} {
		var w strings.Builder
		if err := test.write(&w); err != nil {
			t.Fatal(err)
		}
		for _, want := range test.with {
			if !strings.Contains(w.String(), want) {
				t.Errorf("%s: got\n%s\nwant %q in it", test.name, w.String(), want)
			}
		}
		for _, bad := range test.without {
			if strings.Contains(w.String(), bad) {
				t.Errorf("%s: got\n%s\nwant no %q in it", test.name, w.String(), bad)
			}
		}
	}
}

func TestPlan_saysWhetherAForwardKeepsACopy(t *testing.T) {
	t.Parallel()
	for want, f := range map[string]rehome.Forward{
		"set it in the account: forward without a copy":                                                      {},
		"set it in the account: forward and keep a copy":                                                     {KeepCopy: true, CopyKnown: true},
		"set it in the account: forward and keep a copy; the source does not say whether its user wants one": {KeepCopy: true},
	} {
		f.Account, f.Target = "anna@a.test", "bob@a.test"
		book := NewBook(Input{Domains: []string{"a.test"}, Accounts: []string{"anna@a.test", "bob@a.test"}, Forwards: []rehome.Forward{f}})
		if got := book.Plan().Lines[0].NextStep; got != want {
			t.Errorf("%+v: got %q, want %q", f, got, want)
		}
	}
}
