// SPDX-License-Identifier: Apache-2.0

package config

import (
	"net"
	"net/mail"
	"time"

	"rehome/internal/protocol"
)

// Notify is how people get their page by mail.
type Notify struct {
	Address        string            `yaml:"address" example:"mail.example.com:465" doc:"Host and port of the server that sends the messages."`
	TLS            protocol.Security `yaml:"tls" enum:"implicit,starttls,none" doc:"When TLS begins."`
	Trust          `yaml:",inline"`
	AllowPlaintext bool          `yaml:"allow_plaintext" doc:"Allow sending the password to another machine without TLS."`
	Timeout        time.Duration `yaml:"timeout" doc:"How long the server may be silent before the connection counts as lost."`
	User           string        `yaml:"user" example:"it@example.com" doc:"User name at that server. Empty: it asks for no login."`
	Password       Reference     `yaml:"password" example:"\"file:secrets/notify\"" doc:"Reference to that user's password."`
	From           string        `yaml:"from" example:"\"IT <it@example.com>\"" doc:"Sender of the messages. What cannot be delivered comes back there."`
	ReplyTo        string        `yaml:"reply_to" example:"help@example.com" doc:"Where replies go, if not to the sender."`
	PerMinute      int           `yaml:"per_minute" doc:"Maximum number of messages per minute."`
}

func defaultNotify() Notify {
	return Notify{TLS: protocol.ImplicitTLS, Trust: Trust{TLSMin: "1.2"}, Timeout: 2 * time.Minute, PerMinute: 60}
}

// OnThisMachine reports whether the server can only be this machine, where nobody listens in between.
func (n Notify) OnThisMachine() bool {
	host, _, err := net.SplitHostPort(n.Address)
	return err == nil && isLoopback(host)
}

func (d *document) checkNotify(path string, n Notify) {
	d.checkOptional(path, n.Address, n.TLS, n.AllowPlaintext || n.User == "", "mail.example.com:465")
	d.checkTrust(path, n.Trust)
	if n.Address == "" {
		return
	}
	if (n.User == "") != n.Password.IsZero() {
		d.addAt(path, "has only one of user and password", "write both, or neither for a server that asks for no login")
	}
	if _, err := mail.ParseAddress(n.From); err != nil {
		d.addAt(path+".from", "is not an address", `write for example "IT <it@example.com>"`)
	}
	if _, err := mail.ParseAddress(n.ReplyTo); n.ReplyTo != "" && err != nil {
		d.addAt(path+".reply_to", "is not an address", `write for example help@example.com`)
	}
	if n.PerMinute < 1 {
		d.addAt(path+".per_minute", "must be at least 1", "")
	}
}
