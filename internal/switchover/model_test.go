// SPDX-License-Identifier: Apache-2.0

package switchover

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"rehome/internal/cutover"
	"rehome/internal/ledger"
)

var errKilled = errors.New("killed")

// model is a world and a store in memory: two servers of a zone, one of which lags, people who change records, and a process that
// is killed at any point. It keeps what a rule of the machine says that must never happen.
type model struct {
	t      *testing.T
	chance *rand.Rand
	now    time.Time

	row   *ledger.Cutover
	lines []ledger.AuditLine

	primary   map[string][]string // by name
	secondary map[string][]string
	exchanged map[string]int // how often a set was really changed by us, by name and direction
	byHand    bool
	hidden    bool // the primary is not asked: all that can be seen lags behind it

	failing   map[Gate]bool // gates that do not open
	stranger  bool          // somebody changes records
	meddled   map[string]bool
	toBring   int64 // messages at the source that came late
	toReturn  int64
	brought   int64
	probeLost int // how often a probe is not there yet
	killable  bool
	dead      bool // nothing that the process does counts any more
	kills     int
}

const modelDomain = "example.test"

func modelSets() []ledger.CutoverRecord {
	set := func(about, name, kind string, before, after []string) ledger.CutoverRecord {
		return ledger.CutoverRecord{About: about, Name: name, Before: ledger.RecordSet{Type: kind, Data: before, TTL: 5 * time.Minute},
			After: ledger.RecordSet{Type: kind, Data: after, TTL: 5 * time.Minute}}
	}
	return []ledger.CutoverRecord{
		set("MX", modelDomain, "MX", []string{"10 old"}, []string{"10 new"}),
		set("IMAP", "_imaps._tcp."+modelDomain, "SRV", nil, []string{"0 1 993 new"}),
		set("Autodiscover", "autodiscover."+modelDomain, "CNAME", []string{"CNAME old"}, []string{"CNAME new"}),
	}
}

func newModel(t *testing.T, seed uint64) *model {
	m := &model{t: t, chance: rand.New(rand.NewPCG(seed, 1)), now: time.Unix(1_000_000, 0).UTC(), primary: map[string][]string{},
		secondary: map[string][]string{}, exchanged: map[string]int{}, failing: map[Gate]bool{}, meddled: map[string]bool{}}
	for _, set := range modelSets() {
		m.primary[set.Name], m.secondary[set.Name] = set.Before.Data, set.Before.Data
	}
	return m
}

func (m *model) one(in int) bool { return m.chance.IntN(in) == 0 }

func (m *model) kill() error {
	if m.killable && m.one(6) {
		m.kills++
		m.dead = true
		return errKilled
	}
	return nil
}

func (m *model) All(context.Context) ([]ledger.Cutover, error) {
	if m.row == nil {
		return nil, nil
	}
	row := *m.row
	row.Records = slices.Clone(row.Records)
	return []ledger.Cutover{row}, nil
}

// Save is killed before it commits, or after it.
func (m *model) Save(_ context.Context, was ledger.CutoverState, c ledger.Cutover, lines ...ledger.AuditLine) error {
	if err := m.kill(); err != nil || m.dead {
		return errKilled
	}
	state := ledger.CutoverState("")
	if m.row != nil {
		state = m.row.State
	}
	if state != was {
		m.t.Fatalf("saved from %q, and it is in %q", was, state)
	}
	if was != c.State && !slices.ContainsFunc(lines, func(l ledger.AuditLine) bool {
		return l.Action == actionState && l.Before == string(was) && l.After == string(c.State)
	}) {
		m.t.Fatalf("from %q to %q without a line", was, c.State)
	}
	m.allowed(was, c.State)
	m.row, m.lines = &c, append(m.lines, lines...)
	return m.kill()
}

// allowed are the ways of the machine.
func (m *model) allowed(from, to ledger.CutoverState) {
	ways := map[ledger.CutoverState][]ledger.CutoverState{
		"":                      {ledger.CutoverGates},
		ledger.CutoverGates:     {ledger.CutoverFinalPass, ledger.CutoverRolledBack},
		ledger.CutoverFinalPass: {ledger.CutoverReady, ledger.CutoverRolledBack},
		ledger.CutoverReady:     {ledger.CutoverSwitching, ledger.CutoverFinalPass, ledger.CutoverRolledBack},
		ledger.CutoverSwitching: {ledger.CutoverProving, ledger.CutoverProbing, ledger.CutoverRestoring, ledger.CutoverRolledBack},
		ledger.CutoverProving:   {ledger.CutoverProbing, ledger.CutoverRestoring},
		ledger.CutoverProbing:   {ledger.CutoverReleasing, ledger.CutoverRestoring},
		ledger.CutoverReleasing: {ledger.CutoverLate, ledger.CutoverRestoring}, ledger.CutoverLate: {ledger.CutoverLive, ledger.CutoverRestoring},
		ledger.CutoverLive: {ledger.CutoverRestoring}, ledger.CutoverRestoring: {ledger.CutoverProvingBack},
		ledger.CutoverProvingBack: {ledger.CutoverReturning}, ledger.CutoverReturning: {ledger.CutoverRolledBack},
		ledger.CutoverRolledBack: {ledger.CutoverGates},
	}
	if from != to && !slices.Contains(ways[from], to) {
		m.t.Fatalf("from %q to %q: there is no such way", from, to)
	}
}

func (m *model) Facts(context.Context, string) (Facts, error) {
	facts := Facts{Plan: cutover.Plan{Domain: modelDomain}, Accounts: []Account{{Address: "a@" + modelDomain, Passed: m.now}}, ByHand: m.byHand,
		Failures: map[Gate]error{}}
	if m.failing[GateLogins] {
		facts.Accounts[0].NoLogin = "not tried"
	}
	if m.failing[GateRecipients] {
		facts.Refused = []string{"info@" + modelDomain}
	}
	for _, set := range modelSets() {
		set.Before.Data = m.primary[set.Name]
		if !slices.Equal(set.Before.Data, set.After.Data) {
			facts.Records = append(facts.Records, set)
		}
	}
	return facts, m.kill()
}

// Look shows what both servers have; the second follows some time later.
func (m *model) Look(_ context.Context, _ string, set ledger.CutoverRecord) (Sight, error) {
	if m.one(2) {
		m.secondary[set.Name] = m.primary[set.Name]
	}
	if m.byHand && m.row.State == ledger.CutoverSwitching && m.one(3) {
		m.primary[set.Name] = set.After.Data
	}
	if m.byHand && (m.row.State == ledger.CutoverRestoring || m.row.State == ledger.CutoverProvingBack) && m.one(3) {
		m.primary[set.Name] = set.Before.Data
	}
	first := m.primary[set.Name]
	if m.hidden {
		first = m.secondary[set.Name]
	}
	return Sight{At: m.now, Servers: []Said{{Server: "ns1", Data: first}, {Server: "ns2", Data: m.secondary[set.Name]}}}, m.kill()
}

func (m *model) Exchange(_ context.Context, _ string, change Change) error {
	i := slices.IndexFunc(m.row.Records, func(r ledger.CutoverRecord) bool { return r.Name == change.Name })
	switch set := m.row.Records[i]; {
	case m.row.State == ledger.CutoverSwitching && set.State == ledger.RecordWriting,
		m.row.State == ledger.CutoverRestoring && set.State == ledger.RecordRestoring:
	default:
		m.t.Fatalf("%s is exchanged in %s while it is %s: nothing was written down before", change.Name, m.row.State, set.State)
	}
	if m.byHand {
		m.t.Fatal("a zone that a person writes was written")
	}
	if m.stranger && m.one(4) {
		m.primary[change.Name], m.meddled[change.Name] = []string{"10 stranger"}, true
	}
	if err := m.kill(); err != nil {
		return err
	}
	if !slices.Equal(m.primary[change.Name], change.Before.Data) {
		return &ChangedError{change.Name, m.primary[change.Name]}
	}
	m.primary[change.Name] = change.After.Data
	m.exchanged[fmt.Sprint(change.Name, change.After.Data)]++
	return m.kill()
}

func (m *model) FinalPass(context.Context, string) (Carried, error) {
	for gate, failing := range m.failing {
		if _, given := overridden(*m.row, string(gate)); failing && !given {
			m.t.Fatalf("the final pass began although the gate %s holds", gate)
		}
	}
	return Carried{}, m.kill()
}

func (m *model) Probe(context.Context, string) (Probed, error) {
	if m.probeLost > 0 {
		m.probeLost--
		return Probed{In: "not there yet"}, m.kill()
	}
	return Probed{}, m.kill()
}

func (m *model) SwitchRulesOn(context.Context, string) (Carried, error) { return Carried{}, m.kill() }

func (m *model) LatePass(context.Context, string) (Carried, error) {
	n := m.toBring
	if err := m.kill(); err != nil {
		return Carried{}, err
	}
	m.brought, m.toBring = m.brought+n, 0
	return Carried{Messages: n}, m.kill()
}

func (m *model) Arrived(context.Context, string, time.Time) (int64, error) { return m.toReturn, nil }

func (m *model) CarryBack(context.Context, string, time.Time) (Carried, error) {
	n := m.toReturn
	m.toReturn = 0
	return Carried{Messages: n}, m.kill()
}

// run drives until stop says so, through kills, with a clock of its own.
func (m *model) run(t *testing.T, until func(c ledger.Cutover) bool) ledger.Cutover {
	t.Helper()
	for steps := 0; steps < 5000; steps++ {
		d := &Driver{Store: m, World: m, Person: "p", Now: func() time.Time { return m.now },
			Settings: Settings{Lag: time.Hour, Quiet: time.Hour, Every: 5 * time.Minute, Look: time.Minute}}
		c, err := d.of(t.Context(), modelDomain)
		if err != nil {
			t.Fatal(err)
		}
		if until(c) {
			return c
		}
		m.dead = false
		step, err := d.step(t.Context(), c, Next(c), false)
		if err != nil && !errors.Is(err, errKilled) {
			t.Fatal(err)
		}
		m.now = m.now.Add(step.Wait + time.Second)
	}
	t.Fatalf("it does not end: %+v", *m.row)
	return ledger.Cutover{}
}

func in(states ...ledger.CutoverState) func(ledger.Cutover) bool {
	return func(c ledger.Cutover) bool { return slices.Contains(states, c.State) }
}
