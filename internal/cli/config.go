// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"

	"rehome"
	"rehome/internal/config"

	"github.com/spf13/cobra"
)

func configCommand(f *frame) *cobra.Command {
	group := asGroup(&cobra.Command{Use: "config", Short: "Show and check the settings file"})
	group.AddCommand(configSampleCommand(f), configCheckCommand(f))
	return group
}

func configSampleCommand(f *frame) *cobra.Command {
	return &cobra.Command{
		Use:   "sample",
		Short: "Print an annotated rehome.yaml with every key and its default",
		Args:  cobra.NoArgs,
		RunE: f.run(func(context.Context, []string) (rehome.Outcome, error) {
			return rehome.OutcomeDone, f.answer(map[string]any{"keys": config.Keys()}, func(w io.Writer) error {
				_, err := w.Write(config.Sample())
				return err
			})
		}),
	}
}

func configCheckCommand(f *frame) *cobra.Command {
	var secrets bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check the settings file and list every mistake",
		Long: `check reads the settings file and reports every problem with its line and column. It connects to no
server. With --secrets it also fetches every secret that the file refers to, without showing any.`,
		Args: cobra.NoArgs,
		RunE: f.run(func(ctx context.Context, _ []string) (rehome.Outcome, error) {
			settings, err := f.settings()
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return rehome.OutcomeDone, f.checkSettings(ctx, settings, secrets)
		}),
	}
	cmd.Flags().BoolVar(&secrets, "secrets", false, "also fetch every secret, without showing it")
	return cmd
}

// secretState is a reference to a secret, and whether the secret could be fetched.
type secretState struct {
	Key       string `json:"key"`
	Reference string `json:"reference"`
	Readable  *bool  `json:"readable,omitempty"` // nil: not tried
}

func (f *frame) checkSettings(ctx context.Context, settings *config.Config, fetch bool) error {
	states := []secretState{}
	for _, placed := range settings.References() {
		state := secretState{Key: placed.Key, Reference: placed.Reference.String()}
		if fetch {
			secret, err := placed.Reference.Resolve(ctx)
			if err != nil {
				return &rehome.Fault{Class: rehome.ClassOf(err), Op: "check", Object: placed.Key, Cause: err}
			}
			readable := !secret.Empty()
			state.Readable = &readable
		}
		states = append(states, state)
	}
	result := map[string]any{"file": f.configFile, "valid": true, "secrets": states}
	return f.answer(result, func(w io.Writer) error {
		fmt.Fprintf(w, "%s is valid\n", f.configFile)
		for _, state := range states {
			fmt.Fprintf(w, "%s: %s\n", state.Key, state.words())
		}
		return nil
	})
}

func (s secretState) words() string {
	switch {
	case s.Readable == nil:
		return s.Reference
	case *s.Readable:
		return s.Reference + " is readable"
	}
	return s.Reference + " is empty"
}
