// SPDX-License-Identifier: Apache-2.0

package itinerary

import (
	"slices"
	"time"
)

// earliest is the first moment that is safe for all domains that have not switched, as DNS shows it.
func earliest(s State) Moment {
	var last Domain
	open, left := false, 0
	for _, d := range s.Domains {
		if d.Stage != "" && d.Stage != StageBack {
			continue
		}
		left++
		open = open || d.Open.any()
		switch {
		case !d.Planned.ever():
			return Moment{Sentence: "not known: \"rehome cutover plan\" has not looked at " + d.Name}
		case d.Waits != "":
			return Moment{Sentence: "not known: " + d.Name + ": " + d.Waits}
		case d.Earliest.IsZero():
			return Moment{Sentence: "not known: the last look at " + d.Name + " does not tell"}
		case last.Name == "" || d.Earliest.After(last.Earliest):
			last = d
		}
	}
	switch {
	case len(s.Domains) == 0:
		return Moment{Sentence: "not known: \"rehome cutover plan\" has not looked at any domain"}
	case slices.ContainsFunc(s.Domains, func(d Domain) bool { return d.Stage == StageSwitching }) && left == 0:
		return Moment{Sentence: "\"rehome cutover run\" has begun; \"rehome cutover status\" says what each domain waits for"}
	case left == 0:
		return Moment{Sentence: "all domains have switched"}
	}
	return momentOf(s, last, open)
}

// momentOf says it, and what else the switch needs.
func momentOf(s State, last Domain, open bool) Moment {
	m := Moment{Known: true, At: later(last.Earliest, s.Now)}
	m.Sentence = "now, as far as DNS is concerned"
	if last.Earliest.After(s.Now) {
		m.Sentence = stamp(last.Earliest) + ", because of " + last.Name
	}
	if open {
		m.Sentence = stamp(m.At) + " if the steps in DNS before it are taken now"
	}
	if oldest := oldestPlan(s); s.Now.Sub(oldest) > planIsOld {
		m.Sentence += "; the last look at DNS was " + at(oldest) + ", so run \"rehome cutover plan\" again"
	}
	return m
}

// planIsOld is when a look at DNS has to be repeated to say something of today.
const planIsOld = 24 * time.Hour

func oldestPlan(s State) time.Time {
	var oldest time.Time
	for _, d := range s.Domains {
		if (d.Stage == "" || d.Stage == StageBack) && (oldest.IsZero() || d.Planned.At.Before(oldest)) {
			oldest = d.Planned.At
		}
	}
	return oldest
}
