// SPDX-License-Identifier: Apache-2.0

package dsync

import "time"

// handshakeItem is H (dsync-ibc.h, struct dsync_ibc_settings). The server's own has only its host name.
func handshakeItem() item {
	return item{'H', []string{
		"hostname", "sync_box", "sync_type", "send_mail_requests", "backup_recv", "no_backup_overwrite", "hashed_headers", "alt_char",
		"lock_timeout",
	}}
}

// handshake says that the server receives: the words are those of the server's role, not of ours.
func handshake(o Options) outgoing {
	r := newOutgoing('H').
		set("hostname", o.Hostname).
		set("sync_type", "f"). // full: all mailboxes that are named are compared
		mark("send_mail_requests", true).
		mark("backup_recv", true).
		mark("no_backup_overwrite", true).
		set("hashed_headers", "Date\tMessage-ID\t").
		set("alt_char", "_")
	if o.Lock > 0 {
		r.set("lock_timeout", number(uint32(min(o.Lock/time.Second, 3600))))
	}
	if o.Mailbox != "" {
		r.set("sync_box", o.Mailbox)
	}
	return r
}
