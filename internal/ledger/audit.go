// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"math"
	"strconv"
	"strings"
	"time"
)

// Audit keeps who has changed what: lines are only ever added, and each is chained to the one before. Whoever takes a line out,
// puts one in, alters or exchanges some, breaks the chain at that line; whoever cuts its end is found out by the last digest,
// which certificates carry.
type Audit struct{ *store }

// AuditLine is one action. Before and After say in words what it was and is; neither holds a secret or content of mail.
type AuditLine struct {
	Line   int64     `json:"line"` // from 1 on
	At     time.Time `json:"at"`   // to the second
	Who    string    `json:"who"`
	Action string    `json:"action"`
	Object string    `json:"object,omitempty"`
	Before string    `json:"before,omitempty"`
	After  string    `json:"after,omitempty"`
	Digest string    `json:"digest"`
}

// ChainedTo is the digest that the line has behind another one, whose digest is given; "" for the first: the SHA-256, in
// hexadecimal, over the digest before, the number, the UNIX time and the texts, each behind its length in octets and a colon.
func (l AuditLine) ChainedTo(before string) string {
	var b strings.Builder
	for _, field := range []string{
		before, strconv.FormatInt(l.Line, 10), strconv.FormatInt(l.At.Unix(), 10), l.Who, l.Action, l.Object, l.Before, l.After,
	} {
		fmt.Fprintf(&b, "%d:%s", len(field), field)
	}
	digest := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(digest[:])
}

// Last returns when a line with the action was last added; zero is never. The log may be long, so it is not read for that.
func (l *Audit) Last(ctx context.Context, action string) (last time.Time, err error) {
	err = l.read(ctx, func(rows *sql.Rows) error {
		var at int64
		err := rows.Scan(&at)
		last = fromUnix(at)
		return err
	}, `SELECT COALESCE(MAX(at_unix), 0) FROM audit WHERE action = ?`, action)
	return last, err
}

// Of returns the lines of an action, the newest first, so many at most.
func (l *Audit) Of(ctx context.Context, action string, most int) ([]AuditLine, error) {
	return l.lines(ctx, `action = ? ORDER BY line DESC LIMIT ?`, action, most)
}

// Newest returns the number of the last line; 0 is none.
func (l *Audit) Newest(ctx context.Context) (line int64, err error) {
	err = l.read(ctx, func(rows *sql.Rows) error { return rows.Scan(&line) }, `SELECT COALESCE(MAX(line), 0) FROM audit`)
	return line, err
}

// Objects returns what the lines of an action are about that stand behind a line, each once.
func (l *Audit) Objects(ctx context.Context, action string, behind int64) (all []string, err error) {
	err = l.read(ctx, func(rows *sql.Rows) error {
		var object string
		err := rows.Scan(&object)
		all = append(all, object)
		return err
	}, `SELECT DISTINCT object FROM audit WHERE line > ? AND action = ?`, behind, action)
	return all, err
}

// Append adds lines in their order: number, time and digest are set here. All are added, or none.
func (l *Audit) Append(ctx context.Context, lines ...AuditLine) error {
	return l.writeAlone(ctx, func(tx *sql.Tx) error { return appendLines(tx, l.now(), lines) })
}

// appendLines is Append within a change of something else.
func appendLines(tx *sql.Tx, now time.Time, lines []AuditLine) error {
	var last AuditLine
	err := tx.QueryRow(`SELECT line, digest FROM audit ORDER BY line DESC LIMIT 1`).Scan(&last.Line, &last.Digest)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	for _, line := range lines {
		line.Line, line.At = last.Line+1, now.UTC().Truncate(time.Second)
		line.Digest = line.ChainedTo(last.Digest)
		if _, err := tx.Exec(`INSERT INTO audit (line, at_unix, person, action, object, before_text, after_text, digest)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			line.Line, line.At.Unix(), line.Who, line.Action, line.Object, line.Before, line.After, line.Digest); err != nil {
			return err
		}
		last = line
	}
	return nil
}

// auditPage is how many lines are held at once.
const auditPage = 1000

// Lines returns all lines in their order.
func (l *Audit) Lines(ctx context.Context) iter.Seq2[AuditLine, error] {
	return func(yield func(AuditLine, error) bool) {
		for after := int64(0); ; {
			page, err := l.page(ctx, after)
			if err != nil {
				yield(AuditLine{}, err)
				return
			}
			for _, line := range page {
				if !yield(line, nil) {
					return
				}
				after = line.Line
			}
			if len(page) < auditPage {
				return
			}
		}
	}
}

func (l *Audit) page(ctx context.Context, after int64) ([]AuditLine, error) {
	return l.lines(ctx, `line > ? ORDER BY line LIMIT ?`, after, auditPage)
}

// lines reads rows; which says how they are chosen and sorted.
func (l *Audit) lines(ctx context.Context, which string, values ...any) ([]AuditLine, error) {
	var page []AuditLine
	err := l.read(ctx, func(rows *sql.Rows) error {
		var line AuditLine
		var at int64
		err := rows.Scan(&line.Line, &at, &line.Who, &line.Action, &line.Object, &line.Before, &line.After, &line.Digest)
		line.At = time.Unix(at, 0).UTC()
		page = append(page, line)
		return err
	}, `SELECT line, at_unix, person, action, object, before_text, after_text, digest FROM audit WHERE `+which, values...)
	return page, err
}

// BrokenChainError is where a log is not as it was written.
type BrokenChainError struct {
	Line int64 // the first line that does not belong where it stands
	Why  string
}

// Error implements error.
func (e *BrokenChainError) Error() string { return fmt.Sprintf("line %d %s", e.Line, e.Why) }

// Page returns at most limit lines before another one, the newest first; before 0 begins with the last line. With an object, such as an
// account or a domain, it is those about it: whose object is that word, or begins with it.
func (l *Audit) Page(ctx context.Context, object string, before int64, limit int) ([]AuditLine, error) {
	if before <= 0 {
		before = math.MaxInt64
	}
	if object == "" {
		return l.lines(ctx, `line < ? ORDER BY line DESC LIMIT ?`, before, limit)
	}
	// Between them there is but the word itself, and what begins with it and a blank: "!" comes right behind that.
	return l.lines(ctx, `object >= ? AND object < ? AND (object = ? OR object >= ?) AND line < ? ORDER BY line DESC LIMIT ?`,
		object, object+"!", object, object+" ", before, limit)
}

// CheckChain reads lines to their end and returns the last one; the zero value of an empty log. An error is a
// *BrokenChainError, or that of the lines. The times prove nothing: clocks are set back.
func CheckChain(lines iter.Seq2[AuditLine, error]) (last AuditLine, err error) {
	for line, err := range lines {
		if err != nil {
			return last, err
		}
		switch {
		case line.Line != last.Line+1:
			return last, &BrokenChainError{last.Line + 1, fmt.Sprintf("is missing: line %d stands in its place", line.Line)}
		case line.Digest != line.ChainedTo(last.Digest):
			return last, &BrokenChainError{line.Line, "was altered, or the line before it was: its digest is not that of what it says"}
		}
		last = line
	}
	return last, nil
}
