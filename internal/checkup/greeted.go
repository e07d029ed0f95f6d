// SPDX-License-Identifier: Apache-2.0

package checkup

import (
	"context"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/protocol"
)

// POP3 connects to a POP3 server and logs nobody in: the certificate is verified, and the server says how it would let people in.
func POP3(ctx context.Context, c *List, address string, security protocol.Security, end *endpoint.POP3) {
	offers, err := end.Reach(ctx)
	if err != nil {
		c.Warn("pop3", err.Error(), rehome.HintOf(err))
		return
	}
	ways := offers.SASL
	if offers.USER {
		ways = append(slices.Clone(ways), "USER")
	}
	c.loginOffered("pop3", address, security, ways)
}

// Submission is POP3 for a server that takes the mail of users.
func Submission(ctx context.Context, c *List, address string, security protocol.Security, end *endpoint.Submission) {
	ways, err := end.Reach(ctx)
	if err != nil {
		c.Warn("sending", err.Error(), rehome.HintOf(err))
		return
	}
	c.loginOffered("sending", address, security, ways)
}

// loginOffered says in a sentence what was reached.
func (c *List) loginOffered(subject, address string, security protocol.Security, ways []string) {
	secured := "with a valid certificate"
	if security == protocol.NoTLS {
		secured = "without TLS"
	}
	sentence := address + " answers " + secured
	if len(ways) == 0 {
		c.Warn(subject, sentence+", and offers no login", "check that this is the port for users, and not the one for other mail hosts")
		return
	}
	c.OK(subject, sentence+", and offers login by "+strings.Join(ways, ", "))
}
