// SPDX-License-Identifier: Apache-2.0

package recipients

import "rehome"

// Findings lists every kind of finding that looking for recipients raises.
func Findings() []rehome.Declared { return []rehome.Declared{headersUnread} }

var headersUnread = rehome.Declared{
	Code: "headers_unread", Topic: rehome.TopicRecipients, Severity: rehome.SeverityWarning,
	Sentence: "not all message headers of the account could be read: {why}",
	NextStep: "run the census again when the login works; the server's logs may cover it too",
	Meaning: "The census reads the address fields of recent messages. An account that cannot be read may have received mail " +
		"for addresses that are not in the list.",
}
