// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"slices"
	"strings"
)

// Declared is a metric.
type Declared struct {
	Name   string
	Labels []string
	Help   string // a clause without a full stop
}

// Counts reports whether it only grows while the process lives, by the rule of its name.
func (d Declared) Counts() bool { return strings.HasSuffix(d.Name, "_total") }

// All returns all metrics of a move by name. Beside them there are those of every Go program: go_* and process_*.
func All() []Declared { return slices.Clone(all) }

var all = []Declared{
	{"rehome_accounts_total", []string{"work", "result"}, "accounts whose turn is over, complete or failed"},
	{"rehome_answer_awaited_seconds", nil, "for how long the answer of a server is waited for that is waited for longest; 0 for none"},
	{"rehome_build_info", []string{"version"}, "1, with the version of rehome"},
	{"rehome_bytes_total", []string{"work"}, "octets of messages, contacts and calendar objects that were copied, or read to be compared"},
	{"rehome_held_up_ratio", []string{"work", "by"}, "what the work was held up by in the last minute, as a part of 1"},
	{"rehome_ledger_operations_total", []string{"operation"}, "questions and changes to the ledger: read, write"},
	{"rehome_ledger_seconds_total", nil, "for how long the ledger was waited for, summed over all who did"},
	{"rehome_messages_total", []string{"work"}, "messages that were copied, or read to be compared"},
	{"rehome_move_accounts", []string{"state", "verdict"}, "accounts of the whole move by state and verdict, as the ledger has them"},
	{"rehome_move_accounts_held", nil, "accounts that workers have at this moment"},
	{"rehome_move_findings", []string{"severity"}, "open findings of the whole move"},
	{"rehome_move_waves", []string{"state"}, "waves of the move: planned, running, paused, braked"},
	{"rehome_move_workers", nil, "workers that are there"},
	{"rehome_move_workers_hindered", nil, "of them, those that can do nothing for now, such as for want of a secret: see rehome worker status"},
	{"rehome_objects_total", []string{"work"}, "contacts and calendar objects that were dealt with"},
	{"rehome_pass_accounts", []string{"work", "state"}, "accounts of what is under way in this process: all, complete, failed"},
	{"rehome_pass_left_seconds", []string{"work"}, "how long what is under way will still take; 0 as long as nothing tells"},
	{"rehome_pass_messages", []string{"work", "at"}, "messages of what is under way, of the accounts that are known: source, destination"},
	{"rehome_pass_quiet_seconds", []string{"work"}, "since something was last heard of any account"},
	{"rehome_retries_total", []string{"kind", "reason"}, "slices that have failed and are tried again"},
	{"rehome_running", []string{"work"}, "1 while this process copies (sync) or compares (verify)"},
	{"rehome_server_logins_total", []string{"side", "host", "service", "reason"}, "log-ins by why they were refused; none for those that were not"},
	{"rehome_server_places", []string{"side", "host", "service", "state"},
		"connections, or requests of contacts and calendars: in, or waiting for a place"},
	{"rehome_server_seconds_total", []string{"side", "host", "service", "spent"},
		"what the time of connections was spent with, summed over all of them: see Why it is slow in mail.md"},
	{"rehome_server_slowdowns_total", []string{"side", "host", "service"}, "how often the server has asked to go slower, or should have"},
	{"rehome_steps_total", []string{"kind", "reason"}, "steps of accounts that are over, by why they are not complete; none for those that are"},
	{"rehome_store_up", nil, "1 if the ledger answers"},
}
