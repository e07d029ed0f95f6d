// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"os"

	"github.com/spf13/cobra"

	"rehome/lab"
	"rehome/lab/thunderbird"
)

func newThunderbird() *cobra.Command {
	var binary string
	command := &cobra.Command{
		Use:   "thunderbird",
		Short: `Compare what a real Thunderbird finds with "rehome clients check", and let it ask "rehome clients serve"`,
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) (err error) {
			dir, err := os.MkdirTemp("", "thunderbird")
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
			if err := os.Chmod(dir, 0o755); err != nil {
				return err
			}
			l, err := lab.New(dir)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, l.Close()) }()
			return thunderbird.Compare(command.Context(), l, binary, command.OutOrStdout())
		},
	}
	command.Flags().StringVar(&binary, "rehome", "bin/rehome", "the rehome to try")
	return command
}
