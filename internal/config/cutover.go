// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"strings"
	"time"

	"rehome/internal/cutover"
)

// Cutover is how domains are taken across.
type Cutover struct {
	TTL        time.Duration `yaml:"ttl" doc:"The TTL that records should have before they are changed."`
	Lag        time.Duration `yaml:"lag" doc:"How long ago an account may have been synced before the switch, so that the final pass is short."`
	Quiet      time.Duration `yaml:"quiet" doc:"How long no mail may arrive at the source before a domain counts as live. Mail servers try for days."`
	Every      time.Duration `yaml:"every" doc:"Time between two looks for late mail."`
	Look       time.Duration `yaml:"look" doc:"Time between two looks at anything else that is waited for, such as a DNS server that lags."`
	Reversible time.Duration `yaml:"reversible" doc:"How long after the switch \"rehome close\" refuses, as a closed domain cannot be rolled back."`
	OldSPF     []string      `yaml:"old_spf" example:"[mx, \"ip4:192.0.2.0/24\"]" doc:"Senders of the source, which \"rehome close\" takes out of SPF."`
	OldDKIM    []string      `yaml:"old_dkim" example:"[old2019]" doc:"Selectors of the source's DKIM keys, which \"rehome close\" removes."`
	OldAfter   time.Duration `yaml:"old_after" doc:"How long after the switch old senders and keys stay, for mail that is still under way."`
	Probe      ProbeMail     `yaml:"probe"`
}

func defaultCutover() Cutover {
	const day = 24 * time.Hour
	return Cutover{TTL: cutover.DefaultTTL, Lag: day, Quiet: 3 * day, Every: 5 * time.Minute, Look: 15 * time.Second,
		Reversible: 7 * day, OldAfter: 30 * day, Probe: defaultProbeMail()}
}

func (d *document) checkCutover(path string, s Cutover) {
	if s.TTL < time.Second || s.TTL > 24*time.Hour {
		d.addAt(path+".ttl", "must be between 1s and 24h", "5m suits nearly everybody")
	}
	for key, value := range map[string]time.Duration{"lag": s.Lag, "every": s.Every, "look": s.Look} {
		if value < time.Second {
			d.addAt(path+"."+key, "must be at least 1s", "leave it out: the default suits nearly everybody")
		}
	}
	for _, term := range s.OldSPF {
		if strings.ContainsAny(term, " \"") || term == "" || strings.HasPrefix(term, "v=") || strings.HasSuffix(term, "all") {
			d.addAt(path+".old_spf", fmt.Sprintf("has %q, which is no sender in an SPF record", term), "write one part each, for example ip4:192.0.2.0/24")
		}
	}
	for _, selector := range s.OldDKIM {
		if selector == "" || strings.ContainsAny(selector, " /=;.") {
			d.addAt(path+".old_dkim", fmt.Sprintf("has %q, which is no selector", selector), "write the selector alone, for example old2019")
		}
	}
	d.checkProbeMail(path+".probe", s.Probe)
}
