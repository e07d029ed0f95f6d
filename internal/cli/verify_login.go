// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"rehome"
	"rehome/internal/journey"
	"rehome/internal/people"
	"rehome/internal/rehearsal"
)

// loginTest is what the flags of "verify --login" say.
type loginTest struct {
	on      bool
	options journey.LoginOptions
}

// loginTestFlags adds the flags of the test of log-ins.
func loginTestFlags(cmd *cobra.Command) *loginTest {
	t := &loginTest{}
	cmd.Flags().BoolVar(&t.on, "login", false, "log in at the destination as each account instead, once by each protocol, and send one test message")
	cmd.Flags().BoolVar(&t.options.Again, "again", false, "with --login: also try again what worked before")
	cmd.Flags().BoolVar(&t.options.RetryRefused, "retry-refused", false, "with --login: offer passwords again that were refused before")
	cmd.Flags().BoolVar(&t.options.NoProbe, "no-message", false, "with --login: send no test message")
	return t
}

// check says which flags do not go together.
func (t *loginTest) check(cmd *cobra.Command) error {
	with, without := []string{"level", "only", "reread", "uids"}, []string{"again", "retry-refused", "no-message"}
	wrong := with
	if !t.on {
		wrong = without
	}
	for _, name := range wrong {
		switch {
		case !cmd.Flags().Changed(name):
		case t.on:
			return &usageError{cause: fmt.Errorf("--%s does not go with --login, which compares nothing", name), command: "rehome verify"}
		default:
			return &usageError{cause: fmt.Errorf("--%s needs --login", name), command: "rehome verify"}
		}
	}
	return nil
}

func (f *frame) runLogins(ctx context.Context, move *journey.Move, accounts people.Choice, options journey.LoginOptions) (rehome.Outcome, error) {
	options.Begins = func(account string) { f.say("logging in: %s", account) }
	document, err := move.TestLogins(ctx, accounts, options)
	if err != nil {
		return rehome.OutcomeDone, err
	}
	return f.give(document, func(w io.Writer) error { return f.writeLogins(w, document) })
}

// writeLogins prints a row for each account that somebody should look at, what is wrong, and a sentence that sums up.
func (f *frame) writeLogins(w io.Writer, document rehearsal.Document) error {
	protocols := protocolsOf(document)
	heads := []string{"ACCOUNT", "PASSWORD"}
	for _, p := range protocols {
		heads = append(heads, strings.ToUpper(string(p)))
	}
	t := newTable(append(heads, "MESSAGE")...)
	for _, a := range document.Accounts {
		if a.Works() && !f.all {
			continue // the sentence at the end counts them
		}
		row := []string{a.Account, a.Password}
		for _, p := range protocols {
			row = append(row, resultBy(a, p))
		}
		t.add(append(row, messageWords(a.Probe))...)
	}
	if !f.quiet {
		if err := t.write(w, paletteFor(w, os.Getenv)); err != nil {
			return err
		}
	}
	if err := f.writeFindings(w, document.Findings, rehome.SeverityWarning); err != nil {
		return err
	}
	if document.Stopped != "" {
		fmt.Fprintf(w, "%s\n  -> %s\n", printable(document.Stopped), printable(document.NextStep))
	}
	if f.quiet {
		return nil
	}
	if left := notNamed(protocols); len(protocols) > 0 && len(left) > 0 {
		fmt.Fprintf(w, "not tried, because %s not in the settings under destination: %s\n", verb(len(left), "it is", "they are"), strings.Join(left, ", "))
	}
	_, err := fmt.Fprintln(w, paletteFor(w, os.Getenv).of(document.Outcome(), loginSentence(document)))
	return err
}

// notNamed returns the settings of those services that were not asked about.
func notNamed(asked []rehearsal.Protocol) (left []string) {
	for _, service := range []struct {
		protocol rehearsal.Protocol
		setting  string
	}{
		{rehearsal.POP3, "pop3"}, {rehearsal.Sieve, "sieve"}, {rehearsal.Submission, "submission"}, {rehearsal.DAV, "dav"},
	} {
		if !slices.Contains(asked, service.protocol) {
			left = append(left, service.setting)
		}
	}
	return left
}

// protocolsOf are those that were asked about, in their order.
func protocolsOf(document rehearsal.Document) []rehearsal.Protocol {
	if len(document.Accounts) == 0 {
		return nil
	}
	var all []rehearsal.Protocol
	for _, t := range document.Accounts[0].Logins {
		all = append(all, t.Protocol)
	}
	return all
}

func resultBy(a rehearsal.Account, p rehearsal.Protocol) string {
	for _, t := range a.Logins {
		if t.Protocol == p {
			return t.Result.Words()
		}
	}
	return ""
}

func messageWords(p *rehearsal.Probe) string {
	switch {
	case p == nil:
		return ""
	case p.State == rehearsal.ProbeRemoved && p.Junk:
		return "arrived as spam"
	case p.State == rehearsal.ProbeRemoved:
		return "arrived"
	case p.State == rehearsal.ProbeSkipped:
		return "not sent"
	case p.State == rehearsal.ProbeFound:
		return "not removed"
	case p.State == rehearsal.ProbeRefused:
		return "refused"
	}
	return "missing"
}

func loginSentence(document rehearsal.Document) string {
	works, sent, without := 0, 0, map[string]int{}
	for _, a := range document.Accounts {
		if a.Works() {
			works++
		}
		if a.Probe != nil && a.Probe.State == rehearsal.ProbeRemoved {
			sent++
		}
		if a.Probe != nil && a.Probe.State == rehearsal.ProbeSkipped {
			without[a.Probe.Sentence]++
		}
	}
	if document.Outcome() != rehome.OutcomeDone {
		return fmt.Sprintf("not every login works: of %s, %s %s", plural(len(document.Accounts), "account"), number(works), verb(works, "works", "work"))
	}
	message := "no test message was sent"
	if sent > 0 {
		message = plural(sent, "test message") + " arrived and " + verb(sent, "was", "were") + " removed"
	}
	for _, why := range slices.Sorted(maps.Keys(without)) {
		if sent > 0 {
			message += fmt.Sprintf("; for %s %s", plural(without[why], "account"), why)
		}
	}
	return fmt.Sprintf("every login works: %s; %s", plural(works, "account"), message)
}
