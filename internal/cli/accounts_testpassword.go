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
		Short: "Hold a password against what the source stores, showing neither",
		Long: `test-password computes whether a password is the one that the source stores for the account:
plain, MD5, the crypt families, Dovecot's schemes, sealed with the master key. No server sees it. The
password is asked for, or read as one line from standard input, or fetched from where --candidate says.

Exit code 0: it is the password. 6: it is not, or nobody can tell.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (Outcome, error) {
			secret, err := f.candidate(ctx, candidate)
			if err != nil {
				return OutcomeDone, err
			}
			test, err := move.TestPassword(ctx, account, secret)
			if err != nil {
				return OutcomeDone, err
			}
			outcome := OutcomeWaiting
			if test.Matches {
				outcome = OutcomeDone
			}
			return outcome, f.answer(test, func(w io.Writer) error { return writePasswordTest(w, test) })
		})),
	}
	cmd.Flags().StringVar(&account, "account", "", "whose password")
	cmd.Flags().StringVar(&candidate, "candidate", "", "where the password is kept: env:NAME, file:PATH, cmd:COMMAND or keyring:SERVICE/USER")
	_ = cmd.MarkFlagRequired("account") // the flag exists, it is defined above
	return cmd
}

func writePasswordTest(w io.Writer, test journey.PasswordTest) error {
	text := "is not the password of " + test.Account
	switch {
	case test.Matches:
		text = "is the password of " + test.Account
	case test.Reason != "":
		text = "cannot be held against the password of " + test.Account + ": " + test.Reason
	}
	_, err := fmt.Fprintf(w, "it %s (stored as %s)\n", printable(text), test.Form)
	return err
}

// candidate gets a password without an argument that everybody on the machine could read.
func (f *frame) candidate(ctx context.Context, place string) (rehome.Secret, error) {
	if place != "" {
		var reference config.Reference
		if err := reference.UnmarshalText([]byte(place)); err != nil {
			return rehome.Secret{}, err
		}
		return reference.Resolve(ctx)
	}
	fault := func(cause error) error {
		return &rehome.Fault{Class: rehome.ClassOperator, Op: "read", Object: "the password", Cause: cause, Hint: "type it when asked, or give it as one line on standard input"}
	}
	if in, ok := f.app.In.(*os.File); ok && f.interactive {
		fmt.Fprint(f.screen, "password: ")
		typed, err := term.ReadPassword(int(in.Fd()))
		fmt.Fprintln(f.screen)
		if err != nil || len(typed) == 0 {
			return rehome.Secret{}, fault(errors.New("nothing was typed"))
		}
		return rehome.NewSecret(string(typed)), nil
	}
	line, err := bufio.NewReader(io.LimitReader(f.app.In, 64<<10)).ReadString('\n')
	line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
	if err != nil && err != io.EOF || line == "" {
		return rehome.Secret{}, fault(errors.New("standard input holds none"))
	}
	return rehome.NewSecret(line), nil
}
