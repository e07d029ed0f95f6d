// SPDX-License-Identifier: Apache-2.0

package mailsink

import (
	"context"
	"net/smtp"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"rehome/lab"
)

const invitation = "From: anna@example.test\r\nTo: bob@example.test\r\nSubject: Planning\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\n" +
	"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n.dot\r\n"

func start(t *testing.T) *Sink {
	t.Helper()
	sink, err := Start(lab.Open(t), "")
	if err != nil {
		t.Fatal(err)
	}
	if all, err := sink.Messages(); err != nil || len(all) != 0 {
		t.Fatalf("a new sink holds %d messages, %v", len(all), err)
	}
	return sink
}

func check(t *testing.T, sink *Sink, from string, to ...string) {
	t.Helper()
	all, err := sink.Messages()
	if err != nil || len(all) != 1 {
		t.Fatalf("got %d messages, %v; want 1", len(all), err)
	}
	m := all[0]
	if m.From != from || !slices.Equal(m.To, to) || m.Subject() != "Planning" || m.Method() != "REQUEST" {
		t.Errorf("got from %q to %q, subject %q, method %q", m.From, m.To, m.Subject(), m.Method())
	}
	if got, want := strings.ReplaceAll(string(m.Octets), "\r\n", "\n"), strings.ReplaceAll(invitation, "\r\n", "\n"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := sink.Empty(); err != nil {
		t.Fatal(err)
	}
	if all, err := sink.Messages(); err != nil || len(all) != 0 {
		t.Errorf("after Empty %d messages, %v", len(all), err)
	}
}

func TestSMTP_keepsWhatComes(t *testing.T) {
	t.Parallel()
	sink := start(t)
	to := []string{"bob@example.test", "carol@example.test"}
	if err := smtp.SendMail(sink.SMTP, nil, "anna@example.test", to, []byte(invitation)); err != nil {
		t.Fatal(err)
	}
	check(t, sink, "anna@example.test", to...)
}

func TestSendmail_keepsWhatComes(t *testing.T) {
	t.Parallel()
	sink := start(t)
	command := exec.CommandContext(t.Context(), sink.Sendmail, "-t", "-i", "bob@example.test")
	command.Stdin = strings.NewReader(invitation)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	check(t, sink, "", "bob@example.test")
}

func TestWait_returnsWhenMailIsThereAndWhenTimeIsUp(t *testing.T) {
	t.Parallel()
	sink := start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := sink.Wait(ctx, 1); err == nil {
		t.Error("Wait for mail that never comes: no error")
	}
	go func() {
		_ = smtp.SendMail(sink.SMTP, nil, "anna@example.test", []string{"bob@example.test"}, []byte(invitation))
	}()
	if all, err := sink.Wait(t.Context(), 1); err != nil || len(all) != 1 {
		t.Errorf("got %d messages, %v; want 1", len(all), err)
	}
}

func TestClose_endsOpenSessions(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	sink, err := Start(l, "sink")
	if err != nil {
		t.Fatal(err)
	}
	talk, err := lab.Dial(t.Context(), sink.SMTP, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer talk.Close()
	if _, _, err := talk.Ask("RCPT TO:<x@example.test>", "250"); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
