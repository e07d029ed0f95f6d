// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Cutovers keeps how far each domain has been taken across. A change is on the disk before it returns, and stands in the audit
// log in the same transaction: no domain moves on without a line of it, and no line tells of a step that was not taken.
type Cutovers struct{ *store }

// CutoverState is where a domain stands on its way across.
type CutoverState string

// The states, in the order of a cutover that succeeds, then those of one that is taken back, then the end. "" is a domain that
// nobody has begun with.
const (
	CutoverGates       CutoverState = "gates"      // waits until nothing speaks against the switch
	CutoverFinalPass   CutoverState = "final_pass" // everything is copied once more
	CutoverReady       CutoverState = "ready"      // copied; the gates are asked a last time
	CutoverSwitching   CutoverState = "switching"  // records are being written
	CutoverProving     CutoverState = "proving"    // written; not every server gives them
	CutoverProbing     CutoverState = "probing"    // every server gives them; test messages are under way
	CutoverReleasing   CutoverState = "releasing"  // rules that waited are being switched on
	CutoverLate        CutoverState = "late_mail"  // mail that still arrives at the source is brought over
	CutoverLive        CutoverState = "live"
	CutoverRestoring   CutoverState = "restoring"    // records are being put back
	CutoverProvingBack CutoverState = "proving_back" // put back; not every server gives them
	CutoverReturning   CutoverState = "returning"    // mail that has arrived at the destination is carried back
	CutoverRolledBack  CutoverState = "rolled_back"
	CutoverClosing     CutoverState = "closing" // what is left over is being removed
	CutoverClosed      CutoverState = "closed"
)

// Cutover is one domain's way across.
type Cutover struct {
	Domain   string
	State    CutoverState
	Since    time.Time // of the state
	Began    time.Time // of this attempt
	Passed   time.Time // when the final pass ended; zero before, and so are the others
	Written  time.Time // when the first record was about to be written
	Switched time.Time // when every server gave the new records
	Quiet    time.Time // since when no mail has come late
	Looked   time.Time // when it was last looked for
	Late     int64     // messages that came late
	Returned int64     // messages that were carried back

	Held      []CutoverHold
	Overrides []CutoverOverride
	Records   []CutoverRecord // in the order in which they are written
}

// CutoverHold is one thing that a domain waits for.
type CutoverHold struct {
	Gate     string    `json:"gate"`
	Sentence string    `json:"sentence"`
	Who      string    `json:"who"` // can change it
	NextStep string    `json:"next_step"`
	Until    time.Time `json:"until,omitzero"`  // when it is over by itself, if that is known
	Final    bool      `json:"final,omitempty"` // nobody's word lifts it: what has to be done is not known
}

// CutoverOverride is somebody's word that a gate need not hold.
type CutoverOverride struct {
	Gate   string    `json:"gate"`
	Why    string    `json:"why"`
	Person string    `json:"person"`
	At     time.Time `json:"at"`
}

// RecordState is how far the exchange of one set of records has come.
type RecordState string

// The states.
const (
	RecordPlanned   RecordState = "planned"
	RecordWriting   RecordState = "writing" // it was about to be written; whether it was is not known
	RecordWritten   RecordState = "written"
	RecordSeen      RecordState = "seen"      // every server gives it
	RecordRestoring RecordState = "restoring" // it was about to be put back
	RecordRestored  RecordState = "restored"
	RecordSeenBack  RecordState = "seen_back"
	RecordForeign   RecordState = "foreign" // somebody else has changed it since; it stays
)

// CutoverRecord is one set of records: all of one name and type. Data are as dns.Data gives them; no data means no records.
type CutoverRecord struct {
	About  string
	Name   string
	Before RecordSet
	After  RecordSet
	State  RecordState
	ByHand bool      // a person writes it
	Wrote  time.Time // when it was last written, or first seen to be; zero before
	Seen   time.Time // when every server first gave it; zero before
}

// RecordSet is the content of a set.
type RecordSet struct {
	Type string
	Data []string
	TTL  time.Duration // in whole seconds
}

// ErrCutoverMoved says that another process has taken the domain further meanwhile.
var ErrCutoverMoved = errors.New("another rehome has taken the domain further meanwhile")

// Save replaces what is kept of a domain, if it is still in the state was ("" if nothing is kept of it), and adds lines to the
// audit log, all or nothing; else it is ErrCutoverMoved. A change of the state needs a line. It survives a power cut when this
// returns. Times are kept to the second.
func (l *Cutovers) Save(ctx context.Context, was CutoverState, c Cutover, lines ...AuditLine) error {
	if was != c.State && len(lines) == 0 {
		return fmt.Errorf("%s goes from %q to %q without a line in the audit log", c.Domain, was, c.State)
	}
	held, err := json.Marshal(c.Held)
	if err != nil {
		return err
	}
	overrides, err := json.Marshal(c.Overrides)
	if err != nil {
		return err
	}
	return l.writeIntent(ctx, func(tx *sql.Tx) error {
		var state CutoverState
		if err := tx.QueryRow(`SELECT state FROM cutovers WHERE domain = ?`, c.Domain).Scan(&state); err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if state != was {
			return ErrCutoverMoved
		}
		_, err := tx.Exec(`INSERT INTO cutovers (domain, state, since_unix, began_unix, passed_unix, written_unix, switched_unix, quiet_unix, looked_unix,
			late, returned, held, overrides) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (domain) DO UPDATE SET state = excluded.state, since_unix = excluded.since_unix, began_unix = excluded.began_unix,
			passed_unix = excluded.passed_unix, written_unix = excluded.written_unix, switched_unix = excluded.switched_unix,
			quiet_unix = excluded.quiet_unix, looked_unix = excluded.looked_unix, late = excluded.late, returned = excluded.returned,
			held = excluded.held, overrides = excluded.overrides`,
			c.Domain, c.State, unix(c.Since), unix(c.Began), unix(c.Passed), unix(c.Written), unix(c.Switched), unix(c.Quiet), unix(c.Looked),
			c.Late, c.Returned, string(held), string(overrides))
		if err != nil {
			return err
		}
		if err := saveCutoverRecords(tx, c); err != nil {
			return err
		}
		return appendLines(tx, l.now(), lines)
	})
}

func saveCutoverRecords(tx *sql.Tx, c Cutover) error {
	if _, err := tx.Exec(`DELETE FROM cutover_records WHERE domain = ?`, c.Domain); err != nil {
		return err
	}
	for place, r := range c.Records {
		before, err := json.Marshal(r.Before.Data)
		if err != nil {
			return err
		}
		after, err := json.Marshal(r.After.Data)
		if err != nil {
			return err
		}
		_, err = tx.Exec(`INSERT INTO cutover_records (domain, place, about, name, before_type, before_data, before_ttl, after_type, after_data, after_ttl,
			state, by_hand, written_unix, seen_unix) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			c.Domain, place, r.About, r.Name, r.Before.Type, string(before), seconds(r.Before.TTL), r.After.Type, string(after), seconds(r.After.TTL),
			r.State, bit(r.ByHand), unix(r.Wrote), unix(r.Seen))
		if err != nil {
			return err
		}
	}
	return nil
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

// All returns the domains that anybody has begun with, in alphabetical order.
func (l *Cutovers) All(ctx context.Context) ([]Cutover, error) {
	var all []Cutover
	at := map[string]int{}
	err := l.read(ctx, func(rows *sql.Rows) error {
		c, err := scanCutover(rows)
		at[c.Domain] = len(all)
		all = append(all, c)
		return err
	}, `SELECT domain, state, since_unix, began_unix, passed_unix, written_unix, switched_unix, quiet_unix, looked_unix, late, returned, held, overrides
		FROM cutovers ORDER BY domain`)
	if err != nil {
		return nil, err
	}
	err = l.read(ctx, func(rows *sql.Rows) error {
		domain, r, err := scanCutoverRecord(rows)
		if i, known := at[domain]; known { // of a domain that was begun with between the two questions, the next answer tells
			all[i].Records = append(all[i].Records, r)
		}
		return err
	}, `SELECT domain, about, name, before_type, before_data, before_ttl, after_type, after_data, after_ttl, state, by_hand, written_unix, seen_unix
		FROM cutover_records ORDER BY domain, place`)
	return all, err
}

func scanCutover(rows *sql.Rows) (Cutover, error) {
	var c Cutover
	var held, overrides string
	var times [7]int64
	if err := rows.Scan(&c.Domain, &c.State, &times[0], &times[1], &times[2], &times[3], &times[4], &times[5], &times[6],
		&c.Late, &c.Returned, &held, &overrides); err != nil {
		return c, err
	}
	for i, to := range []*time.Time{&c.Since, &c.Began, &c.Passed, &c.Written, &c.Switched, &c.Quiet, &c.Looked} {
		*to = fromUnix(times[i])
	}
	return c, damaged(errors.Join(json.Unmarshal([]byte(held), &c.Held), json.Unmarshal([]byte(overrides), &c.Overrides)))
}

func scanCutoverRecord(rows *sql.Rows) (domain string, r CutoverRecord, err error) {
	var before, after string
	var beforeTTL, afterTTL, byHand, wrote, seen int64
	if err := rows.Scan(&domain, &r.About, &r.Name, &r.Before.Type, &before, &beforeTTL, &r.After.Type, &after, &afterTTL, &r.State, &byHand,
		&wrote, &seen); err != nil {
		return domain, r, err
	}
	r.Before.TTL, r.After.TTL = time.Duration(beforeTTL)*time.Second, time.Duration(afterTTL)*time.Second
	r.ByHand, r.Wrote, r.Seen = byHand == 1, fromUnix(wrote), fromUnix(seen)
	return domain, r, damaged(errors.Join(json.Unmarshal([]byte(before), &r.Before.Data), json.Unmarshal([]byte(after), &r.After.Data)))
}

// damaged is what a row says that nobody can read.
func damaged(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", errDamaged, err)
}
