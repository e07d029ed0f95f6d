// SPDX-License-Identifier: Apache-2.0

package mail

import "context"

// flight are the commands of one connection that are under way, the oldest first. Each is waited for, whatever becomes of those
// before it: nothing is under way any more when done returns.
type flight struct {
	end    *end
	most   int64 // weight that may be under way
	weight int64
	under  []landing
	err    error // the first that is more than a refusal
}

// landing is a command under way.
type landing struct {
	weight int64
	wait   func() error // its error ends the flight
}

// room waits until so much more may be under way, and reports whether anything may be sent.
func (f *flight) room(weight int64) bool {
	for len(f.under) > 0 && (f.err != nil || f.weight+weight > f.most) {
		f.land()
	}
	return f.err == nil
}

// sent takes in a command; err is that of sending it, and there is none to wait for then.
func (f *flight) sent(weight int64, err error, wait func() error) {
	if err != nil {
		f.fail(err)
		return
	}
	f.under = append(f.under, landing{weight, wait})
	f.weight += weight
}

func (f *flight) land() {
	first := f.under[0]
	f.under = f.under[1:]
	f.weight -= first.weight
	f.fail(first.wait())
}

func (f *flight) fail(err error) {
	if f.err == nil {
		f.err = err
	}
}

// done waits for all.
func (f *flight) done(ctx context.Context) error {
	for len(f.under) > 0 {
		f.land()
	}
	f.fail(ctx.Err())
	if f.end.lost() {
		_ = f.end.session.Client.Close() // waits for a callback that may still run; err says why it is lost
	}
	return f.err
}
