// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"strings"
	"time"
)

// AccountFilter chooses accounts; what is empty chooses all.
type AccountFilter struct {
	State   AccountState
	Verdict string // "equal", "differs" or "unknown"; NotVerified for those that were never compared
	Part    string // of the address, in lower case
	Trouble bool   // only those that are blocked or have something that could not be copied

	// Accepted chooses only those of which somebody has accepted a difference. OrAccepted adds those of them that differ to those of
	// the verdict: whether they count as equal then is for package verify to say.
	Accepted, OrAccepted bool
}

// NotVerified chooses the accounts that were never compared.
const NotVerified = "none"

const ofAccepted = "EXISTS (SELECT 1 FROM accepted c WHERE c.address = a.address)"

// where is the filter as SQL. Only what is asked for is said, so that an index serves it.
func (f AccountFilter) where() (conditions string, values []any) {
	var all []string
	add := func(condition string, value ...any) {
		all = append(all, condition)
		values = append(values, value...)
	}
	if f.State != "" {
		add("a.state = ?", f.State)
	}
	switch f.Verdict {
	case "":
	case NotVerified:
		add("a.compared = 0") // as its index says it
	default:
		if f.OrAccepted {
			add("(v.verdict = ? OR v.verdict = 'differs' AND "+ofAccepted+")", f.Verdict)
		} else {
			add("v.verdict = ?", f.Verdict)
		}
	}
	if f.Accepted {
		add(ofAccepted)
	}
	if f.Trouble {
		add("(a.failed > 0 OR a.state = '" + string(AccountBlocked) + "')") // likewise: an index does not know values
	}
	if f.Part != "" {
		add("a.address LIKE ? ESCAPE '!'", "%"+strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(f.Part)+"%")
	}
	if len(all) == 0 {
		return "", nil
	}
	return " AND " + strings.Join(all, " AND "), values
}

// Page returns at most limit accounts of a filter behind an address, in alphabetical order: the address of the last one is where the next
// page goes on, however many accounts come and go meanwhile.
func (l *Accounts) Page(ctx context.Context, filter AccountFilter, after string, limit int) ([]Account, error) {
	where, values := filter.where()
	values = append(append([]any{after}, values...), limit)
	return l.accounts(ctx, `WHERE a.address > ?`+where+` ORDER BY a.address LIMIT ?`, values...)
}

// Find returns the account of an address; known is false if there is none.
func (l *Accounts) Find(ctx context.Context, address string) (a Account, known bool, err error) {
	all, err := l.accounts(ctx, `WHERE a.address = ?`, address)
	if err != nil || len(all) == 0 {
		return Account{}, false, err
	}
	return all[0], true, nil
}

// Count counts the accounts of a filter, at most so many: a count that is most may stand for more.
func (l *Accounts) Count(ctx context.Context, filter AccountFilter, most int) (n int, err error) {
	where, values := filter.where()
	err = l.read(ctx, func(rows *sql.Rows) error { return rows.Scan(&n) },
		`SELECT COUNT(*) FROM (SELECT 1 FROM accounts a LEFT JOIN verifications v ON v.address = a.address WHERE a.address <> ''`+where+
			` LIMIT ?) AS counted`, append(values, most)...)
	return n, err
}

// AccountTotal sums the accounts of one state and one verdict whose turn is over, or is not.
type AccountTotal struct {
	State      AccountState `json:"state"`
	Verdict    string       `json:"verdict"` // "" before the first verification
	Unfinished bool         `json:"unfinished"`
	Accounts   int64        `json:"accounts"`
	Messages   int64        `json:"messages"`
	Octets     int64        `json:"bytes"`
	Copied     int64        `json:"copied"`
	Failed     int64        `json:"failed"`
	Newest     time.Time    `json:"newest,omitzero"` // when the last pass over any of them has ended
}

// Totals sums all accounts, by state, verdict and whether their turn is over.
func (l *Accounts) Totals(ctx context.Context) (all []AccountTotal, err error) {
	err = l.read(ctx, func(rows *sql.Rows) error {
		var t AccountTotal
		var newest int64
		err := rows.Scan(&t.State, &t.Verdict, &t.Unfinished, &t.Accounts, &t.Messages, &t.Octets, &t.Copied, &t.Failed, &newest)
		t.Newest = fromUnix(newest)
		all = append(all, t)
		return err
	}, `SELECT a.state, COALESCE(v.verdict, ''), t.address IS NOT NULL, COUNT(*), CAST(SUM(messages) AS BIGINT), CAST(SUM(octets) AS BIGINT),
		CAST(SUM(copied) AS BIGINT), CAST(SUM(a.failed) AS BIGINT), MAX(finished_unix)
		FROM accounts a LEFT JOIN verifications v ON v.address = a.address LEFT JOIN turns t ON t.address = a.address
		GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`)
	return all, err
}
