// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"log/slog"
	"time"

	"rehome"
	"rehome/internal/mapping"
)

// log returns a logger for one mailbox.
func (s *slice) log(pair mapping.Pair) *slog.Logger {
	return s.engine.log.With(rehome.LogAccount, s.account.Address, rehome.LogKind, string(rehome.KindMail), rehome.LogMailbox, pair.Source,
		rehome.LogDestination, pair.Destination)
}

// runLogged is run between two lines. An error is told by whoever deals with it.
func (j *mailboxJob) runLogged(ctx context.Context) error {
	log, began := j.slice.log(j.pair), time.Now()
	log.Info("mailbox begins")
	err := j.run(ctx)
	if j.row == nil { // it could not be opened
		return err
	}
	j.logEnd(began)
	return err
}

func (j *mailboxJob) logEnd(began time.Time) {
	c := j.census()
	j.slice.log(j.pair).Info("mailbox ends", rehome.LogMessages, c.Messages(), rehome.LogWanted, j.inventory.wanted.Len(), rehome.LogThere, c.There,
		rehome.LogRemaining, c.Left, rehome.LogFailed, c.Failed, rehome.LogTook, time.Since(began))
}

// tellBatch logs what the destination has answered to a batch. Its octets are those that the source has told.
func (j *mailboxJob) tellBatch(t *transfer, stored int) {
	if !j.slice.engine.log.Enabled(context.Background(), slog.LevelDebug) || len(t.sent) == 0 {
		return
	}
	j.slice.log(j.pair).Debug("batch answered", rehome.LogFirst, int64(t.batch[0].uid), rehome.LogLast, int64(t.batch.last()), rehome.LogWanted,
		len(t.batch), rehome.LogCopied, stored, rehome.LogOctets, t.batch.octets(), rehome.LogTook, time.Since(t.began))
}
