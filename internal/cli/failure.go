// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"rehome"
	"rehome/internal/config"
)

// failure is an error as it is shown to people and programs.
type failure struct {
	Class    string           `json:"class"`
	Message  string           `json:"message"`
	Hint     string           `json:"hint,omitempty"`
	ExitCode int              `json:"exit_code"`
	Problems []config.Problem `json:"problems,omitempty"`
}

// classUsage is the class of a wrong command line or wrong settings; the other classes are those of rehome.Fault.
const classUsage = "usage"

// showFailure writes an error to standard error, and with --json also to standard output.
func (f *frame) showFailure(err error, code int) {
	shown := describe(err, code)
	if f.json {
		// If standard output is closed, nothing can be done; the exit code also reports the failure.
		_ = writeJSON(f.app.Out, map[string]failure{"error": shown})
	}
	if len(shown.Problems) > 0 {
		for _, p := range shown.Problems {
			f.showError(p.String(), p.Hint)
		}
		return
	}
	f.showError(shown.Message, shown.Hint)
}

// showError prints a message, which can have several lines. All but the first are indented, so that a
// server's words cannot look like an error or hint of ours.
func (f *frame) showError(message, hint string) {
	lines := strings.Split(message, "\n")
	for i, line := range lines {
		lines[i] = printable(line)
	}
	page := &paper{w: f.screen, palette: f.screen.palette}
	if f.screen.terminal {
		page.columns = f.screen.width()
	}
	fmt.Fprintf(page, "%s %s\n", f.screen.palette.red("error:"), strings.Join(lines, "\n  "))
	if hint != "" {
		fmt.Fprintf(page, "%s %s\n", f.screen.palette.bold("hint:"), printable(hint))
	}
}

// describe finds the words for an error.
func describe(err error, code int) failure {
	shown := describeOne(err, code)
	var problems *config.InvalidError
	if all := several(err); len(all) > 1 && !errors.As(err, &problems) {
		for _, one := range all {
			d := describeOne(one, code)
			shown.Problems = append(shown.Problems, config.Problem{Sentence: d.Message, Hint: d.Hint})
		}
	}
	return shown
}

// several returns the errors of which one is made, if it is made of several.
func several(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// permissionHint is for every file: what the operation was about stands in the message.
const permissionHint = "your user may not do that: run rehome as the user who owns the file, or have its owner give you access"

func describeOne(err error, code int) failure {
	shown := failure{Class: string(rehome.ClassOf(err)), Message: err.Error(), Hint: rehome.HintOf(err), ExitCode: code}
	var usage *usageError
	var invalid *config.InvalidError
	switch {
	case errors.As(err, &usage):
		shown.Class = classUsage
		if shown.Hint == "" {
			shown.Hint = fmt.Sprintf(`run "%s --help"`, usage.command)
		}
	case errors.As(err, &invalid):
		shown.Class = classUsage
		shown.Problems = invalid.Problems
	case isSettings(err):
		shown.Class = classUsage
	case errors.Is(err, context.Canceled):
		shown.Class = string(rehome.ClassTemporary)
		shown.Message = "interrupted"
		shown.Hint = "run the same command again to continue"
	case errors.Is(err, fs.ErrPermission) && !strings.Contains(shown.Hint, "as the user who owns"):
		shown.Hint = permissionHint
	case shown.Class == string(rehome.ClassBug) && shown.Hint == "":
		shown.Hint = "this is a bug in rehome; run the command again with -vv and report its output"
	}
	return shown
}

func writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// writeTrouble prints the error of one account and its next step, or nothing if there is no error.
func writeTrouble(w io.Writer, account, reason, hint string) error {
	if reason == "" {
		return nil
	}
	lines := strings.Split(reason, "\n") // one for each kind of content that failed
	for i, line := range lines {
		lines[i] = printable(line)
	}
	text := fmt.Sprintf("%s %s: %s\n", paletteFor(w, os.Getenv).red("error:"), printable(account), strings.Join(lines, "\n  "))
	if hint != "" {
		text += fmt.Sprintf("  -> %s\n", printable(hint))
	}
	_, err := io.WriteString(w, text)
	return err
}

// pathless is the cause alone of an error about a file that is named already.
func pathless(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
