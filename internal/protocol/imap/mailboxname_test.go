// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// illegal is the private form of octets that are not legal modified UTF-7.
func illegal(octets string) string {
	var b strings.Builder
	for i := 0; i < len(octets); i++ {
		b.WriteRune(illegalBase + rune(octets[i]))
	}
	return b.String()
}

func TestDecodeName(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, wire, want, printable string }{
		{"ascii", "Sent Items", "Sent Items", "Sent Items"},
		{"umlaut", "Entw&APw-rfe", "Entwürfe", "Entwürfe"},
		{"the standard's own example", "~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語", "~peter/mail/台北/日本語"},
		{"ampersand", "A&-B", "A&B", "A&B"},
		{"beyond the first plane", "&2D3eAA-", "😀", "😀"},
		{"lone ampersand", "a&b", "a" + illegal("&") + "b", "a&b"},
		{"ampersand at the end", "a&", "a" + illegal("&"), "a&"},
		{"bad base64", "&A-", illegal("&") + "A-", "&A-"},
		{"shift without end", "&APw", illegal("&") + "APw", "&APw"},
		{"printable character in base64", "&AEE-", illegal("&") + "AEE-", "&AEE-"},
		{"half a surrogate pair", "&2D0-", illegal("&") + "2D0-", "&2D0-"},
		{"bits left over", "&APx-", illegal("&") + "APx-", "&APx-"},
		{"line end in base64", "&AP\r\nw-", illegal("&") + "AP" + illegal("\r\n") + "w-", "&AP\r\nw-"},
		{"two shifts in a row", "&APw-&APw-", "ü" + illegal("&") + "APw-", "ü&APw-"},
		{"shift and ampersand", "&APw-&-", "ü&", "ü&"},
		{"UTF-8", "Entw\xc3\xbcrfe", "Entw" + illegal("\xc3\xbc") + "rfe", "Entwürfe"},
		{"Latin-1", "Entw\xfcrfe", "Entw" + illegal("\xfc") + "rfe", "Entwürfe"},
		{"control character", "a\tb", "a" + illegal("\t") + "b", "a\tb"},
		{"encoded control character", "a&AAk-b", "a\tb", "a\tb"},
		{"NUL", "a\x00b", "a" + illegal("\x00") + "b", "a\x00b"},
		{"slash in a shift", "&ZeVnLIqe/-", illegal("&") + "ZeVnLIqe/-", "&ZeVnLIqe/-"},
		{"a private code point as such", "&2,,fJg-", illegal("&") + "2,,fJg-", "&2,,fJg-"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := DecodeName(test.wire)
			if got != test.want {
				t.Errorf("DecodeName(%q) = %q, want %q", test.wire, got, test.want)
			}
			if back := EncodeName(got); back != test.wire {
				t.Errorf("EncodeName(DecodeName(%q)) = %q", test.wire, back)
			}
			if shown := PrintableName(got); shown != test.printable {
				t.Errorf("PrintableName = %q, want %q", shown, test.printable)
			}
		})
	}
}

// checkWire asserts what must hold for every octet string that a server may list.
func checkWire(t interface {
	Helper()
	Fatalf(string, ...any)
}, wire string) {
	t.Helper()
	name := DecodeName(wire)
	if back := EncodeName(name); back != wire {
		t.Fatalf("EncodeName(DecodeName(%q)) = %q: the mailbox could not be opened again", wire, back)
	}
	if !utf8.ValidString(name) {
		t.Fatalf("DecodeName(%q) = %q is not UTF-8", wire, name)
	}
	shown := PrintableName(name)
	if strings.ContainsFunc(shown, isIllegal) || !utf8.ValidString(shown) {
		t.Fatalf("PrintableName(%q) = %q", name, shown)
	}
	if DecodeName(EncodeName(shown)) != shown {
		t.Fatalf("PrintableName(%q) = %q is not a legal name", name, shown)
	}
}

func TestDecodeName_everyOctetStringCanBeSentBack(t *testing.T) {
	t.Parallel()
	// Pieces that are close to the grammar find more than random octets do.
	piece := rapid.OneOf(
		rapid.SampledFrom([]string{"&", "-", "&-", "&APw-", "&2D3eAA-", "&2D0-", "APw", "A", ",", "/", "+", "&AEE-", "\xc3\xbc", "\xfc", "\x00"}),
		rapid.StringMatching(`&[A-Za-z0-9+,]{1,12}-`),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 8), func(b []byte) string { return string(b) }),
	)
	rapid.Check(t, func(t *rapid.T) {
		checkWire(t, strings.Join(rapid.SliceOfN(piece, 0, 10).Draw(t, "pieces"), ""))
	})
}

func TestEncodeName_everyUnicodeNameComesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := strings.Map(func(r rune) rune {
			if isIllegal(r) {
				return -1 // reserved, see illegalBase
			}
			return r
		}, strings.ToValidUTF8(rapid.String().Draw(t, "name"), ""))
		wire := EncodeName(name)
		for i := 0; i < len(wire); i++ {
			if wire[i] < 0x20 || wire[i] > 0x7e {
				t.Fatalf("EncodeName(%q) = %q", name, wire)
			}
		}
		if got := DecodeName(wire); got != name {
			t.Fatalf("DecodeName(%q) = %q, want %q", wire, got, name)
		}
		if got := PrintableName(name); got != name {
			t.Fatalf("PrintableName(%q) = %q, want no change", name, got)
		}
	})
}

// Every "&" used to search the whole rest of the name for its end, and to decode it.
// A megaoctet of it took hours.
func TestDecodeName_hostileName(t *testing.T) {
	t.Parallel()
	for _, unit := range []string{"&", "&A", "&APw-"} {
		wire := strings.Repeat(unit, 1<<20/len(unit)) + "-"
		checkWire(t, wire)
	}
}

func FuzzDecodeName(f *testing.F) {
	for _, seed := range []string{"INBOX", "Entw&APw-rfe", "&2D3eAA-", "a&b", "&APw-&APw-", "&-&-", "\xff\x00", "&2D0-"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, wire string) { checkWire(t, wire) })
}
