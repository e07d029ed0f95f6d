// SPDX-License-Identifier: Apache-2.0

package people

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rehome"
)

func TestArrivals_states(t *testing.T) {
	t.Parallel()
	accounts := crowd("abcdefg")
	accounts[6].Quota = 100
	everybody := &Everybody{Moving: accounts, Staying: []Staying{{Account: "s@example.test", Reason: "of a reason"}}}
	logins := map[string]Login{
		"a@example.test": {Result: LoginWorks, Used: 1, Limit: 9}, "b@example.test": {Result: LoginRefused},
		"c@example.test": {Result: LoginSecondFactor}, "d@example.test": {Result: LoginUnreachable},
		"f@example.test": {Result: LoginWorks, Used: 9, Limit: 9}, "g@example.test": {Result: LoginWorks, Limit: 9},
	}
	listed := []string{"a@example.test", "s@example.test", "x@example.test"}
	checked := everybody.Arrivals(accounts, listed, logins, true)
	want := []DestinationState{
		StateReady, StateRefused, StateSecondFactor, StateUnknown, StateMissing, StateOverQuota, StateOverQuota, StateExtra, StateExtra,
	}
	var got []DestinationState
	for _, a := range checked.Accounts {
		got = append(got, a.State)
	}
	if !slices.Equal(got, want) || checked.Counts[StateOverQuota] != 2 || !checked.Listed {
		t.Errorf("got %v, %v, want %v", got, checked.Counts, want)
	}
	if extra := checked.Accounts[7]; extra.Account != "s@example.test" || !strings.Contains(extra.Sentence, "of a reason") {
		t.Errorf("one who stays and is there: got %+v", extra)
	}
	if some := everybody.Arrivals(accounts[:1], nil, logins, false); len(some.Accounts) != 1 || some.Listed {
		t.Errorf("asked about one: got %+v", some)
	}
}

func TestTried_nobodyWhoIsNotThere(t *testing.T) {
	t.Parallel()
	accounts := crowd("abc")
	for _, c := range []struct {
		listed []string
		want   int
	}{{nil, 3}, {[]string{}, 0}, {[]string{"b@example.test", "x@example.test"}, 1}} {
		if got := Tried(accounts, c.listed); len(got) != c.want {
			t.Errorf("listed %v: %d are tried, want %d", c.listed, len(got), c.want)
		}
	}
	if accounts[0].Address != "a@example.test" || accounts[2].Address != "c@example.test" {
		t.Error("the caller's accounts were changed")
	}
}

func TestReadListed(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "list.csv")
	const two = "a@example.test b@example.test"
	for text, want := range map[string]string{
		"Name,Email,Other\nB,B@Example.test,z@example.test\nA,a@example.test,\nB,b@example.test,\n": two,
		"a@example.test\n":     "a@example.test",
		"Name,Email\nA,none\n": "",
		"Name;E-Mail-Adresse;Other\r\nB, the second;b@example.test;\r\nA;a@example.test;\r\n":   two,
		"sep=;\nName;Mail\nB;b@example.test\nA;a@example.test\n":                                two,
		"\xff\xfe" + wide("Name\tEmail\r\nB\tb@example.test\r\nA\ta@example.test\r\n"):          two,
		wide("Name\tEmail\nB\tb@example.test\nA\ta@example.test\n"):                             two,
		"Name\rB <b@example.test>\rA <a@example.test>\r":                                        two,
		"J\xf6rg;b@example.test\nZo\xeb;mailto:a@example.test\n":                                two,
		"Made by,Email\nadmin@example.test,b@example.test\nadmin@example.test,a@example.test\n": two,
		"Name,Email\nB,b@example.test\nA,hunter2\nC,\"open\n":                                   "list.csv:3:1: holds no email address", // nobody is missing without a word
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := ReadListed(file)
		refused := want == "" || strings.Contains(want, ":")
		switch {
		case refused && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") || rehome.HintOf(err) == ""):
			t.Errorf("%q: got %v, want %q and a hint", text, err, want)
		case !refused && strings.Join(got, " ") != want:
			t.Errorf("%q: got %v, %v, want %q", text, got, err, want)
		}
	}
	if _, err := ReadListed(file + ".old"); rehome.HintOf(err) == "" {
		t.Errorf("no file: got %v, want a hint", err)
	}
}

func wide(text string) string {
	var out strings.Builder
	for i := range len(text) {
		out.WriteByte(text[i])
		out.WriteByte(0)
	}
	return out.String()
}
