// SPDX-License-Identifier: Apache-2.0

package itinerary

import (
	"slices"
	"time"
)

// Wave is a group of accounts that are copied together.
type Wave struct {
	Name     string
	Stop     WaveStop  // what keeps it from being copied; "" is nothing
	Reason   string    // as a clause behind its name: "is paused: the staff is at lunch"
	NextStep string    // what to look at before it is lifted; "" is nothing
	Until    time.Time // when time lifts it; zero if it does not
}

// WaveStop is what keeps a wave from being copied.
type WaveStop string

// What may. The brake has seen that something is wrong; all others are meant.
const (
	StopNone    WaveStop = ""
	StopBrake   WaveStop = "brake"
	StopPause   WaveStop = "pause"
	StopPlanned WaveStop = "planned"
	StopHours   WaveStop = "hours"
)

// Commands about waves.
const (
	commandResume     = "rehome wave resume"
	commandStart      = "rehome wave start"
	commandWaveStatus = "rehome wave status"
)

// waves returns the names of those that something keeps, or nothing, and the first of them.
func (s State) waves(stop WaveStop) (names []string, first Wave) {
	for _, w := range s.Waves {
		if w.Stop == stop {
			if names = append(names, w.Name); len(names) == 1 {
				first = w
			}
		}
	}
	return names, first
}

// braked is what a brake has stopped: somebody has to look before anything else.
func braked(s State) (f finding, is bool) {
	names, first := s.waves(StopBrake)
	if len(names) == 0 {
		return f, false
	}
	return finding{progress: NoWord, sentence: standing(names, first), command: commandResume + " " + first.Name, first: true}, true
}

// held says what waves wait for where there is something left to copy, and none of them runs.
func held(s State) (f finding, is bool) {
	if running, _ := s.waves(StopNone); len(running) > 0 {
		return f, false
	}
	if names, first := s.waves(StopPause); len(names) > 0 {
		return finding{progress: NoWord, sentence: standing(names, first), command: commandResume + " " + first.Name}, true
	}
	if names, first := s.waves(StopHours); len(names) > 0 {
		i := slices.IndexFunc(s.Waves, func(w Wave) bool { return w.Stop == StopHours && w.Until.Before(first.Until) })
		if i >= 0 {
			first = s.Waves[i]
		}
		return finding{progress: Waiting, sentence: standing(names, first), waitsFor: "its hours", until: first.Until, command: commandWaveStatus}, true
	}
	names, first := s.waves(StopPlanned)
	return finding{progress: NoWord, sentence: standing(names, first), command: commandStart + " " + first.Name}, len(names) > 0
}

// standing says why a wave stands, and how many more do.
func standing(names []string, first Wave) string {
	sentence := "wave " + first.Name + " " + first.Reason
	if first.NextStep != "" {
		sentence += "; " + first.NextStep
	}
	if more := len(names) - 1; more > 0 {
		sentence += " (and " + plural(more, "more wave") + ")"
	}
	return sentence
}

// inWaves names the waves that run, as a part of a sentence; "" where there are none.
func (s State) inWaves() string {
	names, _ := s.waves(StopNone)
	switch len(names) {
	case 0:
		return ""
	case 1:
		return "; wave " + names[0] + " runs"
	}
	return "; waves " + some(names) + " run"
}
