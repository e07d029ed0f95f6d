// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"slices"
	"testing"
)

func TestChoose_patterns(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		patterns []string
		want     []string
	}{
		{"a key", []string{"small/mdbox/tls/20ms"}, []string{"small/mdbox/tls/20ms"}},
		{"a beginning", []string{"memory"}, []string{"memory/sdbox/plain/0ms", "memory/sdbox/tls/0ms"}},
		{"any part", []string{"large/*/plain/0ms"}, []string{"large/sdbox/plain/0ms", "large/mdbox/plain/0ms", "large/maildir/plain/0ms"}},
		{"in the order of the table", []string{"many/sdbox/tls", "idle/sdbox/plain/0ms"}, []string{"many/sdbox/tls/0ms", "idle/sdbox/plain/0ms"}},
	} {
		rows, err := Choose(Rows(), test.patterns)
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		var got []string
		for _, row := range rows {
			got = append(got, row.Key)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
	if _, err := Choose(Rows(), []string{"small", "smal"}); err == nil {
		t.Error("a pattern that matches nothing is taken")
	}
}

func TestRows_standardAreAmongThem(t *testing.T) {
	t.Parallel()
	keys := map[string]bool{}
	for _, row := range append(Rows(), Scaling()...) {
		if keys[row.Key] {
			t.Errorf("two rows are called %s", row.Key)
		}
		keys[row.Key] = true
	}
	standard, err := Choose(append(Rows(), Scaling()...), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range standard {
		delete(keys, row.Key)
	}
	for _, work := range mailWorks() {
		for _, line := range work.lines {
			if key := mailRow(work, line).Key; keys[key] {
				t.Errorf("%s is not in the table by default, though its work names the line", key)
			}
		}
	}
}
