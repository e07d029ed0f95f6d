// SPDX-License-Identifier: Apache-2.0

package config

import (
	"time"

	"rehome/internal/protocol"
)

// Dsync is how the destination's Dovecot takes messages with the UIDs that they have at the source.
type Dsync struct {
	Address        string            `yaml:"address" example:"mail.example.com:2425"`
	TLS            protocol.Security `yaml:"tls" enum:"implicit,none" doc:"When TLS begins: from the first byte, or never."`
	Trust          `yaml:",inline"`
	AllowPlaintext bool          `yaml:"allow_plaintext" doc:"Allow sending doveadm_password and all mail to another machine without TLS."`
	Password       Reference     `yaml:"password" example:"\"file:secrets/doveadm\""`
	Command        []string      `yaml:"command" example:"[ssh, vmail@mail.example.com, doveadm, dsync-server, -u, \"{user}\"]"`
	UIDLs          UIDLs         `yaml:"uidls" enum:"keep,leave"`
	Connections    int           `yaml:"connections"`
	Timeout        time.Duration `yaml:"timeout" doc:"How long the server may be silent before the connection counts as lost."`
}

// UIDLs says what becomes of the identifiers by which POP3 programs know messages.
type UIDLs string

// The choices.
const (
	UIDLsKeep  UIDLs = "keep"  // where source.pop3 says how to read them
	UIDLsLeave UIDLs = "leave" // nobody reads the source by POP3
)

// Used reports whether the settings name a way to a dsync-server.
func (s Dsync) Used() bool { return s.Address != "" || len(s.Command) > 0 }

// defaultDsync waits as long as doveadm itself: the server may have to read a large mailbox first.
func defaultDsync() Dsync {
	return Dsync{TLS: protocol.ImplicitTLS, Trust: Trust{TLSMin: "1.2"}, UIDLs: UIDLsKeep, Connections: 4, Timeout: 10 * time.Minute}
}

func (d *document) checkDsync(path string, s Dsync) {
	switch {
	case s.Address != "" && len(s.Command) > 0:
		d.addAt(path+".command", "is given as well as "+path+".address", "leave one of them out")
	case len(s.Command) == 0:
		d.checkOptional(path, s.Address, s.TLS, s.AllowPlaintext, "mail.example.com:2425")
	}
	if s.Address != "" && s.Password.IsZero() {
		d.addAt(path+".password", "is missing", "write where doveadm_password of the server is kept, for example file:secrets/doveadm")
	}
	if s.Connections < 1 {
		d.addAt(path+".connections", "is not at least 1", "leave it out for 4")
	}
	d.checkTrust(path, s.Trust)
}
