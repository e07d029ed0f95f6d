// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"rehome"
	"rehome/internal/journey"
	"rehome/internal/report"
	"rehome/internal/vault"
	"rehome/internal/verify"

	"github.com/spf13/cobra"
)

func reportCommand(f *frame) *cobra.Command {
	var page string
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Show the last verification as text, JSON or an HTML page",
		Long: `report shows the result of the last verification of every account, and all findings. It contacts no
server. With --html it writes one self-contained page that you can pass on. The page contains
addresses, mailbox names and Message-IDs, but no subjects and no content.

Exit code 0: both ends are equal. 5: they differ, or an account is not verified.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
			made, err := move.Report(ctx)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			if page != "" {
				if page == "-" {
					return made.Outcome(), made.WriteHTML(f.app.Out)
				}
				if err := writePage(page, made); err != nil {
					return rehome.OutcomeDone, err
				}
			}
			document := made.Document()
			return f.give(document, func(w io.Writer) error {
				if page == "" {
					return f.writeVerdicts(w, document, headline(document))
				}
				_, err := fmt.Fprintf(w, "%s\nwrote %s\n", headline(document), page)
				return err
			})
		})),
	}
	f.listAll(cmd)
	cmd.Flags().StringVar(&page, "html", "", "write the page to this file, replacing an older one; - is standard output")
	_ = cmd.MarkFlagFilename("html", "html") // the flag exists, it is defined above
	return cmd
}

// writePage renders the page before it writes the file, so that a failure replaces nothing.
func writePage(file string, made *report.Report) error {
	var page bytes.Buffer
	if err := made.WriteHTML(&page); err != nil {
		return err
	}
	return vault.WriteFile(file, page.Bytes())
}

// headline is that of the page, as a line at a terminal begins.
func headline(document verify.Document) string {
	if document.Headline == "" {
		return ""
	}
	return strings.ToLower(document.Headline[:1]) + document.Headline[1:]
}
