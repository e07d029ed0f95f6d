// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rehome"
	"rehome/internal/journey"
	"rehome/internal/ledger"
)

func auditCommand(f *frame) *cobra.Command {
	group := asGroup(&cobra.Command{Use: "audit", Short: "Show who has changed what, and prove that the log is whole"})
	group.AddCommand(auditShowCommand(f), auditCheckCommand(f))
	return group
}

func auditShowCommand(f *frame) *cobra.Command {
	var account string
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Show who has changed what and when",
		Long: `show prints every action that changed something at the destination, in a secret or in what a person has
decided: when, who, what, and what it was before. With --json it prints one object in each line; keep
that file, "rehome audit check FILE" proves it anywhere.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
			lines, err := move.AuditLog(ctx)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			write := writeAuditLine
			if f.json {
				write = writeAuditJSON
			}
			for line, err := range lines {
				if err != nil {
					return rehome.OutcomeDone, err
				}
				if account != "" && !slices.Contains(strings.Fields(line.Object), account) {
					continue
				}
				if err := write(f.app.Out, line); err != nil {
					return rehome.OutcomeDone, err
				}
			}
			return rehome.OutcomeDone, nil
		})),
	}
	cmd.Flags().StringVar(&account, "account", "", "only the actions on this account")
	_ = cmd.RegisterFlagCompletionFunc("account", f.completeAccounts) // the flag exists, it is defined above
	return cmd
}

func writeAuditLine(w io.Writer, line ledger.AuditLine) error {
	text := fmt.Sprintf("%d  %s  %s  %s", line.Line, line.At.Local().Format(time.DateTime), printable(line.Who), line.Action)
	if line.Object != "" {
		text += "  " + printable(line.Object)
	}
	if line.Before != "" {
		text += "\n  before: " + printable(line.Before)
	}
	if line.After != "" {
		text += "\n  " + printable(line.After)
	}
	_, err := fmt.Fprintln(w, text)
	return err
}

func writeAuditJSON(w io.Writer, line ledger.AuditLine) error { return json.NewEncoder(w).Encode(line) }

func auditCheckCommand(f *frame) *cobra.Command {
	var end string
	cmd := &cobra.Command{
		Use:   "check [FILE]",
		Short: "Prove that the log is as it was written",
		Long: `check reads the log of this move, or a file that "rehome audit show --json" has written, on any machine.
Each line holds a digest over itself and the line before: check names the first line that was altered,
removed, added or moved. Whether lines are missing at the end, only a digest tells that was kept elsewhere:
the summary of certificates has one (audit_log), and --end takes it.

Exit code 0: the log is whole. 5: it is not.`,
		Args: placed,
	}
	check := func(lines iter.Seq2[ledger.AuditLine, error]) (rehome.Outcome, error) {
		checked, err := journey.CheckAudit(lines, end)
		if err != nil {
			return rehome.OutcomeDone, err
		}
		return f.give(checked, func(w io.Writer) error { return writeAuditChecked(w, checked) })
	}
	own := f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
		lines, err := move.AuditLog(ctx)
		if err != nil {
			return rehome.OutcomeDone, err
		}
		return check(lines)
	})
	cmd.RunE = f.run(func(ctx context.Context, args []string) (rehome.Outcome, error) {
		if len(args) == 0 {
			return own(ctx, args)
		}
		file, err := os.Open(args[0])
		if err != nil {
			return rehome.OutcomeDone, &rehome.Fault{Class: rehome.ClassOperator, Op: "read the audit log", Object: args[0], Cause: pathless(err),
				Hint: `give a file that "rehome audit show --json" has written`}
		}
		defer file.Close()
		return check(journey.ReadAudit(file))
	})
	cmd.Flags().StringVar(&end, "end", "", "digest that the last line has to have")
	return cmd
}

func writeAuditChecked(w io.Writer, checked journey.AuditChecked) error {
	if checked.Broken > 0 {
		fmt.Fprintf(w, "line %d %s\n", checked.Broken, checked.Why)
		_, err := fmt.Fprintf(w, "only the %s before it can be relied on\n", count(int(checked.Lines), "line", "lines"))
		return err
	}
	_, err := fmt.Fprintf(w, "the log is whole: %s, ending with %s\n", plural(int(checked.Lines), "line"), checked.Digest)
	return err
}
