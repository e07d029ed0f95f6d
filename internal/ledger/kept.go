// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"time"
)

// number stands for a value that is compared in a sentence with an order. SQLite prepares such a sentence again whenever a value of 0 or
// 1 that stood for a mere "?" has given way to another one (sqlite.org/c3ref/prepare.html), and a generation is 1 nearly always.
const number = `CAST(? AS BIGINT)`

// kept says which tables hold something of a mailbox: of most mailboxes most of them hold nothing, and one that is asked in vain is a
// round trip where the database is elsewhere.
type kept struct{ theirs, intents, voids, batches, refusals, suspects, removals, gaps, formerly, withdrawn bool }

// lookUp finds that out, and whether the destination's mailbox was made by us, which is noted when it is opened for the first time. What was
// given up before since counts no more.
func (m *Mailbox) lookUp(tx *sql.Tx, since time.Time) (k kept, err error) {
	a := m.Anchor
	var begun bool // to be made, and not opened since
	row := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM creations WHERE address = ? AND dst_name = ? AND dst_uidvalidity = ?),
		EXISTS (SELECT 1 FROM creations WHERE address = ? AND dst_name = ? AND dst_uidvalidity = 0),
		EXISTS (SELECT 1 FROM mailboxes WHERE address = ? AND dst_name = ? AND dst_uidvalidity = ? AND id <> ?),
		EXISTS (SELECT 1 FROM batches WHERE mailbox_id = ? AND state = 'intent'),
		EXISTS (SELECT 1 FROM voids WHERE mailbox_id = ? AND created_nano > ?),
		EXISTS (SELECT 1 FROM batches WHERE mailbox_id = ? AND generation = ? AND state <> 'intent'),
		EXISTS (SELECT 1 FROM refusals WHERE mailbox_id = ? AND generation = ?),
		EXISTS (SELECT 1 FROM suspects WHERE mailbox_id = ? AND generation = ?),
		EXISTS (SELECT 1 FROM removals WHERE mailbox_id = ? AND generation = ?),
		EXISTS (SELECT 1 FROM gaps WHERE mailbox_id = ? AND generation = ?),
		EXISTS (SELECT 1 FROM batches WHERE mailbox_id = ? AND generation < ?),
		EXISTS (SELECT 1 FROM withdrawals WHERE mailbox_id = ?)`,
		a.Address, a.Destination, a.DstUIDValidity, a.Address, a.Destination, a.Address, a.Destination, a.DstUIDValidity, m.ID,
		m.ID, m.ID, since.UnixNano(), m.ID, m.Generation,
		m.ID, m.Generation, m.ID, m.Generation, m.ID, m.Generation, m.ID, m.Generation, m.ID, m.Generation, m.ID)
	err = row.Scan(&m.Created, &begun, &k.theirs, &k.intents, &k.voids, &k.batches, &k.refusals, &k.suspects, &k.removals, &k.gaps, &k.formerly,
		&k.withdrawn)
	if err == nil && begun {
		m.Created, err = true, noteCreated(tx, a)
	}
	return k, err
}

// load reads what is kept of a mailbox.
func (l *mailboxes) load(ctx context.Context, m *Mailbox, k kept) error {
	for _, table := range []struct {
		holds bool
		load  func(context.Context, *Mailbox) error
	}{
		{k.theirs, l.loadTheirs},
		{k.intents, l.loadIntents},
		{k.voids, l.loadVoids},
		{k.batches, l.loadBatches},
		{k.refusals, l.loadRefusals},
		{k.suspects, l.loadSuspects},
		{k.removals, l.loadRemovals},
		{k.gaps, l.loadGaps},
		{k.formerly, l.loadFormerly}, // behind loadBatches
		{k.withdrawn, l.loadWithdrawn},
	} {
		if !table.holds {
			continue
		}
		if err := table.load(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// anchored is anchorRow and what is kept of the row.
func (l *mailboxes) anchored(ctx context.Context, m *Mailbox) (k kept, err error) {
	since := l.now().Add(-voidsKept)
	err = l.write(ctx, func(tx *sql.Tx) (err error) {
		if err = m.anchorRow(tx); err == nil {
			k, err = m.lookUp(tx, since)
		}
		return err
	})
	return k, err
}
