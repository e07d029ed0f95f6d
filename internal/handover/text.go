// SPDX-License-Identifier: Apache-2.0

package handover

import (
	"fmt"
	"strings"

	"github.com/dustin/go-humanize/english"
)

// readme tells the vendor's people what each file is for and what is asked of them.
func readme(organisation string, b Bundle) []byte {
	var out strings.Builder
	fmt.Fprintf(&out, "Hello,\n\n%s is moving its mail to your platform. The accounts themselves are imported from a file; this\n"+
		"bundle holds what that import does not take. Below is what we ask of you, in the order in which it\n"+
		"helps us most. Every secret in it is encrypted, and manifest.json lists the size and SHA-256 of every file.\n\n", organisation)
	step := 0
	ask := func(format string, args ...any) {
		step++
		fmt.Fprintf(&out, "%d. "+format+"\n\n", append([]any{step}, args...)...)
	}
	if b.Hashes > 0 {
		ask("Set the password hashes of %s (%s)\n   The accounts are imported with temporary passwords. If your platform accepts "+
			"hashes, replace\n   these passwords with them, so that the users keep theirs. Open the file with the identity of\n"+
			"   your recipient:\n\n       age -d -i YOUR-IDENTITY %s > hashes.csv\n\n"+
			"   Columns: EmailAddress, Scheme (as Dovecot names it), Hash. Dovecot reads {Scheme}Hash.\n"+
			"   Delete hashes.csv afterwards, and tell us which schemes you could not use.",
			english.Plural(b.Hashes, "account", ""), bundledHashes, bundledHashes)
		if !b.Vendor {
			fmt.Fprintf(&out, "   NOTE TO THE SENDER: only you can open this file so far. Ask the vendor for an age recipient\n"+
				"   (age1... or an SSH public key) and write the bundle again with --seal-to.\n\n")
		}
	}
	if b.Aliases > 0 {
		ask("Create %s (aliases.csv)\n"+
			"   There is one row for each name and target, in the order of work; rows with the same No belong\n"+
			"   together. State \"create\": create it as it is. \"ask\": please tell us whether the platform can do\n"+
			"   this. \"decide\": we have to decide first. \"leave out\": nothing is lost without it. NextStep says\n"+
			"   what to do. *@domain is every other address of a domain. Please tell us which rows your platform\n"+
			"   cannot express.", english.PluralWord(b.Aliases, "1 alias or forward", fmt.Sprintf("%d aliases and forwards", b.Aliases)))
	}
	if b.POPUsers > 0 {
		ask("Keep the POP3 numbering of %s (pop-users.csv)\n"+
			"   These users may fetch mail by POP3. Unless UIDs and UIDVALIDITY, or the UIDLs, are kept, their\n"+
			"   mail programs download everything again. Messages is how many UIDLs each has, Identifiers what the\n"+
			"   old server makes them of. SettingForTheSame makes the same of the same UIDs and UIDVALIDITY; where\n"+
			"   there is none, each UIDL has to be stored with its message. If you run dsync for them, or give us\n"+
			"   access to doveadm so that we do, please tell us when, before we copy their mail. Do not add X-UIDL\n"+
			"   headers: they change the messages. Tell us when it is done: we compare the UIDLs of both servers\n"+
			"   before any user gets to see them, because a program that has seen a new one cannot be helped.",
			english.Plural(b.POPUsers, "account", ""))
	}
	ask("Create DKIM keys for %s (dkim-request.txt)\n"+
		"   Send us the selector and record for each. We publish them; then you check them and start signing.",
		english.Plural(b.Domains, "domain", ""))
	ask("Answer our questions (questions.txt)\n   We need the answers to plan the day of the move.")
	out.WriteString("If a file is not what you need, tell us what is, and we write it again. Thank you for your help.\n")
	return []byte(out.String())
}

// openQuestions are what no document of the vendor answers.
func openQuestions(organisation string, b Bundle) []byte {
	questions := []string{
		"Account import: may we have a sample CSV, what is the limit of rows, and what happens to the file if one row is rejected?",
		"Aliases: how are many created at once, and which kinds are supported (several targets, external targets, catch-all, whole domain)?",
		"Which host names and ports serve IMAP, POP3, submission, CalDAV and CardDAV in our region?",
		"Which MX host names, and which SPF include, are those of our region?",
		"Limits: what are the limits on message size, IMAP connections per account and address, and failed logins? Please allow the " +
			"address that our tool connects from.",
		fmt.Sprintf("Passwords: do you accept hashes, and which schemes (we have %d), or can the platform check logins against "+
			"our old IMAP server during the move?", b.Hashes),
		fmt.Sprintf("POP3: who runs dsync for the %s in pop-users.csv, and may we try one first?", english.Plural(b.POPUsers, "account", "")),
		"Calendars: does storing a past or future event with attendees by PUT send them mail, and can that be switched off while we copy?",
		"Accounts with a second factor: can an app password be created for our tool beforehand?",
		"Forwards, vacation texts and filter rules: is there an import, or ManageSieve on port 4190?",
	}
	var out strings.Builder
	fmt.Fprintf(&out, "Open questions from %s\n\n", organisation)
	for i, question := range questions {
		fmt.Fprintf(&out, "%d. %s\n   Answer: ______________________________________________________________\n\n", i+1, question)
	}
	return []byte(out.String())
}

func dkimRequest(organisation string, domains []string) []byte {
	var out strings.Builder
	fmt.Fprintf(&out, "DKIM keys for %s\n\nPlease create a DKIM key for each of these domains and send us its selector and "+
		"record. We publish\nit and tell you; then please check it and start signing.\n\n", organisation)
	for _, domain := range domains {
		fmt.Fprintf(&out, "domain: %s\n  selector: ____________________\n  record:   ____________________\n"+
			"  published by us on: __________   signing since: __________\n\n", domain)
	}
	return []byte(out.String())
}
