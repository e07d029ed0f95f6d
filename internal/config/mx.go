// SPDX-License-Identifier: Apache-2.0

package config

import "time"

// MXTLS says whether the connection to a mail host is secured.
type MXTLS string

// The choices. Mail hosts are asked without a log-in, so that only addresses travel.
const (
	MXStartTLS MXTLS = "starttls" // demanded
	MXOffered  MXTLS = "offered"  // used where the host offers it, and then verified
	MXNone     MXTLS = "none"
)

// MX is the mail hosts of the destination and how patiently they are asked.
type MX struct {
	Addresses     []string `yaml:"addresses" example:"[mx1.example.net:25, mx2.example.net:25]"`
	TLS           MXTLS    `yaml:"tls" enum:"starttls,offered,none" doc:"STARTTLS: required, used if offered, or never used."`
	Trust         `yaml:",inline"`
	Name          string        `yaml:"name" example:"mover.example.com"`
	Sender        string        `yaml:"sender" example:"postmaster@example.com"`
	Pause         time.Duration `yaml:"pause" doc:"Time between two questions. Asking faster looks like address harvesting."`
	PerConnection int           `yaml:"per_connection" doc:"Maximum number of questions on a connection. Exim hangs up after 10."`
	Refusals      int           `yaml:"refusals"`
	Later         time.Duration `yaml:"later" doc:"How long to wait when the host asks for it, because of greylisting or a limit."`
	Rounds        int           `yaml:"rounds" doc:"How often to come back in one run. A later run asks the remaining questions."`
	Timeout       time.Duration `yaml:"timeout" doc:"How long the host may be silent before the connection counts as lost."`
}

// Ability says whether the destination can express a kind of alias.
type Ability string

// The answers.
const (
	AbilityYes     Ability = "yes"
	AbilityNo      Ability = "no"
	AbilityUnknown Ability = "unknown"
)

// Aliases says what the destination can do for aliases.
type Aliases struct {
	CatchAll      Ability  `yaml:"catch_all" enum:"yes,no,unknown"`
	Domain        Ability  `yaml:"domain" enum:"yes,no,unknown" doc:"Whether it supports an alias for a whole domain."`
	Outside       Ability  `yaml:"outside" enum:"yes,no,unknown" doc:"Whether an alias or forward may have a target outside the organisation."`
	Several       Ability  `yaml:"several" enum:"yes,no,unknown" doc:"Whether an alias may have several targets."`
	WithoutCopy   []string `yaml:"without_copy" example:"[anna@example.com]"`
	SkipInstaller bool     `yaml:"skip_installer" doc:"Leave out the aliases postmaster and mailer-daemon, which the source's installer creates."`
}

func defaultMX() MX {
	return MX{TLS: MXOffered, Trust: Trust{TLSMin: "1.2"}, Pause: time.Second, PerConnection: 8, Refusals: 4,
		Later: 5 * time.Minute, Rounds: 3, Timeout: 6 * time.Minute} // RFC 5321 section 4.5.3.2: five minutes for RCPT
}

func (d *document) checkMX(path string, s MX) {
	const hint = "write host and port of each, for example [mx1.example.net:25]"
	for _, address := range s.Addresses {
		if sentence := checkAddress(address); sentence != "" {
			d.addAt(path+".addresses", sentence, hint)
		}
	}
	if _, given := d.keys[path]; given && len(s.Addresses) == 0 {
		d.addAt(path+".addresses", "is missing", hint)
	}
	d.checkTrust(path, s.Trust)
	for key, n := range map[string]int{"per_connection": s.PerConnection, "refusals": s.Refusals, "rounds": s.Rounds} {
		if n == 0 {
			d.addAt(path+"."+key, "cannot be 0", "nothing could be asked")
		}
	}
	if s.Timeout == 0 {
		d.addAt(path+".timeout", "cannot be 0", "a silent server would hold a connection for ever")
	}
}
