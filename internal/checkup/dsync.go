// SPDX-License-Identifier: Apache-2.0

package checkup

import (
	"context"
	"fmt"

	"rehome"
	"rehome/internal/endpoint"
)

// Dsync asks once which mailboxes an account has at the destination.
func Dsync(ctx context.Context, c *List, end *endpoint.Dsync, account rehome.Account) {
	session, err := end.Open(ctx, account, "")
	if rehome.ClassOf(err) == rehome.ClassOperator {
		c.Warn("dsync", err.Error(), "expected before accounts.csv is imported; afterwards: "+rehome.HintOf(err))
		return
	}
	if err != nil {
		c.Fail("dsync", err)
		return
	}
	defer session.Close() // only looked at
	nodes, _, err := session.Tree(ctx)
	if err != nil {
		c.Fail("dsync", end.Fault(ctx, err, "list by dsync the mailboxes of", account.Address))
		return
	}
	c.OK("dsync", fmt.Sprintf("it lists %d mailboxes of %s: messages can keep their UIDs", len(nodes), account.Address))
}
