// SPDX-License-Identifier: Apache-2.0

package people

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"rehome"
)

func TestOnly(t *testing.T) {
	t.Parallel()
	everybody := gather(t, Options{}, person("anna@a.test", ""), person("bob@a.test", ""), person("bob@b.test", ""), disabled(person("carl@a.test", "")))
	for _, c := range []struct {
		choice Choice
		want   string
	}{
		{Choice{}, "anna@a.test bob@a.test bob@b.test"},
		{Choice{Only: []string{"BOB@A.test", "anna@a.test", "anna@a.test"}}, "anna@a.test bob@a.test"},
		{Choice{Only: []string{"*@A.test"}}, "anna@a.test bob@a.test"},
		{Choice{Only: []string{"bob@?.test"}}, "bob@a.test bob@b.test"},
		{Choice{Except: []string{"bob@*"}}, "anna@a.test"},
		{Choice{Only: []string{"*@a.test"}, Except: []string{"anna@a.test"}}, "bob@a.test"},
	} {
		if got, err := everybody.Only(c.choice); err != nil || addresses(got) != c.want {
			t.Errorf("%v: got %q, %v, want %q", c.choice, addresses(got), err, c.want)
		}
	}
	_, err := everybody.Only(Choice{Only: []string{"Carl@a.test"}})
	if err == nil || !strings.Contains(err.Error(), "it does not move: it is disabled at the source") {
		t.Errorf("one who stays: got %v, want the reason", err)
	}
}

// A name that fits nobody is a mistake wherever it stands: what was meant would not happen.
func TestOnly_mistakes(t *testing.T) {
	t.Parallel()
	everybody := gather(t, Options{}, person("anna@a.test", ""), person("bob@a.test", ""))
	for words, choice := range map[string]Choice{
		"x@a.test: no such account":               {Only: []string{"anna@a.test", "x@a.test"}},
		"x@a.test: no such account in this":       {Except: []string{"x@a.test"}},
		"*@b.test: no account of this move match": {Only: []string{"*@b.test"}},
		"x@a.test: no such account in this move; likewise *@b.test, y@a.test": {
			Only: []string{"x@a.test", "*@b.test", "bob@a.test", "y@a.test", "x@a.test"}},
		"account in this move; likewise 2, 3, 4, 5, 6 and 1 more": {Only: []string{"1", "2", "3", "4", "5", "6", "7"}},

		"the exclusions leave no account": {Except: []string{"*"}},
		"the exclusions leave no":         {Only: []string{"bob@a.test"}, Except: []string{"bob@a.test"}},
	} {
		_, err := everybody.Only(choice)
		var mistake *ChoiceError
		if !errors.As(err, &mistake) || rehome.HintOf(err) == "" || !strings.Contains(err.Error(), words) {
			t.Errorf("%v: got %v, want %q and a hint", choice, err, words)
		}
	}
}

// Only * and ? are patterns: addresses hold characters that others take for one.
func TestMatcher(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, address string
		want          bool
	}{
		{"a[b@x.test", "a[b@x.test", true},
		{"*[b@x.test", "a[b@x.test", true},
		{"*[ab]@x.test", "ab@x.test", false},
		{`a\*@x.test`, `a\b@x.test`, true},
		{"*@x.test", "a/b@x.test", true},
		{"a?c@x.test", "a/c@x.test", true},
		{"a*", "b@x.test", false},
		{"+*@x.test", "+a@x.test", true},
	} {
		if got := matcher(c.name)(c.address); got != c.want {
			t.Errorf("%s, %s: got %t", c.name, c.address, got)
		}
	}
}

func FuzzMatcher(f *testing.F) {
	f.Add("a[*\\?@b", "a[x\\y@b")
	f.Fuzz(func(t *testing.T, name, address string) {
		fits := matcher(name)(address)
		if !isPattern(name) && fits != strings.EqualFold(name, address) {
			t.Errorf("%q, %q: got %t", name, address, fits)
		}
		got, err := Choice{Only: []string{name}}.Among([]string{address})
		if fits != (err == nil) || fits != slices.Contains(got, address) {
			t.Errorf("%q, %q: fits %t, got %q, %v", name, address, fits, got, err)
		}
	})
}
