// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// defaultSettings is the settings file that is read without -c.
const defaultSettings = "rehome.yaml"

// rootCommand builds the tree of commands.
func rootCommand(f *frame) *cobra.Command {
	root := &cobra.Command{
		Use:   "rehome",
		Short: "Move an organisation's mail to a new server",
		Long: `rehome moves an organisation's accounts, mail, contacts, calendars and rules from one server to
another, and proves that both ends are equal. You can interrupt and repeat every step.`,
		Version:           f.app.Version,
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,
	}
	flags := root.PersistentFlags()
	flags.StringVarP(&f.configFile, "config", "c", defaultSettings, "settings file")
	flags.BoolVar(&f.json, "json", false, "write the answer as JSON to standard output")
	flags.CountVarP(&f.verbose, "verbose", "v", "log the course of each account to standard error; -vv also each batch and command")
	flags.StringVar(&f.logFile, "log-file", "", "append the log to this file, as JSON lines; with -vv in full")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "show only what is wrong: no progress, no tables of what is right, no summary")
	flags.StringVarP(&f.output, "output", "o", "", "write the answer to this file, replacing an older one; - is standard output")
	_ = root.MarkPersistentFlagFilename("config", "yaml", "yml") // the flag exists, it is defined above
	for _, flag := range []string{"log-file", "output"} {
		_ = root.MarkPersistentFlagFilename(flag) // likewise
	}
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	root.AddCommand(
		initCommand(f),
		checkCommand(f),
		accountsCommand(f),
		aliasesCommand(f),
		recipientsCommand(f),
		dnsCommand(f),
		cutoverCommand(f),
		closeCommand(f),
		handoverCommand(f),
		clientsCommand(f),
		secretsCommand(f),
		syncCommand(f),
		rulesCommand(f),
		verifyCommand(f),
		reportCommand(f),
		findingsCommand(f),
		certificateCommand(f),
		auditCommand(f),
		nextCommand(f),
		statusCommand(f),
		watchCommand(f),
		serveCommand(f),
		operatorsCommand(f),
		tokensCommand(f),
		explainCommand(f),
		configCommand(f),
		storeCommand(f),
		workerCommand(f),
		waveCommand(f),
		schemaCommand(f),
		versionCommand(f),
		manCommand(f),
	)
	asGroup(root)
	completeNothingElse(root)
	return root
}

// asGroup makes a command that only groups others. Cobra would answer an unknown subcommand with the
// group's help and success; a script has to see the mistake.
func asGroup(group *cobra.Command) *cobra.Command {
	group.Args = cobra.ArbitraryArgs
	group.SuggestionsMinimumDistance = 2
	group.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		if meant := cmd.SuggestionsFor(args[0]); len(meant) > 0 {
			return fmt.Errorf("%s has no command %q; did you mean %s?", cmd.CommandPath(), args[0], strings.Join(meant, " or "))
		}
		return fmt.Errorf("%s has no command %q", cmd.CommandPath(), args[0])
	}
	return group
}
