// SPDX-License-Identifier: Apache-2.0

package recipients

import (
	"context"
	"errors"
	"time"

	"rehome"
	"rehome/internal/alias"
)

// CensusOptions say where to look for recipients.
type CensusOptions struct {
	Logs     []string  // files and folders
	Messages int       // newest messages of each mailbox whose headers are read; 0: none
	Since    time.Time // sightings before do not count
}

// Census is who received mail, against who is on the books.
type Census struct {
	Report
	Logs     *LogsRead        `json:"logs,omitempty"`
	Headers  int              `json:"headers"` // messages whose header was read
	File     string           `json:"file"`
	Findings []rehome.Finding `json:"findings"`
}

// HeaderReader shows what the newest messages of all mailboxes say, as ReadHeaders does.
type HeaderReader func(ctx context.Context, newest int, see func(Sighting)) (read int, findings []rehome.Finding, err error)

// TakeCensus looks who received mail and writes a sheet, in which a person says what becomes of the addresses that nobody
// has on the books. Decisions that stand there are kept. headers is only called if messages are to be read.
func TakeCensus(ctx context.Context, sheet string, book *alias.Book, options CensusOptions, headers HeaderReader) (Census, error) {
	old, err := ReadSheet(sheet)
	if err != nil {
		return Census{}, err
	}
	decisions := map[string]Decision{}
	for _, r := range old {
		decisions[r.Address] = r.Decision
	}
	counted := NewCounter(book.Ours, options.Since)
	census := Census{File: sheet, Findings: []rehome.Finding{}}
	if len(options.Logs) > 0 {
		read, err := ReadLogs(ctx, options.Logs, counted.Add)
		if err != nil {
			return Census{}, err
		}
		census.Logs = &read
	}
	if options.Messages > 0 {
		read, findings, err := headers(ctx, options.Messages, counted.Add)
		if err != nil {
			return Census{}, err
		}
		census.Headers = read
		census.Findings = append(census.Findings, findings...)
	}
	census.Report = counted.Report(book, decisions)
	return census, writeSheet(sheet, census.Recipients)
}

// Check says that there is nothing to look at.
func (o CensusOptions) Check() error {
	if len(o.Logs) > 0 || o.Messages > 0 {
		return nil
	}
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "look for", Object: "recipients",
		Cause: errors.New("there are neither logs nor messages to read"), Hint: "name mail logs of the source, or set --messages"}
}

// Outcome implements rehome.Answer: somebody decides about addresses that have no account and no alias.
func (c Census) Outcome() rehome.Outcome {
	if c.Totals.Undecided+c.Totals.CatchAll > 0 {
		return rehome.OutcomeWaiting
	}
	return rehome.OutcomeDone
}
