// SPDX-License-Identifier: Apache-2.0

package mapping

import "strings"

// AnnotationMoves says that an annotation of a source mailbox, of the account for "", belongs to the destination as well. A server's own
// entries do not: Cyrus notes there where a mailbox is stored and when it may be cleaned, Dovecot what it keeps for itself. Special uses
// are mapped with the mailboxes, and what a server shares with everybody is its operator's.
func AnnotationMoves(mailbox, entry string) bool {
	area, name, found := strings.Cut(strings.TrimPrefix(entry, "/"), "/")
	return found && (mailbox != "" || area == "private") && name != "specialuse" && !strings.HasPrefix(name, "vendor/cmu/") &&
		!strings.HasPrefix(name, "vendor/vendor.dovecot/")
}
