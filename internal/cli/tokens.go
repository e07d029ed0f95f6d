// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rehome"
	"rehome/internal/journey"
	"rehome/internal/ledger"
)

func tokensCommand(f *frame) *cobra.Command {
	group := asGroup(&cobra.Command{Use: "tokens", Short: "Say which programs may use the API of \"rehome serve\": create, list, revoke"})
	group.AddCommand(tokensCreateCommand(f), tokensListCommand(f), tokensRevokeCommand(f))
	return group
}

func tokensCreateCommand(f *frame) *cobra.Command {
	var role string
	var days int
	cmd := &cobra.Command{
		Use:   "create NAME",
		Short: "Make a token for a program, and show it this once",
		Long: `create makes a token of 256 random bits with which a program may use the API of "rehome serve", and writes it to
standard output. It is shown this once: the ledger keeps only its SHA-256. The program sends it with each request, as
"Authorization: Bearer TOKEN". What is done with it stands in the audit log under "token NAME".

Roles are those of "rehome operators". Give a program no more than it needs: look is enough to watch a move.`,
		Args: placed,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, args []string) (rehome.Outcome, error) {
			wanted, err := roleNamed(role)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			made, err := move.MakeToken(ctx, strings.ToLower(args[0]), wanted, time.Duration(days)*24*time.Hour)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return f.give(made, func(w io.Writer) error {
				_, err := fmt.Fprintln(w, made.Secret)
				return err
			})
		})),
	}
	cmd.Flags().StringVar(&role, "role", string(ledger.RoleLook), "what the program may do: look, operate or switch")
	cmd.Flags().IntVar(&days, "days", 90, "after how many days it ends, 366 at most")
	_ = cmd.RegisterFlagCompletionFunc("role", cobra.FixedCompletions([]string{"look", "operate", "switch"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func tokensListCommand(f *frame) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the tokens, without their words",
		Args:  cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
			return f.giveTokens(move.ListTokens(ctx))
		})),
	}
}

func tokensRevokeCommand(f *frame) *cobra.Command {
	return &cobra.Command{
		Use:               "revoke NAME",
		ValidArgsFunction: f.completeTokens(),
		Short:             "End a token at once",
		Args:              placed,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, args []string) (rehome.Outcome, error) {
			return f.giveTokens(move.RevokeToken(ctx, strings.ToLower(args[0])))
		})),
	}
}

func (f *frame) giveTokens(list journey.TokenList, err error) (rehome.Outcome, error) {
	if err != nil {
		return rehome.OutcomeDone, err
	}
	return f.give(list, func(w io.Writer) error {
		if len(list.Tokens) == 0 {
			_, err := fmt.Fprintln(w, "no program may use the API")
			return err
		}
		t := newTable("TOKEN", "ROLE", "MADE", "BY", "ENDS", "LAST USED")
		for _, token := range list.Tokens {
			ends := token.Expires.Local().Format("2 Jan 2006 15:04")
			if token.Expired {
				ends = "has ended, " + ends
			}
			used := "never"
			if !token.Used.IsZero() {
				used = token.Used.Local().Format("2 Jan 2006 15:04")
			}
			t.add(token.Name, string(token.Role), token.Made.Local().Format("2 Jan 2006 15:04"), token.By, ends, used)
		}
		return t.write(w, paletteFor(w, os.Getenv))
	})
}
