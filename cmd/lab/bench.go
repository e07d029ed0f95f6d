// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"rehome/lab/bench"
)

// benchOptions are those of the command beside the bench's own.
type benchOptions struct {
	bench.Options
	rows    []string
	list    bool
	scaling bool     // the rows that grow, in place of the table
	json    string   // file for the results
	from    []string // files with results, to render instead of measuring
}

func newBench() *cobra.Command {
	options := benchOptions{Options: bench.Options{Log: os.Stderr}}
	command := &cobra.Command{
		Use:   "bench",
		Short: "Measure rehome beside other tools and the raw limit of the servers",
		Long: `bench measures rows, one behind the other, and prints a Markdown table while it goes.

Without --rows it measures the whole table, which takes more than an hour. --list shows the keys of
the rows; those of the whole table have a star.`,
		Example: `  lab bench --rows small/sdbox,idle --runs 3
  lab bench --rows 'small/*/tls' --tools raw,rehome --json tls.json
  lab bench --rows delta,accounts,one --tools raw,rehome,mbsync --before /opt/rehome-1.0/rehome
  lab bench --from plain.json --from tls.json`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			switch out := command.OutOrStdout(); {
			case options.list:
				return listRows(out)
			case len(options.from) > 0:
				return renderSaved(out, options.from)
			default:
				return options.measure(command, out)
			}
		},
	}
	flags := command.Flags()
	flags.StringVar(&options.Binary, "rehome", "bin/rehome", "the rehome to measure")
	flags.StringVar(&options.Before, "before", "", "an older rehome, to be measured beside it (but not by dsync, nor as a server of settings)")
	flags.IntVar(&options.Runs, "runs", 3, "runs of each tool in each row")
	flags.StringSliceVar(&options.rows, "rows", nil, "only these rows: keys, or beginnings of keys, * for any part")
	flags.StringSliceVar(&options.Tools, "tools", nil, "only tools whose names begin so: raw, rehome, mbsync, doveadm, offlineimap")
	flags.Float64Var(&options.Scale, "scale", 1, "share of the messages, to try things out; the table says so")
	flags.BoolVar(&options.Apart, "apart", false, "give the destination a processor of its own, as if it were another machine")
	flags.DurationVar(&options.Patience, "patience", 5*time.Minute, "what one run may take")
	flags.StringVar(&options.Dir, "dir", "", "folder for servers and mail (default: a temporary one)")
	flags.StringVar(&options.json, "json", "", "add the results to this file, a JSON object a line")
	flags.StringArrayVar(&options.from, "from", nil, "render the results of this file instead of measuring; may be given several times")
	flags.BoolVar(&options.scaling, "scaling", false, "measure how rehome grows with messages, mailboxes and accounts, in place of the table")
	flags.BoolVar(&options.list, "list", false, "list the rows")
	return command
}

func listRows(out io.Writer) error {
	standard, err := bench.Choose(bench.Rows(), nil)
	if err != nil {
		return err
	}
	stars := map[string]string{}
	for _, row := range standard {
		stars[row.Key] = " *"
	}
	for _, row := range bench.Rows() {
		fmt.Fprintf(out, "%s%s\n", row.Key, stars[row.Key])
	}
	return nil
}

func (o *benchOptions) measure(command *cobra.Command, out io.Writer) (err error) {
	all := bench.Rows()
	if o.scaling {
		all = bench.Scaling()
	}
	rows, err := bench.Choose(all, o.rows)
	if err != nil {
		return err
	}
	if o.Dir != "" { // servers and tools run in other folders
		if o.Dir, err = filepath.Abs(o.Dir); err != nil {
			return err
		}
	}
	if o.Binary, err = filepath.Abs(o.Binary); err != nil {
		return err
	}
	if o.Before != "" {
		if o.Before, err = filepath.Abs(o.Before); err != nil {
			return err
		}
	}
	// Not below the checkout: the users that the servers run as may not reach it there.
	dir, err := os.MkdirTemp(o.Dir, "bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	o.Dir = dir
	if err := bench.Header(out); err != nil {
		return err
	}
	return bench.Measure(command.Context(), o.Options, rows, func(result bench.Result) error {
		return errors.Join(bench.Render(out, result), o.save(result))
	})
}

// save adds a result to the file, if one was named.
func (o *benchOptions) save(result bench.Result) (err error) {
	if o.json == "" {
		return nil
	}
	file, err := os.OpenFile(o.json, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return json.NewEncoder(file).Encode(result)
}

func renderSaved(out io.Writer, files []string) error {
	if err := bench.Header(out); err != nil {
		return err
	}
	for _, name := range files {
		if err := renderFile(out, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func renderFile(out io.Writer, name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	for decoder := json.NewDecoder(file); ; {
		var result bench.Result
		if err := decoder.Decode(&result); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := bench.Render(out, result); err != nil {
			return err
		}
	}
}
