// SPDX-License-Identifier: Apache-2.0

package imap

import "context"

// Expunge removes those of uids that carry \Deleted from the open mailbox (UID EXPUNGE, RFC 4315,
// section 2.1). Without UIDPLUS it returns an *UnsupportedError and sends nothing: a plain EXPUNGE
// would also take what somebody else has marked.
func (c *Client) Expunge(ctx context.Context, uids UIDSet) error {
	if !c.Capabilities().Has("UIDPLUS") {
		return &UnsupportedError{Command: "UID EXPUNGE", Extension: "UIDPLUS"}
	}
	return c.doEach(ctx, uids, "UID EXPUNGE", func(set UIDSet) string { return "UID EXPUNGE " + set.String() })
}
