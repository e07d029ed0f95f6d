// SPDX-License-Identifier: Apache-2.0

package wave

import "fmt"

// Closed is why a wave may not begin, or is not through.
type Closed struct {
	Code     string `json:"code"` // what scripts rely on
	Reason   string `json:"reason"`
	NextStep string `json:"next_step"`
}

// Entry are the facts by which it is decided whether a wave may begin.
type Entry struct {
	Name    string
	Members int64
	Staying []string // members that do not move, by the settings and the source's own list
	Torn    []Link   // with accounts that move and are neither in the wave nor copied
	After   string   // the wave that has to be through; "" for none
	Missing bool     // there is no such wave
	Before  []Closed // what keeps that one from being through
	Refused int64    // members whose last log-in at the destination was refused when it was tried for its own sake
	Tried   int64    // members of which such a log-in was tried
}

// mostRefused is the share of log-ins that may have been refused before, in per cent.
const mostRefused = 0.5

// Enter says what keeps a wave from beginning; none is that it may.
func Enter(e Entry) (closed []Closed) {
	add := func(code, reason, next string) { closed = append(closed, Closed{code, reason, next}) }
	if e.Members == 0 {
		add("empty", "no account is in it", fmt.Sprintf(`run "rehome wave add %s" to say which accounts are`, e.Name))
	}
	if n := len(e.Staying); n > 0 {
		add("staying", fmt.Sprintf("%s in it %s not move: %s", accounts(n), verb(n, "does", "do"), listed(e.Staying)),
			fmt.Sprintf(`take them out: "rehome wave remove %s --account %s"`, e.Name, e.Staying[0]))
	}
	if n := len(e.Torn); n > 0 {
		l := e.Torn[0]
		more := ""
		if n > 1 {
			more = fmt.Sprintf(", and %d more", n-1)
		}
		add("torn", fmt.Sprintf("%s and %s %s, and only the first is in it%s", l.A, l.B, l.By, more),
			fmt.Sprintf(`put them in: "rehome wave add %s --account %s"; or begin with --confirm`, e.Name, l.B))
	}
	switch {
	case e.After == "":
	case e.Missing:
		add("after", fmt.Sprintf("wave %s has to be through before it, and there is none", e.After),
			fmt.Sprintf(`run "rehome wave set %s --after NAME"`, e.Name))
	case len(e.Before) > 0:
		add("after", fmt.Sprintf("wave %s has to be through before it: %s", e.After, e.Before[0].Reason), e.Before[0].NextStep)
	}
	if e.Refused > 0 && 100*float64(e.Refused) > mostRefused*float64(e.Tried) {
		add("log_ins", fmt.Sprintf("the log-in of %d of %d accounts was refused at the destination", e.Refused, e.Tried),
			`run "rehome verify --login" again when they are mended; or begin with --confirm`)
	}
	return closed
}

// Exit are the facts by which it is decided whether a wave is through.
type Exit struct {
	Name    string
	State   string // "planned", "running", "paused", "braked"
	Members int64
	Copied  int64 // complete
	Equal   int64 // compared, and equal or accepted
	Differs int64 // compared, and neither
}

// Leave says what keeps a wave from being through; none is that it is.
func Leave(e Exit) (closed []Closed) {
	add := func(code, reason, next string) { closed = append(closed, Closed{code, reason, next}) }
	if e.State == "planned" {
		add("planned", "it was not started", fmt.Sprintf(`run "rehome wave start %s"`, e.Name))
		return closed
	}
	if e.State == "braked" {
		add("braked", "it was stopped by its brake", `"rehome wave status" says why`)
	}
	if n := e.Members - e.Copied; n > 0 {
		add("not_copied", fmt.Sprintf("%s %s not complete", accounts(int(n)), verb(int(n), "is", "are")), `"rehome status" says why`)
	}
	if n := e.Members - e.Equal - e.Differs; n > 0 {
		add("not_compared", fmt.Sprintf("%s %s not compared", accounts(int(n)), verb(int(n), "was", "were")), `run "rehome verify"`)
	}
	if e.Differs > 0 {
		add("differs", fmt.Sprintf("%s %s not equal", accounts(int(e.Differs)), verb(int(e.Differs), "is", "are")),
			`run "rehome findings list"; see to the differences or accept them`)
	}
	return closed
}

func accounts(n int) string {
	if n == 1 {
		return "1 account"
	}
	return fmt.Sprintf("%d accounts", n)
}

func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// listed names the first of many.
func listed(names []string) string {
	const most = 3
	text := ""
	for i, name := range names[:min(len(names), most)] {
		if i > 0 {
			text += ", "
		}
		text += name
	}
	if more := len(names) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
