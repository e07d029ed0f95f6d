// SPDX-License-Identifier: Apache-2.0

package ledger

// Mail keeps what of an account's mailboxes is at the destination.
type Mail struct {
	mailboxes // which mailboxes belong together, and what both ends looked like
	batches   // which messages were brought, or are under way
	fates     // what became of them, and of those that could not be brought
}

type (
	mailboxes struct{ *store }
	batches   struct{ *store }
	fates     struct{ *store }
)
