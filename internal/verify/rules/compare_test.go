// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rehome/internal/content/sieve"
	"rehome/internal/verify"
)

const (
	sorting    = "require \"fileinto\";\r\nif header :contains \"subject\" \"x\" { fileinto \"Work\"; }\r\n"
	sortingOn  = "require \"fileinto\";\nif header :contains \"subject\" \"y\" { fileinto \"Work\"; }\n"
	forwarding = "redirect \"bert@example.test\";\r\n"
)

// want is what is wanted: name, whether it is active, and the text.
func want(name string, active bool, text string) wanted {
	return wanted{script: newScript(name, text, active), source: text}
}

// told renders what a comparison says: the state of each script, then what is only at the destination.
func told(found verify.Rules) string {
	var all []string
	for _, s := range found.Scripts {
		all = append(all, s.Script+" "+string(s.State))
	}
	for _, d := range found.Differences {
		if d.State == verify.RuleExtra {
			all = append(all, d.Script+" "+string(d.State))
		}
	}
	return strings.Join(all, ", ")
}

func TestCompare_states(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		wanted []wanted
		there  []script
		stored map[string]Stored
		want   string
		words  string // in the sentence of the first difference
	}{
		"nothing at either end": {},
		"as it is wanted":       {[]wanted{want("main", true, sorting)}, []script{newScript("main", sorting, true)}, nil, "main equal", ""},
		"written in another way": {[]wanted{want("main", true, sorting)},
			[]script{newScript("main", "# mine\n"+strings.ReplaceAll(sorting, "\r\n", "\n"), true)}, nil, "main equal", ""},
		"under another name": {[]wanted{want("main", true, sorting)},
			[]script{newScript("main", "stop;", false), newScript("main (old server)", sorting, true)}, nil, "main equal", ""},
		"missing": {[]wanted{want("main", true, sorting)}, nil, nil, "main missing_script", `script "main" is not at the destination`},
		"deleted there since": {[]wanted{want("main", true, sorting)}, nil, map[string]Stored{"main": {Digest: digest(sorting)}},
			"main missing_script", "it was deleted there since it was copied, by whom is unknown"},
		"changed there since": {[]wanted{want("main", true, sorting)}, []script{newScript("main", sortingOn, true)},
			map[string]Stored{"main": {Digest: digest(sorting), Activated: true}}, "main changed_script",
			"was changed at the destination since it was copied, by whom is unknown; the first rule that differs is number 1"},
		"changed at the source since": {[]wanted{want("main", true, sorting)}, []script{newScript("main", sortingOn, true)},
			map[string]Stored{"main": {Digest: digest(sortingOn), Activated: true}}, "main changed_script", "was changed at the source since"},
		"another, and nobody knows more": {[]wanted{want("main", true, sorting)}, []script{newScript("main", sortingOn, true)}, nil,
			"main changed_script", `script "main" is another at the destination`},
		"off": {[]wanted{want("main", true, sorting)}, []script{newScript("main", sorting, false)}, nil, "main inactive_script",
			"runs at the source and is off at the destination"},
		"off, and another runs": {[]wanted{want("main", true, sorting)},
			[]script{newScript("main", sorting, false), newScript("own", sortingOn, true)}, nil,
			"main inactive_script, own extra_script", "is off at the destination"},
		"it forwards and waits": {[]wanted{want("main", true, forwarding)}, []script{newScript("main", forwarding, false)}, nil, "main waiting", ""},
		"it forwards and runs":  {[]wanted{want("main", true, forwarding)}, []script{newScript("main", forwarding, true)}, nil, "main equal", ""},
		"it was switched off since": {[]wanted{want("main", true, forwarding)}, []script{newScript("main", forwarding, false)},
			map[string]Stored{"main": {Digest: digest(forwarding), Activated: true}}, "main inactive_script", "it was switched off there since it was copied"},
		"it runs only there": {[]wanted{want("old", false, sorting)}, []script{newScript("old", sorting, true)}, nil, "old active_script",
			"is off at the source and runs at the destination"},
		"off at both ends": {[]wanted{want("old", false, sorting)}, []script{newScript("old", sorting, false)}, nil, "old equal", ""},
		"only there": {nil, []script{newScript("own", sorting, true)}, nil, "own extra_script",
			`script "own" runs at the destination, and the source does not have it`},
		"only there and off":              {nil, []script{newScript("own", sorting, false)}, nil, "", ""},
		"only there, and it does nothing": {nil, []script{newScript("default", "# nothing yet\r\nkeep;\r\n", true)}, nil, "", ""},
		"two of one text, one is there": {[]wanted{want("a", false, sorting), want("b", false, sorting)}, []script{newScript("b", sorting, false)}, nil,
			"a missing_script, b equal", ""},
		"names exchanged": {[]wanted{want("a", true, sorting), want("b", false, sortingOn)},
			[]script{newScript("a", sortingOn, true), newScript("b", sorting, false)}, nil, "a inactive_script, b active_script", ""},
		"nobody can read it": {[]wanted{want("main", true, "if {")}, []script{newScript("main", "if {", true)}, nil, "main equal", ""},
		"nobody can read it, one octet is another": {[]wanted{want("main", true, "if {")}, []script{newScript("main", "if [", true)}, nil,
			"main changed_script", "is another at the destination"},
		"a call follows the name": {
			[]wanted{want("caller", false, `require "include"; include "called";`), want("called", false, sorting)},
			[]script{newScript("called", "stop;", false), newScript("caller", `require "include"; include "called (old server)";`, false),
				newScript("called (old server)", sorting, false)}, nil, "caller equal, called equal", ""},
		"a call reaches another script": {
			[]wanted{want("caller", false, `require "include"; include "called";`), want("called", false, sorting)},
			[]script{newScript("called", "stop;", false), newScript("caller", `require "include"; include "called";`, false),
				newScript("called (old server)", sorting, false)}, nil, "caller changed_script, called equal", ""},
		"scripts that call each other": {
			[]wanted{want("a", false, `require "include"; include "b";`), want("b", false, `require "include"; include "a";`)},
			[]script{newScript("a", `require "include"; include "b";`, false), newScript("b", `require "include"; include "a";`, false)}, nil,
			"a equal, b equal", ""},
		"the destination cannot do all of it": {[]wanted{{script: newScript("main", sorting, true), lacks: "cannot answer anybody (no vacation)"}},
			[]script{newScript("main", sorting, true)}, nil, "main changed_script", "is not complete: the destination cannot answer anybody (no vacation)"},
	} {
		found := compare(c.wanted, c.there, c.stored)
		if got := told(found); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
			continue
		}
		if len(found.Differences) == 0 && c.words != "" || c.words != "" && !strings.Contains(found.Differences[0].Sentence, c.words) {
			t.Errorf("%s: got %+v, want %s", name, found.Differences, c.words)
		}
		for _, d := range found.Differences {
			if d.Since != strings.Contains(d.Sentence, "by whom is unknown") || d.Sentence == "" || d.State.NextStep() == "" {
				t.Errorf("%s: %+v", name, d)
			}
		}
	}
}

// Whatever an explainer tells, what differs without it differs with it.
func TestCompare_noWordMakesItEqual(t *testing.T) {
	t.Parallel()
	texts := rapid.SampledFrom([]string{sorting, sortingOn, forwarding, "if {", "keep;", `require "include"; include "a";`})
	names := rapid.SampledFrom([]string{"a", "b", "c", "a (old server)"})
	scripts := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) script {
		return newScript(names.Draw(t, "name"), texts.Draw(t, "text"), false)
	}), 0, 4, func(s script) string { return s.name })
	active := func(t *rapid.T, all []script) []script {
		if n := rapid.IntRange(0, len(all)).Draw(t, "active"); n > 0 {
			all[n-1].active = true
		}
		return all
	}
	rapid.Check(t, func(t *rapid.T) {
		src, dst := active(t, scripts.Draw(t, "source")), active(t, scripts.Draw(t, "destination"))
		var all []wanted
		for _, s := range src {
			all = append(all, wanted{script: s, source: s.text})
		}
		stored := map[string]Stored{}
		for _, s := range dst {
			if rapid.Bool().Draw(t, "stored") {
				stored[s.name] = Stored{Digest: digest(texts.Draw(t, "was")), Activated: rapid.Bool().Draw(t, "activated")}
			}
		}
		alone, informed := compare(slices.Clone(all), dst, nil), compare(slices.Clone(all), dst, stored)
		if alone.Total() > informed.Total() {
			t.Fatalf("alone %s, informed %s", told(alone), told(informed))
		}
		there, same := map[string]int{}, map[string]int{}
		for _, s := range dst {
			there[s.form()]++
		}
		for _, w := range all {
			same[w.form()]++
		}
		if len(informed.Scripts) != len(src) {
			t.Fatalf("%d of %d scripts have a state", len(informed.Scripts), len(src))
		}
		for form, n := range same { // of scripts that call none: what is called equal is there as often
			if equal := len(slices.DeleteFunc(slices.Clone(informed.Scripts), func(r verify.Rule) bool {
				return r.SourceDigest != digest(form) || r.State == verify.RuleMissing || r.State == verify.RuleChanged
			})); equal > there[form] || n == 0 {
				t.Fatalf("%d are called equal, %d are there: %s", equal, there[form], told(informed))
			}
		}
	})
}

func TestFirstOther(t *testing.T) {
	t.Parallel()
	read := func(text string) *sieve.Script { s, _ := sieve.Read(text); return s }
	for _, c := range []struct {
		a, b string
		want int
	}{
		{sorting, sorting, 0}, {sorting, sortingOn, 1}, {sorting + "stop;", sorting, 2}, {sorting, sorting + "stop;", 2}, {"", "", 0}, {"if {", sorting, 0},
	} {
		if got := firstOther(read(c.a), read(c.b)); got != c.want {
			t.Errorf("%q and %q: got %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
