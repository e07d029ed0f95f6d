// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"strings"
	"testing"
)

func TestCompareMaildrops(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ src, dst, want string }{
		{"", "", ""},
		{"a b c", "a b c", ""},
		{"a a b", "a a b", ""},
		{"a b c", "a b", "1 message of the source under another"},
		{"a b", "a x b", "1 message more at the destination"},
		{"a b c", "x y z", "3 messages of the source under another"},
		{"a b", "b a", "another order"},
		{"a a b", "a b b", "1 message of the source under another"},
		{"", "a", "1 message more"},
	} {
		got := compareMaildrops(strings.Fields(test.src), strings.Fields(test.dst))
		if all := strings.Join(got, "; "); test.want == "" && len(got) > 0 || test.want != "" && (len(got) != 1 || !strings.Contains(all, test.want)) {
			t.Errorf("%q and %q: %q, want %q", test.src, test.dst, got, test.want)
		}
	}
	if got := compareMaildrops(strings.Fields("a b c"), strings.Fields("c b x y")); len(got) != 3 {
		t.Errorf("got %q, want three differences", got)
	}
}
