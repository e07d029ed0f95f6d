// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

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

	missing bool // the file that it names is not there
}

// checkedSettings is the answer of config check.
type checkedSettings struct {
	File    string               `json:"file"`
	Valid   bool                 `json:"valid"`
	Secrets []secretState        `json:"secrets"`
	Missing []config.MissingFile `json:"missing,omitempty"`
}

// checkSettings looks at everything that the settings refer to, and names all that is missing, not only the first.
func (f *frame) checkSettings(ctx context.Context, settings *config.Config, fetch bool) error {
	checked := checkedSettings{File: f.configFile, Valid: true, Secrets: []secretState{}, Missing: settings.MissingFiles()}
	var failures []error
	for _, placed := range settings.References() {
		state := secretState{Key: placed.Key, Reference: placed.Reference.String()}
		if file := placed.Reference.File(); file != "" {
			_, err := os.Lstat(file)
			state.missing = errors.Is(err, fs.ErrNotExist)
		}
		if fetch {
			secret, err := placed.Reference.Resolve(ctx)
			if err != nil {
				failures = append(failures, &rehome.Fault{Class: rehome.ClassOf(err), Op: "check", Object: placed.Key, Cause: err})
			}
			readable := err == nil && !secret.Empty()
			state.Readable = &readable
		}
		checked.Secrets = append(checked.Secrets, state)
	}
	if len(failures) > 0 {
		return errors.Join(failures...)
	}
	return f.answer(checked, checked.print)
}

func (c checkedSettings) print(w io.Writer) error {
	fmt.Fprintf(w, "%s is valid\n", c.File)
	missing := len(c.Missing)
	for _, state := range c.Secrets {
		fmt.Fprintf(w, "%s: %s\n", state.Key, state.words())
		if state.missing {
			fmt.Fprintf(w, "  -> write the secret into this file, readable only by you (chmod 600)\n")
			missing++
		}
	}
	for _, m := range c.Missing {
		fmt.Fprintf(w, "%s: %s is missing\n  -> %s\n", m.Key, printable(m.File), m.NextStep)
	}
	if missing > 0 {
		_, err := fmt.Fprintf(w, "%s still missing\n", count(missing, "file is", "files are"))
		return err
	}
	return nil
}

func (s secretState) words() string {
	switch {
	case s.missing:
		return s.Reference + " is missing"
	case s.Readable == nil:
		return s.Reference
	case *s.Readable:
		return s.Reference + " is readable"
	}
	return s.Reference + " is empty"
}
