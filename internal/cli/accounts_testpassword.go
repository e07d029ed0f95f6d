// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"rehome"
	"rehome/internal/config"
	"rehome/internal/journey"
)

func accountsTestPasswordCommand(f *frame) *cobra.Command {
	var account, candidate string
	cmd := &cobra.Command{
		Use:   "test-password --account A",
		Short: "Check a password against the one stored at the source; shows neither",
		Long: `test-password checks whether a password matches the one that the source stores for the account: plain
text, MD5, the crypt families, Dovecot's schemes, or sealed with the master key. No server sees it. You
are asked for the password at a terminal; otherwise it is read as one line from standard input, or from
the place that --candidate names.

Exit code 0: the password matches. 6: it does not match, or it cannot be checked.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
			secret, err := f.candidate(ctx, candidate)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			test, err := move.TestPassword(ctx, account, secret)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return f.give(test, func(w io.Writer) error { return writePasswordTest(w, test) })
		})),
	}
	cmd.Flags().StringVar(&account, "account", "", "account whose password to check")
	cmd.Flags().StringVar(&candidate, "candidate", "", "where to read the password: env:NAME, file:PATH, cmd:COMMAND or keyring:SERVICE/USER")
	_ = cmd.RegisterFlagCompletionFunc("account", f.completeAccounts) // the flag exists, it is defined above
	_ = cmd.MarkFlagRequired("account")                               // the flag exists, it is defined above
	return cmd
}

func writePasswordTest(w io.Writer, test journey.PasswordTest) error {
	verdict := "does not match"
	switch {
	case test.Matches:
		verdict = "matches"
	case test.Reason != "":
		verdict = "cannot be checked: " + test.Reason
	}
	_, err := fmt.Fprintf(w, "the password of %s (stored as %s) %s\n", printable(test.Account), test.Form, printable(verdict))
	return err
}

// candidate gets a password without a command-line argument, which other users of the machine could read.
func (f *frame) candidate(ctx context.Context, place string) (rehome.Secret, error) {
	if place != "" {
		var reference config.Reference
		if err := reference.UnmarshalText([]byte(place)); err != nil {
			return rehome.Secret{}, err
		}
		return reference.Resolve(ctx)
	}
	fault := func(cause error) error {
		return &rehome.Fault{Class: rehome.ClassOperator, Op: "read", Object: "the password", Cause: cause,
			Hint: "type it when asked, or pass it as one line on standard input"}
	}
	if in, ok := f.app.In.(*os.File); ok && f.interactive {
		fmt.Fprint(f.screen, "password: ")
		typed, err := term.ReadPassword(int(in.Fd()))
		fmt.Fprintln(f.screen)
		if err != nil || len(typed) == 0 {
			return rehome.Secret{}, fault(errors.New("no input"))
		}
		return rehome.NewSecret(string(typed)), nil
	}
	line, err := bufio.NewReader(io.LimitReader(f.app.In, 64<<10)).ReadString('\n')
	line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
	if err != nil && err != io.EOF || line == "" {
		return rehome.Secret{}, fault(errors.New("standard input is empty"))
	}
	return rehome.NewSecret(line), nil
}
