// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"rehome/lab/bench"
)

func newBench() *cobra.Command {
	options := bench.Options{Out: os.Stdout, Log: os.Stderr}
	var only string
	command := &cobra.Command{
		Use:   "bench",
		Short: "Measure rehome beside other tools and the raw limit of the servers",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) (err error) {
			if options.Binary, err = filepath.Abs(options.Binary); err != nil {
				return err
			}
			if options.Dir, err = os.MkdirTemp("", "bench-"); err != nil {
				return err
			}
			defer func() { _ = os.RemoveAll(options.Dir) }()
			if err := os.Chmod(options.Dir, 0o755); err != nil {
				return err
			}
			return bench.Run(command.Context(), options, chosen(only))
		},
	}
	flags := command.Flags()
	flags.StringVar(&options.Binary, "rehome", "bin/rehome", "the rehome to measure")
	flags.IntVar(&options.Runs, "runs", 3, "runs of each contender in each row")
	flags.StringVar(&only, "only", "", "only rows whose work or destination holds this text")
	return command
}

func chosen(text string) []bench.Row {
	var rows []bench.Row
	for _, row := range bench.Rows() {
		if strings.Contains(row.String(), text) {
			rows = append(rows, row)
		}
	}
	return rows
}
