// SPDX-License-Identifier: Apache-2.0

package handover

import (
	"fmt"
	"strings"
)

// readme tells the vendor's people what each file is for and what is asked of them.
func readme(organisation string, b Bundle) []byte {
	var out strings.Builder
	fmt.Fprintf(&out, "%s moves to your platform\n\n"+
		"This bundle holds what the import of accounts cannot carry. Nothing secret is in it in clear.\n"+
		"manifest.json has the size and SHA-256 of every file.\n\n", organisation)
	step := 0
	ask := func(format string, args ...any) {
		step++
		fmt.Fprintf(&out, "%d. "+format+"\n\n", append([]any{step}, args...)...)
	}
	if b.Hashes > 0 {
		ask("Take over %d passwords (%s)\n   The accounts are imported with temporary passwords. If your platform can take "+
			"hashes, replace\n   these passwords by the hashes, so that their people need no new one. Open the file with the\n"+
			"   identity of your recipient:\n\n       age -d -i YOUR-IDENTITY %s > hashes.csv\n\n"+
			"   Columns: EmailAddress, Scheme (as Dovecot names it), Hash. Dovecot reads {Scheme}Hash.\n"+
			"   Delete hashes.csv afterwards, and tell us which schemes you could not take.",
			b.Hashes, bundledHashes, bundledHashes)
		if !b.Vendor {
			fmt.Fprintf(&out, "   NOTE TO THE SENDER: nobody but you can open this file yet. Ask the vendor for an age recipient\n"+
				"   (age1... or an SSH public key) and write the bundle again with --seal-to.\n\n")
		}
	}
	ask("Make %d aliases and forwards (aliases.csv)\n"+
		"   One row for each name and target, in the order of the work; rows of one No belong together. State\n"+
		"   create can be made as it stands; ask needs your word on whether the platform can do it; decide is\n"+
		"   ours to settle first; leave out means that nothing is lost without it. NextStep says what to do. *@domain is "+
		"everything\n   else of a domain. Tell us which rows your platform cannot express.", b.Aliases)
	ask("Keep POP3 numbering of %d accounts (pop-users.csv)\n"+
		"   These people may fetch by POP3. Unless UIDs and UIDVALIDITY, or the UIDLs, are kept, their programs\n"+
		"   fetch everything again. If you run dsync for them, tell us when, before we copy their mail.", b.POPUsers)
	ask("Make DKIM keys for %d domains (dkim-request.txt)\n"+
		"   Send selector and record for each; we publish, you check and begin to sign.", b.Domains)
	ask("Answer our questions (questions.txt)\n   The move cannot be planned to the hour without them.")
	return []byte(out.String())
}

// openQuestions are what no document of the vendor answers.
func openQuestions(organisation string, b Bundle) []byte {
	questions := []string{
		"Account import: a sample CSV, the limit of rows, and what happens to the file when one row is refused?",
		"Aliases: how are many made at once, and which kinds are there (several targets, targets elsewhere, catch-all, whole domain)?",
		"Host names and ports of IMAP, POP3, submission, CalDAV and CardDAV in our region?",
		"MX host names, and the name of the SPF include of our region?",
		"Limits: size of a message, IMAP connections per account and address, failed log-ins? Please allow the address that " +
			"our tool connects from.",
		fmt.Sprintf("Passwords: do you take hashes, and which schemes (we have %d), or can the platform check log-ins against "+
			"our old IMAP server during the move?", b.Hashes),
		fmt.Sprintf("POP3: who runs dsync for the %d accounts in pop-users.csv, and may we try one first?", b.POPUsers),
		"Calendars: does storing a past or future event with attendees by PUT send them mail, and can that be switched off while we copy?",
		"Accounts with a second factor: may an app password be made beforehand for our tool?",
		"Forwards, vacation texts and filter rules: is there an import, or ManageSieve on port 4190?",
	}
	var out strings.Builder
	fmt.Fprintf(&out, "Open questions of %s\n\n", organisation)
	for i, question := range questions {
		fmt.Fprintf(&out, "%d. %s\n   Answer: ______________________________________________________________\n\n", i+1, question)
	}
	return []byte(out.String())
}

func dkimRequest(organisation string, domains []string) []byte {
	var out strings.Builder
	fmt.Fprintf(&out, "DKIM keys for %s\n\nPlease make a DKIM key for each of these domains and send us selector and "+
		"record. We publish it and\ntell you; then please check it and begin to sign.\n\n", organisation)
	for _, domain := range domains {
		fmt.Fprintf(&out, "domain: %s\n  selector: ____________________\n  record:   ____________________\n"+
			"  published by us on: __________   signing since: __________\n\n", domain)
	}
	return []byte(out.String())
}
