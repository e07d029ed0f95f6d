// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestText_comesBackAsItWas(t *testing.T) {
	t.Parallel()
	piece := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
		rapid.SampledFrom([]string{"\x00", "\xff", "\U0010F700", "\U0010F7FF", "\xf4\x8f\x9c", "\xf4", "Größe", "INBOX"}))
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(piece, 0, 4).Draw(t, "pieces"), "")
		there := toText(text)
		if !utf8.ValidString(there) || strings.Contains(there, "\x00") {
			t.Fatalf("%q travels as %q, which PostgreSQL does not take", text, there)
		}
		if got := fromText(there); got != text {
			t.Fatalf("%q travels as %q and comes back as %q", text, there, got)
		}
	})
	if plain := "Größe/收件箱 \U0010F6FF"; toText(plain) != plain {
		t.Errorf("%q travels as %q", plain, toText(plain))
	}
}
