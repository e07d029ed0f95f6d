// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"

	"rehome"
)

// Findings keeps what an operator has to see.
type Findings struct{ *store }

// Replace makes findings the only ones that a kind of work has for an account: what it no longer
// says is over, and what another kind says stays.
func (l *Findings) Replace(ctx context.Context, address string, kind rehome.Kind, findings []rehome.Finding) error {
	return l.write(ctx, func(tx *sql.Tx) error { return l.replaceFindings(tx, address, kind, findings) })
}

func (s *store) replaceFindings(tx *sql.Tx, address string, kind rehome.Kind, findings []rehome.Finding) error {
	if _, err := tx.Exec(`DELETE FROM findings WHERE address = ? AND origin = ?`, address, kind); err != nil {
		return err
	}
	for _, f := range findings {
		_, err := tx.Exec(`INSERT INTO findings (address, code, object, severity, sentence, next_step, origin, updated_unix)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (address, origin, code, object) DO UPDATE SET severity = excluded.severity,
			sentence = excluded.sentence, next_step = excluded.next_step, updated_unix = excluded.updated_unix`,
			address, f.Code, f.Object, f.Severity, f.Sentence, f.NextStep, kind, s.now().Unix())
		if err != nil {
			return err
		}
	}
	return nil
}

// All returns the findings that hold, worst first; address "" means of all accounts.
func (l *Findings) All(ctx context.Context, address string) ([]rehome.Finding, error) {
	return l.findings(ctx, `WHERE ? = '' OR address = ?
		ORDER BY CASE severity WHEN 'error' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END, address, code, object`, address, address)
}

// findings reads rows; which says how they are chosen and sorted.
func (l *Findings) findings(ctx context.Context, which string, values ...any) (all []rehome.Finding, err error) {
	err = l.read(ctx, func(rows *sql.Rows) error {
		var f rehome.Finding
		err := rows.Scan(&f.Account, &f.Code, &f.Object, &f.Severity, &f.Sentence, &f.NextStep)
		all = append(all, f)
		return err
	}, `SELECT address, code, object, severity, sentence, next_step FROM findings `+which, values...)
	return all, err
}

// FindingPlace is where a finding stands among those of its severity. The empty one is before all of them.
type FindingPlace struct{ Account, Code, Object string }

// Page returns at most limit findings of one severity, and of one code unless that is "", behind a place.
func (l *Findings) Page(ctx context.Context, severity rehome.Severity, code string, after FindingPlace, limit int) ([]rehome.Finding, error) {
	which, values := `WHERE severity = ? AND (address, code, object) > (?, ?, ?)`, []any{severity, after.Account, after.Code, after.Object}
	if code != "" {
		which, values = which+` AND code = ?`, append(values, code)
	}
	return l.findings(ctx, which+` ORDER BY address, code, object LIMIT ?`, append(values, limit)...)
}

// FindingTotal counts the findings of one code.
type FindingTotal struct {
	Code     string          `json:"code"`
	Severity rehome.Severity `json:"severity"`
	Findings int64           `json:"findings"`
	Accounts int64           `json:"accounts"`
}

// Totals counts the findings by code, those with the most accounts first.
func (l *Findings) Totals(ctx context.Context) (all []FindingTotal, err error) {
	err = l.read(ctx, func(rows *sql.Rows) error {
		var t FindingTotal
		err := rows.Scan(&t.Code, &t.Severity, &t.Findings, &t.Accounts)
		all = append(all, t)
		return err
	}, `SELECT code, severity, COUNT(*), COUNT(DISTINCT address) FROM findings GROUP BY code, severity ORDER BY 4 DESC, code, severity`)
	return all, err
}
