// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// What a command line lacks is said in plain words by every command, not by those of the library.
func TestPlaced_allCommands(t *testing.T) {
	t.Parallel()
	f, _ := testFrame(false)
	var look func(cmd *cobra.Command)
	look = func(cmd *cobra.Command) {
		for _, args := range [][]string{nil, {"a.test"}, {"a.test", "b.test", "c.test"}} {
			if cmd.Args == nil {
				break
			}
			if err := cmd.Args(cmd, args); err != nil && strings.Contains(err.Error(), "arg(s)") {
				t.Errorf("%s: %v", cmd.CommandPath(), err)
			}
		}
		for _, sub := range cmd.Commands() {
			look(sub)
		}
	}
	look(rootCommand(f))
}

func TestPlaced(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ use, args, want string }{
		{"start WAVE", "", `WAVE is missing; write "start WAVE"`},
		{"start WAVE", "staff", ""},
		{"start WAVE", "staff night", `unexpected argument "night"; write "start WAVE"`},
		{"copy FROM TO", "a", `TO is missing; write "copy FROM TO"`},
		{"copy FROM TO", "a b", ""},
		{"accept ID...", "", `ID is missing; write "accept ID..."`},
		{"accept ID...", "1 2 3", ""},
		{"check [FILE]", "", ""},
		{"check [FILE]", "a b", `unexpected argument "b"; write "check [FILE]"`},
	} {
		got := ""
		if err := placed(&cobra.Command{Use: test.use}, strings.Fields(test.args)); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%s with %q: got %q, want %q", test.use, test.args, got, test.want)
		}
	}
}
