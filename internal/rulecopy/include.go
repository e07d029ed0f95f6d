// SPDX-License-Identifier: Apache-2.0

package rulecopy

import (
	"slices"

	"rehome"
	"rehome/internal/content/sieve"
	"rehome/internal/ledger"
)

// A script that calls another (RFC 6609) runs whatever has that name. So a call follows its script to the name under which
// that is stored, and a script whose call could reach anything else stays off until a person has looked.

// checkIncludes doubts the scripts that call what the source's list does not have. One that may be missing, and is, does
// nothing (RFC 6609 section 3.2).
func (a Account) checkIncludes(all []script) {
	for i := range all {
		for _, called := range all[i].calls() {
			_, has := find(all, called.Name)
			declared := includeMissing
			switch {
			case called.Global:
				declared = includeGlobal
			case has || called.Optional:
				continue
			}
			all[i].doubts = append(all[i].doubts,
				declared.On(inLine(all[i].name, called.Line), rehome.Values{"name": called.Name}).Of(a.Address))
		}
	}
}

// mind lets the doubts about a script that does not run at the source hold nobody up.
func (s script) mind() {
	for i := range s.doubts {
		s.doubts[i].Blocks = s.doubts[i].Blocks && s.active
	}
}

func (s script) calls() []sieve.Include {
	if s.read == nil {
		return nil
	}
	return s.read.Includes
}

// calling returns the script with other names of the scripts that it calls.
func (s script) calling(rename func(string) string) script {
	if stored, err := sieve.Read(s.text); err == nil && s.read != nil {
		s.text = stored.Recall(rename)
		s.read, _ = sieve.Read(s.read.Recall(rename))
	}
	return s
}

// placer finds the place of every wanted script. Those that a script calls come before it, because its text holds their
// names, and because a server may refuse one that calls what it does not have.
type placer struct {
	account string
	wanted  []script
	there   []script
	known   map[string]ledger.Rule
	options Options

	begun  map[string]bool
	placed map[string]int // by the source's name, where in the list
	list   []placedScript
}

// placedScript is a wanted script as it is stored, and what is done about it.
type placedScript struct {
	script
	action Action
}

func (p *placer) all() []placedScript {
	p.begun, p.placed = map[string]bool{}, map[string]int{}
	for _, w := range p.wanted {
		p.put(w)
	}
	return p.list
}

// put places a script behind those that it calls. In a circle of calls, which no server runs, a name stays.
func (p *placer) put(w script) {
	if p.begun[w.name] {
		return
	}
	p.begun[w.name] = true
	for _, called := range w.calls() {
		if x, has := find(p.wanted, called.Name); has && !called.Global {
			p.put(x)
		}
	}
	names := map[string]string{}
	w.doubts = slices.Clone(w.doubts)
	for _, called := range w.calls() {
		if called.Global {
			continue
		}
		at, placed := p.placed[called.Name]
		if placed {
			names[called.Name] = p.list[at].action.Name
		}
		if declared, off := p.unsafe(called, at, placed); off {
			w.doubts = append(w.doubts, declared.On(inLine(w.name, called.Line), rehome.Values{"name": called.Name}).Of(p.account))
		}
	}
	w = w.calling(func(name string) string {
		if other, placed := names[name]; placed {
			return other
		}
		return name
	})
	w.mind()
	action := place(w, p.there, p.known, p.options)
	for _, name := range names {
		action.calls = append(action.calls, name)
	}
	p.placed[w.name] = len(p.list)
	p.list = append(p.list, placedScript{w, action})
}

// unsafe says what is wrong with a call of a personal script.
func (p *placer) unsafe(called sieve.Include, at int, placed bool) (rehome.Declared, bool) {
	if !placed {
		_, foreign := find(p.there, called.Name)
		return includeForeign, foreign && called.Optional // what is missing and may not be has been said
	}
	x := p.list[at]
	_, is := find(p.there, x.action.Name)
	switch {
	case x.action.Do == Leave && is && x.action.known.Name == "":
		return includeForeign, true
	case len(x.doubts) > 0:
		return includeOff, true
	}
	return rehome.Declared{}, false
}
