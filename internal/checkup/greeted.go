// SPDX-License-Identifier: Apache-2.0

package checkup

import (
	"context"
	"errors"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/protocol"
)

// POP3 connects to a POP3 server and logs nobody in: the certificate is verified, and the server says how it would let people in.
func POP3(ctx context.Context, c *List, address string, security protocol.Security, end *endpoint.POP3) {
	sentence, err := POP3Offers(ctx, address, security, end)
	c.told("pop3", sentence, err)
}

// Submission is POP3 for a server that takes the mail of users.
func Submission(ctx context.Context, c *List, address string, security protocol.Security, end *endpoint.Submission) {
	sentence, err := SubmissionOffers(ctx, address, security, end)
	c.told("sending", sentence, err)
}

// POP3Offers says in a sentence what answers and which log-ins it offers. None is an error.
func POP3Offers(ctx context.Context, address string, security protocol.Security, end *endpoint.POP3) (sentence string, err error) {
	offers, err := end.Reach(ctx)
	if err != nil {
		return "", err
	}
	ways := offers.SASL
	if offers.USER {
		ways = append(slices.Clone(ways), "USER")
	}
	return loginOffered(address, security, ways)
}

// SubmissionOffers is POP3Offers for a server that takes the mail of users.
func SubmissionOffers(ctx context.Context, address string, security protocol.Security, end *endpoint.Submission) (sentence string, err error) {
	ways, err := end.Reach(ctx)
	if err != nil {
		return "", err
	}
	return loginOffered(address, security, ways)
}

func loginOffered(address string, security protocol.Security, ways []string) (string, error) {
	secured := "with a valid certificate"
	if security == protocol.NoTLS {
		secured = "without TLS"
	}
	if len(ways) == 0 {
		return "", &rehome.Fault{Class: rehome.ClassOperator, Op: "find a login at", Object: address,
			Cause: errors.New("it answers " + secured + " and offers none"),
			Hint:  "check that this is the port for users, and not the one for other mail hosts"}
	}
	return address + " answers " + secured + ", and offers login by " + strings.Join(ways, ", "), nil
}

// told warns of an error: the move works without these servers, and people's programs do not.
func (c *List) told(subject, sentence string, err error) {
	if err != nil {
		c.Warn(subject, err.Error(), rehome.HintOf(err))
		return
	}
	c.OK(subject, sentence)
}

// Page says whether a page for people answers.
func Page(c *List, subject, sentence string, err error) { c.told(subject, sentence, err) }
