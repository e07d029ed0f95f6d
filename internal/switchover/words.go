// SPDX-License-Identifier: Apache-2.0

package switchover

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rehome/internal/ledger"
)

// Beginning says what is about to be done, where that takes long or changes something outside. It is nothing for what is only
// looked at again. first says that nobody has heard of the domain before.
func Beginning(c ledger.Cutover, action Action, first bool) []string {
	switch action.Do {
	case DoBegin:
		return []string{"begins: rehome looks at everything that has to be so before the switch"}
	case DoPass:
		return []string{"final pass: everything that has changed is copied once more"}
	case DoWrite, DoRestore:
		return writing(c, action, first)
	}
	return nil
}

// writing says which set is about to be exchanged; to a person, once, which ones are.
func writing(c ledger.Cutover, action Action, first bool) []string {
	set := c.Records[action.Set]
	from, to, verb, again := set.Before, set.After, "writes ", ""
	if action.Do == DoRestore {
		from, to, verb, again = set.After, set.Before, "puts back ", " again"
	}
	if !set.ByHand {
		return []string{verb + set.About + " of " + set.Name + ": " + shown(from.Data) + " becomes " + shown(to.Data) + again}
	}
	var lines []string
	for _, r := range c.Records {
		switch {
		case action.Do == DoWrite && unwritten(r):
			lines = append(lines, card(r.Name, r.Before, r.After)...)
		case action.Do == DoRestore && unrestored(r):
			lines = append(lines, card(r.Name, r.After, r.Before)...)
		}
	}
	asked := slices.ContainsFunc(c.Records, func(r ledger.CutoverRecord) bool {
		if action.Do == DoWrite {
			return r.State != ledger.RecordPlanned
		}
		return r.State == ledger.RecordRestoring || r.State == ledger.RecordRestored
	})
	if asked && !first {
		return nil
	}
	lines = append([]string{"now change the zone by hand, at whoever runs it:"}, lines...)
	return append(lines, "  If the form adds the name of the zone to a value by itself, end the value with a dot. Touch nothing else.")
}

// card says what to enter, each value on a line of its own.
func card(name string, from, to ledger.RecordSet) []string {
	var lines []string
	for _, data := range from.Data {
		if !slices.Contains(to.Data, data) {
			lines = append(lines, "  DELETE  "+name+"  "+typed(from.Type, data))
		}
	}
	for _, data := range to.Data {
		if !slices.Contains(from.Data, data) {
			lines = append(lines, "  ADD     "+name+"  "+typed(to.Type, data)+"  TTL "+fmt.Sprint(int(to.TTL.Seconds())))
		}
	}
	return lines
}

func typed(kind, data string) string {
	if strings.HasPrefix(data, "CNAME ") {
		return data
	}
	return kind + "  " + data
}

// Words say what a step has led to: nothing where nothing has changed.
func Words(was ledger.Cutover, step Step, action Action, out Outcome, settings Settings) []string {
	now := step.Cutover
	var lines []string
	for _, l := range step.Lines {
		switch l.Action {
		case actionPassed:
			lines = append(lines, "passed on your word: "+l.Before+"; the reason given: "+l.After)
		case actionWrote, actionRestored:
			lines = append(lines, "done: "+l.Object+" is "+l.After)
		case actionFound:
			lines = append(lines, "done already: "+l.Object+" is "+l.After)
		case actionForeign:
			lines = append(lines, "left as it is: "+l.Object+" is "+l.After)
		}
	}
	if was.State != now.State {
		lines = append(lines, entered(was, step, out, settings)...)
	} else if n := out.Carried.Messages; n > 0 && action.Do == DoLate {
		lines = append(lines, count(n, "late message")+" brought to the destination, "+fmt.Sprint(now.Late)+" since the switch")
	} else if n > 0 && action.Do == DoReturn {
		lines = append(lines, count(n, "message")+" carried back to the source")
	}
	for _, h := range now.Held {
		if !slices.ContainsFunc(was.Held, func(o ledger.CutoverHold) bool { return o.Gate == h.Gate && o.Sentence == h.Sentence }) {
			lines = append(lines, "waits ("+h.Gate+"): "+h.Sentence, "  "+h.Who+": "+h.NextStep)
		}
	}
	for _, o := range was.Held {
		if was.State == now.State && !slices.ContainsFunc(now.Held, func(h ledger.CutoverHold) bool { return h.Gate == o.Gate }) {
			lines = append(lines, "no longer waits ("+o.Gate+")")
		}
	}
	return slices.Compact(lines)
}

// entered says what it means that a domain is in another state.
func entered(was ledger.Cutover, step Step, out Outcome, settings Settings) []string {
	now := step.Cutover
	switch now.State {
	case ledger.CutoverFinalPass:
		if was.State == ledger.CutoverReady {
			return []string{"the final pass was more than " + period(settings.Lag) + " ago; it is repeated"}
		}
		if slices.ContainsFunc(step.Lines, func(l ledger.AuditLine) bool { return l.Action == actionPassed }) {
			return []string{"nothing else speaks against the switch"}
		}
		return []string{"nothing speaks against the switch"}
	case ledger.CutoverReady:
		return []string{"final pass done, " + count(out.Carried.Messages, "message") + " copied; everything is looked at a last time"}
	case ledger.CutoverSwitching:
		return []string{"the switch begins; until it is done, change nothing else in this zone"}
	case ledger.CutoverProving:
		return []string{"all records are written; every server of the zone is asked for them"}
	case ledger.CutoverProbing:
		return []string{"switched: every server gives the new records; resolvers may give old ones until " + clock(SafeAt(now))}
	case ledger.CutoverReleasing:
		if words := out.Probed.NotTried; words != "" {
			return []string{"test messages: " + words}
		}
		return []string{"test messages have arrived, both ways"}
	case ledger.CutoverLate:
		return []string{rulesOn(out.Carried.Messages) + "; late mail is brought " + every(settings.Every) + ", until it has been quiet for " +
			period(settings.Quiet)}
	case ledger.CutoverLive:
		return []string{"live: " + were(now.Late) + " brought that came late; nothing came for " + period(settings.Quiet)}
	case ledger.CutoverProvingBack:
		return []string{"all records are put back; every server of the zone is asked for them"}
	case ledger.CutoverReturning:
		return []string{"every server gives the old records again; mail that has arrived at the destination is carried back"}
	case ledger.CutoverRolledBack:
		return []string{"rolled back: the source takes the mail again, and " + were(now.Returned) + " carried back"}
	}
	return nil
}

func were(messages int64) string {
	if messages == 1 {
		return "1 message was"
	}
	return fmt.Sprintf("%d messages were", messages)
}

func rulesOn(n int64) string {
	if n == 0 {
		return "no rules had to be switched on"
	}
	return count(n, "script") + " with rules that waited switched on"
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// NextStep says what a person should do now about a domain.
func NextStep(c ledger.Cutover, settings Settings, now time.Time) string {
	if len(c.Held) > 0 {
		h := c.Held[0]
		if !h.Until.IsZero() {
			return "wait until " + clock(h.Until) + `, then run "rehome cutover run ` + c.Domain + `" again`
		}
		return h.Who + ": " + h.NextStep + `; then run "rehome cutover run ` + c.Domain + `" again, unless it still runs`
	}
	run := `run "rehome cutover run ` + c.Domain + `"`
	switch c.State {
	case "":
		return run + ` when "rehome cutover plan" says that DNS is ready`
	case ledger.CutoverLate:
		return "nothing; it is live at " + clock(LiveAt(c, settings)) + ` if no more mail comes late. Keep "rehome cutover run" running, ` +
			`or run it again later; "rehome cutover rollback" takes it back`
	case ledger.CutoverLive:
		return `check that people send and receive; switch nothing off yet; "rehome cutover rollback" takes it back, and "rehome close" ends ` +
			`the move when nobody needs that any more`
	case ledger.CutoverRolledBack:
		return "find out what went wrong; " + run + " to try again"
	case ledger.CutoverClosing:
		return `run "rehome close --yes" again`
	case ledger.CutoverClosed:
		return "nothing: it is done"
	}
	return run + " again to go on"
}
