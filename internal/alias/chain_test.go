// SPDX-License-Identifier: Apache-2.0

package alias

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rehome"
)

func aliasOf(kind rehome.AliasKind, name string, targets ...string) rehome.Alias {
	return rehome.Alias{Name: name, Kind: kind, Targets: targets}
}

// unreadOf is a row as the source's reader hands it on when it does not understand the target.
func unreadOf(name, target string) rehome.Alias {
	return rehome.Alias{Name: name, Kind: rehome.AliasUnparsed, Targets: []string{target}, Raw: name + " | " + target}
}

// chained is a house in which everything leads to something else.
func chained() *Book {
	to := func(name, target string) rehome.Alias { return aliasOf(rehome.AliasLocal, name, target) }
	return NewBook(Input{
		Domains: []string{"a.test", "b.test"}, Accounts: []string{"anna@a.test", "bob@a.test", "a+b@a.test"},
		Staying: map[string]string{"joe@a.test": "disabled"}, Abilities: Abilities{Yes, Yes, Yes, Unknown}, SkipInstaller: true,
		Aliases: []rehome.Alias{
			to("one@a.test", "two@a.test"), to("two@a.test", "three@a.test"), to("three@a.test", "anna@a.test"),
			to("in@a.test", "mid@a.test"), to("mid@a.test", "gone@a.test"),
			to("into@a.test", "ping@a.test"), to("ping@a.test", "pong@a.test"), to("pong@a.test", "ping@a.test"),
			to("far@a.test", "into@a.test"),
			to("store@a.test", "archive@a.test"), aliasOf(rehome.AliasMaildir, "archive@a.test", "/var/mail/x"),
			to("all@a.test", "team@a.test"), aliasOf(rehome.AliasDeliver, "team@a.test", "anna@a.test", "bob@a.test"),
			to("boss@a.test", "postmaster@a.test"), to("postmaster@a.test", "anna@a.test"),
			to("help@a.test", "tickets@a.test"), unreadOf("tickets@a.test", "|/usr/bin/ticket"),
			unreadOf("staff@a.test", ":include:/etc/staff"), unreadOf("noreply@a.test", ":blackhole:"), unreadOf("old@a.test", ":fail: gone"),
			unreadOf("drop@a.test", "/var/mail/drop"), unreadOf("odd@a.test", "who knows"), unreadOf("^s-.*", "| /bin/x"),
			to("half@a.test", "anna@a.test"), unreadOf("half@a.test", `"| /bin/x"`), unreadOf("x@elsewhere.test", "|/bin/x"),
			to("abroad@a.test", "x@elsewhere.test"), to("abroad2@a.test", "y@elsewhere.test"), to("y@elsewhere.test", "gone@a.test"),
			to("news@a.test", "anna+news@a.test"), to("anna+lists@a.test", "bob@a.test"), to("toold@a.test", "anna@w.test"),
			to("todisabled@a.test", "joe+x@a.test"), to("tonobody@a.test", "nobody@w.test"), to("tolost@a.test", "x@l1.test"),
			aliasOf(rehome.AliasDomain, "@w.test", "@v.test"), aliasOf(rehome.AliasDomain, "@v.test", "@a.test"),
			aliasOf(rehome.AliasDomain, "@l1.test", "@l2.test"), aliasOf(rehome.AliasDomain, "@l2.test", "@l1.test"),
			aliasOf(rehome.AliasDomain, "@l0.test", "@l1.test"), aliasOf(rehome.AliasDomain, "@two.test", "@a.test", "@b.test"),
		},
	})
}

func TestPlan_followsChainsToTheirEnds(t *testing.T) {
	t.Parallel()
	plan := chained().Plan()
	for name, want := range map[string]string{
		"one@a.test": "create", "in@a.test": "decide it leads to mid@a.test, which waits for a decision: its target gone@a.test does not exist",
		"into@a.test": "decide it leads to ping@a.test, which waits for a decision: it is part of a loop", "ping@a.test": "decide it is part of a loop",
		"far@a.test":   "decide it leads to ping@a.test, which waits for a decision: it is part of a loop",
		"store@a.test": "decide it leads to archive@a.test, which waits for a decision: it delivers to a folder on the source's disk",
		"all@a.test": "ask it leads to team@a.test, which may not be possible: it is not known whether the destination supports " +
			"an alias with several targets",
		"boss@a.test":    "decide it leads to postmaster@a.test, which is left out: the source's installer created it",
		"help@a.test":    "decide its target tickets@a.test has a form that rehome does not know",
		"tickets@a.test": "decide it hands mail to a program on the source's disk", "staff@a.test": "decide its targets are in a file on the source's disk",
		"noreply@a.test": "decide the source throws its mail away", "old@a.test": "leave out the source refuses its mail",
		"drop@a.test": "decide it delivers to a file on the source's disk", "odd@a.test": "decide rehome does not know the form of its targets",
		"^s-.* | | /bin/x": "decide rehome does not know its form", "x@elsewhere.test": "leave out its domain does not move",
		"half@a.test":   "decide another row of the same name has a form that rehome does not know",
		"abroad@a.test": "create", "abroad2@a.test": "create",
		"news@a.test": "create", "anna+lists@a.test": "create", "toold@a.test": "create",
		"todisabled@a.test": "decide its target joe+x@a.test does not move: disabled",
		"tonobody@a.test":   "decide its target nobody@w.test does not exist", "tolost@a.test": "decide its target x@l1.test does not exist",
		"@w.test": "create", "@v.test": "create", "@l1.test": "leave out its domain does not move", "@l0.test": "leave out its domain does not move",
		"@two.test": "decide it names more than one domain",
	} {
		line := lineOf(t, plan, name)
		if got := strings.TrimSpace(string(line.State) + " " + strings.Join(line.Problems, "; ")); got != want || line.NextStep == "" {
			t.Errorf("%s: got %q (%s), want %q", name, got, line.NextStep, want)
		}
	}
}

func TestLookup_overTwoDomainAliasesAndSubAddresses(t *testing.T) {
	t.Parallel()
	b := chained()
	for address, want := range map[string]ByWhat{
		"anna@w.test": ByDomain, "anna+x@w.test": BySubAddress, "one@w.test": ByDomain, "nobody@w.test": ByNothing, "joe@w.test": ByStaying,
		"anna+news@a.test": BySubAddress, "anna+lists@a.test": ByAlias, "one+x@a.test": BySubAddress, "a+b@a.test": ByAccount, "+x@a.test": ByNothing,
		"joe+x@a.test": ByStaying, "tickets@a.test": ByUnread, "tickets+7@a.test": ByUnread, "tickets@v.test": ByUnread, "old@a.test": ByNothing,
		"half@a.test": ByAlias, "x@l1.test": ByNothing,
	} {
		if got := b.Lookup(address); got != want {
			t.Errorf("%s: got %q, want %q", address, got, want)
		}
	}
	if !b.Ours("x@w.test") || !b.Ours("x@v.test") || b.Ours("x@l1.test") {
		t.Error("got a wrong idea of whose domains they are")
	}
	recipients, unread := b.Recipients(), b.Unread()
	for _, want := range []string{"anna@w.test", "anna@v.test", "one@w.test", "half@a.test"} {
		if !slices.Contains(recipients, want) {
			t.Errorf("got %q, want %s among them", recipients, want)
		}
	}
	for _, want := range []string{"tickets@a.test", "staff@a.test", "noreply@a.test", "odd@w.test"} {
		if !slices.Contains(unread, want) || slices.Contains(recipients, want) {
			t.Errorf("got %q, want %s among them", unread, want)
		}
	}
	if slices.Contains(unread, "old@a.test") || slices.Contains(unread, "x@elsewhere.test") || slices.Contains(unread, "half@a.test") {
		t.Errorf("got %q", unread)
	}
}

func TestWritePostfix_overTwoDomainAliases(t *testing.T) {
	t.Parallel()
	b := chained()
	var w strings.Builder
	if err := b.WritePostfix(&w, b.Plan()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"anna@w.test\tanna@a.test\n", "one@w.test\tone@a.test\n", "anna@v.test\tanna@a.test\n"} {
		if !strings.Contains(w.String(), want) {
			t.Errorf("got\n%s\nwant %q in it", &w, want)
		}
	}
	if strings.Contains(w.String(), "\nin@") || strings.Contains(w.String(), "\n@w.test") {
		t.Errorf("got\n%s", &w)
	}
}

// longChain is a chain of n aliases to an account, of n to nobody, a ring of n, and n domain aliases, each of the next; and
// a list of n. What takes a step for each pair of them does not end within the time of a test.
func longChain(n int) Input {
	in := Input{Domains: []string{"a.test"}, Accounts: []string{"anna@a.test"}, Abilities: Abilities{Yes, Yes, Yes, Yes}}
	var all []string
	for i := range n {
		next := func(what, end string) string {
			if i == n-1 {
				return end
			}
			return fmt.Sprintf("%s%d@a.test", what, i+1)
		}
		name := func(what string) string { return fmt.Sprintf("%s%d@a.test", what, i) }
		domain := "@a.test"
		if i < n-1 {
			domain = fmt.Sprintf("@d%d.test", i+1)
		}
		in.Aliases = append(in.Aliases, aliasOf(rehome.AliasLocal, name("good"), next("good", "anna@a.test")),
			aliasOf(rehome.AliasLocal, name("bad"), next("bad", "gone@a.test")), aliasOf(rehome.AliasLocal, name("ring"), next("ring", "ring0@a.test")),
			aliasOf(rehome.AliasDomain, fmt.Sprintf("@d%d.test", i), domain))
		all = append(all, name("bad"))
	}
	in.Aliases = append(in.Aliases, aliasOf(rehome.AliasDeliver, "everybody@a.test", all...))
	return in
}

func TestPlan_takesNoMoreStepsThanThereAreTargets(t *testing.T) {
	t.Parallel()
	const n = 50000
	in := longChain(n)
	book := NewBook(in)
	plan := book.Plan()
	if want := (Totals{Create: 2 * n, Decide: 2*n + 1, All: 4*n + 1}); plan.Totals != want {
		t.Errorf("got %+v, want %+v", plan.Totals, want)
	}
	if got := book.Lookup("anna@d0.test"); got != ByDomain {
		t.Errorf("got %q, want what the last of the domains answers", got)
	}
	size := 0
	for _, line := range plan.Lines {
		size += len(strings.Join(line.Problems, ""))
	}
	if size > 500*n {
		t.Errorf("got %d octets of problems, want no line to tell those of the whole chain", size)
	}
	g := book.newGraph()
	edges := 0
	for _, list := range g.edges {
		edges += len(list)
	}
	if order := g.inOrder(); len(order) != len(g.nodes) || edges > 4*n+1 {
		t.Errorf("got %d of %d nodes and %d edges", len(order), len(g.nodes), edges)
	}
}

// The writers add row after row; what holds the whole for each of them does not end within the time of a test.
func TestCost_ofHundredThousandRows(t *testing.T) {
	t.Parallel()
	in := Input{Domains: []string{"a.test"}, Accounts: []string{"anna@a.test"}, Abilities: Abilities{Yes, Yes, Yes, Yes}}
	for i := range 100000 {
		in.Aliases = append(in.Aliases, aliasOf(rehome.AliasLocal, fmt.Sprintf("alias%d@a.test", i), "anna@a.test"))
	}
	b := NewBook(in)
	plan := b.Plan()
	for name, write := range map[string]func(io.Writer) error{
		"CSV": plan.WriteCSV, "text": plan.WriteText, "JSON": plan.WriteJSON,
		"Postfix": func(w io.Writer) error { return b.WritePostfix(w, plan) }, "Exim": func(w io.Writer) error { return b.WriteExim(w, plan) },
	} {
		var w largest
		if err := write(&w); err != nil || w.total < 100000*20 || w.most > 64<<10 {
			t.Errorf("%s: got %d octets, at most %d at once, %v, want a stream", name, w.total, w.most, err)
		}
	}
}

// largest knows the largest of what was written at once.
type largest struct{ total, most int }

func (l *largest) Write(p []byte) (int, error) {
	l.total += len(p)
	l.most = max(l.most, len(p))
	return len(p), nil
}

func TestWriteJSON_isWhatTheEncoderWrites(t *testing.T) {
	t.Parallel()
	for _, plan := range []Plan{chained().Plan(), NewBook(Input{}).Plan()} {
		var got, want bytes.Buffer
		out := json.NewEncoder(&want)
		out.SetIndent("", "  ")
		if err := out.Encode(plan); err != nil {
			t.Fatal(err)
		}
		if err := plan.WriteJSON(&got); err != nil || got.String() != want.String() {
			t.Errorf("got %v\n%s\nwant\n%s", err, &got, &want)
		}
	}
}

// Whatever leads to whatever: an alias is to be made exactly if all of its mail arrives, told by walking there, and it is part
// of a loop exactly if walking comes back.
func TestPlan_isWhatWalkingTells(t *testing.T) {
	t.Parallel()
	name := rapid.SampledFrom([]string{"a@x.test", "b@x.test", "c@x.test", "d@z.test", "a@z.test"})
	target := rapid.SampledFrom([]string{"a@x.test", "b@x.test", "c@y.test", "d@z.test", "a@z.test", "a+1@x.test", "b@y.test", "anna@x.test",
		"anna+2@y.test", "gone@x.test", "gone@y.test", "x@out.test"})
	rapid.Check(t, func(t *rapid.T) {
		in := Input{Domains: []string{"x.test", "z.test"}, Accounts: []string{"anna@x.test"}, Abilities: Abilities{Yes, Yes, Yes, Yes}}
		for _, from := range rapid.SliceOfNDistinct(name, 1, 5, rapid.ID[string]).Draw(t, "names") {
			in.Aliases = append(in.Aliases, aliasOf(rehome.AliasDeliver, from, rapid.SliceOfN(target, 1, 3).Draw(t, "targets")...))
		}
		if rapid.Bool().Draw(t, "y is an alias of") {
			in.Aliases = append(in.Aliases, aliasOf(rehome.AliasDomain, "@y.test", rapid.SampledFrom([]string{"@x.test", "@z.test"}).Draw(t, "domain")))
		}
		b := NewBook(in)
		targets := map[string][]string{}
		for _, a := range in.Aliases {
			targets[a.Name] = a.Targets
		}
		var arrives func(address string, way map[string]bool) bool
		arrives = func(address string, way map[string]bool) bool {
			at, by := b.find(address)
			if by == ByNothing {
				return !b.knows(address)
			}
			if b.accounts[at] || way[at] {
				return b.accounts[at]
			}
			way[at] = true
			defer delete(way, at)
			return !slices.ContainsFunc(targets[at], func(next string) bool { return !arrives(next, way) })
		}
		for _, line := range b.Plan().Lines {
			if line.State == StateLeaveOut || line.Kind == string(rehome.AliasDomain) {
				continue
			}
			if want := arrives(line.Name, map[string]bool{}); (line.State == StateCreate) != want {
				t.Fatalf("%s: got %s %q, want it made: %v; aliases %v", line.Name, line.State, line.Problems, want, in.Aliases)
			}
		}
	})
}
