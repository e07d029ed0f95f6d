// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"math"
	"time"
)

// Waves keeps groups of accounts that are copied together, and whether they are.
//
// The rules:
//
//   - An account is in one wave at most.
//   - A state changes only from the one that was seen: of two who change it at once, one does.
//   - What has happened in a wave counts from its last start on. A new start forgets what was counted before.
type Waves struct{ *store }

// WaveState is what a wave is at.
type WaveState string

// The states.
const (
	WavePlanned WaveState = "planned" // not started yet
	WaveRunning WaveState = "running"
	WavePaused  WaveState = "paused" // by a person
	WaveBraked  WaveState = "braked" // by what has happened
)

// Wave is one of them.
type Wave struct {
	Name     string
	State    WaveState
	Settings []byte    // as whoever made it has written them
	Opens    time.Time // the window that is open, or the next one, to the second
	Closes   time.Time
	Reason   string // why it is paused or braked
	NextStep string
	Changed  time.Time // when it came to this state, to the second; set by what writes it
	Counted  time.Time // since when what happens counts; zero before the first start
}

// Open reports whether accounts of the wave may be copied at a moment.
func (w Wave) Open(now time.Time) bool {
	return w.State == WaveRunning && !now.Before(w.Opens) && now.Before(w.Closes)
}

// Create writes down a new wave without accounts; made is false when there is one of that name.
func (l *Waves) Create(ctx context.Context, w Wave) (made bool, err error) {
	now := l.now()
	err = l.writeAlone(ctx, func(tx *sql.Tx) error {
		made = false
		err := tx.QueryRow(`INSERT INTO waves (name, state, settings, opens_unix, closes_unix, changed_unix) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (name) DO NOTHING RETURNING name`, w.Name, WavePlanned, w.Settings, unix(w.Opens), unix(w.Closes), now.Unix()).Scan(&w.Name)
		made, err = found(err)
		return err
	})
	return made, err
}

// Set replaces the settings and the window of a wave; known is false when there is none of that name.
func (l *Waves) Set(ctx context.Context, name string, settings []byte, opens, closes time.Time) (known bool, err error) {
	err = l.writeAlone(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRow(`UPDATE waves SET settings = ?, opens_unix = ?, closes_unix = ? WHERE name = ? RETURNING name`,
			settings, unix(opens), unix(closes), name).Scan(&name)
		known, err = found(err)
		return err
	})
	return known, err
}

// Reopen replaces the window of a wave unless somebody has done so since w was read.
func (l *Waves) Reopen(ctx context.Context, w Wave, opens, closes time.Time) error {
	return l.writeAlone(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE waves SET opens_unix = ?, closes_unix = ? WHERE name = ? AND opens_unix = ? AND closes_unix = ?`,
			unix(opens), unix(closes), w.Name, unix(w.Opens), unix(w.Closes))
		return err
	})
}

// Turn changes the state of a wave from the one that it has in w, and says why. Changed is false when it has another one. A wave that runs
// from now on begins to count.
func (l *Waves) Turn(ctx context.Context, w Wave, state WaveState, reason, nextStep string) (changed bool, err error) {
	now := l.now().Unix()
	err = l.do(&change{ctx: ctx, lease: leaseOf(ctx), onDisk: true, apply: func(tx *sql.Tx) error {
		changed = false
		name := w.Name
		err := tx.QueryRow(`UPDATE waves SET state = ?, reason = ?, next_step = ?, changed_unix = ? WHERE name = ? AND state = ? AND changed_unix = ?
			RETURNING name`, state, reason, nextStep, now, w.Name, w.State, unix(w.Changed)).Scan(&name)
		if changed, err = found(err); err != nil || !changed || state != WaveRunning {
			return err
		}
		if _, err := tx.Exec(`UPDATE waves SET counted_unix = ? WHERE name = ?`, now, w.Name); err != nil {
			return err
		}
		_, err = tx.Exec(`DELETE FROM wave_counts WHERE wave = ?`, w.Name)
		return err
	}})
	return changed, err
}

// Remove forgets a wave. Its accounts are in none then.
func (l *Waves) Remove(ctx context.Context, name string) error {
	return l.writeAlone(ctx, func(tx *sql.Tx) error {
		for _, sentence := range []string{`DELETE FROM wave_members WHERE wave = ?`, `DELETE FROM wave_counts WHERE wave = ?`,
			`DELETE FROM waves WHERE name = ?`} {
			if _, err := tx.Exec(sentence, name); err != nil {
				return err
			}
		}
		return nil
	})
}

const waveColumns = `w.name, w.state, w.settings, w.opens_unix, w.closes_unix, w.reason, w.next_step, w.changed_unix, w.counted_unix`

// All returns all waves in alphabetical order.
func (l *Waves) All(ctx context.Context) ([]Wave, error) {
	return l.waves(ctx, `SELECT `+waveColumns+` FROM waves w ORDER BY w.name`)
}

// Of returns the wave that an account is in; none where it is in none.
func (l *Waves) Of(ctx context.Context, address string) ([]Wave, error) {
	return l.waves(ctx, `SELECT `+waveColumns+` FROM wave_members m JOIN waves w ON w.name = m.wave WHERE m.address = ?`, address)
}

func (l *Waves) waves(ctx context.Context, question string, values ...any) (all []Wave, err error) {
	err = l.read(ctx, func(rows *sql.Rows) error {
		var w Wave
		var opens, closes, changed, counted int64
		err := rows.Scan(&w.Name, &w.State, &w.Settings, &opens, &closes, &w.Reason, &w.NextStep, &changed, &counted)
		w.Opens, w.Closes, w.Changed, w.Counted = fromUnix(opens), fromUnix(closes), fromUnix(changed), fromUnix(counted)
		all = append(all, w)
		return err
	}, question, values...)
	return all, err
}

// Add puts accounts into a wave that is there, but for those that are in one already, and returns how many it has put.
func (l *Waves) Add(ctx context.Context, name string, addresses []string) (added int64, err error) {
	err = l.writeAlone(ctx, func(tx *sql.Tx) error {
		added = 0
		for _, address := range addresses {
			result, err := tx.Exec(`INSERT INTO wave_members (address, wave) SELECT CAST(? AS TEXT), name FROM waves WHERE name = ?
				ON CONFLICT (address) DO NOTHING`, address, name)
			if err != nil {
				return err
			}
			n, err := result.RowsAffected()
			if err != nil {
				return err
			}
			added += n
		}
		return nil
	})
	return added, err
}

// TakeOut takes accounts out of a wave, and returns how many were in it.
func (l *Waves) TakeOut(ctx context.Context, name string, addresses []string) (out int64, err error) {
	err = l.writeAlone(ctx, func(tx *sql.Tx) error {
		out = 0
		for _, address := range addresses {
			err := tx.QueryRow(`DELETE FROM wave_members WHERE address = ? AND wave = ? RETURNING address`, address, name).Scan(&address)
			was, err := found(err)
			if err != nil {
				return err
			}
			out += bit(was)
		}
		return nil
	})
	return out, err
}

// Members returns which wave each account is in.
func (l *Waves) Members(ctx context.Context) (waves map[string]string, err error) {
	waves = map[string]string{}
	err = l.read(ctx, func(rows *sql.Rows) error {
		var address, wave string
		err := rows.Scan(&address, &wave)
		waves[address] = wave
		return err
	}, `SELECT address, wave FROM wave_members`)
	return waves, err
}

// Size returns how many accounts are in a wave.
func (l *Waves) Size(ctx context.Context, name string) (n int64, err error) {
	return l.SizeTo(ctx, name, math.MaxInt32)
}

// SizeTo is Size, and no more than most, so that it takes no longer for a large one.
func (l *Waves) SizeTo(ctx context.Context, name string, most int) (n int64, err error) {
	err = l.read(ctx, func(rows *sql.Rows) error { return rows.Scan(&n) },
		`SELECT COUNT(*) FROM (SELECT address FROM wave_members WHERE wave = ? LIMIT ?) few`, name, most)
	return n, err
}

// WaveSum says how far the accounts of a wave are.
type WaveSum struct {
	Accounts   int64
	Copied     int64 // complete, with nothing left of their last pass
	Blocked    int64
	Working    int64 // a slice is under way, or was when its process ended
	Equal      int64 // by their last verification
	Differ     int64 // likewise, those of which an end could not be read included
	Messages   int64 // at the source
	Octets     int64 // likewise
	There      int64 // messages at the destination
	Unmeasured int64 // accounts that no pass has seen yet
}

// Sums returns how far each wave is that has accounts.
func (l *Waves) Sums(ctx context.Context) (sums map[string]WaveSum, err error) {
	sums = map[string]WaveSum{}
	const counted = `CAST(SUM(CASE WHEN `
	const times = ` THEN 1 ELSE 0 END) AS BIGINT), `
	err = l.read(ctx, func(rows *sql.Rows) error {
		var wave string
		var s WaveSum
		err := rows.Scan(&wave, &s.Accounts, &s.Copied, &s.Blocked, &s.Working, &s.Equal, &s.Differ, &s.Unmeasured, &s.Messages, &s.Octets, &s.There)
		sums[wave] = s
		return err
	}, `SELECT m.wave, COUNT(*), `+counted+`a.state = ? AND t.address IS NULL`+times+counted+`a.state = ?`+times+counted+`t.state = ?`+times+
		counted+`v.verdict = 'equal'`+times+counted+`v.verdict <> 'equal'`+times+counted+`COALESCE(a.mailboxes, 0) = 0`+times+`
		CAST(SUM(COALESCE(a.messages, 0)) AS BIGINT), CAST(SUM(COALESCE(a.octets, 0)) AS BIGINT), CAST(SUM(COALESCE(a.copied, 0)) AS BIGINT)
		FROM wave_members m LEFT JOIN accounts a ON a.address = m.address LEFT JOIN turns t ON t.address = m.address
		LEFT JOIN verifications v ON v.address = m.address GROUP BY m.wave`, AccountPreStaged, AccountBlocked, TurnWorking)
	return sums, err
}

// WaveCountsKept is how long a minute is kept.
const WaveCountsKept = 24 * time.Hour

// Count adds to what has happened in waves at this moment, by their names and short words, and forgets minutes of theirs that are too old.
func (l *Waves) Count(ctx context.Context, counts map[string]map[string]int64) error {
	minute := l.now().Unix() / 60
	if len(counts) == 0 {
		return nil
	}
	return l.writeAlone(ctx, func(tx *sql.Tx) error {
		for name, counted := range counts {
			for what, n := range counted {
				if _, err := tx.Exec(`INSERT INTO wave_counts (wave, minute, what, count) VALUES (?, ?, ?, ?)
					ON CONFLICT (wave, minute, what) DO UPDATE SET count = wave_counts.count + excluded.count`, name, minute, what, n); err != nil {
					return err
				}
			}
			if _, err := tx.Exec(`DELETE FROM wave_counts WHERE wave = ? AND minute < ?`, name, minute-int64(WaveCountsKept/time.Minute)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Counts sums up what has happened in a wave from a moment on, to the minute.
func (l *Waves) Counts(ctx context.Context, name string, since time.Time) (counts map[string]int64, err error) {
	return numbers[string](ctx, l.store, `SELECT what, CAST(SUM(count) AS BIGINT) FROM wave_counts WHERE wave = ? AND minute >= ? GROUP BY what`,
		name, since.Unix()/60)
}

// Verdicts returns how many accounts of a wave were verified from a moment on, by verdict.
func (l *Waves) Verdicts(ctx context.Context, name string, since time.Time) (verdicts map[string]int64, err error) {
	return numbers[string](ctx, l.store, `SELECT v.verdict, COUNT(*) FROM wave_members m JOIN verifications v ON v.address = m.address
		WHERE m.wave = ? AND v.verified_unix >= ? GROUP BY v.verdict`, name, since.Unix())
}

// Waiting returns the accounts of a wave with a turn in a run that is not over, in their order, whoever has them; so many at most, behind a
// place in the queue.
func (l *Waves) Waiting(ctx context.Context, name string, behind int64, most int) (all []Turn, err error) {
	passes := &Passes{l.store}
	return passes.turns(ctx, `WHERE run > 0 AND state <> ? AND place > ? AND address IN (SELECT address FROM wave_members WHERE wave = ?)
		ORDER BY place, address LIMIT ?`, TurnFailed, behind, name, most)
}

// stands is what a sentence says of a wave that does not run at a moment, which is given twice; standing what it says of turns of its
// accounts.
const (
	stands   = `(w.state <> 'running' OR w.opens_unix > ? OR w.closes_unix <= ?)`
	standing = `EXISTS (SELECT 1 FROM wave_members m JOIN waves w ON w.name = m.wave WHERE m.address = t.address AND ` + stands + `)`
)
