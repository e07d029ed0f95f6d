// SPDX-License-Identifier: Apache-2.0

package recipients

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"rehome"
)

// Answer says what a mail host thinks of an address.
type Answer string

// The answers.
const (
	Accepted Answer = "accepted"
	Refused  Answer = "refused"
	Deferred Answer = "deferred"  // 4xx to the last: greylisting, or a limit
	NotAsked Answer = "not asked" // the host had enough of us
)

// Reply is the answer for one address, in the host's own words.
type Reply struct {
	Address string `json:"address"`
	Answer  Answer `json:"answer"`
	Code    int    `json:"code,omitempty"`
	Server  string `json:"server,omitempty"`
}

// Probe asks a mail host at one address about recipients, over one slow connection at a time that says who it is.
// It never sends DATA. The zero values of the limits are those for a host with its software's own.
type Probe struct {
	Host     Host
	Name     string      // of this machine, for EHLO (RFC 5321 section 4.1.1.1)
	Sender   string      // of the envelope; empty is the null sender
	StartTLS bool        // demand it; without it, it is used where it is offered and verifies
	Plain    bool        // no TLS even if it is offered
	TLS      *tls.Config // the server's name is filled in
	Timeout  time.Duration

	Pause         time.Duration // between two questions and between two connections
	PerConnection int           // questions; default 8
	Refusals      int           // of one connection; default 4
	Later         time.Duration // how long to stay away when asked to
	Rounds        int           // how often to come back; default 3

	Told func(sentence string) // progress; may be nil
}

// Hosts count what a connection does. Postfix (postconf(5)) slows down after smtpd_soft_error_limit = 10
// refusals and hangs up after smtpd_hard_error_limit = 20; RSET counts against
// smtpd_junk_command_limit = 100. Exim (its specification, 14.23) hangs up after
// smtp_accept_max_nonmail = 10 commands such as RSET. The defaults stay below all of these.
const (
	defaultPerConnection = 8
	defaultRefusals      = 4
	defaultRounds        = 3
	// So many deferrals or refusals by policy in a row are about us and not about addresses.
	limitRow = 5
)

// Ask asks about every address and hands each final reply to got, in no order that matters. What is
// left when the host has had enough is Deferred or NotAsked. An error means that no answers can be
// had: the host is not there, or refuses to talk to this machine at all.
func (p Probe) Ask(ctx context.Context, addresses []string, got func(Reply)) error {
	if p.PerConnection == 0 {
		p.PerConnection = defaultPerConnection
	}
	if p.Refusals == 0 {
		p.Refusals = defaultRefusals
	}
	if p.Rounds == 0 {
		p.Rounds = defaultRounds
	}
	r := &round{probe: p, got: got, left: addresses, last: map[string]Reply{}}
	for n := 1; ; n++ {
		r.row = 0
		err := r.run(ctx)
		var enough *enoughError
		if err != nil && !errors.As(err, &enough) {
			return err
		}
		if len(r.left) == 0 || n == p.Rounds {
			break
		}
		p.tell("%s asks us to wait (%s); %d addresses remain, continuing in %v", p.Host, r.words, len(r.left), p.Later)
		if err := sleep(ctx, p.Later); err != nil {
			return err
		}
	}
	for _, address := range r.left {
		reply, asked := r.last[address]
		if !asked {
			reply = Reply{Address: address, Answer: NotAsked, Server: r.words}
		}
		got(reply)
	}
	return nil
}

// round is one way through what is left.
type round struct {
	probe Probe
	got   func(Reply)
	left  []string
	last  map[string]Reply // deferrals
	words string           // of the host when it last asked to wait
	row   int              // deferrals and refusals by policy since the last plain answer
}

// enoughError is a host that asks to stop for now.
type enoughError struct{ words string }

func (e *enoughError) Error() string { return "the host asks us to wait: " + e.words }

// run asks everything that is left once, over as many connections as its limits need.
func (r *round) run(ctx context.Context) error {
	var deferred []string
	defer func() { r.left = append(deferred, r.left...) }()
	for len(r.left) > 0 {
		more, err := r.session(ctx)
		deferred = append(deferred, more...)
		if err != nil {
			return r.remember(err)
		}
		if err := sleep(ctx, r.probe.Pause); err != nil {
			return err
		}
	}
	return nil
}

// session asks as much as one connection may, and returns who was deferred.
func (r *round) session(ctx context.Context) (deferred []string, err error) {
	talk, err := r.probe.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer talk.quit()
	for refusals, asked := 0, 0; len(r.left) > 0 && asked < r.probe.PerConnection && refusals < r.probe.Refusals; asked++ {
		if err := sleep(ctx, r.probe.Pause); err != nil {
			return deferred, err
		}
		reply, err := talk.ask(r.left[0])
		if err != nil {
			return deferred, err
		}
		r.left = r.left[1:]
		r.row++
		switch reply.Answer {
		case Deferred:
			refusals++
			r.last[reply.Address] = reply
			r.words = reply.Server
			deferred = append(deferred, reply.Address)
			if r.row >= limitRow {
				return deferred, &enoughError{words: reply.Server}
			}
			continue
		case Refused:
			refusals++
		}
		r.got(reply)
		if !isPolicy(reply) {
			r.row = 0
		} else if r.row >= limitRow {
			r.skipDomain(reply)
		}
	}
	return deferred, nil
}

// skipDomain spares a host that refuses us or a domain as a whole the rest of that domain.
func (r *round) skipDomain(reply Reply) {
	_, domain, _ := strings.Cut(reply.Address, "@")
	r.left = slices.DeleteFunc(slices.Clone(r.left), func(address string) bool {
		skip := strings.HasSuffix(address, "@"+domain)
		if skip {
			r.got(Reply{Address: address, Answer: NotAsked, Server: reply.Server})
		}
		return skip
	})
	r.row = 0
}

func (r *round) remember(err error) error {
	var enough *enoughError
	if errors.As(err, &enough) {
		r.words = enough.words
	}
	return err
}

func (p Probe) tell(format string, args ...any) {
	if p.Told != nil {
		p.Told(fmt.Sprintf(format, args...))
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// fault explains a failure that has to do with the host and not with an address.
func (p Probe) fault(op string, err error) error {
	var said *textproto.Error
	if errors.As(err, &said) {
		if said.Code >= 400 && said.Code < 500 {
			return &enoughError{words: words(said)}
		}
		return &rehome.Fault{Class: rehome.ClassPermanent, Op: op, Object: p.Host.String(), Server: words(said), Cause: err,
			Hint: "ask its operators to let this machine check recipients, or run the check from a machine that may send mail"}
	}
	return &rehome.Fault{Class: rehome.ClassTemporary, Op: op, Object: p.Host.String(), Cause: err,
		Hint: "check destination.mx.addresses, and that this network allows outgoing connections to port 25"}
}

// words is what a host said, in one line of bearable length and without control characters.
func words(said *textproto.Error) string {
	text := strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, fmt.Sprintf("%d %s", said.Code, said.Msg))
	return text[:min(len(text), 300)]
}

// isPolicy tells refusals that are about us or the whole domain and not about the address: RFC 3463
// section 3.8, or Postfix's and Exim's 554 of a block list.
func isPolicy(r Reply) bool {
	return r.Answer == Refused && (r.Code == 554 || strings.Contains(r.Server, " 5.7."))
}
