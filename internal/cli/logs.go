// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"rehome/internal/maillog"
)

// writeLogsRead says for each file what was read in it and how much of it was not understood, then the sum.
func writeLogsRead(w io.Writer, read maillog.Summary, found func(maillog.Counts) string) {
	for _, one := range read.Each {
		fmt.Fprintf(w, "read %s: %s%s\n", printable(one.File), logCounts(one.Counts, found), period(one.From, one.To))
		if one.Error != "" {
			fmt.Fprintf(w, "error: %s: %s\n", printable(one.File), printable(one.Error))
		}
	}
	if len(read.Each) != 1 {
		fmt.Fprintf(w, "read %s: %s\n", plural(read.Files, "log file"), logCounts(read.Counts, found))
	}
}

func logCounts(n maillog.Counts, found func(maillog.Counts) string) string {
	text := fmt.Sprintf("%s, %s, %s not understood", plural(n.Lines, "line"), found(n), number(n.NotUnderstood))
	if n.Cut > 0 {
		text += fmt.Sprintf(", %s too long and read in part", number(n.Cut))
	}
	return text
}

func deliveryLine(n maillog.Counts) string { return count(n.Deliveries, "delivery", "deliveries") }

func popLine(n maillog.Counts) string { return plural(n.POPLogins, "POP3 login") }

// writeOwnLogins says how many lines were counted as nobody's.
func writeOwnLogins(w io.Writer, lines int) {
	if lines > 0 {
		fmt.Fprintf(w, "note: %s of POP3 logins may be of rehome's own, by address, time and number; they are not counted as anybody's\n",
			plural(lines, "line"))
	}
}

// period is the time that a file covers.
func period(from, to time.Time) string {
	first, last := from.Format(time.DateOnly), to.Format(time.DateOnly)
	switch {
	case from.IsZero():
		return ""
	case first == last:
		return " (" + first + ")"
	}
	return " (" + first + " to " + last + ")"
}

// listed joins the first few of many names.
func listed(names []string) string {
	const shown = 10
	if len(names) <= shown {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:shown], ", ") + fmt.Sprintf(" and %s more", number(len(names)-shown))
}
