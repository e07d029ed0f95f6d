// SPDX-License-Identifier: Apache-2.0

// Package checkup looks at the ends of a move before it begins: what answers, what it can do, who could log in. It changes
// nothing, opens one account at each end and not more, so that no host counts failures, and says in one line each what
// is right, what is wrong, and who can change it. Trouble is advice, not an error.
//
// A caller makes a List for each side, hands it to the checks that the settings call for, and joins them to a Report.
package checkup

import (
	"fmt"
	"strings"

	"rehome"
)

// Advice is one line of a check: what is right or wrong, and who can change it.
type Advice struct {
	Side     string `json:"side"`    // "settings", "source" or "destination"
	Subject  string `json:"subject"` // "database", "log-in"
	Level    Level  `json:"level"`
	Sentence string `json:"sentence"`
	NextStep string `json:"next_step,omitempty"`
}

// Level says how bad it is.
type Level string

// The levels of advice.
const (
	LevelOK      Level = "ok"
	LevelWarning Level = "warning" // the move works, and somebody should look
	LevelError   Level = "error"   // the move cannot work like this
)

// Report is everything a check has to say.
type Report struct {
	Advice []Advice `json:"advice"`
}

// Worst returns the worst level.
func (c Report) Worst() Level {
	worst := LevelOK
	for _, a := range c.Advice {
		if a.Level == LevelError {
			return LevelError
		}
		if a.Level == LevelWarning {
			worst = LevelWarning
		}
	}
	return worst
}

// List collects the advice for one side.
type List struct {
	side   string // as in Advice
	advice []Advice
}

// OK says what is right.
func (c *List) OK(subject, sentence string) {
	c.advice = append(c.advice, Advice{Side: c.side, Subject: subject, Level: LevelOK, Sentence: sentence})
}

// Warn says what somebody should look at, and the next step, if there is one.
func (c *List) Warn(subject, sentence, nextStep string) {
	c.advice = append(c.advice, Advice{Side: c.side, Subject: subject, Level: LevelWarning, Sentence: sentence, NextStep: nextStep})
}

// Fail says why the move cannot work like this.
func (c *List) Fail(subject string, err error) {
	c.advice = append(c.advice, Advice{Side: c.side, Subject: subject, Level: LevelError, Sentence: err.Error(), NextStep: rehome.HintOf(err)})
}

// NewList begins the advice for one side: "settings", "source" or "destination".
func NewList(side string) *List { return &List{side: side} }

// Join puts the lists together, in this order.
func Join(lists ...*List) Report {
	report := Report{}
	for _, list := range lists {
		report.Advice = append(report.Advice, list.advice...)
	}
	return report
}

// Said reports whether the same trouble was told already.
func (c *List) Said(err error) bool {
	for _, a := range c.advice {
		if a.Sentence == err.Error() {
			return true
		}
	}
	return false
}

// count renders a number with its noun; the plural has an "s" unless it is given.
func count(n int, singular string, plural ...string) string {
	switch {
	case n == 1:
		return "1 " + singular
	case len(plural) > 0:
		return fmt.Sprintf("%d %s", n, plural[0])
	case strings.HasSuffix(singular, "s"):
		return fmt.Sprintf("%d %ses", n, singular)
	}
	return fmt.Sprintf("%d %ss", n, singular)
}

// Outcome implements rehome.Answer: one error keeps the move from starting.
func (c Report) Outcome() rehome.Outcome {
	if c.Worst() == LevelError {
		return rehome.OutcomeUnreachable
	}
	return rehome.OutcomeDone
}
