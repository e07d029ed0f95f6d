// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/config"
	"rehome/internal/journey"
	"rehome/internal/scout"
	"rehome/internal/vault"
)

// question is one thing that init asks.
type question struct {
	flag, text string
	empty      string // what no answer means; "" where there has to be one, or where it says itself
	key        string // of the settings, for checks; "" has none
	required   bool
	given      bool
	set        func(answer string)
}

// questionsOf are what an administrator is asked, in the order in which it is at hand: the old server, then the new one. What
// only an atmail 7 has is asked of its administrators only.
func questionsOf(draft *config.Draft) []question {
	text := func(flag, text, empty, key string, into *string) question {
		return question{flag: flag, text: text, empty: empty, key: key, given: *into != "", set: func(a string) { *into = a }}
	}
	needed := func(q question) question { q.required = true; return q }
	questions := []question{
		text("organisation", "name of the organisation", "", "", &draft.Organisation),
		{flag: "domain", text: "mail domains, separated by commas", key: "domains", given: len(draft.Domains) > 0,
			set: func(a string) { draft.Domains = listOf(a) }},
		{flag: "source-kind", text: "kind of the old server, atmail7 or imap", empty: "atmail7", key: "source.kind", given: draft.SourceKind != "",
			set: func(a string) { draft.SourceKind = config.SourceKind(a) }},
	}
	dav, rules := "they stay", "they stay"
	if draft.SourceKind != config.SourceIMAP {
		questions = append(questions, text("source-database", "atmail 7 database, mysql://user@host:port/name", "a CSV file lists the accounts",
			"source.database.dsn", &draft.SourceDatabase))
		dav, rules = "read them from the database", "read the rules from the database"
	}
	return append(questions,
		needed(text("source-imap", "source IMAP server, host:port", "", "source.imap", &draft.SourceIMAP)),
		text("source-master", "master user that can open every account there", "each user's password", "", &draft.SourceMaster),
		text("source-dav", "URL of the source's calendars and contacts", dav, "source.dav", &draft.SourceDAV),
		text("source-sieve", "source ManageSieve server, host:port", rules, "source.sieve", &draft.SourceSieve),
		text("source-pop3", "source POP3 server, host:port", "none", "source.pop3", &draft.SourcePOP3),
		text("source-submission", "source server for mail that users send, host:port", "none", "source.submission", &draft.SourceSubmission),
		text("source-webmail", "address of the source's webmail", "none", "source.webmail", &draft.SourceWebmail),
		needed(text("destination-imap", "destination IMAP server, host:port", "", "destination.imap", &draft.DestinationIMAP)),
		text("destination-master", "master user that can open every account there", "each user's password", "", &draft.DestinationMaster),
		text("destination-dav", "URL of the destination's calendars and contacts", "they stay", "destination.dav", &draft.DestinationDAV),
		text("destination-sieve", "destination ManageSieve server, host:port", "rules are written to files", "destination.sieve",
			&draft.DestinationSieve),
		text("destination-pop3", "destination POP3 server, host:port", "none", "destination.pop3", &draft.DestinationPOP3),
		text("destination-submission", "destination server for mail that users send, host:port", "not known yet", "destination.submission",
			&draft.DestinationSubmission),
		text("destination-webmail", "address of the destination's webmail", "not known yet", "destination.webmail", &draft.DestinationWebmail),
	)
}

// listOf takes words apart, whatever stands between them.
func listOf(answer string) []string {
	return strings.FieldsFunc(answer, func(r rune) bool { return strings.ContainsRune(",; \t", r) })
}

// interview asks what the flags do not give. Each answer is checked at once and kept, so that a person may stop to look
// something up, and the same command goes on.
type interview struct {
	f     *frame
	in    *bufio.Reader
	draft *config.Draft
	asked []string // flags of the questions that were answered, also with nothing
	reach func(ctx context.Context, settings *config.Config, key string) (sentence string, err error)
	found scout.Found // what is proposed
}

// kept is what is written down of an interview that is not over.
type kept struct {
	Draft config.Draft `json:"draft"`
	Asked []string     `json:"asked"`
}

func (f *frame) draftFile() string { return f.configFile + ".draft" }

// ask completes a draft at a terminal. Elsewhere it takes what was found and works, and demands the flags that are required.
func (f *frame) ask(ctx context.Context, draft *config.Draft, found scout.Found) error {
	i := &interview{f: f, in: bufio.NewReader(f.app.In), draft: draft, reach: journey.Reached, found: found}
	if !f.interactive {
		i.adopt()
		return i.demand()
	}
	return i.run(ctx)
}

func (i *interview) demand() error {
	var missing []string
	for _, q := range questionsOf(i.draft) {
		if q.required && !q.given {
			missing = append(missing, "--"+q.flag)
		}
	}
	if len(missing) > 0 {
		return &usageError{cause: fmt.Errorf("init needs %s", strings.Join(missing, " and ")), command: "rehome init"}
	}
	return nil
}

func (i *interview) run(ctx context.Context) error {
	if err := i.takeUp(); err != nil {
		return err
	}
	for {
		open := slices.DeleteFunc(questionsOf(i.draft), func(q question) bool { return q.given || slices.Contains(i.asked, q.flag) })
		if len(open) == 0 {
			return nil
		}
		if err := i.askOne(ctx, open[0]); err != nil { // the answer decides what else is asked
			return err
		}
		i.asked = append(i.asked, open[0].flag)
		if err := i.keep(); err != nil {
			return err
		}
	}
}

// takeUp goes on with what was answered before; a flag wins over it.
func (i *interview) takeUp() error {
	text, err := os.ReadFile(i.f.draftFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var before kept
	if err == nil {
		err = json.Unmarshal(text, &before)
	}
	if err != nil {
		return &rehome.Fault{Class: rehome.ClassOperator, Op: "read the answers of before in", Object: i.f.draftFile(),
			Cause: &config.SettingsError{Cause: err}, Hint: "remove the file to begin anew"}
	}
	given := *i.draft
	*i.draft, i.asked = before.Draft, before.Asked
	overlay(i.draft, given)
	i.f.say("going on after %s; remove %s to begin anew", plural(len(i.asked), "answer"), i.f.draftFile())
	return nil
}

// overlay lets what the flags give win.
func overlay(draft *config.Draft, given config.Draft) {
	for _, v := range []struct {
		into  *string
		value string
	}{
		{&draft.Organisation, given.Organisation}, {&draft.Store, given.Store}, {&draft.Roster, given.Roster},
		{&draft.SourceIMAP, given.SourceIMAP}, {&draft.SourceMaster, given.SourceMaster}, {&draft.SourceDatabase, given.SourceDatabase},
		{&draft.DestinationIMAP, given.DestinationIMAP}, {&draft.SourceDAV, given.SourceDAV}, {&draft.DestinationDAV, given.DestinationDAV},
		{&draft.SourceSieve, given.SourceSieve}, {&draft.DestinationSieve, given.DestinationSieve}, {&draft.SourcePOP3, given.SourcePOP3},
		{&draft.DestinationPOP3, given.DestinationPOP3}, {&draft.DestinationMaster, given.DestinationMaster},
		{&draft.SourceSubmission, given.SourceSubmission}, {&draft.DestinationSubmission, given.DestinationSubmission},
		{&draft.SourceWebmail, given.SourceWebmail}, {&draft.DestinationWebmail, given.DestinationWebmail},
	} {
		if v.value != "" {
			*v.into = v.value
		}
	}
	if len(given.OldDKIM) > 0 {
		draft.OldDKIM = given.OldDKIM
	}
	if len(given.Domains) > 0 {
		draft.Domains = given.Domains
	}
	if given.SourceKind != "" {
		draft.SourceKind = given.SourceKind
	}
	if given.DestinationKind != "" {
		draft.DestinationKind = given.DestinationKind
	}
}

func (i *interview) keep() error {
	text, err := json.Marshal(kept{*i.draft, i.asked})
	if err != nil {
		return err
	}
	return vault.WriteFile(i.f.draftFile(), text)
}

// askOne asks until the answer is one that the settings can hold. A server that does not answer may be kept: it may be switched
// on later.
func (i *interview) askOne(ctx context.Context, q question) error {
	for {
		columns := 0
		if i.f.screen.terminal {
			columns = i.f.screen.width() - len(": ")
		}
		proposal, proposed := i.proposalFor(q)
		fmt.Fprintf(i.f.screen, "%s: ", broken(q.prompt(proposal.Value), columns))
		answer, err := readAnswer(ctx, i.in)
		if err != nil {
			return i.left(err)
		}
		switch {
		case answer == "" && proposed:
			answer = proposal.Value
		case answer == none && !q.required:
			answer = ""
		}
		if answer == "" && q.required {
			i.f.say("  this is needed")
			continue
		}
		q.set(answer)
		if answer == "" {
			return nil
		}
		settings, problem := i.settings(q.key)
		if problem != nil {
			i.f.showError(problem.Sentence, problem.Hint)
			continue
		}
		again, err := i.tryOut(ctx, q, settings)
		if err != nil || !again {
			return err
		}
	}
}

// left says how to go on.
func (i *interview) left(err error) error {
	if len(i.asked) > 0 {
		i.f.say("\nyour answers are kept; run the same command again to go on")
	}
	return err
}

// settings are those of the answers so far. problem is what is wrong about the one just given.
func (i *interview) settings(key string) (*config.Config, *config.Problem) {
	const later = "later.invalid:993"
	draft := *i.draft
	for _, address := range []*string{&draft.SourceIMAP, &draft.DestinationIMAP} {
		if *address == "" {
			*address = later
		}
	}
	text, err := draft.YAML()
	if err != nil {
		return nil, &config.Problem{Sentence: err.Error()}
	}
	settings, err := config.Parse(i.f.configFile, text)
	var invalid *config.InvalidError
	if !errors.As(err, &invalid) {
		return settings, nil
	}
	for _, p := range invalid.Problems {
		if key != "" && strings.HasPrefix(p.Key, key) {
			return nil, &p
		}
	}
	return nil, nil // something else, which the end of the interview says
}

// tryOut reaches the server that was named; again is true if another answer is wanted.
func (i *interview) tryOut(ctx context.Context, q question, settings *config.Config) (again bool, err error) {
	if settings == nil || q.key == "" {
		return false, nil
	}
	sentence, err := i.reach(ctx, settings, q.key)
	if ctx.Err() != nil {
		return false, i.left(ctx.Err())
	}
	if err == nil {
		if sentence != "" {
			i.f.say("  %s %s", i.f.screen.palette.green("+"), printable(sentence))
		}
		return false, nil
	}
	i.f.showError(err.Error(), rehome.HintOf(err))
	fmt.Fprintf(i.f.screen, "  Enter keeps it nevertheless, anything else asks again: ")
	answer, err := readAnswer(ctx, i.in)
	if err != nil {
		return false, i.left(err)
	}
	return answer != "", nil
}

// readAnswer reads a line, or returns when the context ends: reading from a terminal cannot be cancelled.
func readAnswer(ctx context.Context, in *bufio.Reader) (string, error) {
	type line struct {
		text string
		err  error
	}
	read := make(chan line, 1)
	go func() {
		text, err := in.ReadString('\n')
		read <- line{text, err}
	}()
	select {
	case l := <-read:
		if errors.Is(l.err, io.EOF) {
			return "", &usageError{cause: errors.New("the input ended before all questions were answered"), command: "rehome init"}
		}
		return strings.TrimSpace(l.text), l.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
