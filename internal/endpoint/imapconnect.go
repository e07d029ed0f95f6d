// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"errors"

	"rehome"
	"rehome/internal/protocol"
	"rehome/internal/protocol/imap"
)

// connectFault explains why a host cannot be reached, trusted or understood.
func (h *IMAP) connectFault(ctx context.Context, err error) error {
	fault := &rehome.Fault{
		Class: rehome.ClassTemporary, Op: "connect to the " + string(h.side), Object: h.settings.Address, Cause: err,
		Hint: "check that the host is up and that this machine can reach it",
	}
	var status *imap.StatusError
	switch {
	case ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded):
		return ctx.Err() // we were asked to stop: nothing is wrong with the host
	case errors.As(err, &status):
		explainStatus(fault, status)
	case explainTLS(fault, err):
	case isHangUp(err):
		fault.Hint = h.hangUpHint()
	case explainNetwork(fault, err):
		if timedOut(err) && h.settings.Security != protocol.ImplicitTLS && speaksTLS(ctx, dialFunc(h.settings.Dial), h.settings.Address) {
			fault.Hint = "this port uses implicit TLS: set tls: implicit, or use the port for STARTTLS (143)"
		}
	}
	return fault
}

// hangUpHint knows that Dovecot ends a TLS handshake without a word when it shares no version or
// cipher with the client.
func (h *IMAP) hangUpHint() string {
	hint := "the host closed the connection at once: check that the port speaks IMAP, and the host's limits and allow-lists"
	if h.settings.Security != protocol.NoTLS {
		hint += "; an old server may need tls_min and ciphers"
	}
	return hint
}

// explainStatus fills fault for a server that answers and will not have us.
func explainStatus(fault *rehome.Fault, status *imap.StatusError) {
	fault.Server, fault.Class = status.Text, classOf(status)
	fault.Hint = "the host rejects this machine: ask its administrator about limits and allow-lists"
	switch {
	case status.Command == "STARTTLS" && status.Kind != "BYE":
		fault.Class = rehome.ClassUntrusted
		fault.Hint = "this port does not offer STARTTLS: try tls: implicit with the port for it (993)"
	case fault.Class == rehome.ClassThrottled:
		fault.Hint = hintOf(status)
	case fault.Class == rehome.ClassPermanent:
		fault.Class = rehome.ClassTemporary // before the log-in nothing is known that would be final
	}
}
