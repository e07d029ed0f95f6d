// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"

	"rehome"
	"rehome/internal/config"
)

// Outcome says how an operation ended if it returned no error.
type Outcome int

// The outcomes, each with an exit code of its own.
const (
	OutcomeDone        Outcome = iota // everything is done, and equal where it was compared
	OutcomePartial                    // some items remain; the same command continues
	OutcomeWaiting                    // the operator has to decide or change something
	OutcomeUnreachable                // an end cannot be reached or refuses the login
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
func exitCode(outcome Outcome, err error) int {
	if err != nil {
		return exitCodeOf(err)
	}
	switch outcome {
	case OutcomePartial:
		return exitPartial
	case OutcomeWaiting:
		return exitWaiting
	case OutcomeUnreachable:
		return exitUnreachable
	}
	return exitDone
}

func exitCodeOf(err error) int {
	if isSettings(err) {
		return exitUsage
	}
	if errors.Is(err, context.Canceled) {
		return exitPartial // the same command continues
	}
	switch rehome.ClassOf(err) {
	case rehome.ClassTemporary, rehome.ClassAuth, rehome.ClassUntrusted:
		return exitUnreachable
	case rehome.ClassThrottled:
		return exitPartial
	case rehome.ClassPermanent, rehome.ClassQuota, rehome.ClassOperator:
		return exitWaiting
	}
	return exitInternal
}

// isSettings reports whether an error comes from the command line, the file of settings or a
// secret that it refers to.
func isSettings(err error) bool {
	var usage *usageError
	var settings *config.SettingsError
	return errors.As(err, &usage) || errors.As(err, &settings)
}
