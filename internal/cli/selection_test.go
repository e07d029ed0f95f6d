// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// Whoever has written a file of thousands of lines reads at once which of them are wrong, and nothing of what is in them.
func TestSelection_badLines(t *testing.T) {
	t.Parallel()
	s := &selection{command: &cobra.Command{Use: "sync"}, file: "-"}
	for text, want := range map[string]string{
		"# people\nanna@x.test # the first\n\nbert@x.test secret\n": "read --account-file -:4: is not an address or a pattern",
		"a b\nanna@x.test\nbert\n":                                  "-:1: is not an address or a pattern; likewise line 3",
		"a b\nbert\ncarl\n":                                         "-:1: is not an address or a pattern; likewise lines 2, 3",
		strings.Repeat("secret\n", 14):                              "lines 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 3 more",
		"# nobody\n":                                                "names no account",
	} {
		if _, err := s.choice(strings.NewReader(text)); err == nil || !strings.HasSuffix(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
