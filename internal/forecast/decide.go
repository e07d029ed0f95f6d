// SPDX-License-Identifier: Apache-2.0

package forecast

import (
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
)

// Undecided says what a person has to decide about before the account is switched, and how much mail it is about; "" for nothing.
//
// That programs with a cache fetch mail once more is what every move costs that keeps no UIDs, and nobody is asked. A person is where
// UIDs were to be kept (keep) and were not; and where somebody reads by POP3: such a program shows what it downloads again as new
// mail, and no way back heals that, so that not knowing it is no reason to go on either.
func (a Account) Undecided(keep bool) (why string, again Again) {
	switch {
	case !a.Copied:
		return "", Again{}
	case a.UsesPOP3 && a.POP3.Messages > 0:
		return "its POP3 programs download " + a.POP3.Words() + " again, and show it as new: " + strings.Join(a.Reasons, "; "), a.POP3
	case a.UsesPOP3 && !a.POP3Known:
		return "it reads mail by POP3, and it is not known how much its programs download again", Again{}
	case keep && a.IMAP.Messages > 0:
		return "each of its programs downloads " + a.IMAP.Words() + " again, although UIDs were to be kept: " + strings.Join(a.Reasons, "; "), a.IMAP
	}
	return "", Again{}
}

// Words say how much it is.
func (a Again) Words() string {
	text := english.Plural(int(a.Messages), "message", "")
	if a.Octets == 0 {
		return text
	}
	more := ""
	if a.AtLeast {
		more = "more than "
	}
	return fmt.Sprintf("%s (%s%s)", text, more, humanize.Bytes(uint64(a.Octets)))
}

// Plus adds up.
func (a Again) Plus(b Again) Again {
	return Again{Messages: a.Messages + b.Messages, Octets: a.Octets + b.Octets, AtLeast: a.AtLeast || b.AtLeast}
}
