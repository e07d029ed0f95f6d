// SPDX-License-Identifier: Apache-2.0

// Package cli is the command line: it parses the arguments, calls one operation and shows the answer.
//
// It holds no logic of a move. It only decides how an answer looks: text or JSON on standard output,
// log lines, progress and errors on standard error, and the exit code.
//
// A caller fills an App, calls Run and exits with the code that it returns. A new command is one file
// with a constructor "xCommand(f *frame) *cobra.Command" that uses f.run and f.give, one line in
// rootCommand, and one script in testdata of cmd/rehome.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"rehome"
	"rehome/internal/config"
	"rehome/internal/endpoint"
	"rehome/internal/journey"
	"rehome/internal/scout"
	"rehome/internal/vault"

	"github.com/spf13/cobra"
)

// App is what the command line needs from outside.
type App struct {
	Version string
	In      io.Reader
	Out     io.Writer // answers
	Err     io.Writer // errors, progress, log lines

	// NewIdentity makes the key pair that opens sealed files, writes it to a file for its owner
	// only and returns the public half.
	NewIdentity func(file string) (recipient string, err error)

	// Scout looks at what the world publishes of a domain; nil is journey.Scout, which asks the Internet.
	Scout func(ctx context.Context, settings *config.Config, subject scout.Subject) (scout.Found, error)

	// Screen shows a move in a browser until the context ends.
	Screen func(ctx context.Context, move *journey.Move, options ScreenOptions, log *slog.Logger) error

	// Admin answers at an address, with metrics, health and profiles of this process, until end is called.
	Admin func(ctx context.Context, move *journey.Move, address string) (at string, end func(), err error)
}

// Run executes one command line, without the program's name, and returns the exit code. A first
// SIGINT or SIGTERM ends the command in order, a second one ends the process.
func (a App) Run(ctx context.Context, args []string) int {
	if a.Scout == nil {
		a.Scout = journey.Scout
	}
	f := &frame{
		app: a, screen: newScreen(a.Err, os.Getenv), log: rehome.Logger(nil), interactive: isTerminal(a.In), outcome: rehome.OutcomeDone,
	}
	ctx, stop := f.untilSignal(ctx, os.Exit)
	defer stop()
	root := rootCommand(f)
	root.SetArgs(args)
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(f.screen)
	cmd, err := root.ExecuteContextC(ctx)
	if err != nil && !f.started {
		err = &usageError{cause: err, command: cmd.CommandPath()}
	}
	code := exitCode(f.outcome, err)
	if err != nil {
		f.showFailure(err, code)
	}
	return code
}

// frame is one run of the command line: its global flags and its streams.
type frame struct {
	app    App
	screen *screen
	log    *slog.Logger

	interactive bool // standard input is a terminal: questions can be asked

	configFile string
	json       bool
	quiet      bool
	all        bool   // tables also list what has not changed
	output     string // file for the answer; "" and "-" are standard output
	verbose    int
	logFile    string

	waits    *endpoint.Waits // of the move that is open; nil before
	watching atomic.Bool     // a progress line is shown, which says too what is waited for

	brake journey.Brake // pulled by the first signal

	started bool // a command has begun; earlier errors are mistakes on the command line
	outcome rehome.Outcome
}

// run turns an operation into what cobra calls. The outcome becomes the exit code if there is no
// error.
func (f *frame) run(operation func(ctx context.Context, args []string) (rehome.Outcome, error)) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		f.started = true
		log, closeLog, err := f.openLog()
		if err != nil {
			return err
		}
		defer func() {
			if err := closeLog(); err != nil {
				f.say("warning: %s is not complete: %s", printable(f.logFile), printable(err.Error()))
			}
		}()
		f.log = log
		ended := f.tellOperation(cmd.CommandPath())
		f.outcome, err = operation(cmd.Context(), args)
		ended(err)
		return err
	}
}

// tellOperation logs that a command begins, without its arguments, and returns what logs that it has ended.
func (f *frame) tellOperation(command string) (ended func(error)) {
	began := time.Now()
	f.log.Info("operation begins", rehome.LogOperation, command)
	return func(err error) {
		attributes := []any{rehome.LogOperation, command, rehome.LogExit, exitCode(f.outcome, err), rehome.LogTook, time.Since(began)}
		if err != nil {
			attributes = append(attributes, rehome.LogError, err.Error(), rehome.LogHint, rehome.HintOf(err))
		}
		f.log.Info("operation ends", attributes...)
	}
}

// settings loads the file that -c names.
func (f *frame) settings() (*config.Config, error) { return config.Load(f.configFile) }

// give writes the answer of an operation, whose outcome decides the exit code.
func (f *frame) give(answer rehome.Answer, text func(w io.Writer) error) (rehome.Outcome, error) {
	return answer.Outcome(), f.answer(answer, text)
}

// answer writes the result of a command to standard output: value as JSON with --json, otherwise
// what text writes.
func (f *frame) answer(value any, text func(w io.Writer) error) error {
	if f.output != "" && f.output != "-" {
		return f.answerToFile(value, text)
	}
	if err := f.render(f.app.Out, value, text); err != nil {
		return &rehome.Fault{Class: rehome.ClassOperator, Op: "write to", Object: "standard output", Cause: err,
			Hint: "free space on the device that the output goes to"}
	}
	return nil
}

// render writes an answer as JSON or text. Text is fitted to a terminal, and stays as it is elsewhere.
func (f *frame) render(w io.Writer, value any, text func(w io.Writer) error) error {
	if f.json {
		return writeJSON(w, value)
	}
	page := newPaper(w, os.Getenv)
	return errors.Join(text(page), page.flush())
}

// answerToFile writes an answer into the file that --output names, as a whole and readable only by its owner.
func (f *frame) answerToFile(value any, text func(w io.Writer) error) error {
	if err := vault.WriteStream(f.output, func(w io.Writer) error { return f.render(w, value, text) }); err != nil {
		return err
	}
	f.say("wrote %s", printable(f.output))
	return nil
}

// say writes a line to standard error, unless --quiet or --json is given.
func (f *frame) say(format string, args ...any) {
	if f.quiet || f.json {
		return
	}
	fmt.Fprintf(f.screen, format+"\n", args...)
}
