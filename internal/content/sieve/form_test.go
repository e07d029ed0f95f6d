// SPDX-License-Identifier: Apache-2.0

package sieve

import "testing"

func formOf(t *testing.T, text string) string {
	t.Helper()
	script, err := Read(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return script.Form()
}

const plainScript = "require [\"fileinto\", \"vacation\"];\r\nif header :contains \"subject\" \"x\" { fileinto \"A\"; stop; }\r\n" +
	"vacation text:\r\nAway.\r\n..\r\n.\r\n;\r\n"

// How a script is written is no difference; what it says is one to the last digit.
func TestForm(t *testing.T) {
	t.Parallel()
	want := formOf(t, plainScript)
	for name, text := range map[string]string{
		"line ends": "require [\"fileinto\", \"vacation\"];\n" +
			"if header :contains \"subject\" \"x\" { fileinto \"A\"; stop; }\nvacation text:\nAway.\n..\n.\n;\n",
		"comments, capitals, lists and the order of what it requires": "# mine\nREQUIRE [\"vacation\",\"fileinto\"]; " +
			"If header :CONTAINS [\"subject\"] [\"x\"] { fileinto /* there */ [\"A\"]; stop ; }\nvacation \"Away.\r\n.\r\n\";",
	} {
		if got := formOf(t, text); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
	seen := map[string]string{}
	for _, text := range []string{
		plainScript, `fileinto "A";`, `fileinto "a";`, `fileinto :copy "A";`, `fileinto "A"; stop;`,
		`if size :over 1K { stop; }`, `if size :over 1M { stop; }`,
		`if size :under 1K { stop; }`, `if true { stop; }`, `if false { stop; }`, `if true { }`, `if not true { }`, `stop;`, `if true { } stop;`,
		`if anyof (true, false) { stop; }`, `if allof (true, false) { stop; }`, `if anyof (false, true) { stop; }`, `redirect "a@b";`, `redirect "a@c";`,
		`require "copy";`, ``, `if header "a" ["b", "c"] { stop; }`, `if header "a" ["c", "b"] { stop; }`, `if header "a" "b3:c" { stop; }`,
		`require ["variables", "encoded-character"]; set "a" "${hex:24}{b}";`, `require ["variables", "encoded-character"]; set "a" "${b}";`,
		`if true { if true { keep; } } else { stop; }`, `if true { if true { keep; } else { stop; } }`,
	} {
		form := formOf(t, text)
		if other, twice := seen[form]; twice {
			t.Errorf("%q and %q have one form: %s", text, other, form)
		}
		seen[form] = text
	}
}

func TestIdle(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"": true, "# nothing yet\r\n": true, `require "fileinto";`: true, "keep;": true, "stop;": true, `if false { discard; }`: true,
		`require "fileinto"; if header "a" "b" { fileinto "c"; }`: false, `require "imap4flags"; keep :flags "\\Seen";`: false, "discard;": false,
	} {
		script, err := Read(text)
		if err != nil || script.Idle() != want {
			t.Errorf("%q: got %v, %v", text, script, err)
		}
	}
}
