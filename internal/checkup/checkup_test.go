// SPDX-License-Identifier: Apache-2.0

package checkup

import (
	"errors"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/atmail8"
	"rehome/internal/endpoint"
	"rehome/internal/people"
	"rehome/internal/protocol/dav"
)

// words are the levels and sentences of a list.
func words(c *List) string {
	var all []string
	for _, a := range c.advice {
		all = append(all, string(a.Level)+" "+a.Subject+": "+a.Sentence)
	}
	return strings.Join(all, "\n")
}

func TestReport_theWorstCounts(t *testing.T) {
	t.Parallel()
	good, doubtful, bad := NewList("source"), NewList("source"), NewList("destination")
	good.OK("a", "is right")
	doubtful.Warn("b", "may be wrong", "look")
	bad.Fail("c", &rehome.Fault{Class: rehome.ClassOperator, Op: "find", Object: "it", Hint: "write it"})
	for _, c := range []struct {
		lists []*List
		want  Level
	}{{nil, LevelOK}, {[]*List{good}, LevelOK}, {[]*List{doubtful, good}, LevelWarning}, {[]*List{bad, doubtful}, LevelError}} {
		if got := Join(c.lists...); got.Worst() != c.want {
			t.Errorf("%+v: got %s, want %s", got.Advice, got.Worst(), c.want)
		}
	}
	all := Join(good, bad).Advice
	if len(all) != 2 || all[0].Side != "source" || all[1].Side != "destination" || all[1].NextStep != "write it" {
		t.Errorf("got %+v", all)
	}
	if !bad.Said(&rehome.Fault{Op: "find", Object: "it"}) || bad.Said(errors.New("another")) {
		t.Error("the same trouble is told by its text")
	}
}

func TestPeople_whoMovesAndWhoStays(t *testing.T) {
	t.Parallel()
	everybody := &people.Everybody{
		Moving:  []rehome.Account{{Address: "anna@a.test"}},
		Staying: []people.Staying{{Account: "carl@a.test", Reason: "of a reason"}},
		Findings: []rehome.Finding{
			{Code: "alias_twice", Topic: rehome.TopicAliases, Severity: rehome.SeverityWarning, Object: "info@a.test", Sentence: "is there twice"},
			{Code: "name_guessed", Severity: rehome.SeverityInfo, Sentence: "nobody needs to know"},
		},
		Organisation: rehome.Organisation{Aliases: make([]rehome.Alias, 2), Forwards: make([]rehome.Forward, 1)},
	}
	c := NewList("source")
	People(c, everybody)
	Staying(c, everybody)
	want := "ok people: 1 account to move, with 2 aliases and 1 forward\n" +
		"warning people: carl@a.test stays: of a reason\nwarning aliases: info@a.test: is there twice"
	if got := words(c); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestPasswords_countsTheReasons(t *testing.T) {
	t.Parallel()
	c := NewList("source")
	Passwords(c, atmail8.Counts{Own: 3})
	Passwords(c, atmail8.Counts{Own: 3, Temporary: 3, ByReason: map[atmail8.Reason]int{atmail8.ReasonHashed: 2, atmail8.ReasonPolicy: 1}})
	if len(c.advice) != 2 || c.advice[0].Level != LevelOK || c.advice[1].Level != LevelWarning {
		t.Fatalf("got %s", words(c))
	}
	for _, part := range []string{"3 of 6", "1 too weak", "2 stored only as a hash"} {
		if !strings.Contains(c.advice[1].Sentence, part) {
			t.Errorf("got %q, want %q in it", c.advice[1].Sentence, part)
		}
	}
}

func TestScheduling_whatIsNotSaidClearlyIsNotTaken(t *testing.T) {
	t.Parallel()
	home := func(known bool, classes ...string) *Home {
		return &Home{home: &dav.Home{Capabilities: dav.Capabilities{Known: known, DAV: classes}}}
	}
	for _, c := range []struct {
		home  *Home
		level Level
		part  string
	}{
		{&Home{}, LevelWarning, "no calendars"},
		{home(true, "calendar-access"), LevelOK, "does not send invitations"},
		{home(false), LevelOK, "does not say whether it sends"},
		{home(true, "calendar-access", "calendar-auto-schedule"), LevelOK, "the destination sends invitations"},
	} {
		list := NewList("destination")
		Scheduling(list, c.home, false)
		if got := list.advice[0]; got.Level != c.level || !strings.Contains(got.Sentence, c.part) {
			t.Errorf("got %+v, want %s with %q", got, c.level, c.part)
		}
	}
	list := NewList("destination")
	limited := home(true, "calendar-access")
	limited.collections = map[dav.Kind][]dav.Collection{dav.Calendars: {{Href: "/a/"}, {Href: "/b/", MaxSize: 1 << 20}, {Href: "/c/", MaxSize: 1}}}
	Scheduling(list, limited, false)
	if got := words(list); !strings.HasSuffix(got, "1.0 MiB in /b/") {
		t.Errorf("got %s, want the limit once", got)
	}
}

func TestSample_triesNobodyWithoutNeed(t *testing.T) {
	t.Parallel()
	accounts := []rehome.Account{{Address: "anna@a.test"}, {Address: "bob@a.test", SourcePassword: rehome.NewSecret("x")}}
	fits := func(a rehome.Account) bool { return !a.SourcePassword.Empty() }
	if got, ok := Sample(accounts, endpoint.NewIMAP(endpoint.Settings{}), fits); !ok || got.Address != "bob@a.test" {
		t.Errorf("got %s, %t, want the one whose password is known", got.Address, ok)
	}
	if got, ok := Sample(accounts, endpoint.NewIMAP(endpoint.Settings{Login: endpoint.Login{MasterUser: "mover"}}), fits); !ok ||
		got.Address != "anna@a.test" {
		t.Errorf("got %s, %t, want the first: a master user opens all", got.Address, ok)
	}
	if got, ok := Sample(accounts[:1], endpoint.NewIMAP(endpoint.Settings{}), fits); ok {
		t.Errorf("got %s, want nobody", got.Address)
	}
}
