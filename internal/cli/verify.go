// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/journey"
	"rehome/internal/people"
	"rehome/internal/verify"

	"github.com/spf13/cobra"
)

// differencesShown bounds what the terminal shows of one account; the report and --json have more.
const differencesShown = 10

func verifyCommand(f *frame) *cobra.Command {
	var who *selection
	var only []string
	var reread, uids bool
	var logins *loginTest
	level := string(verify.LevelFull)
	var cmd *cobra.Command
	cmd = &cobra.Command{
		Use:   "verify",
		Short: "Compare both ends and list every difference, or try every login",
		Long: `verify reads both ends as a mail client would and compares them. It does not rely on what sync has
recorded, and writes nothing to either end.

  counts    mailboxes, subscriptions and the number of messages in each mailbox
  metadata  also the flags, date and size of every message, and the annotations of mailboxes
  full      also every octet of every message

A later verification at level full reads only what has changed at either end since the last one; what
it has read before and what has not changed stays proved. The answer says how much that is, and when it
was read. With --reread, it reads everything again.

With --uids, it also compares UIDs, UIDVALIDITY and UIDNEXT, by which mail programs know what they have
downloaded, and where source.pop3 and destination.pop3 are set, the identifiers of POP3 (UIDL) and their
order: a difference means that they will download it again. Run it before the switch. Where both servers
tell when messages came into their mailboxes, it compares that too.

With --only, it compares only some kinds and says so; the report keeps the last comparison of everything.

At level counts, contacts and calendar objects are counted. At the other levels they are read and
compared by meaning: equal, cosmetic (an invisible difference), repaired (the repairs are listed),
quarantined, changed, missing or extra.

Rules are read at every level and compared by what they say, if the settings name destination.sieve. Names
of mailboxes and scripts may be the destination's. A script that replies or forwards may be off there until
the switch. Missing, changed or inactive scripts, and other active ones, are differences.

With --login, it compares nothing and does what the programs of users will do: it logs in at the
destination as each account, with the password that accounts.csv has for it, once by each protocol that the
settings name, sends one message from the account to itself, finds it, and removes it. It stops before the
host would lock this machine out, and continues when it is run again. What worked or was refused is not
tried again unless the password is another one.

Exit code 0: both ends are equal, or every login works. 3: every login was refused. 5: they differ, an
account could not be read, or a login does not work.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
			if err := logins.check(cmd); err != nil {
				return rehome.OutcomeDone, err
			}
			chosen := verify.Level(level)
			if err := levelAllows(chosen, reread, uids); err != nil {
				return rehome.OutcomeDone, &usageError{cause: err, command: "rehome verify"}
			}
			accounts, err := who.choice(f.app.In)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			if logins.on {
				return f.runLogins(ctx, move, accounts, logins.options)
			}
			kinds, err := verifiedKinds(only)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return f.runVerify(ctx, move, accounts, journey.VerifyOptions{Level: chosen, Only: kinds, Reread: reread, UIDs: uids})
		})),
	}
	who = f.selectAccounts(cmd)
	logins = loginTestFlags(cmd)
	f.listAll(cmd)
	cmd.Flags().StringVar(&level, "level", level, "how thoroughly to compare: counts, metadata or full")
	cmd.Flags().BoolVar(&reread, "reread", false, "read everything again, also what was proved before and has not changed since")
	cmd.Flags().StringSliceVar(&only, "only", nil, "compare only these: mail, contacts, calendars, rules; the answer is not kept for the report")
	cmd.Flags().BoolVar(&uids, "uids", false, "also compare UIDs, UIDVALIDITY and UIDNEXT, by which mail programs know what they have downloaded")
	completeKinds(cmd, "only", journey.Kinds())
	completeValues(cmd, "level", string(verify.LevelCounts), string(verify.LevelMetadata), string(verify.LevelFull))
	return cmd
}

// levelAllows says what the chosen level cannot do.
func levelAllows(level verify.Level, reread, uids bool) error {
	switch {
	case !slices.Contains(verify.Levels(), level):
		return fmt.Errorf("invalid value %q for --level; use counts, metadata or full", level)
	case reread && level != verify.LevelFull:
		return errors.New("--reread needs --level full: the other levels read nothing again")
	case uids && level == verify.LevelCounts:
		return errors.New("--uids needs --level metadata or full: counting lists no message")
	}
	return nil
}

// verifiedKinds reads the kinds of --only.
func verifiedKinds(names []string) (kinds []rehome.Kind, err error) {
	for _, name := range names {
		kind := rehome.Kind(strings.TrimSpace(name))
		if !slices.Contains(journey.Kinds(), kind) {
			return nil, &usageError{cause: fmt.Errorf("invalid value %q for --only; use mail, contacts, calendars or rules", name), command: "rehome verify"}
		}
		kinds = append(kinds, kind)
	}
	return kinds, nil
}

func (f *frame) runVerify(ctx context.Context, move *journey.Move, accounts people.Choice, options journey.VerifyOptions) (rehome.Outcome, error) {
	progress := conductor.NewProgress()
	stop := f.watch(progress)
	document, err := move.Verify(ctx, accounts, options, progress)
	stop()
	if err != nil {
		return rehome.OutcomeDone, err
	}
	return f.give(document, func(w io.Writer) error { return f.writeVerdicts(w, document, verdictSentence(document)) })
}

// writeVerdicts prints a row for each account, the differences, and the sentence that sums up.
func (f *frame) writeVerdicts(w io.Writer, document verify.Document, sentence string) error {
	t := newTable("ACCOUNT", "VERDICT", "MESSAGES", "SIZE", "CONTACTS", "EVENTS", "REPAIRS", "DIFFER").
		alignRight(2, 3, 4, 5, 6, 7).coloured(1, verdictTone)
	for _, a := range document.Accounts {
		if needsNoLook(a) && !f.all {
			continue // the sentence at the end counts them
		}
		messages := ""
		size := ""
		if a.Mail != nil {
			messages, size = number(int(a.Mail.Source.Messages)), octets(a.Mail.Source.Octets)
		}
		t.add(a.Account, string(a.Verdict), messages, size, objectsOf(a.Contacts), objectsOf(a.Calendars), repairedOf(a), number(a.Differences()))
	}
	if !f.quiet {
		if err := t.write(w, paletteFor(w, os.Getenv)); err != nil {
			return err
		}
	}
	for _, a := range document.Accounts {
		f.writeDifferences(w, a)
	}
	if err := f.writeFindings(w, document.Findings, rehome.SeverityError); err != nil {
		return err
	}
	if f.quiet {
		return nil
	}
	writeSince(w, document)
	writeRemembered(w, document.Tell())
	_, err := fmt.Fprintln(w, paletteFor(w, os.Getenv).of(document.Outcome(), sentence))
	return err
}

// needsNoLook reports whether the sentence at the end says all there is to an account: it is equal, or nobody has compared it.
func needsNoLook(a verify.Account) bool {
	neverCompared := a.Verdict == verify.Unknown && a.Verified.IsZero()
	return neverCompared || a.Verdict == verify.Equal && a.CopiedSince == nil
}

// writeSince says which answers are older than the last pass, and what was compared since in less depth.
func writeSince(w io.Writer, document verify.Document) {
	rechecked := 0
	var last verify.Rechecked
	for _, a := range document.Accounts {
		if a.CopiedSince != nil {
			fmt.Fprintf(w, "%s: verified %s; %s\n  -> run \"rehome verify\" again\n", printable(a.Account), moment(a.Verified),
				a.CopiedSince.Words())
		}
		if a.Rechecked != nil {
			rechecked++
			last = *a.Rechecked
		}
	}
	if rechecked > 0 {
		fmt.Fprintf(w, "%s compared again later, at level %s; that does not replace the comparison above\n",
			count(rechecked, "account was", "accounts were"), last.Level)
	}
}

// writeRemembered says how much was not read again, and since when it is proved.
func writeRemembered(w io.Writer, s verify.Summary) {
	if s.Remembered > 0 {
		fmt.Fprintf(w, "%s unchanged since an earlier verification and not read again; the oldest was read %s (--reread reads everything)\n",
			count(int(s.Remembered), "message or object was", "messages and objects were"), moment(s.Read))
	}
}

func (f *frame) writeDifferences(w io.Writer, a verify.Account) {
	writeObjectDifferences(w, a.Account, a.Contacts)
	writeObjectDifferences(w, a.Account, a.Calendars)
	writeRuleDifferences(w, a.Account, a.Rules)
	if a.Mail == nil {
		return
	}
	for i, d := range a.Mail.Differences {
		if i == differencesShown {
			fmt.Fprintf(w, "%s: %s; see the report\n", printable(a.Account), plural(len(a.Mail.Differences)-i+a.Mail.Unlisted, "more difference"))
			return
		}
		fmt.Fprintf(w, "%s: %s\n", printable(a.Account), printable(d.Sentence))
	}
}

// amountOf says how much there is, without the kind of which there is nothing.
func amountOf(messages int64, objects int) string {
	if messages == 0 && objects > 0 {
		return strings.TrimPrefix(andObjects(objects), " and ")
	}
	return plural(int(messages), "message") + andObjects(objects)
}

// verdictSentence sums up a comparison that was made now. What could not be read is not known to differ.
func verdictSentence(document verify.Document) string {
	s := document.Tell()
	if document.Outcome() == rehome.OutcomeDone {
		return fmt.Sprintf("both ends are equal%s: %s, %s", withAccepted(s.Accepted), plural(s.Accounts, "account"),
			comparedAmount(s))
	}
	var parts []string
	add := func(n int, one, many string) {
		if n > 0 {
			parts = append(parts, number(n)+" "+verb(n, one, many))
		}
	}
	add(s.Equal, "is equal", "are equal")
	add(s.Differ, "differs", "differ")
	add(s.Unknown, "could not be read", "could not be read")
	lead := "the ends are not equal"
	if s.Differ == 0 {
		lead = "the ends are not proved to be equal"
	}
	return fmt.Sprintf("%s: of %s, %s", lead, plural(s.Accounts, "account"), strings.Join(parts, ", "))
}

// withAccepted names what somebody has accepted; "" if nothing was.
func withAccepted(n int) string {
	if n == 0 {
		return ""
	}
	return ", with " + plural(n, "accepted difference")
}

// writeRuleDifferences lists the scripts that differ between the ends.
func writeRuleDifferences(w io.Writer, account string, r *verify.Rules) {
	if r == nil {
		return
	}
	for i, d := range r.Differences {
		if i == differencesShown {
			fmt.Fprintf(w, "%s: %s; see the report\n", printable(account), plural(len(r.Differences)-i, "more difference"))
			return
		}
		fmt.Fprintf(w, "%s: %s\n", printable(account), printable(d.Sentence))
	}
}

// comparedAmount says how much was compared, without the kinds of which there is nothing.
func comparedAmount(s verify.Summary) string {
	objects := s.Contacts.Source + s.Calendars.Source
	switch {
	case s.Scripts == 0:
		return amountOf(s.Source.Messages, objects)
	case s.Source.Messages == 0 && objects == 0:
		return plural(s.Scripts, "script")
	}
	return amountOf(s.Source.Messages, objects) + ", " + plural(s.Scripts, "script")
}
