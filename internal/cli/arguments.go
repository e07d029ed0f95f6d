// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// placed is the cobra.PositionalArgs of a command whose Use has the places of its arguments behind its name: "set WAVE" takes one,
// "copy FROM TO" two, "accept ID..." one or more, "check [FILE]" one at most. The error says which is missing, or which nobody expects.
func placed(cmd *cobra.Command, args []string) error {
	places := strings.Fields(cmd.Use)[1:]
	write := fmt.Sprintf(`write "%s %s"`, cmd.CommandPath(), strings.Join(places, " "))
	several := false
	for i, place := range places {
		several = several || strings.HasSuffix(place, "...")
		if i >= len(args) && !strings.HasPrefix(place, "[") {
			return fmt.Errorf("%s is missing; %s", strings.TrimSuffix(place, "..."), write)
		}
	}
	if len(args) > len(places) && !several {
		return fmt.Errorf("unexpected argument %q; %s", args[len(places)], write)
	}
	return nil
}
