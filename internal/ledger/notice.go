// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Notices keeps which messages people were to get and what became of each. A message stands here before it is begun with, and once
// more before its last octet goes out: whatever a run that was cut off leaves in the first state cannot have been taken by a server, and
// what it leaves in the second may have been.
type Notices struct{ *store }

// NoticeState is what is known of a message.
type NoticeState string

// The states.
const (
	NoticePreviewed  NoticeState = "previewed"  // somebody was shown what it will be
	NoticeSending    NoticeState = "sending"    // begun with; its end has not been sent
	NoticeCommitting NoticeState = "committing" // its end is about to be sent, or was: nobody knows, unless the run goes on
	NoticeSent       NoticeState = "sent"       // the server has taken it, or somebody has said that it arrived
	NoticeDeferred   NoticeState = "deferred"   // refused for now
	NoticeRefused    NoticeState = "refused"
	NoticeBounced    NoticeState = "bounced" // taken, and sent back by somebody behind the server
)

// Notice is one message to one person.
type Notice struct {
	Address, Kind string
	State         NoticeState
	Digest        string // of what was shown
	MessageID     string
	Words         string    // the server's
	At            time.Time // of the state, to the second; set by the ledger
}

// ErrNoticeMoved means that a notice is not in the state any more that it was seen in.
var ErrNoticeMoved = errors.New("another run has changed what is known of the message")

// Preview notes what somebody was shown. What is known of messages that were begun with stays.
func (l *Notices) Preview(ctx context.Context, notices []Notice) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		for _, n := range notices {
			if _, err := tx.Exec(`INSERT INTO notices (address, kind, state, digest, message_id, words, at_unix) VALUES (?, ?, ?, ?, '', '', ?)
				ON CONFLICT (address, kind) DO UPDATE SET digest = excluded.digest`,
				n.Address, n.Kind, string(NoticePreviewed), n.Digest, l.now().Unix()); err != nil {
				return err
			}
		}
		return nil
	})
}

// Move takes a notice from the state that was seen to that of n, with its message and words, or returns ErrNoticeMoved. It is on the
// disk when this returns.
func (l *Notices) Move(ctx context.Context, was NoticeState, n Notice) error {
	return l.writeIntent(ctx, func(tx *sql.Tx) error {
		result, err := tx.Exec(`UPDATE notices SET state = ?, message_id = ?, words = ?, at_unix = ? WHERE address = ? AND kind = ? AND state = ?`,
			string(n.State), n.MessageID, n.Words, l.now().Unix(), n.Address, n.Kind, string(was))
		if err != nil {
			return err
		}
		if moved, err := result.RowsAffected(); err != nil || moved != 1 {
			return errors.Join(err, ErrNoticeMoved)
		}
		return nil
	})
}

// All returns all of them, sorted by account and kind.
func (l *Notices) All(ctx context.Context) (all []Notice, err error) {
	err = l.read(ctx, func(rows *sql.Rows) error {
		var n Notice
		var at int64
		err := rows.Scan(&n.Address, &n.Kind, &n.State, &n.Digest, &n.MessageID, &n.Words, &at)
		n.At = fromUnix(at)
		all = append(all, n)
		return err
	}, `SELECT address, kind, state, digest, message_id, words, at_unix FROM notices ORDER BY address, kind`)
	return all, err
}
