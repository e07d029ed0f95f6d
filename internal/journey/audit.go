// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"os/user"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/certificate"
	"rehome/internal/ledger"
	"rehome/internal/rulecopy"
)

// The actions of the audit log. Scripts read them.
const (
	actionExported   = "accounts exported"
	actionHandedOut  = "temporary passwords opened"
	actionSyncBegan  = "sync began"
	actionSynced     = "account synced"
	actionRules      = "rules stored"
	actionAccepted   = "difference accepted"
	actionWithdrawn  = "acceptance withdrawn"
	actionCertified  = "certificates issued"
	actionHandedOver = "bundle for the vendor written"
	actionDestroyed  = "secrets destroyed"
	actionClosed     = "move closed"
	actionForgotten  = "personal data destroyed"
	actionDNSBegan   = "writing records began"
	actionDNSWritten = "records written"
	actionDismissed  = "worker told to leave"
)

// note adds lines to the audit log, in the name of the person whom the context names, see As. What was done is noted also when the operation
// was interrupted.
func (m *Move) note(ctx context.Context, lines ...ledger.AuditLine) error {
	if len(lines) == 0 {
		return nil // and no ledger is made for it
	}
	store, err := m.store(ctx)
	if err != nil {
		return err
	}
	for i := range lines {
		lines[i].Who = cmp.Or(lines[i].Who, whoIn(ctx))
	}
	return store.Audit.Append(context.WithoutCancel(ctx), lines...)
}

// personKey is the key of who does something, in a context.
type personKey struct{}

// As returns a context in which everything is done in the name of a person, who has signed in to the screen that this program shows.
func As(ctx context.Context, person string) context.Context {
	return context.WithValue(ctx, personKey{}, person)
}

// Person returns the person that As has named; "" for none.
func Person(ctx context.Context) string {
	person, _ := ctx.Value(personKey{}).(string)
	return person
}

// whoIn is who does something: "ada@server" who runs this program, or "anna (screen of ada@server)".
func whoIn(ctx context.Context) string {
	if person := Person(ctx); person != "" {
		return person + " (screen of " + operator() + ")"
	}
	return operator()
}

// operator is who runs this program: "ada@server".
func operator() string {
	name, host := "unknown", "unknown"
	if current, err := user.Current(); err == nil {
		name = current.Username
	}
	if found, err := os.Hostname(); err == nil {
		host = found
	}
	return name + "@" + host
}

// auditEnd adds a line, proves the whole log and returns how far it has come.
func (m *Move) auditEnd(ctx context.Context, line ledger.AuditLine) (certificate.Log, error) {
	if err := m.note(ctx, line); err != nil {
		return certificate.Log{}, err
	}
	lines, err := m.AuditLog(ctx)
	if err != nil {
		return certificate.Log{}, err
	}
	last, err := ledger.CheckChain(lines)
	if broken := (*ledger.BrokenChainError)(nil); errors.As(err, &broken) {
		return certificate.Log{}, &rehome.Fault{Class: rehome.ClassOperator, Op: "prove", Object: "the audit log", Cause: err,
			Hint: "somebody has changed the ledger by other means than rehome; find out who, and restore it from a backup"}
	}
	return certificate.Log{Lines: last.Line, Digest: last.Digest}, err
}

// AuditLog returns all lines in their order.
func (m *Move) AuditLog(ctx context.Context) (iter.Seq2[ledger.AuditLine, error], error) {
	store, err := m.store(ctx)
	if err != nil {
		return nil, err
	}
	return store.Audit.Lines(ctx), nil
}

// AuditChecked is what the check of an audit log has shown.
type AuditChecked struct {
	Lines  int64  `json:"lines"`           // that are as they were written
	Digest string `json:"digest"`          // of the last of them
	Broken int64  `json:"broken,omitzero"` // the first line that is not; 0 when all are
	Why    string `json:"why,omitempty"`   // the clause follows the line
}

// Outcome implements rehome.Answer.
func (c AuditChecked) Outcome() rehome.Outcome {
	if c.Broken > 0 {
		return rehome.OutcomeDiffers
	}
	return rehome.OutcomeDone
}

// CheckAudit checks that a log is as it was written, to its end: that it ends with a digest, unless that is "". No end tells
// itself whether lines are missing behind it.
func CheckAudit(lines iter.Seq2[ledger.AuditLine, error], end string) (AuditChecked, error) {
	last, err := ledger.CheckChain(lines)
	checked := AuditChecked{Lines: last.Line, Digest: last.Digest}
	var broken *ledger.BrokenChainError
	switch {
	case errors.As(err, &broken):
		checked.Broken, checked.Why = broken.Line, broken.Why
		return checked, nil
	case err != nil:
		return checked, err
	case end != "" && end != last.Digest:
		checked.Broken, checked.Why = last.Line+1, "is missing: the log does not end with the given digest"
	}
	return checked, nil
}

// maxAuditLine bounds a line of a file.
const maxAuditLine = 1 << 20

// ReadAudit reads a log that was written with "audit show --json": one JSON object in each line.
func ReadAudit(r io.Reader) iter.Seq2[ledger.AuditLine, error] {
	return func(yield func(ledger.AuditLine, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(make([]byte, 0, 64<<10), maxAuditLine)
		for n := 1; lines.Scan(); n++ {
			var line ledger.AuditLine
			decoder := json.NewDecoder(strings.NewReader(lines.Text()))
			decoder.DisallowUnknownFields()
			if err := decoder.Decode(&line); err != nil {
				yield(line, &rehome.Fault{Class: rehome.ClassOperator, Op: "read", Object: fmt.Sprintf("line %d of the audit log", n), Cause: err,
					Hint: `give a file that "rehome audit show --json" has written`})
				return
			}
			if !yield(line, nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(ledger.AuditLine{}, err)
		}
	}
}

// syncLine says what a pass is told to do.
func syncLine(accounts int, options SyncOptions) ledger.AuditLine {
	words := []string{rehome.Text("{n account}").With(rehome.Values{"n": accounts})}
	if len(options.Only) > 0 {
		var kinds []string
		for _, kind := range options.Only {
			kinds = append(kinds, string(kind))
		}
		words = append(words, "only "+strings.Join(kinds, ", "))
	}
	for word, is := range map[string]bool{
		"deletions confirmed": options.ConfirmDeletions, "source confirmed": options.ConfirmSource, "copy again": options.CopyAgain,
		"deletions " + string(options.Deletions): options.Deletions != "",
		"rules switched on":                      options.Rules.SwitchOn, "rules replaced": options.Rules.Replace,
	} {
		if is {
			words = append(words, word)
		}
	}
	slices.Sort(words[1:])
	return ledger.AuditLine{Action: actionSyncBegan, After: strings.Join(words, "; ")}
}

// line says what a pass has changed at the destination of one account; ok is false when that is nothing.
func (a SyncedAccount) line() (line ledger.AuditLine, ok bool) {
	var parts []string
	add := func(n int, text rehome.Text) {
		if n > 0 {
			parts = append(parts, text.With(rehome.Values{"n": n}))
		}
	}
	add(a.Mail.Copied, "{n message} copied")
	add(a.Mail.Flagged, "flags of {n message} changed")
	add(a.Mail.Removed, "{n message} removed")
	addObjects := func(noun string, o *SyncedObjects) {
		if o != nil {
			add(o.Copied, rehome.Text("{n "+noun+"} copied"))
			add(o.Updated, rehome.Text("{n "+noun+"} updated"))
			add(o.Removed, rehome.Text("{n "+noun+"} removed"))
		}
	}
	addObjects("contact", a.Contacts)
	addObjects("calendar object", a.Calendars)
	if a.Rules != nil {
		add(a.Rules.Stored, "{n script} stored")
	}
	if len(parts) == 0 {
		return line, false
	}
	return ledger.AuditLine{Action: actionSynced, Object: a.Account, After: strings.Join(parts, "; ")}, true
}

// ruleLines say what scripts were stored.
func ruleLines(ruled Ruled) []ledger.AuditLine {
	var lines []ledger.AuditLine
	for _, a := range ruled.Accounts {
		if n := a.Count(rulecopy.Put); n > 0 {
			lines = append(lines, ledger.AuditLine{Action: actionRules, Object: a.Account,
				After: rehome.Text("{n script} stored").With(rehome.Values{"n": n})})
		}
	}
	return lines
}
