// SPDX-License-Identifier: Apache-2.0

package checkup

import (
	"context"

	"rehome/internal/signon"
)

// SignOn looks at the issuer that people sign in to the screen by. The move works without it.
func SignOn(ctx context.Context, c *List, issuer *signon.Provider) {
	const subject = "sign-in"
	offer, err := issuer.Look(ctx)
	if err != nil {
		c.told(subject, "", err)
		return
	}
	for _, doubt := range offer.Doubts {
		c.Warn(subject, issuer.Host()+": "+doubt.Sentence, doubt.NextStep)
	}
	if len(offer.Doubts) > 0 {
		return
	}
	secured := "with a valid certificate"
	if !offer.TLS {
		secured = "without TLS, from this machine"
	}
	c.OK(subject, issuer.Host()+" answers "+secured+", calls itself as serve.oidc.issuer does, and publishes "+
		count(offer.Keys, "key")+" for its tokens; whether it knows this client shows when somebody signs in")
}
