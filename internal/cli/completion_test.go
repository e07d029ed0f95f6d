// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"rehome/internal/journey"
)

// A shell offers the names in the folder where a file is asked for, and nowhere else.
func TestCompletion_filesOnlyWhereFilesAreTaken(t *testing.T) {
	t.Parallel()
	f, _ := testFrame(false)
	file := regexp.MustCompile(`\b(file|folder|CSV|PEM|saved message)\b[^:]`)
	every(rootCommand(f), func(c *cobra.Command) {
		c.LocalFlags().VisitAll(func(flag *pflag.Flag) {
			if takesValue(flag) && file.MatchString(flag.Name+" "+flag.Usage+" ") != takesFile(flag) {
				t.Errorf("%s --%s (%s): files are offered: %v", c.CommandPath(), flag.Name, flag.Usage, takesFile(flag))
			}
			if _, said := c.GetFlagCompletionFunc(flag.Name); takesValue(flag) && !said && !takesFile(flag) {
				t.Errorf("%s --%s: nothing says what is offered", c.CommandPath(), flag.Name)
			}
		})
		if c.Runnable() && c.ValidArgsFunction == nil && !regexp.MustCompile(`FILE|LOG|DIR`).MatchString(c.Use) {
			t.Errorf("%s: files are offered as arguments", c.CommandPath())
		}
	})
}

// What a flag lists in its usage is what a shell offers for it.
func TestCompletion_values(t *testing.T) {
	t.Parallel()
	tests := []struct {
		args []string
		want []string
	}{
		{[]string{"verify", "--level", ""}, []string{"counts", "metadata", "full"}},
		{[]string{"sync", "--deletions", ""}, []string{"keep", "mirror"}},
		{[]string{"sync", "--only", "mail,c"}, []string{"mail,contacts", "mail,calendars"}},
		{[]string{"verify", "--only", "contacts,calendars,mail,"}, []string{"contacts,calendars,mail,rules"}},
		{[]string{"findings", "retry", "--only", ""}, kindNames()},
		{[]string{"explain", "removals_h"}, []string{"removals_held"}},
		{[]string{"findings", "accept", "--reason", ""}, nil},
		{[]string{"status", ""}, nil},
	}
	for _, test := range tests {
		if got := completed(t, test.args...); !slices.Equal(got, test.want) {
			t.Errorf("%q: got %q, want %q", test.args, got, test.want)
		}
	}
}

func kindNames() []string {
	var names []string
	for _, kind := range journey.Kinds() {
		names = append(names, string(kind))
	}
	return names
}

// completed asks the program as the script of a shell does, and keeps, as that does, what begins with what was typed.
func completed(t *testing.T, args ...string) []string {
	t.Helper()
	f, _ := testFrame(false)
	root := rootCommand(f)
	var out strings.Builder
	root.SetOut(&out)
	root.SetErr(&strings.Builder{})
	root.SetArgs(append([]string{cobra.ShellCompNoDescRequestCmd}, args...))
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	offered := strings.Split(strings.TrimSpace(out.String()), "\n")
	last := offered[len(offered)-1]
	if !strings.HasPrefix(last, ":4") && !strings.HasPrefix(last, ":6") { // ShellCompDirectiveNoFileComp, also with NoSpace
		t.Errorf("%q: files are offered, directive %s", args, last)
	}
	var kept []string
	for _, value := range offered[:len(offered)-1] {
		if strings.HasPrefix(value, args[len(args)-1]) {
			kept = append(kept, value)
		}
	}
	return kept
}
