// SPDX-License-Identifier: Apache-2.0

package wave

import (
	"maps"
	"strings"
	"testing"
	"time"

	"rehome"
)

func TestBrake(t *testing.T) {
	t.Parallel()
	answers := func(side rehome.Side, n int64, each time.Duration) map[Service]Answers {
		return map[Service]Answers{{side, "imap"}: {n, time.Duration(n) * each}}
	}
	off := Limits{Span: time.Hour}
	for name, c := range map[string]struct {
		limits Limits
		facts  Facts
		want   string // of the reason; "" is that it goes on
	}{
		"nothing has happened":            {DefaultLimits(), Facts{Members: 50}, ""},
		"all went well":                   {DefaultLimits(), Facts{Members: 5000, Accounts: 5000, Compared: 5000}, ""},
		"two of fifty is too few to tell": {DefaultLimits(), Facts{Members: 50, Accounts: 50, Refused: 2, Failed: 2, Compared: 50, Differs: 2}, ""},
		"three log-ins of 599": {DefaultLimits(), Facts{Members: 5000, Accounts: 599, Refused: 3},
			"3 of 599 accounts was refused in the last 15 minutes"},
		"three log-ins of 600":           {DefaultLimits(), Facts{Members: 5000, Accounts: 600, Refused: 3}, ""},
		"three passes of 299":            {DefaultLimits(), Facts{Members: 5000, Accounts: 299, Failed: 3}, "3 of 299 accounts failed"},
		"three passes of 300":            {DefaultLimits(), Facts{Members: 5000, Accounts: 300, Failed: 3}, ""},
		"all of a small wave":            {DefaultLimits(), Facts{Members: 2, Accounts: 2, Failed: 2}, "2 of 2 accounts failed"},
		"one of two":                     {DefaultLimits(), Facts{Members: 2, Accounts: 2, Failed: 1}, ""},
		"differences":                    {DefaultLimits(), Facts{Members: 90, Compared: 90, Differs: 3}, "not equal"},
		"log-ins are said before passes": {DefaultLimits(), Facts{Members: 9, Accounts: 9, Failed: 4, Refused: 4}, "refused"},
		"a slow destination": {DefaultLimits(), Facts{Answers: answers(rehome.Destination, 20, 11*time.Second)},
			"of the destination (imap) took 11s"},
		"one that is slow beside one that is quick": {DefaultLimits(), Facts{Answers: map[Service]Answers{
			{rehome.Destination, "imap"}: {20, 20 * 11 * time.Second}, {rehome.Destination, "dav"}: {9000, 90 * time.Second}}},
			"of the destination (imap) took 11s"},
		"few answers of one beside many of another": {DefaultLimits(), Facts{Answers: map[Service]Answers{
			{rehome.Destination, "imap"}: {19, time.Hour}, {rehome.Destination, "dav"}: {9000, 90 * time.Second}}}, ""},
		"a slow source":           {DefaultLimits(), Facts{Answers: answers(rehome.Source, 99, 11*time.Second)}, "of the source"},
		"as slow as it may be":    {DefaultLimits(), Facts{Answers: answers(rehome.Source, 99, 10*time.Second)}, ""},
		"few answers do not tell": {DefaultLimits(), Facts{Answers: answers(rehome.Source, 19, time.Hour)}, ""},
		"no limits": {off, Facts{Members: 9, Accounts: 9, Failed: 9, Refused: 9, Compared: 9, Differs: 9,
			Answers: answers(rehome.Source, 99, time.Hour)}, ""},
	} {
		p := Brake(c.limits, c.facts)
		switch {
		case p == nil && c.want != "":
			t.Errorf("%s: goes on", name)
		case p != nil && (c.want == "" || !strings.Contains(p.Reason, c.want) || p.NextStep == ""):
			t.Errorf("%s: %+v, want %q", name, *p, c.want)
		}
	}
}

// Who reads that log-ins were refused reads where, and the command that tries one of them there.
func TestBrake_whereLogInsAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sides              []rehome.Side
		example            string
		reason, tries, why string
	}{
		"the destination": {[]rehome.Side{rehome.Destination, rehome.Destination, rehome.Destination}, "anna@x.test", "refused at the destination in",
			`"rehome accounts check --account anna@x.test";`, "may be different"},
		"the source": {[]rehome.Side{rehome.Source, rehome.Source, rehome.Source}, "anna@x.test", "refused at the source in",
			`"rehome accounts plan --login --account anna@x.test";`, "may have changed"},
		"both": {[]rehome.Side{rehome.Source, rehome.Destination, ""}, "anna@x.test", "refused (1 at the source, 1 at the destination) in",
			`"rehome accounts plan --login --account anna@x.test";`, ""},
		"not known": {[]rehome.Side{"", "", ""}, "", "refused in",
			`"rehome accounts plan --login --account ADDRESS" with one of them, which "rehome status" names;`, ""},
	} {
		counts := map[string]int64{CountAccounts: 9}
		for _, side := range c.sides {
			CountRefused(counts, side)
		}
		facts := FactsOf(counts)
		facts.Members, facts.Example = 9, c.example
		p := Brake(DefaultLimits(), facts)
		if p == nil || !strings.Contains(p.Reason, c.reason) || !strings.Contains(p.NextStep, c.tries) || !strings.Contains(p.NextStep, c.why) {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// What was counted of each service is read as it was written, and what an older version has counted is that of the side.
func TestFactsOf_answers(t *testing.T) {
	t.Parallel()
	counts := map[string]int64{"answers source": 3, "milliseconds source": 6}
	CountAnswers(counts, Service{rehome.Destination, "imap"}, Answers{2, 8 * time.Second})
	CountAnswers(counts, Service{rehome.Destination, "dav"}, Answers{1, time.Second})
	CountAnswers(counts, Service{rehome.Destination, "imap"}, Answers{1, time.Second})
	CountAnswers(counts, Service{rehome.Source, "imap"}, Answers{})
	want := map[Service]Answers{{rehome.Source, ""}: {3, 6 * time.Millisecond}, {rehome.Destination, "imap"}: {3, 9 * time.Second},
		{rehome.Destination, "dav"}: {1, time.Second}}
	if got := FactsOf(counts).Answers; !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestResuming(t *testing.T) {
	t.Parallel()
	for helps, want := range map[string]string{
		"":                                `run "rehome wave resume a"`,
		"see to it":                       `see to it; then run "rehome wave resume a"`,
		"see to it; then resume the wave": `see to it; then run "rehome wave resume a"`,
	} {
		if got := Resuming("a", helps); got != want {
			t.Errorf("%q: %q, want %q", helps, got, want)
		}
	}
}

func TestLimits_set(t *testing.T) {
	t.Parallel()
	l := DefaultLimits()
	for _, text := range []string{"refused=2%", "failed=off", "differs=0.25", "answer=1m", "span=1h"} {
		if err := l.Set(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	if want := (Limits{Refused: 2, Differs: 0.25, Answer: time.Minute, Span: time.Hour}); l != want {
		t.Errorf("%+v, want %+v", l, want)
	}
	if err := l.Set("answer=off"); err != nil || l.Answer != 0 {
		t.Errorf("%v, %v", l.Answer, err)
	}
	for _, text := range []string{"failed", "failed=", "failed=0", "failed=-1", "failed=100", "failed=NaN", "failed=Inf",
		"answer=-1s", "answer=5", "span=off",
		"span=30s", "span=25h", "fail=1%"} {
		if err := l.Set(text); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
}

func TestSettings_keptAndRead(t *testing.T) {
	t.Parallel()
	want := Settings{Priority: -3, Windows: Windows{Hours: []string{"22:00-06:00"}, Zone: "UTC"}, After: "first",
		Brake: Limits{Failed: 2, Span: time.Hour}}
	octets, err := want.Octets()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Read(octets)
	if err != nil || got.Brake != want.Brake || got.Priority != want.Priority || got.After != want.After || got.Windows.Zone != "UTC" ||
		len(got.Windows.Hours) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	for name, good := range map[string]bool{"staff": true, "w-1.a_b": true, "": false, "Staff": false, "a b": false, "-a": false, "a/b": false,
		strings.Repeat("a", 40): true, strings.Repeat("a", 41): false} {
		if err := CheckName(name); (err == nil) != good {
			t.Errorf("%q: %v", name, err)
		}
	}
}
