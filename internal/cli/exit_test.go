// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/config"
)

func TestExitCode(t *testing.T) {
	t.Parallel()
	class := func(c rehome.Class) error { return fmt.Errorf("sync: %w", &rehome.Fault{Class: c}) }
	for _, test := range []struct {
		outcome rehome.Outcome
		err     error
		want    int
	}{
		{rehome.OutcomeDone, nil, 0},
		{rehome.OutcomeRemaining, nil, 5},
		{rehome.OutcomeDiffers, nil, 5},
		{rehome.OutcomeInterrupted, nil, 5},
		{rehome.OutcomeWaiting, nil, 6},
		{rehome.OutcomeStuck, nil, 6},
		{rehome.OutcomeUnreachable, nil, 3},
		{rehome.OutcomeFailed, nil, 1},
		{"an outcome that nobody has mapped", nil, 1},
		{rehome.OutcomeDone, errors.New("no class"), 1},
		{rehome.OutcomeDone, class(rehome.ClassBug), 1},
		{rehome.OutcomeDone, &usageError{cause: errors.New("x")}, 2},
		{rehome.OutcomeDone, &rehome.Fault{Class: rehome.ClassOperator, Cause: &config.SettingsError{Cause: errors.New("x")}}, 2},
		{rehome.OutcomeDone, class(rehome.ClassTemporary), 3},
		{rehome.OutcomeDone, class(rehome.ClassAuth), 3},
		{rehome.OutcomeDone, class(rehome.ClassUntrusted), 3},
		{rehome.OutcomeDone, class(rehome.ClassThrottled), 5},
		{rehome.OutcomeDone, class(rehome.ClassPermanent), 6},
		{rehome.OutcomeDone, class(rehome.ClassQuota), 6},
		{rehome.OutcomeDone, class(rehome.ClassOperator), 6},
		{rehome.OutcomeRemaining, fmt.Errorf("sync: %w", context.Canceled), 5},
		{rehome.OutcomeRemaining, &rehome.Fault{Class: rehome.ClassTemporary, Cause: context.Canceled}, 5},
	} {
		if got := exitCode(test.outcome, test.err); got != test.want {
			t.Errorf("%v, %v: got %d, want %d", test.outcome, test.err, got, test.want)
		}
	}
}

func TestShowFailure_text(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err  error
		want string
	}{
		{&rehome.Fault{Class: rehome.ClassAuth, Op: "log in", Object: "anna@example.org", Server: "no\x1b[2J way", Hint: "check the password"},
			"error: log in anna@example.org: server says \"no\uFFFD[2J way\"\nhint: check the password\n"},
		{&usageError{cause: errors.New("unknown flag: --x"), command: "rehome sync"}, "error: unknown flag: --x\nhint: run \"rehome sync --help\"\n"},
		{&usageError{cause: errors.New("two things\nfirst\nerror: second"), command: "rehome"},
			"error: two things\n  first\n  error: second\nhint: run \"rehome --help\"\n"},
		{fmt.Errorf("sync: %w", context.Canceled), "error: interrupted\nhint: run the same command again to continue\n"},
		{errors.New("index out of range"), "error: index out of range\nhint: this is a bug in rehome; run the command again with " +
			"-vv and report its output\n"},
	} {
		f, out := testFrame(false)
		f.showFailure(test.err, 1)
		if got := out.String(); got != test.want {
			t.Errorf("got  %q\nwant %q", got, test.want)
		}
	}
}

func TestShowFailure_JSON(t *testing.T) {
	t.Parallel()
	f, _ := testFrame(false)
	var out bytes.Buffer
	f.app.Out, f.json = &out, true
	f.showFailure(&rehome.Fault{Class: rehome.ClassAuth, Op: "log in", Object: "<anna>", Hint: "h"}, 3)
	var got map[string]failure
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := failure{Class: "auth", Message: "log in <anna>", Hint: "h", ExitCode: 3}
	if e := got["error"]; e.Class != want.Class || e.Message != want.Message || e.Hint != want.Hint || e.ExitCode != want.ExitCode {
		t.Errorf("got %+v, want %+v", e, want)
	}
	if strings.Contains(out.String(), `\u003c`) {
		t.Error("people read this too: < must stay <")
	}
}

func TestObey_firstSignalCancelsSecondExits(t *testing.T) {
	t.Parallel()
	f, out := testFrame(true)
	f.screen.draw("half a bar")
	signals := make(chan os.Signal, 2)
	ctx, cancel := context.WithCancel(t.Context())
	code := make(chan int, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f.obey(signals, make(chan struct{}), cancel, func(c int) { code <- c })
	}()
	signals <- os.Interrupt
	<-ctx.Done()
	signals <- os.Interrupt
	<-ended
	if got := <-code; got != exitPartial {
		t.Errorf("got exit code %d, want %d", got, exitPartial)
	}
	if !strings.Contains(out.String(), "stopping\n") || !strings.HasSuffix(out.String(), eraseLine) {
		t.Errorf("got %q, want a word and a clean line", out)
	}
}

// The first signal does not end a command that finishes first; the command is notified and says what happens.
func TestObey_finishesFirst(t *testing.T) {
	t.Parallel()
	f, out := testFrame(false)
	signals := make(chan os.Signal, 2)
	stop, over := f.brake.Finish()
	code := make(chan int, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f.obey(signals, make(chan struct{}), func() { t.Error("the command was ended") }, func(c int) { code <- c })
	}()
	signals <- os.Interrupt
	<-stop
	signals <- os.Interrupt
	<-ended
	over()
	if got := <-code; got != exitPartial {
		t.Errorf("got exit code %d, want %d", got, exitPartial)
	}
	if !strings.Contains(out.String(), "at most 60 s); press Ctrl-C again") || !strings.Contains(out.String(), "stopped at once") {
		t.Errorf("got %q, want what happens at each signal", out)
	}
}

func TestObey_endsWithTheCommand(t *testing.T) {
	t.Parallel()
	f, _ := testFrame(false)
	ctx, stop := f.untilSignal(t.Context(), func(int) { t.Error("exit was called") })
	if ctx.Err() != nil {
		t.Error("the context has ended before any signal")
	}
	stop()
	if ctx.Err() == nil {
		t.Error("the context goes on after the command")
	}
}
