// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"rehome"
	"rehome/internal/protocol/dav"
	"rehome/internal/protocol/imap"
	"rehome/internal/protocol/managesieve"
)

// A log-in that fails is returned and not logged here: who tries again, or gives up, says so. What nobody is told of
// otherwise is that a connection has come, and that one has gone.

// hostLog is what is logged of one service of a host.
type hostLog struct {
	*slog.Logger
	connections *atomic.Int64 // so far
}

func newHostLog(log *slog.Logger, side rehome.Side, protocol, host string) hostLog {
	return hostLog{
		rehome.Logger(log).With(rehome.LogSide, string(side), rehome.LogProtocol, protocol, rehome.LogHost, host), new(atomic.Int64),
	}
}

// connection returns what is logged of the next one, which an account opens, or nobody ("") to look at the host.
func (h hostLog) connection(account string) connectionLog {
	log := h.With(rehome.LogConnection, h.connections.Add(1))
	if account != "" {
		log = log.With(rehome.LogAccount, account)
	}
	return connectionLog{log}
}

// connectionLog is what is logged of one connection, or of one log-in where connections are shared.
type connectionLog struct{ *slog.Logger }

func (l connectionLog) opened(began time.Time) {
	l.Info("connection opened", rehome.LogTook, time.Since(began))
}

// closed tells how it ended: err is nil where we say good-bye. That we hung up ourselves is no loss.
func (l connectionLog) closed(err error) {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, imap.ErrClosed) {
		l.Debug("connection closed")
		return
	}
	l.Info("connection lost", rehome.LogError, err.Error())
}

// details says whether anybody reads of single commands.
func (l connectionLog) details() bool { return l.Enabled(context.Background(), slog.LevelDebug) }

// imap returns what logs each command; nil, which costs nothing, when nobody reads it.
func (l connectionLog) imap() func(imap.Exchange) {
	if !l.details() {
		return nil
	}
	return func(e imap.Exchange) {
		l.Debug("command", rehome.LogCommand, e.Command, rehome.LogAnswer, e.Answer, rehome.LogTook, e.Took, rehome.LogSent, e.Sent,
			rehome.LogReceived, e.Received)
	}
}

func (l connectionLog) dav() func(dav.Exchange) {
	if !l.details() {
		return nil
	}
	return func(e dav.Exchange) {
		l.Debug("command", rehome.LogCommand, e.Method, rehome.LogAnswer, e.Status, rehome.LogTook, e.Took, rehome.LogSent, e.Sent,
			rehome.LogReceived, e.Received)
	}
}

func (l connectionLog) sieve() func(managesieve.Exchange) {
	if !l.details() {
		return nil
	}
	return func(e managesieve.Exchange) {
		l.Debug("command", rehome.LogCommand, e.Command, rehome.LogAnswer, e.Answer, rehome.LogTook, e.Took, rehome.LogSent, e.Sent)
	}
}
