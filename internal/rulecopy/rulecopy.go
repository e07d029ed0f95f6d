// SPDX-License-Identifier: Apache-2.0

// Package rulecopy brings one account's rules to the destination: scripts that the source serves over
// ManageSieve (RFC 5804), or what its database holds, written as Sieve.
//
// It changes nothing at the source. What it promises:
//   - an active script at the destination is never replaced or switched off without consent;
//   - rules that answer or forward are stored and stay switched off until the caller says that the
//     moment has come, because with two servers running each would answer, and forward, a second time;
//   - what a person has changed, deleted or switched off at the destination stays like that;
//   - a repeat writes nothing.
//
// A caller makes an Engine, asks it with Plan what it would do, or has it done with Sync. Decisions are
// made by decide, which knows no server. Without a Target, Plan returns scripts to be handed over, with
// what each rule does in plain words: WriteText and WriteCSV make sheets of them.
package rulecopy

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"

	"rehome"
	"rehome/internal/content/sieve"
	"rehome/internal/ledger"
	"rehome/internal/mapping"
	"rehome/internal/protocol/managesieve"
)

// Reader is a log-in at a ManageSieve server to read from.
type Reader interface {
	ListScripts(ctx context.Context) ([]managesieve.Script, error)
	GetScript(ctx context.Context, name string) (string, error)
}

// Writer is one to write to.
type Writer interface {
	Reader
	CheckScript(ctx context.Context, text string) error
	PutScript(ctx context.Context, name, text string) error
	SetActive(ctx context.Context, name string) error
}

// Ledger is what the engine has to know from one pass to the next. *ledger.Rules is one.
type Ledger interface {
	Of(ctx context.Context, address string) (map[string]ledger.Rule, error)
	Save(ctx context.Context, address string, rule ledger.Rule) error
}

// Account is what an account's rules are made of.
type Account struct {
	Address string
	Source  Reader             // nil where the source serves no scripts
	Rules   sieve.Rules        // from the database; taken where Source is nil or has none
	Offered sieve.Capabilities // of the destination; nil if nobody knows
	Target  Writer             // nil where the destination takes no scripts
	// Mailbox returns the destination's name for one of the source; nil keeps every name.
	Mailbox func(name string) (string, bool)
	// Further returns the destination's name for a mailbox that the source does not have yet, because a rule makes it; nil
	// knows none.
	Further func(name string) (string, bool)
	// NamesStay says that every name is the same at both ends, also one that is made while a script runs.
	NamesStay bool
	// How scripts write these names at either end; "" is mapping.NamesUTF8.
	SourceNames, TargetNames mapping.ScriptNames
}

// Options of an Engine.
type Options struct {
	Ledger   Ledger
	SwitchOn bool // the moment for rules that answer or forward has come
	Replace  bool // take the place of what is at the destination already
}

// Engine copies rules.
type Engine struct{ options Options }

// New returns an engine.
func New(options Options) *Engine { return &Engine{options: options} }

// Moved is what was done, or would be.
type Moved struct {
	Account  string           `json:"account"`
	Scripts  []Action         `json:"scripts"`
	Findings []rehome.Finding `json:"findings"`
}

// Count returns how many scripts have met with a deed.
func (o Moved) Count(deed Deed) int {
	n := 0
	for _, s := range o.Scripts {
		if s.Do == deed {
			n++
		}
	}
	return n
}

// databaseScript is the name of what was made from tables.
const databaseScript = "rules from the old server"

// Plan returns what Sync would do, and writes nothing.
func (e *Engine) Plan(ctx context.Context, a Account) (Moved, error) {
	wanted, findings, err := e.wanted(ctx, a)
	if err != nil {
		return Moved{}, err
	}
	outcome := Moved{Account: a.Address, Scripts: []Action{}, Findings: findings}
	if a.Target == nil {
		for _, w := range wanted {
			outcome.Scripts = append(outcome.Scripts, w.action(Hand))
			w.mind()
			outcome.Findings = append(outcome.Findings, w.doubts...)
		}
		return outcome, nil
	}
	there, err := look(ctx, a.Target)
	if err != nil {
		return Moved{}, fault(err, "read the destination's rules of", a.Address)
	}
	known, err := e.options.Ledger.Of(ctx, a.Address)
	if err != nil {
		return Moved{}, err
	}
	var more []rehome.Finding
	outcome.Scripts, more = decide(a.Address, wanted, there, known, e.options)
	outcome.Findings = append(findings, more...)
	return outcome, nil
}

// Sync stores and switches on. Each script is judged by the server before it is stored; one that it
// refuses is a finding, and the others go on.
func (e *Engine) Sync(ctx context.Context, a Account) (Moved, error) {
	outcome, err := e.Plan(ctx, a)
	if err != nil {
		return Moved{}, err
	}
	rejected := map[string]bool{}
	for i, action := range outcome.Scripts {
		if at := slices.IndexFunc(action.calls, func(name string) bool { return rejected[name] }); at >= 0 && action.Activate {
			action.Activate, action.Person = false, true
			outcome.Scripts[i] = action
			outcome.Findings = append(outcome.Findings, includeOff.On(action.Name, rehome.Values{"name": action.calls[at]}).Of(a.Address))
		}
		err := e.apply(ctx, a, action)
		if managesieve.IsNo(err, "") {
			rejected[action.Name] = true
			outcome.Scripts[i].Do = Refused
			outcome.Findings = append(outcome.Findings, refused(a.Address, action.Name, err))
			continue
		}
		if err != nil {
			return outcome, fault(err, "store the rules of", a.Address)
		}
	}
	return outcome, nil
}

func (e *Engine) apply(ctx context.Context, a Account, action Action) error {
	if action.Do == Put {
		if err := a.Target.CheckScript(ctx, action.Text); err != nil {
			return err
		}
		if err := a.Target.PutScript(ctx, action.Name, action.Text); err != nil {
			return err
		}
	}
	if action.Activate {
		if err := a.Target.SetActive(ctx, action.Name); err != nil {
			return err
		}
	}
	row := ledger.Rule{Name: action.Name, Digest: digest(action.Text), Activated: action.Activate || action.on, Waits: action.Waits}
	switch {
	case action.Do == Wait && action.known.Name != "":
		row.Digest = action.known.Digest // it is there as it was
	case action.Do != Put && action.Do != Keep:
		return nil
	}
	// A crash before this line leaves a script whose text is as wanted: the next pass adopts it.
	return e.options.Ledger.Save(ctx, a.Address, row)
}

// look reads all scripts of one side.
func look(ctx context.Context, from Reader) ([]script, error) {
	list, err := from.ListScripts(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]script, 0, len(list))
	for _, entry := range list {
		text, err := from.GetScript(ctx, entry.Name)
		if err != nil {
			return nil, err
		}
		all = append(all, script{name: entry.Name, text: text, active: entry.Active})
	}
	slices.SortFunc(all, func(a, b script) int {
		if a.active != b.active { // that one first, because a server may take a few only
			if a.active {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.name, b.name)
	})
	return all, nil
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func fault(err error, op, account string) error {
	var status *managesieve.StatusError
	switch {
	case errors.Is(err, context.Canceled), rehome.ClassOf(err) != rehome.ClassBug:
		return err
	case errors.As(err, &status):
		return &rehome.Fault{Class: rehome.ClassPermanent, Op: op, Object: account, Server: status.Text, Cause: err}
	}
	return &rehome.Fault{Class: rehome.ClassTemporary, Op: op, Object: account, Cause: err,
		Hint: "run the same command again to continue"}
}
