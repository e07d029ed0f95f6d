// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"rehome"
	"rehome/internal/journey"
	"rehome/internal/notify"
)

func clientsNotifyCommand(f *frame) *cobra.Command {
	var who *selection
	var options journey.NotifyOptions
	cmd := &cobra.Command{
		Use:   "notify",
		Short: "Send each user their page by mail, once; without --send, only show what would be sent",
		Long: `notify sends each user the page of "clients documents" by mail: one message before the switch, and one after it.
It needs a server that sends mail: clients.notify in the settings.

Without --send, it lists all messages, writes the first 100 as files to the folder clients/messages in
accounts.output, and sends nothing. Open them in a mail program. --send sends what was shown, and nothing else:
what has changed since is not sent before you have looked at it again.

You can interrupt and repeat the command; nobody gets a message twice. If the connection breaks while the server
is taking a message, nobody knows whether it has it: such a message is listed and not sent again until you say
what became of it, with --arrived or --lost.

Exit code 5: the server takes no more for now, or the run ended early; run the command again.
Exit code 6: a message waits for you: refused, returned, unknown, or not shown yet.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
			if !options.Send && (options.Refused || options.Again) {
				return rehome.OutcomeDone, &usageError{cause: errors.New("--retry-refused and --again need --send"), command: "rehome clients notify"}
			}
			only, err := who.choice(f.app.In)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			options.Begins = func(account string) { f.say("sending: %s", account) }
			document, err := move.Notify(ctx, only, options)
			if err != nil && len(document.Results) == 0 {
				return rehome.OutcomeDone, err
			}
			outcome, shown := f.give(document, func(w io.Writer) error { return writeNotices(w, document) })
			return outcome, errors.Join(err, shown)
		})),
	}
	who = f.selectAccounts(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&options.Send, "send", false, "send the messages that were shown")
	flags.BoolVar(&options.Refused, "retry-refused", false, "with --send: also send again what was refused or came back")
	flags.BoolVar(&options.Again, "again", false, "with --send: also send again to users who have the message; name them with --account")
	flags.StringArrayVar(&options.Arrived, "arrived", nil, "the message to this user has arrived (repeatable)")
	flags.StringArrayVar(&options.Lost, "lost", nil, "the message to this user has not arrived; send it again (repeatable)")
	flags.StringArrayVar(&options.Bounces, "bounces", nil, "read messages that came back from this file or folder (repeatable)")
	for _, flag := range []string{"arrived", "lost"} {
		_ = cmd.RegisterFlagCompletionFunc(flag, f.completeAccounts) // the flag exists, it is defined above
	}
	completeFiles(cmd, "bounces")
	return cmd
}

// noticeWords are how a state reads in a table.
func noticeWords() map[notify.State]string {
	return map[notify.State]string{
		notify.Ready: "to be sent", notify.NotPreviewed: "not shown yet", notify.Changed: "changed since it was shown", notify.Sent: "sent",
		notify.Deferred: "refused for now", notify.Refused: "refused", notify.Bounced: "came back", notify.Unknown: "unknown", notify.NotTried: "not tried",
	}
}

func writeNotices(w io.Writer, d notify.Document) error {
	t := newTable("ACCOUNT", "PAGE", "LANGUAGE", "MESSAGE")
	words := noticeWords()
	for _, r := range d.Results {
		if d.Sending && r.State == notify.Sent && !r.Now {
			continue
		}
		t.add(r.Account, r.Kind, r.Language, words[r.State])
	}
	if err := t.write(w, paletteFor(w, os.Getenv)); err != nil {
		return err
	}
	for _, r := range d.Results {
		writeNotice(w, d, r)
	}
	if b := d.Bounces; b != nil {
		fmt.Fprintf(w, "read %s: %s of ours, %s others\n", plural(b.Read, "message"), plural(b.Matched, "report"), number(b.Others))
		for _, unread := range b.Unread {
			fmt.Fprintf(w, "warning: not read: %s\n", printable(unread))
		}
	}
	if d.Stopped != "" {
		fmt.Fprintf(w, "warning: stopped before the end: %s\n", printable(d.Stopped))
		if hint := d.Hint(); hint != "" {
			fmt.Fprintf(w, "  -> %s\n", printable(hint))
		}
	}
	return writeNoticeSum(w, d)
}

// writeNotice says what is wrong with a message, in the server's words, and who can mend it.
func writeNotice(w io.Writer, d notify.Document, r notify.Result) {
	switch r.State {
	case notify.Ready, notify.Sent, notify.NotTried:
		return
	case notify.NotPreviewed, notify.Changed:
		if !d.Sending {
			return
		}
	}
	said := noticeWords()[r.State]
	if r.Words != "" {
		said += ": " + r.Words
	}
	fmt.Fprintf(w, "%s: %s\n  -> %s: %s\n", printable(r.Account), printable(said), printable(r.Who), printable(r.NextStep))
}

func writeNoticeSum(w io.Writer, d notify.Document) error {
	var parts []string
	words := noticeWords()
	for _, state := range []notify.State{
		notify.Sent, notify.Ready, notify.NotTried, notify.Deferred, notify.Refused, notify.Bounced, notify.Unknown, notify.Changed, notify.NotPreviewed,
	} {
		if n := d.Count(state); n > 0 {
			parts = append(parts, number(n)+" "+words[state])
		}
	}
	if len(parts) == 0 {
		parts = []string{"none"}
	}
	_, err := fmt.Fprintf(w, "messages: %s\n", strings.Join(parts, ", "))
	if err != nil || d.Sending {
		return err
	}
	_, err = fmt.Fprintf(w, "wrote %s into %s; nothing was sent\n", plural(d.Written, "message"), printable(d.Folder))
	if err == nil && d.Count(notify.Ready)+d.Count(notify.Deferred) > 0 {
		_, err = fmt.Fprintln(w, `next: look at them, then run "rehome clients notify --send"`)
	}
	return err
}
