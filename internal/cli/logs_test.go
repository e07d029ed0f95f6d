// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"
	"testing"
	"time"

	"rehome/internal/maillog"
)

func TestWriteLogsRead_countsEachFile(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	one := maillog.File{File: "mainlog", Counts: maillog.Counts{Lines: 1200, Deliveries: 1, NotUnderstood: 3}, From: day, To: day.AddDate(0, 0, 2)}
	odd := maillog.File{File: "odd\x1b", Counts: maillog.Counts{Lines: 1, NotUnderstood: 1, Cut: 1}, Error: "nothing in it was understood"}
	both := maillog.Summary{Files: 2, Counts: maillog.Counts{Lines: 1201, Deliveries: 1, NotUnderstood: 4}, Each: []maillog.File{one, odd}}
	var w strings.Builder
	writeLogsRead(&w, both, deliveryLine)
	pop := maillog.File{File: "pop", Counts: maillog.Counts{Lines: 2, POPLogins: 2}, From: day, To: day}
	writeLogsRead(&w, maillog.Summary{Files: 1, Each: []maillog.File{pop}}, popLine)
	want := "read mainlog: 1,200 lines, 1 delivery, 3 not understood (2026-11-20 to 2026-11-22)\n" +
		"read odd\ufffd: 1 line, 0 deliveries, 1 not understood, 1 too long and read in part\nerror: odd\ufffd: nothing in it was understood\n" +
		"read 2 log files: 1,201 lines, 1 delivery, 4 not understood\n" +
		"read pop: 2 lines, 2 POP3 logins, 0 not understood (2026-11-20)\n"
	if w.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &w, want)
	}
}
