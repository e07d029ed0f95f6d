// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"

	"rehome"
	"rehome/internal/config"
	"rehome/internal/journey"
	"rehome/internal/people"
)

// The exit codes that scripts may rely on.
const (
	exitDone        = 0
	exitInternal    = 1
	exitUsage       = 2
	exitUnreachable = 3
	exitPartial     = 5
	exitWaiting     = 6
)

// usageError is a command line that cannot be understood.
type usageError struct {
	cause   error
	command string // path of the command whose help explains it
}

func (e *usageError) Error() string { return e.cause.Error() }
func (e *usageError) Unwrap() error { return e.cause }

// exitCode chooses the code for an outcome or, if there is one, for an error.
func exitCode(outcome rehome.Outcome, err error) int {
	switch {
	case err == nil:
		return exitCodeOf(outcome)
	case isSettings(err):
		return exitUsage
	}
	return exitCodeOf(rehome.OutcomeOf(err))
}

func exitCodeOf(outcome rehome.Outcome) int {
	switch outcome {
	case rehome.OutcomeDone:
		return exitDone
	case rehome.OutcomeRemaining, rehome.OutcomeDiffers, rehome.OutcomeInterrupted:
		return exitPartial
	case rehome.OutcomeWaiting, rehome.OutcomeStuck:
		return exitWaiting
	case rehome.OutcomeUnreachable:
		return exitUnreachable
	}
	return exitInternal
}

// isSettings reports whether an error comes from the command line, also from an account or a wave that it names and that there is not,
// from the file of settings or from a secret that it refers to.
func isSettings(err error) bool {
	var usage *usageError
	var settings *config.SettingsError
	var choice *people.ChoiceError
	var mistake *journey.MistakeError
	return errors.As(err, &usage) || errors.As(err, &settings) || errors.As(err, &choice) || errors.As(err, &mistake)
}
