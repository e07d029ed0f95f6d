// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"context"
	"log/slog"
	"time"

	"rehome"
)

// log returns a logger for the collection.
func (j *collectionJob) log() *slog.Logger {
	return j.slice.engine.log.With(rehome.LogAccount, j.slice.account.Address, rehome.LogKind, string(j.kind), rehome.LogCollection,
		j.place.source.Href, rehome.LogDestination, j.place.destination)
}

// runLogged is run between two lines. An error is told by whoever deals with it.
func (j *collectionJob) runLogged(ctx context.Context) error {
	log, began := j.log(), time.Now()
	log.Info("collection begins")
	err := j.run(ctx)
	log.Info("collection ends", rehome.LogObjects, j.objects, rehome.LogWanted, len(j.actions.read), rehome.LogTook, time.Since(began))
	return err
}

// tellBatch logs what has become of a chunk of objects.
func (j *collectionJob) tellBatch(t Tally, objects int) {
	if j.slice.engine.log.Enabled(context.Background(), slog.LevelDebug) {
		j.log().Debug("batch answered", rehome.LogWanted, objects, rehome.LogCopied, t.Copied, rehome.LogUpdated, t.Updated, rehome.LogAdopted, t.Adopted,
			rehome.LogOctets, t.Octets)
	}
}
