// SPDX-License-Identifier: Apache-2.0

package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong in a file of settings. No part of it repeats a value that may
// be a secret.
type Problem struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Key      string `json:"key,omitempty"` // "source.imap.address"; empty for the file as a whole
	Sentence string `json:"sentence"`
	Hint     string `json:"hint,omitempty"` // the next step
}

// String renders "file:line:column: key sentence", the form that editors can jump to.
func (p Problem) String() string {
	subject := strings.TrimSpace(p.Key + " " + p.Sentence)
	if p.File == "" {
		return subject // of something else than a file of settings
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, subject)
}

// SettingsError is in the chain of every error of this package: what has to change is the file of
// settings or what it refers to, not an end of the move.
type SettingsError struct {
	Cause error
}

// Error returns the cause's words.
func (e *SettingsError) Error() string { return e.Cause.Error() }

// Unwrap returns the cause.
func (e *SettingsError) Unwrap() error { return e.Cause }

// InvalidError holds all problems of one file, in the order of the file.
type InvalidError struct {
	Problems []Problem
}

// Error renders every problem with its hint, one a line.
func (e *InvalidError) Error() string {
	lines := make([]string, 0, len(e.Problems))
	for _, p := range e.Problems {
		line := p.String()
		if p.Hint != "" {
			line += " (" + p.Hint + ")"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func sortByPlace(problems []Problem) {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}
