// SPDX-License-Identifier: Apache-2.0

package imap

import "context"

// StoreMode says what happens to the flags that are named.
type StoreMode string

// The modes of RFC 9051, section 6.4.6, without the echo.
const (
	StoreReplace StoreMode = "FLAGS.SILENT"
	StoreAdd     StoreMode = "+FLAGS.SILENT"
	StoreRemove  StoreMode = "-FLAGS.SILENT"
)

// Store changes the flags of uids in the open mailbox.
func (c *Client) Store(ctx context.Context, uids UIDSet, mode StoreMode, flags []string) error {
	list, err := flagList(flags)
	if err != nil {
		return err
	}
	return c.doEach(ctx, uids, "UID STORE", func(set UIDSet) string { return "UID STORE " + set.String() + " " + string(mode) + " " + list })
}

// doEach runs a command for a set of messages, in parts when the set is too long for one line.
func (c *Client) doEach(ctx context.Context, uids UIDSet, name string, line func(UIDSet) string) error {
	for _, set := range uids.lines() {
		if err := c.do(ctx, &command{name: name}, raw(line(set))); err != nil {
			return err
		}
	}
	return nil
}
