// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/config"
	"rehome/internal/cutover"
	"rehome/internal/protocol"
	"rehome/internal/scout"
	"rehome/internal/vault"
)

// interviewed runs an interview over answers; reach plays the servers.
func interviewed(t *testing.T, file, answers string, draft *config.Draft, reach func(key string) (string, error)) (screen string, err error) {
	t.Helper()
	return interviewedAbout(t, scout.Found{}, file, answers, draft, reach)
}

// interviewedAbout is interviewed with proposals.
func interviewedAbout(t *testing.T, found scout.Found, file, answers string, draft *config.Draft, reach func(key string) (string, error)) (
	screen string, err error,
) {
	t.Helper()
	f, out := testFrame(true)
	f.interactive, f.configFile = true, file
	i := &interview{f: f, in: bufio.NewReader(strings.NewReader(answers)), draft: draft, found: found,
		reach: func(_ context.Context, _ *config.Config, key string) (string, error) { return reach(key) }}
	err = i.run(t.Context())
	return out.String(), err
}

func answersAll(string) (string, error) { return "it answers", nil }

func TestInterview_asksForEverythingThatAnAdministratorHas(t *testing.T) {
	t.Parallel()
	draft := config.Draft{SourceIMAP: "old.example.com:993"}
	answers := "Example Ltd\n example.com,  example.org \n\nmysql://reader@127.0.0.1/atmail\nmover\nhttps://dav.example.com/\n\n" +
		"old.example.com:995\nold.example.com:587\nhttps://webmail.example.com/\nnew.example.com:993\nboss\n\nnew.example.com:4190\n" +
		"new.example.com:110\nnew.example.com:465\nhttps://new.example.com/\n"
	screen, err := interviewed(t, filepath.Join(t.TempDir(), "rehome.yaml"), answers, &draft, answersAll)
	if err != nil {
		t.Fatal(err)
	}
	want := config.Draft{
		Organisation: "Example Ltd", Domains: []string{"example.com", "example.org"}, SourceIMAP: "old.example.com:993", SourceMaster: "mover",
		SourceDatabase: "mysql://reader@127.0.0.1/atmail", SourceDAV: "https://dav.example.com/", SourcePOP3: "old.example.com:995",
		SourceSubmission: "old.example.com:587", SourceWebmail: "https://webmail.example.com/",
		DestinationSubmission: "new.example.com:465", DestinationWebmail: "https://new.example.com/",
		DestinationIMAP: "new.example.com:993", DestinationSieve: "new.example.com:4190",
		DestinationPOP3: "new.example.com:110", DestinationMaster: "boss",
	}
	if !reflect.DeepEqual(draft, want) {
		t.Errorf("got %+v, want %+v", draft, want)
	}
	if strings.Contains(screen, "source IMAP") || strings.Count(screen, "it answers") != 11 {
		t.Errorf("got %s\nwant what was not given, and each server looked at", screen)
	}
	text, err := draft.YAML()
	if err != nil {
		t.Fatal(err)
	}
	settings, err := config.Parse("rehome.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	if s, d := settings.Source.Submission, settings.Destination.Submission; s.TLS != protocol.StartTLS || d.TLS != protocol.ImplicitTLS {
		t.Errorf("TLS at ports 587 and 465: got %s and %s", s.TLS, d.TLS)
	}
}

// A wrong answer is asked for again at once; a server that is silent may be kept.
func TestInterview_checksAtOnce(t *testing.T) {
	t.Parallel()
	draft := config.Draft{
		SourceKind: config.SourceAtmail7, DestinationMaster: "boss",
		Organisation: "x", Domains: []string{"example.com"}, SourceDatabase: "mysql://reader@127.0.0.1/atmail", SourceMaster: "mover",
		SourceDAV: "https://d.example/", SourceSieve: "s.example:4190", SourcePOP3: "p.example:995", DestinationPOP3: "p.example:995",
		DestinationDAV:   "https://d.example/",
		DestinationSieve: "s.example:4190", SourceSubmission: "s.example:465", DestinationSubmission: "s.example:465",
		SourceWebmail: "https://w.example/", DestinationWebmail: "https://w.example/",
	}
	tried := 0
	const answers = "\nold.example.com\nold.example.com:99\nagain\nold.example.com:993\n\nnew.example.com:993\n"
	screen, err := interviewed(t, filepath.Join(t.TempDir(), "rehome.yaml"), answers, &draft,
		func(string) (string, error) {
			tried++
			if tried < 3 {
				return "", &rehome.Fault{Op: "connect to the source", Cause: errors.New("connection refused"), Hint: "check the port"}
			}
			return "it answers", nil
		})
	if err != nil || draft.SourceIMAP != "old.example.com:993" || draft.DestinationIMAP != "new.example.com:993" || tried != 3 {
		t.Errorf("%v: got %+v after %d looks", err, draft, tried)
	}
	for _, part := range []string{"this is needed", "is not a host with a port", "hint: check the port", "Enter keeps it", "+ it answers"} {
		if !strings.Contains(screen, part) {
			t.Errorf("got %s\nwant %q in it", screen, part)
		}
	}
}

// Whoever stops to look something up goes on where it was left.
func TestInterview_leftAndTakenUpAgain(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "rehome.yaml")
	var first config.Draft
	screen, err := interviewed(t, file, "Example Ltd\nexample.com, example.org\n\n\n", &first, answersAll)
	if exitCode(rehome.OutcomeDone, err) != exitUsage || !strings.Contains(screen, "run the same command again to go on") {
		t.Errorf("got %v, want a usage error and how to go on, in\n%s", err, screen)
	}
	second := config.Draft{Organisation: "Another"}
	screen, err = interviewed(t, file, "old.example.com:993\n\n\n\n\n\n\nnew.example.com:993\n\n\n\n\n\n\n", &second, answersAll)
	if err != nil || second.Organisation != "Another" || len(second.Domains) != 2 || second.DestinationIMAP != "new.example.com:993" {
		t.Errorf("%v: got %+v", err, second)
	}
	if !strings.Contains(screen, "going on after 4 answers") || strings.Contains(screen, "mail domains") {
		t.Errorf("got\n%s\nwant only what was not answered", screen)
	}
	if err := os.WriteFile(file+".draft", []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err = interviewed(t, file, "", &second, answersAll); exitCode(rehome.OutcomeDone, err) != exitUsage || rehome.HintOf(err) == "" {
		t.Errorf("answers that cannot be read: got %v", err)
	}
}

func TestAsk_interrupted(t *testing.T) {
	t.Parallel()
	f, _ := testFrame(true)
	f.interactive = true
	in, never := io.Pipe()
	t.Cleanup(func() { never.Close() })
	f.app.In = in
	f.configFile = filepath.Join(t.TempDir(), "rehome.yaml")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.ask(ctx, &config.Draft{}, scout.Found{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the end of the context", err)
	}
}

// found is what a look at a domain might have shown.
func found() scout.Found {
	return scout.Found{Domain: "example.com", Proposals: []scout.Proposal{
		{Service: "imap", Value: "mail.example.com:993", From: "the record SRV _imaps._tcp.example.com", Works: true,
			Answer: "mail.example.com:993 answers"},
		{Service: "pop3", Value: "mail.example.com:995", From: "a usual name and port", Works: true, Answer: "mail.example.com:995 answers"},
		{Service: "submission", Value: "mail.example.com:587", From: "what Thunderbird finds at https://x", Answer: "it is \x1b[31mred"},
	}}
}

// What was found is proposed with where it comes from; Enter takes it, a dash declines it. Who has no atmail 7 is not asked for its
// database.
func TestInterview_proposesWhatWasFound(t *testing.T) {
	t.Parallel()
	draft := config.Draft{Organisation: "x", Domains: []string{"example.com"}}
	const answers = "imap\n\n\n\n\n-\n\n\nnew.example.com:993\n\n\n\n\n\n\n"
	screen, err := interviewedAbout(t, found(), filepath.Join(t.TempDir(), "rehome.yaml"), answers, &draft, answersAll)
	if err != nil || draft.SourceIMAP != "mail.example.com:993" || draft.SourcePOP3 != "" || draft.SourceSubmission != "mail.example.com:587" {
		t.Errorf("%v: got %+v", err, draft)
	}
	for _, part := range []string{
		"found: mail.example.com:993 in the record SRV _imaps._tcp.example.com", "source IMAP server, host:port (Enter: mail.example.com:993): ",
		"source POP3 server, host:port (Enter: mail.example.com:995; -: none): ", "! it is ",
	} {
		if !strings.Contains(screen, part) {
			t.Errorf("got %s\nwant %q in it", screen, part)
		}
	}
	if strings.Contains(screen, "database") || strings.Contains(screen, "\x1b[31m") {
		t.Errorf("got %q", screen)
	}
}

// Where nobody can be asked, only what works is taken, and only what the flags do not give.
func TestAsk_takesWhatWorks(t *testing.T) {
	t.Parallel()
	f, out := testFrame(false)
	draft := config.Draft{DestinationIMAP: "new.example.com:993", SourcePOP3: "given.example.com:995"}
	if err := f.ask(t.Context(), &draft, found()); err != nil {
		t.Fatal(err)
	}
	if draft.SourceIMAP != "mail.example.com:993" || draft.SourcePOP3 != "given.example.com:995" || draft.SourceSubmission != "" {
		t.Errorf("got %+v", draft)
	}
	for _, part := range []string{"taken: --source-imap mail.example.com:993", "not taken: --source-submission"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("got %s\nwant %q in it", out, part)
		}
	}
}

func TestSubjectOf(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]scout.Subject{
		"Example.com.": {Domain: "example.com"}, "Anna@Example.com": {Domain: "example.com", Address: "anna@example.com"},
		"b\u00fccher.example": {Domain: "xn--bcher-kva.example"},
	} {
		if got, err := subjectOf(name); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
	for _, name := range []string{"com", "a b.example", "x@", "http://example.com", "@", "a@b@c.example"} {
		if got, err := subjectOf(name); err == nil {
			t.Errorf("%s: got %+v, want it refused", name, got)
		}
	}
}

// A move begins with a domain: what works there is in the settings, and the answer has what was seen.
func TestInit_fromADomain(t *testing.T) {
	t.Parallel()
	var out, errOut bytes.Buffer
	var asked scout.Subject
	app := App{In: strings.NewReader(""), Out: &out, Err: &errOut, NewIdentity: vault.CreateIdentity,
		Scout: func(_ context.Context, _ *config.Config, subject scout.Subject) (scout.Found, error) {
			if asked = subject; subject.Domain == "nosuch.example" {
				return scout.Found{}, &scout.NoDomainError{Domain: subject.Domain}
			}
			seen := found()
			seen.Published = cutover.Domain{Domain: "example.com", Zone: "example.com", Who: "you", Records: []cutover.Record{
				{About: "MX", State: cutover.Right, Sentence: "mail goes to 10 mail.example.com", Now: []string{"10 mail.example.com"},
					NextStep: "set something"},
				{About: "TLS-RPT", State: cutover.Right, Sentence: "there is none"},
			}}
			seen.TTL, seen.Selectors, seen.Registrar = 5400, []string{"mail2026"}, "whois knows the registrar"
			return seen, nil
		}}
	folder := t.TempDir()
	message := filepath.Join(folder, "message.eml")
	if err := os.WriteFile(message, []byte("DKIM-Signature: d=example.com; s=mail2026\r\n\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "rehome.yaml")
	code := app.Run(t.Context(), []string{"-c", file, "init", "nosuch.example"})
	if code != exitUsage || !strings.Contains(errOut.String(), "there is no domain") {
		t.Errorf("got %d: %s", code, &errOut)
	}
	errOut.Reset()
	code = app.Run(t.Context(), []string{"-c", file, "init", "anna@example.com", "--mail", message, "--destination-imap", "new.example.net:993",
		"--destination-master", "boss"})
	if code != 0 || asked.Address != "anna@example.com" || !slices.Equal(asked.Selectors, []string{"mail2026"}) {
		t.Fatalf("got %d, asked about %+v: %s", code, asked, &errOut)
	}
	for _, part := range []string{
		"mail goes to 10 mail.example.com", "for 1h30m where its mail goes", "keys mail2026", "whois knows", "taken: --source-imap",
	} {
		if !strings.Contains(errOut.String(), part) {
			t.Errorf("got %s\nwant %q in it", &errOut, part)
		}
	}
	if strings.Contains(errOut.String(), "set something") || strings.Contains(errOut.String(), "TLS-RPT") {
		t.Errorf("what the move does not need yet is said: %s", &errOut)
	}
	settings, err := config.Load(file)
	if err != nil || settings.Source.IMAP.Address != "mail.example.com:993" || settings.Destination.IMAP.MasterUser != "boss" ||
		!slices.Equal(settings.Domains, []string{"example.com"}) || !slices.Equal(settings.Cutover.OldDKIM, []string{"mail2026"}) {
		t.Errorf("got %+v, %v", settings, err)
	}
}
