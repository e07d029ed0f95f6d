// SPDX-License-Identifier: Apache-2.0

package rehearsal

import (
	"context"
	"fmt"
	"strings"
	"time"

	"rehome"
)

// What a host counts.
//
// fail2ban, as Debian ships it, locks an address out for ten minutes after five failures within ten minutes, of whichever
// account and protocol, as Dovecot and Postfix write one log; lists of other panels allow five within an hour for sending.
// Dovecot's own penalty only delays. So refusals are counted over all accounts, all services and all runs, over a window that is
// longer than that of a host, and the host is left alone while there is room for two more: one of the user's own, and one that
// the host has counted twice. An attempt of which nobody knows how it ended counts as a refusal, and so does every answer that
// is not a welcome, because it is the host who decides what it counts.

// stopped is why a host is left alone.
type stopped struct{ why, hint string }

// exhausted reports why no more is tried at a host that has refused at these times, which rise; nil if it may be.
func (l Limits) exhausted(failures []time.Time, now time.Time) *stopped {
	counted := failures[:0:0]
	for _, at := range failures {
		if now.Sub(at) < l.Window {
			counted = append(counted, at)
		}
	}
	if len(counted) < l.Refusals {
		return nil
	}
	free := counted[len(counted)-l.Refusals].Add(l.Window) // then one of them does not count any more
	return &stopped{
		why: fmt.Sprintf("the host did not accept %s within %s, and might lock out this machine; nobody else was tried",
			rehome.Text("{n login}").With(rehome.Values{"n": len(counted)}), inWords(l.Window)),
		hint: "run the same command again after " + free.Local().Format(time.TimeOnly) + "; it continues with those who were not tried",
	}
}

// mayTry stops the run if the host has refused too often.
func (r *run) mayTry(ctx context.Context) error {
	now := time.Now()
	failures, err := r.Logins.Failures(ctx, now.Add(-r.Limits.Window))
	if err != nil {
		return err
	}
	if r.stopped == nil {
		r.stopped = r.Limits.exhausted(failures, now)
	}
	return nil
}

// pause spaces log-ins.
func (r *run) pause(ctx context.Context) error {
	if !r.tried {
		r.tried = true
		return nil
	}
	return wait(ctx, r.Limits.Pause)
}

func wait(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// inWords is a time as people write it in the settings: 15m, and not 15m0s.
func inWords(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
