// SPDX-License-Identifier: Apache-2.0

package journey

import "testing"

func TestNearestAddress(t *testing.T) {
	t.Parallel()
	known := []string{"anna@example.com", "ben@example.com", "ben@example.org", "info@example.org"}
	for name, want := range map[string]string{
		"ana@example.com":  "anna@example.com",
		"ANNA@exmaple.com": "anna@example.com",
		"ben@example.cmo":  "ben@example.com",
		"inof@example.org": "info@example.org",
		"anna":             "anna@example.com",
		"zoe@example.com":  "", // as near to ben as to nobody
		"anna@elsewhere":   "",
		"":                 "",
		"@":                "",
	} {
		if got := nearestAddress(name, known); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
	if got := nearestAddress("ana@example.com", nil); got != "" {
		t.Errorf("without anybody: got %q", got)
	}
}
