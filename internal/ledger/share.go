// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"time"

	"rehome"
)

// Shares keeps how much each worker may use of what all of them may use together.
//
// The rules:
//
//   - What a worker may use is in its row before it uses it, and stays there until it uses it no more.
//   - One worker's rows change at a time, by what those of all others say at that moment.
//   - What a worker uses that says nothing any more is free when its process is gone: then the system has ended its connections. A
//     process that was only stopped still has them; they count until servers have ended them for their part.
//   - Octets of a worker that says nothing are free at once: nothing goes over its connections any more. One that comes back has lost them.
type Shares struct{ *store }

// Amounts are connections, or octets per second, each by a short word for what they belong to.
type Amounts map[string]int64

// Octets is the part that is no connection, but a pace.
const Octets = "octets"

// Member is a worker as far as others have to know when they divide what all may use.
type Member struct {
	Worker

	There bool    // it takes part; who does not may still use what it has
	Idle  bool    // it has no account at work, or can do nothing for now
	Has   Amounts // parts of which it has nothing may be missing
}

// silentTime is how long a connection of a stopped process lasts at a server: half an hour at least without a word (RFC 9051 section
// 5.4), and then some.
const silentTime = 35 * time.Minute

// ErrShareLost is why a worker begins anew.
var ErrShareLost = errors.New("this worker has lost its share of the limits")

// Attend lets others see that the process of a worker lives, until it is left, or the process ends.
func (l *Shares) Attend(name string) (leave func(), err error) { return l.database.Attend(name) }

// Take writes down what a worker uses, which is nothing that it has not taken before, and what it wants from now on: divide is told
// of all that use something or take part, the worker itself among them with what it uses, and returns what it has from now on.
// Taken is false, and nothing has changed, when another one takes its share at this moment. The error is ErrShareLost when others
// may have what the worker uses.
func (l *Shares) Take(ctx context.Context, name string, using Amounts, idle bool, divide func(crew []Member) Amounts) (taken bool, err error) {
	err = l.do(&change{ctx: ctx, together: true, onDisk: true, apply: func(tx *sql.Tx) (err error) {
		if taken, err = l.seizeShares(tx); err != nil || !taken {
			return err
		}
		if err := l.noteShare(tx, name, idle); err != nil {
			return err
		}
		crew, err := l.crew(tx)
		if err != nil {
			return err
		}
		own := slices.IndexFunc(crew, func(m Member) bool { return m.Name == name })
		for part, amount := range using {
			if amount > crew[own].Has[part] {
				return shareLost(name)
			}
		}
		crew[own].Has = using
		return writeShare(tx, name, divide(crew))
	}})
	return taken && err == nil, err
}

func shareLost(name string) error {
	return &rehome.Fault{Class: rehome.ClassTemporary, Op: "take part of the limits as", Object: name, Cause: ErrShareLost,
		Hint: "do nothing: the worker joins again"}
}

// seizeShares lets no other worker change its share until the transaction ends. It waits for nobody.
func (l *Shares) seizeShares(tx *sql.Tx) (seized bool, err error) {
	if _, err := tx.Exec(`INSERT INTO shares (worker, part, amount) VALUES ('', '', 0) ON CONFLICT (worker, part) DO NOTHING`); err != nil {
		return false, err
	}
	var none int64
	err = tx.QueryRow(`SELECT amount FROM shares WHERE worker = '' AND part = ''` + l.database.Seizing()).Scan(&none)
	return found(err)
}

// noteShare says that the worker takes part.
func (l *Shares) noteShare(tx *sql.Tx, name string, idle bool) error {
	attends, err := l.database.Attends(tx, name)
	if err != nil {
		return err
	}
	if !attends {
		return shareLost(name)
	}
	err = tx.QueryRow(`UPDATE workers SET idle = ?, server = `+l.database.Incarnation()+` WHERE name = ? AND until_milli > `+l.database.Clock()+
		` RETURNING name`, idle, name).Scan(&name)
	if errors.Is(err, sql.ErrNoRows) {
		return shareLost(name)
	}
	return err
}

// crew returns all workers that are there, in the order of their coming, and those that are not and still use something.
func (l *Shares) crew(tx *sql.Tx) (crew []Member, err error) {
	all, err := l.members(tx)
	if err != nil {
		return nil, err
	}
	for _, m := range all {
		if m.There {
			crew = append(crew, m.Member)
			continue
		}
		using := m.recent && len(m.Has) > 0
		if using && m.sameServer {
			if using, err = l.database.Attends(tx, m.Name); err != nil {
				return nil, err
			}
		}
		if using {
			if err := lapse(tx, m.Member); err != nil {
				return nil, err
			}
			crew = append(crew, m.Member)
		} else if _, err := tx.Exec(`DELETE FROM shares WHERE worker = ?`, m.Name); err != nil {
			return nil, err
		}
	}
	return crew, nil
}

// lapse takes the octets of a worker that is not there.
func lapse(tx *sql.Tx, m Member) error {
	if m.Has[Octets] == 0 {
		return nil
	}
	delete(m.Has, Octets)
	_, err := tx.Exec(`DELETE FROM shares WHERE worker = ? AND part = ?`, m.Name, Octets)
	return err
}

// reported is a member, and how it has reported.
type reported struct {
	Member

	recent     bool // servers may still know its connections
	sameServer bool // its process could be seen all the time, if it lived
}

func (l *Shares) members(tx *sql.Tx) (all []reported, err error) {
	clock := l.database.Clock()
	rows, err := tx.Query(`SELECT w.name, w.began_unix, w.leaving, w.idle, w.until_milli - `+clock+` > 0, w.until_milli + ? > `+clock+`,
		w.server = `+l.database.Incarnation()+`, w.hindered, COALESCE(s.part, ''), COALESCE(s.amount, 0)
		FROM workers w LEFT JOIN shares s ON s.worker = w.name ORDER BY w.began_unix, w.name`, silentTime.Milliseconds())
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // what went wrong is told by Err
	for rows.Next() {
		var m reported
		var began, amount int64
		var part string
		if err := rows.Scan(&m.Name, &began, &m.Leaving, &m.Idle, &m.There, &m.recent, &m.sameServer, &m.Hindered, &part, &amount); err != nil {
			return nil, err
		}
		if n := len(all); n == 0 || all[n-1].Name != m.Name {
			m.Began, m.Has = fromUnix(began), Amounts{}
			all = append(all, m)
		}
		if part != "" {
			all[len(all)-1].Has[part] = amount
		}
	}
	return all, rows.Err()
}

func writeShare(tx *sql.Tx, name string, has Amounts) error {
	if _, err := tx.Exec(`DELETE FROM shares WHERE worker = ?`, name); err != nil {
		return err
	}
	for _, part := range slices.Sorted(maps.Keys(has)) {
		if _, err := tx.Exec(`INSERT INTO shares (worker, part, amount) VALUES (?, ?, ?)`, name, part, has[part]); err != nil {
			return err
		}
	}
	return nil
}
