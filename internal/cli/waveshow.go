// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"rehome/internal/journey"
	"rehome/internal/ledger"
	"rehome/internal/wave"
)

// writeWaves shows waves; with all that is known of each where they were named.
func writeWaves(w io.Writer, waves journey.Waves, whole bool) error {
	if len(waves.Waves) == 0 {
		_, err := fmt.Fprintln(w, `there is no wave; make one with "rehome wave create"`)
		return err
	}
	t := newTable("WAVE", "STATE", "PRIORITY", "ACCOUNTS", "COMPLETE", "BLOCKED", "EQUAL", "DIFFERENT", "SIZE").alignRight(2, 3, 4, 5, 6, 7, 8)
	for _, v := range waves.Waves {
		t.add(v.Name, waveState(v, time.Now()), strconv.Itoa(v.Priority), number(int(v.Accounts)), number(int(v.Copied)), number(int(v.Blocked)),
			number(int(v.Equal)), number(int(v.Differ)), octets(v.Octets))
	}
	failures := []error{t.write(w, paletteFor(w, os.Getenv))}
	for _, v := range waves.Waves {
		failures = append(failures, writeStanding(w, v))
		if whole {
			failures = append(failures, writeWhole(w, v))
		}
	}
	if waves.Rest > 0 && !whole {
		_, err := fmt.Fprintf(w, "%s that move %s in no wave\n", plural(int(waves.Rest), "account"), verb(int(waves.Rest), "is", "are"))
		failures = append(failures, err)
	}
	return errors.Join(failures...)
}

// waveState says in a cell what a wave is at.
func waveState(v journey.Wave, now time.Time) string {
	switch {
	case len(v.Through) == 0:
		return "through"
	case v.State == ledger.WaveRunning && !v.Open:
		return "waits until " + windowTime(v.Opens, now)
	case v.State == ledger.WaveRunning && !v.Closes.IsZero():
		return "runs until " + windowTime(v.Closes, now)
	case v.State == ledger.WaveRunning:
		return "runs"
	}
	return string(v.State)
}

// windowTime is short for what is near.
func windowTime(at, now time.Time) string {
	at = at.Local()
	if at.Sub(now) < 24*time.Hour {
		return at.Format("15:04")
	}
	return at.Format("2 Jan 15:04")
}

// writeStanding says why a wave stands, and what lifts it.
func writeStanding(w io.Writer, v journey.Wave) error {
	var words string
	switch v.State {
	case ledger.WaveBraked:
		words = "was stopped by its brake"
	case ledger.WavePaused:
		words = "is paused"
	default:
		return nil
	}
	text := fmt.Sprintf("wave %s %s since %s", v.Name, words, v.Since.Local().Format("2 Jan 15:04"))
	if v.Reason != "" {
		text += ": " + printable(v.Reason)
	}
	_, err := fmt.Fprintf(w, "%s\n  -> %s\n", text, printable(wave.Resuming(v.Name, v.NextStep)))
	return err
}

// writeWhole shows hours, brake and gate of a wave.
func writeWhole(w io.Writer, v journey.Wave) error {
	hours := "always"
	if len(v.Hours) > 0 {
		hours = strings.Join(v.Hours, "; ")
	}
	if v.Zone != "" {
		hours += " (" + v.Zone + ")"
	}
	fmt.Fprintf(w, "wave %s\n  hours: %s\n", v.Name, printable(hours))
	if v.After != "" {
		fmt.Fprintf(w, "  after: wave %s\n", v.After)
	}
	fmt.Fprintf(w, "  brake: %s\n", brakeWords(v.Brake))
	l := v.Lately
	fmt.Fprintf(w, "  lately: %s ended, %d log-ins refused, %d failed; %d compared, %d different%s\n",
		plural(int(l.Accounts), "account"), l.Refused, l.Failed,
		l.Compared, l.Differs, answerWords(l))
	if len(v.Through) == 0 {
		_, err := fmt.Fprintln(w, "  through: all of its accounts are complete and equal")
		return err
	}
	for _, c := range v.Through {
		fmt.Fprintf(w, "  not through: %s -> %s\n", printable(c.Reason), printable(c.NextStep))
	}
	return nil
}

func brakeWords(l wave.Limits) string {
	share := func(n float64) string {
		if n <= 0 {
			return "off"
		}
		return strconv.FormatFloat(n, 'f', -1, 64) + "%"
	}
	answer := "off"
	if l.Answer > 0 {
		answer = shortDuration(l.Answer)
	}
	return fmt.Sprintf("refused=%s failed=%s differs=%s answer=%s span=%s", share(l.Refused), share(l.Failed), share(l.Differs), answer,
		shortDuration(l.Span))
}

func answerWords(l wave.Happens) string {
	text := ""
	if l.SourceAnswer > 0 {
		text += fmt.Sprintf("; an answer of the source took %d ms", l.SourceAnswer)
	}
	if l.DestinationAnswer > 0 {
		text += fmt.Sprintf("; an answer of the destination took %d ms", l.DestinationAnswer)
	}
	return text
}
