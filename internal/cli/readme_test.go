// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// The manual names no command and no flag that there is not.
func TestReadme_commandsAndFlags(t *testing.T) {
	t.Parallel()
	files := []string{"README.md", "docs/mail.md", "docs/accounts.md", "docs/rules.md", "docs/contacts-and-calendars.md", "docs/configuration.md",
		"docs/aliases-and-recipients.md", "docs/security.md", "docs/clients.md",
		"docs/installation.md", "docs/one-evening.md", "docs/provider.md", "docs/workers.md", "docs/waves.md"}
	f, _ := testFrame(false)
	root := rootCommand(f)
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	flags := map[string]bool{"help": true, "version": true}
	every(root, func(c *cobra.Command) {
		for _, flag := range regexp.MustCompile(`--([a-z][a-z-]+)`).FindAllStringSubmatch(c.Flags().FlagUsages()+c.PersistentFlags().FlagUsages(), -1) {
			flags[flag[1]] = true
		}
	})
	seen := 0
	for _, file := range files {
		text, err := os.ReadFile("../../" + file)
		if err != nil {
			t.Fatal(err)
		}
		for _, command := range regexp.MustCompile("(?m)(?:`|\\$ |\")rehome ((?:[a-z][a-z-]* ?)+)").FindAllStringSubmatch(string(text), -1) {
			seen++
			words := strings.Fields(command[1])
			found, rest, err := root.Find(words)
			if err != nil || found == root && len(words) > 0 || len(rest) > 0 && found.HasSubCommands() {
				t.Errorf("%s: there is no command rehome %s", file, command[1])
			}
		}
		if file != "README.md" {
			continue // other files also name flags of other programs
		}
		for _, flag := range regexp.MustCompile(`--([a-z][a-z-]+)`).FindAllStringSubmatch(string(text), -1) {
			if !flags[flag[1]] {
				t.Errorf("%s: there is no flag --%s", file, flag[1])
			}
		}
	}
	if seen < 40 {
		t.Errorf("only %d commands were found: the test does not look where they are", seen)
	}
}

// Each command is done on the screen too, or the page about the screen says why not.
func TestScreen_everyCommandIsAccountedFor(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/screen.md")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`(rehome [a-z -]+[a-z])").FindAllStringSubmatch(string(text), -1)
	f, _ := testFrame(false)
	every(rootCommand(f), func(c *cobra.Command) {
		if c.HasSubCommands() {
			return
		}
		for _, name := range named {
			if path := c.CommandPath() + " "; strings.HasPrefix(path, name[1]+" ") {
				return
			}
		}
		t.Errorf("docs/screen.md does not say where %s is", c.CommandPath())
	})
}

func every(c *cobra.Command, do func(*cobra.Command)) {
	do(c)
	for _, sub := range c.Commands() {
		every(sub, do)
	}
}
