// SPDX-License-Identifier: Apache-2.0

package recipients

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rehome"
	"rehome/internal/alias"
	"rehome/internal/maillog"
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
	Logs     *maillog.Summary `json:"logs,omitempty"`
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
	counted := NewCounter(book, options.Since)
	census := Census{File: sheet, Findings: []rehome.Finding{}}
	if len(options.Logs) > 0 {
		read, err := maillog.Read(ctx, options.Logs, counted.AddEvent)
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
	if err := census.checkSeen(); err != nil {
		return Census{}, err
	}
	census.Report = counted.Report(decisions)
	return census, writeSheet(sheet, census.Recipients)
}

// checkSeen refuses a census of nothing: that no delivery was found does not mean that nobody receives mail.
func (c Census) checkSeen() error {
	if c.Headers > 0 || c.Logs != nil && c.Logs.Deliveries > 0 {
		return nil
	}
	fault := &rehome.Fault{Class: rehome.ClassOperator, Op: "take", Object: "the census of recipients",
		Cause: errors.New("no message was found whose address fields could be read"), Hint: "name mail logs of the source"}
	if c.Logs != nil {
		fault.Cause = fmt.Errorf("none of the lines of the logs (%d) tells of a delivery", c.Logs.Lines)
		fault.Hint = "name the log of the program that delivers the mail, or add --messages"
	}
	return fault
}

// Check says that there is nothing to look at.
func (o CensusOptions) Check() error {
	if len(o.Logs) > 0 || o.Messages > 0 {
		return nil
	}
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "look for", Object: "recipients",
		Cause: errors.New("there are neither logs nor messages to read"), Hint: "name mail logs of the source, or set --messages"}
}

// Outcome implements rehome.Answer: somebody decides about addresses that have no account and no alias, and about files
// that were to be read and could not be: without them nobody knows which addresses are missing.
func (c Census) Outcome() rehome.Outcome {
	if c.Totals.Undecided+c.Totals.CatchAll > 0 || c.Logs != nil && (!c.Logs.Complete() || c.Logs.Deliveries == 0) {
		return rehome.OutcomeWaiting
	}
	return rehome.OutcomeDone
}
