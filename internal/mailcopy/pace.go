// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"io"

	"golang.org/x/time/rate"
)

// paceBurst is how much may pass at once: one buffer of the append stream, so that the pace is even.
const paceBurst = 64 << 10

// newPace returns a limiter for octets per second over all accounts of an engine, nil for none.
func newPace(bytesPerSecond int64) *rate.Limiter {
	if bytesPerSecond <= 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(bytesPerSecond), paceBurst)
}

// paced slows a body down to the operator's pace.
type paced struct {
	ctx   context.Context
	body  io.Reader
	limit *rate.Limiter
}

func (p *paced) Read(buffer []byte) (int, error) {
	n, err := p.body.Read(buffer[:min(len(buffer), paceBurst)])
	if n > 0 {
		if waitErr := p.limit.WaitN(p.ctx, n); waitErr != nil {
			return n, waitErr
		}
	}
	return n, err
}
