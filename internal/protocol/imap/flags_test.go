// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"regexp"
	"testing"

	"pgregory.net/rapid"
)

func TestSystemFlag(t *testing.T) {
	t.Parallel()
	for flag, want := range map[string]string{
		`\seen`: `\Seen`, `\ANSWERED`: `\Answered`, `\Flagged`: `\Flagged`, `\deleted`: `\Deleted`, `\dRaFt`: `\Draft`,
		`\Recent`: "", `\*`: "", `\Indexed`: "", "seen": "", "": "", `\`: "", `\Seen `: "",
	} {
		if got, ok := SystemFlag(flag); got != want || ok != (want != "") {
			t.Errorf("SystemFlag(%q) = %q, %v, want %q", flag, got, ok, want)
		}
	}
}

func TestValidKeyword(t *testing.T) {
	t.Parallel()
	for keyword, want := range map[string]bool{
		"$Junk": true, "NonJunk": true, "a.b-c_d+e&f": true, "TEST:FLAG211": true, "$label1": true, "~": true, "a}b": true, "[x": true, "NIL": true,
		"": false, " ": false, "a b": false, "a(b": false, "a)b": false, "a{b": false, "a%": false, "a*": false, `a"b`: false, `a\b`: false, `\x`: false,
		"a]b": false, "a\x7f": false, "a\tb": false, "a\r\nb": false, "ü": false, "\xff": false,
	} {
		if got := ValidKeyword(keyword); got != want {
			t.Errorf("ValidKeyword(%q) = %v, want %v", keyword, got, want)
		}
	}
}

// Whatever flags are given, what goes out is a list of RFC 9051, section 9, or nothing.
func TestFlagList_isWellFormedOrRefused(t *testing.T) {
	t.Parallel()
	wellFormed := regexp.MustCompile(`^\((\\?[!#$&'+,./0-9:;<=>?@A-Z\[^_` + "`" + `a-z|}~-]+( \\?[!#$&'+,./0-9:;<=>?@A-Z\[^_` + "`" + `a-z|}~-]+)*)?\)$`)
	rapid.Check(t, func(t *rapid.T) {
		flags := rapid.SliceOf(rapid.OneOf(rapid.String(), rapid.StringMatching(`\\?[a-zA-Z$]{1,9}`), rapid.SampledFrom([]string{`\Seen`,
			`\answered`, `\Recent`, "$Junk"}))).Draw(t, "flags")
		list, err := flagList(flags)
		if (err == nil) != wellFormed.MatchString(list) {
			t.Fatalf("flagList(%q) = %q, %v", flags, list, err)
		}
	})
}
