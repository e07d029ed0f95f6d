// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"io"
	"os"

	"rehome"
)

// writeFindings prints the findings of severity least or worse, each with its next step.
func (f *frame) writeFindings(w io.Writer, findings []rehome.Finding, least rehome.Severity) error {
	colors := paletteFor(w, os.Getenv)
	for _, finding := range findings {
		if rank(finding.Severity) > rank(least) {
			continue
		}
		label := string(finding.Severity) + ":"
		switch finding.Severity {
		case rehome.SeverityError:
			label = colors.red(label)
		case rehome.SeverityWarning:
			label = colors.yellow(label)
		}
		where := finding.Account
		if finding.Object != "" {
			where = joined(where, finding.Object)
		}
		if where != "" { // the move as a whole has no name
			where += ": "
		}
		if _, err := fmt.Fprintf(w, "%s %s%s\n", label, printable(where), printable(finding.Sentence)); err != nil {
			return err
		}
		if finding.NextStep != "" {
			fmt.Fprintf(w, "  -> %s\n", printable(finding.NextStep))
		}
	}
	return nil
}

// rank orders severities, the worst first.
func rank(s rehome.Severity) int {
	switch s {
	case rehome.SeverityError:
		return 0
	case rehome.SeverityWarning:
		return 1
	}
	return 2
}

func joined(a, b string) string {
	if a == "" {
		return b
	}
	return a + " " + b
}
