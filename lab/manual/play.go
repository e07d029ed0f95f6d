// SPDX-License-Identifier: Apache-2.0

package manual

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Stage is where a page is played.
type Stage interface {
	// Heading begins a part of the page.
	Heading(text string)
	// Direct does what the world does between two commands. It is an error if it does not know the direction.
	Direct(ctx context.Context, direction string) error
	// Run runs one command of rehome, and returns what it wrote to both outputs, and its exit code.
	Run(ctx context.Context, args []string) (said string, exit int, err error)
}

// Elsewhere is a Stage that plays a part of a page only: the directions say which.
type Elsewhere interface {
	// Skips reports whether commands are left out from here on, as what they say is proved on another stage.
	Skips() bool
}

// ErrDiffers is in Play's error if the page was played to its end, and a command said something else than what the page shows.
var ErrDiffers = errors.New("something else than the page")

// Play runs the page on a stage, and returns the page with what the commands said this time, where they did not say what it shows.
// The error names each such command. It ends early if the stage fails or a command ends with another exit code.
func (p *Page) Play(ctx context.Context, on Stage) (text string, err error) {
	var differ []error
	written := newCopy(p.lines)
	ids := map[string]string{}
	for _, a := range p.acts {
		switch {
		case a.heading != "":
			on.Heading(a.heading)
		case a.direction != "":
			if err := on.Direct(ctx, a.direction); err != nil {
				return "", fmt.Errorf("line %d: %s: %w", a.line, a.direction, err)
			}
		case skips(on):
		default:
			said, exit, err := on.Run(ctx, named(a.command, ids))
			if err == nil && exit != a.exit {
				err = fmt.Errorf("exit code %d, not %d:\n%s", exit, a.exit, said)
			}
			if err != nil {
				return "", fmt.Errorf("line %d: rehome %s: %w%s", a.line, strings.Join(a.command, " "), err, before(differ))
			}
			learn(ids, strings.Join(p.lines[a.from:a.to], "\n"), said)
			if err := p.hold(a, said, written); err != nil {
				differ = append(differ, err)
			}
		}
	}
	return written.text(), errors.Join(differ...)
}

func skips(on Stage) bool {
	part, is := on.(Elsewhere)
	return is && part.Skips()
}

// id is how rehome calls a difference: by a digest, which is another one where the organisation has another size.
var id = regexp.MustCompile(`\b[0-9a-f]{12}\b`)

// learn notes which ids of this run stand for those that the page shows, in their order, if there are as many.
func learn(ids map[string]string, shown, said string) {
	of, are := id.FindAllString(shown, -1), id.FindAllString(said, -1)
	if len(of) != len(are) {
		return
	}
	for i := range of {
		ids[of[i]] = are[i]
	}
}

// named is a command with the ids of this run.
func named(command []string, ids map[string]string) []string {
	run := slices.Clone(command)
	for i, word := range run {
		if is, known := ids[word]; known {
			run[i] = is
		}
	}
	return run
}

// before tells what differed before a page could not be played on.
func before(differ []error) string {
	if len(differ) == 0 {
		return ""
	}
	return fmt.Sprintf("\nbefore that: %v", errors.Join(differ...))
}

// hold compares what a command said with what the page shows.
func (p *Page) hold(a act, said string, written *copied) error {
	shown, lines := trimmed(p.lines[a.from:a.to]), trimmed(strings.Split(said, "\n"))
	if alike(shown, lines) {
		return nil
	}
	written.replace(a.from, a.from+len(shown), lines)
	return fmt.Errorf("line %d: rehome %s says %w: %s; it says:\n%s",
		a.line, strings.Join(a.command, " "), ErrDiffers, strange(shown, lines), said)
}

// trimmed drops the blank lines at the end.
func trimmed(lines []string) []string {
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// copied is a page that is written anew.
type copied struct {
	from   []string
	done   int
	result []string
}

func newCopy(lines []string) *copied { return &copied{from: lines} }

// replace puts lines in the place of [from, to), which lies behind all that was replaced before.
func (c *copied) replace(from, to int, lines []string) {
	c.result = append(append(c.result, c.from[c.done:from]...), lines...)
	c.done = to
}

func (c *copied) text() string {
	return strings.Join(append(c.result, c.from[c.done:]...), "\n")
}
