// SPDX-License-Identifier: Apache-2.0

package mechanism

import (
	"errors"
	"slices"
)

// Choice is how a log-in of one attempt finds its mechanism. Under TLS the password itself is sent: servers announce mechanisms
// that hide it although they hold only another kind of hash of some passwords, and refuse them like wrong ones. Without TLS it
// is sent only where that is allowed, and after all that hides it.
type Choice struct {
	Revealing, Hiding []string // that the client knows, the best first
	Private           bool     // the connection has TLS
	Clear             bool     // the password may be sent without
	Offers            func(name string) bool
}

// Why there is no mechanism.
var (
	ErrNotPrivate = errors.New("no password may be sent on this connection, which has no TLS")
	ErrNotOffered = errors.New("the server offers no way to log in that fits")
)

// Name returns the mechanism; the error is ErrNotPrivate or ErrNotOffered.
func (c Choice) Name() (string, error) {
	names := slices.Concat(c.Hiding, c.Revealing)
	if c.Private {
		names = slices.Concat(c.Revealing, c.Hiding)
	}
	why := ErrNotOffered
	for _, name := range names {
		switch {
		case !c.Offers(name):
		case slices.Contains(c.Revealing, name) && !c.Private && !c.Clear:
			why = ErrNotPrivate
		default:
			return name, nil
		}
	}
	return "", why
}
