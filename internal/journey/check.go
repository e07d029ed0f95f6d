// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"os"
	"path/filepath"

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

// Checked is everything a check has to say.
type Checked struct {
	Advice []Advice `json:"advice"`
}

// Worst returns the worst level.
func (c Checked) Worst() Level {
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

// checkup collects advice for one side.
type checkup struct {
	side   string
	advice []Advice
}

func (c *checkup) ok(subject, sentence string) {
	c.advice = append(c.advice, Advice{Side: c.side, Subject: subject, Level: LevelOK, Sentence: sentence})
}

func (c *checkup) warn(subject, sentence, nextStep string) {
	c.advice = append(c.advice, Advice{Side: c.side, Subject: subject, Level: LevelWarning, Sentence: sentence, NextStep: nextStep})
}

func (c *checkup) fail(subject string, err error) {
	c.advice = append(c.advice, Advice{Side: c.side, Subject: subject, Level: LevelError, Sentence: err.Error(), NextStep: rehome.HintOf(err)})
}

// Check looks at everything a move needs and changes nothing. Trouble is advice, not an error; the
// error is the context's.
func (m *Move) Check(ctx context.Context) (Checked, error) {
	settings := &checkup{side: "settings"}
	m.checkSettings(ctx, settings)
	source := &checkup{side: "source"}
	p := m.checkPeople(ctx, source)
	m.checkSource(ctx, source, p)
	destination := &checkup{side: "destination"}
	m.checkDestination(ctx, destination, p)
	m.checkPIM(ctx, source, destination, p)
	m.checkRules(ctx, source, destination, p)
	checked := Checked{Advice: append(append(settings.advice, source.advice...), destination.advice...)}
	return checked, ctx.Err()
}

// checkSettings looks at what lies on this machine.
func (m *Move) checkSettings(ctx context.Context, c *checkup) {
	for _, placed := range m.settings.References() {
		if _, err := placed.Reference.Resolve(ctx); err != nil {
			c.fail("secret "+placed.Key, err)
		}
	}
	if _, err := m.store(ctx); err != nil {
		c.fail("store", err)
	} else {
		c.ok("store", "the ledger "+filepath.Base(m.settings.Store)+" can be written")
	}
	if _, err := os.Stat(m.settings.Secrets.Identity); err == nil {
		c.ok("sealing", "sealed files can be opened with "+filepath.Base(m.settings.Secrets.Identity)+"; keep a copy of it in a safe place")
	}
}
