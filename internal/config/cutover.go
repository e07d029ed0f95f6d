// SPDX-License-Identifier: Apache-2.0

package config

import (
	"time"

	"rehome/internal/cutover"
)

// Cutover is how domains are taken across.
type Cutover struct {
	TTL   time.Duration `yaml:"ttl" doc:"The TTL that records should have before they are changed."`
	Lag   time.Duration `yaml:"lag" doc:"How long ago an account may have been synced before the switch, so that the final pass is short."`
	Quiet time.Duration `yaml:"quiet" doc:"How long no mail may arrive at the source before a domain counts as live. Mail servers try for days."`
	Every time.Duration `yaml:"every" doc:"Time between two looks for late mail."`
	Look  time.Duration `yaml:"look" doc:"Time between two looks at anything else that is waited for, such as a DNS server that lags."`
	Probe ProbeMail     `yaml:"probe" doc:"Test messages after the switch: one from outside, by the MX records as they are then, and one from an account by the destination's submission server. Both are looked for at both ends, and removed at the destination."`
}

func defaultCutover() Cutover {
	const day = 24 * time.Hour
	return Cutover{TTL: cutover.DefaultTTL, Lag: day, Quiet: 3 * day, Every: 5 * time.Minute, Look: 15 * time.Second, Probe: defaultProbeMail()}
}

func (d *document) checkCutover(path string, s Cutover) {
	if s.TTL < time.Minute || s.TTL > 24*time.Hour {
		d.addAt(path+".ttl", "must be between 1m and 24h", "5m suits nearly everybody")
	}
	for key, value := range map[string]time.Duration{"lag": s.Lag, "every": s.Every, "look": s.Look} {
		if value < time.Second {
			d.addAt(path+"."+key, "must be at least 1s", "leave it out: the default suits nearly everybody")
		}
	}
	d.checkProbeMail(path+".probe", s.Probe)
}
