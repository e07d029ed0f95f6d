// SPDX-License-Identifier: Apache-2.0

package judge

import "strings"

// Names translates the names of one server's mailboxes into another's, by what the test knows of both: it
// is a table, and no guess.
type Names struct {
	SourcePrefix, SourceDelimiter string            // of the personal namespace: "INBOX." and "."
	Prefix, Delimiter             string            // the destination's
	Special                       map[string]string // whole names at both ends, which win; "" is nowhere. What is below does not follow
	Spelling                      *strings.Replacer // of what a part of a name may not hold at the destination
}

// Where is one for [MailTerms].
func (n Names) Where(source string) string {
	if to, told := n.Special[source]; told {
		return to
	}
	if source == "INBOX" {
		return source
	}
	parts := strings.Split(strings.TrimPrefix(source, n.SourcePrefix), n.SourceDelimiter)
	if n.Spelling != nil {
		for i, part := range parts {
			parts[i] = n.Spelling.Replace(part)
		}
	}
	return n.Prefix + strings.Join(parts, n.Delimiter)
}
