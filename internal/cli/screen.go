// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"io"
	"os"
	"strings"
	"sync"

	"golang.org/x/term"

	"rehome"
	"rehome/internal/verify"
)

// Control sequences of ECMA-48 that every terminal of today knows.
const (
	eraseLine = "\r\x1b[K"
	boldOn    = "\x1b[1m"
	redOn     = "\x1b[31m"
	greenOn   = "\x1b[32m"
	yellowOn  = "\x1b[33m"
	allOff    = "\x1b[0m"
)

// widthElsewhere is used if the width of the terminal is not known.
const widthElsewhere = 80

// screen is standard error. Log lines, messages and the progress line share it, so that a redrawn line
// never mixes with a permanent one.
type screen struct {
	terminal bool
	palette  palette

	mu    sync.Mutex
	w     io.Writer
	drawn string // the progress line that is on the screen until the next draw
}

// newScreen finds out whether w is a terminal.
func newScreen(w io.Writer, getenv func(string) string) *screen {
	terminal := isTerminal(w) && getenv("TERM") != "dumb"
	return &screen{w: w, terminal: terminal, palette: paletteFor(w, getenv)}
}

// palette colours text, or does not.
type palette bool

// paletteFor uses no colour with NO_COLOR (no-color.org), with TERM=dumb, or if the stream is not a terminal.
func paletteFor(stream any, getenv func(string) string) palette {
	if p, known := stream.(*paper); known {
		return p.palette
	}
	return palette(isTerminal(stream) && getenv("TERM") != "dumb" && getenv("NO_COLOR") == "")
}

func (p palette) bold(text string) string { return p.with(boldOn, text) }
func (p palette) red(text string) string  { return p.with(redOn, text) }

// Colours say what words say beside them: red is wrong, yellow wants a look, green is as it should be.
func (p palette) green(text string) string  { return p.with(greenOn, text) }
func (p palette) yellow(text string) string { return p.with(yellowOn, text) }

// of colours a sentence by how an operation has ended.
func (p palette) of(outcome rehome.Outcome, text string) string {
	switch outcome {
	case rehome.OutcomeDone:
		return p.green(text)
	case rehome.OutcomeRemaining, rehome.OutcomeInterrupted, rehome.OutcomeWaiting:
		return p.yellow(text)
	}
	return p.red(text)
}

// verdictTone colours a verdict.
func verdictTone(p palette, words string) string {
	switch {
	case strings.HasPrefix(words, string(verify.Equal)):
		return p.green(words)
	case strings.HasPrefix(words, string(verify.Differs)):
		return p.red(words)
	}
	return p.yellow(words)
}

func (p palette) with(on, text string) string {
	if !p {
		return text
	}
	return on + text + allOff
}

// isTerminal reports whether a stream is a terminal.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// Write prints permanent text. The progress line is erased and drawn again below it.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.drawn == "" {
		return s.w.Write(p)
	}
	if _, err := io.WriteString(s.w, eraseLine); err != nil {
		return 0, err
	}
	n, err := s.w.Write(p)
	_, _ = io.WriteString(s.w, s.drawn) // a failure to draw the progress line does not matter
	return n, err
}

// draw replaces the progress line.
func (s *screen) draw(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = io.WriteString(s.w, eraseLine+line)
	s.drawn = line
}

// clear erases the progress line.
func (s *screen) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.drawn != "" {
		_, _ = io.WriteString(s.w, eraseLine)
		s.drawn = ""
	}
}

// width returns the number of columns.
func (s *screen) width() int {
	if file, ok := s.w.(*os.File); ok {
		if columns, _, err := term.GetSize(int(file.Fd())); err == nil && columns > 0 {
			return columns
		}
	}
	return widthElsewhere
}
