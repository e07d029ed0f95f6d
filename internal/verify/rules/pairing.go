// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"slices"
	"strings"

	"rehome/internal/content/sieve"
)

// renamedSuffix is what a script is called behind its name where somebody has one of that name already.
const renamedSuffix = " (old server)"

// pairing finds each wanted script among the destination's. A script calls others by name (RFC 6609), so those that it calls
// are found first: its call is to reach them under the names that they have there.
type pairing struct {
	wanted []wanted
	there  []script
	begun  []bool
	at     []int // of each wanted script, in there; none where it is missing
	taken  []bool
}

const none = -1

func pair(wanted []wanted, there []script) *pairing {
	p := &pairing{wanted: wanted, there: there, begun: make([]bool, len(wanted)), at: make([]int, len(wanted)), taken: make([]bool, len(there))}
	for i := range p.at {
		p.at[i] = none
	}
	for i := range wanted {
		p.seek(i)
	}
	return p
}

func (p *pairing) byName(name string) int {
	return slices.IndexFunc(p.wanted, func(w wanted) bool { return w.name == name })
}

// seek finds one behind those that it calls. In a circle of calls, which no server runs, a name stays.
func (p *pairing) seek(i int) {
	if p.begun[i] {
		return
	}
	p.begun[i] = true
	w := &p.wanted[i]
	if w.read != nil {
		for _, called := range w.read.Includes {
			if other := p.byName(called.Name); other >= 0 && !called.Global {
				p.seek(other)
			}
		}
		w.script = w.recalled(p.nameThere)
	}
	form := w.form()
	for _, suits := range []func(s script) bool{
		func(s script) bool { return s.name == w.name && s.form() == form },
		func(s script) bool { return s.name == w.name+renamedSuffix && s.form() == form },
		func(s script) bool { return s.form() == form && !p.another(i, s, true) },
		func(s script) bool { return s.name == w.name+renamedSuffix && !p.another(i, s, false) },
		func(s script) bool { return s.name == w.name && !p.another(i, s, false) },
	} {
		for k, s := range p.there {
			if !p.taken[k] && suits(s) {
				p.at[i], p.taken[k] = k, true
				return
			}
		}
	}
}

// another reports whether a script is a wanted one that has not been found yet, of that name if it has to be named.
func (p *pairing) another(i int, s script, named bool) bool {
	for k, w := range p.wanted {
		if k != i && p.at[k] == none && w.form() == s.form() && (!named || s.name == w.name || s.name == w.name+renamedSuffix) {
			return true
		}
	}
	return false
}

// nameThere is what a script of the source is called at the destination.
func (p *pairing) nameThere(name string) string {
	if i := p.byName(name); i >= 0 && p.at[i] != none {
		return p.there[p.at[i]].name
	}
	return name
}

// recalled is a script with other names of those that it calls.
func (s script) recalled(rename func(string) string) script {
	if len(s.read.Includes) == 0 {
		return s
	}
	return newScript(s.name, s.read.Recall(rename), s.active)
}

// form is what a script says; of one that cannot be taken apart its octets, whatever ends its lines.
func (s script) form() string {
	if s.read == nil {
		return "?" + strings.ReplaceAll(s.text, "\r\n", "\n")
	}
	return s.read.Form()
}

// firstOther is the number of the first rule in which two scripts differ, 0 where that cannot be told.
func firstOther(a, b *sieve.Script) int {
	if a == nil || b == nil {
		return 0
	}
	x, y := a.Describe(), b.Describe()
	for i := range max(len(x), len(y)) {
		if i >= len(x) || i >= len(y) || x[i].Words != y[i].Words {
			return i + 1
		}
	}
	return 0
}
