// SPDX-License-Identifier: Apache-2.0

package clientcheck

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"rehome"
	"rehome/internal/checkup"
	"rehome/internal/clientsetup"
	"rehome/internal/protocol"
	"rehome/internal/protocol/imap"
	"rehome/internal/protocol/managesieve"
	"rehome/internal/protocol/pop3"
	"rehome/internal/protocol/submission"
)

// Probe is what one server shows to everybody: that it answers with a certificate for its name, and which log-ins it offers.
type Probe struct {
	Service  Service           `json:"service"`
	Host     string            `json:"host"`
	Port     int               `json:"port,omitempty"` // of a page there is none
	Security protocol.Security `json:"tls,omitempty"`
	Sides    []rehome.Side     `json:"sides"` // of whose settings it is; none: a document names it
	Level    checkup.Level     `json:"level"`
	Sentence string            `json:"sentence"`
	NextStep string            `json:"next_step,omitempty"`
	Who      string            `json:"who,omitempty"` // can mend it
	LogIn    []string          `json:"log_in"`        // the ways that it offers
	Trouble  Trouble           `json:"trouble,omitempty"`
}

// place is one server that is to be looked at.
type place struct {
	service  Service
	host     string
	port     int
	security protocol.Security
	address  string // of a page or of calendars and contacts
}

func placeOf(s Server) place {
	return place{service: s.Service, host: s.Host, port: s.Port, security: s.Security}
}

// placesOf are those of one side of a domain.
func placesOf(s clientsetup.Service) []place {
	var all []place
	for _, one := range []struct {
		service Service
		server  clientsetup.Server
	}{{IMAP, s.IMAP}, {POP3, s.POP3}, {Submission, s.Submission}, {Sieve, s.Sieve}} {
		if one.server.Known() {
			all = append(all, place{service: one.service, host: one.server.Host, port: one.server.Port, security: one.server.Security})
		}
	}
	if s.DAV != nil {
		all = append(all, place{service: DAV, host: s.DAV.Hostname(), address: s.DAV.String()})
	}
	if u, err := url.Parse(s.Webmail); err == nil && u.Hostname() != "" {
		all = append(all, place{service: Webmail, host: u.Hostname(), address: s.Webmail})
	}
	return all
}

// probe looks at one server.
func (a *asker) probe(ctx context.Context, at place) Probe {
	ctx, cancel := context.WithTimeout(ctx, a.world.Timeout)
	defer cancel()
	p := Probe{Service: at.service, Host: at.host, Port: at.port, Security: at.security, LogIn: []string{}, Sides: []rehome.Side{},
		Level: checkup.LevelOK}
	if at.address != "" {
		a.probePage(ctx, at, &p)
		return p
	}
	p.Sentence = net.JoinHostPort(at.host, strconv.Itoa(at.port))
	if at.security == protocol.NoTLS {
		p.trouble(Unusable, p.Sentence+" takes passwords without encryption", "have TLS set up there")
		return p
	}
	ways, err := a.greet(ctx, at)
	switch {
	case err != nil:
		trouble, why := troubleOf(err)
		p.trouble(trouble, fmt.Sprintf("%s cannot be used: %s", p.Sentence, why), stepFor(trouble, at.host))
	case len(ways) == 0:
		p.trouble(Unusable, p.Sentence+" answers with a valid certificate and offers no log-in", "check that this is the port for users")
	default:
		p.LogIn = ways
		p.Sentence += " answers with a valid certificate, and offers log-in by " + strings.Join(ways, ", ")
	}
	return p
}

func (p *Probe) trouble(trouble Trouble, sentence, nextStep string) {
	p.Trouble, p.Sentence, p.NextStep = trouble, sentence, nextStep
	p.Level, p.Who = checkup.LevelError, "whoever runs "+p.Host
}

// stepFor is what mends a place.
func stepFor(trouble Trouble, host string) string {
	switch trouble {
	case Certificate:
		return "get a certificate for " + host + " from a public authority, with its chain, and let this port use it"
	case NoName:
		return "add the name to DNS, or correct it in the settings or in the document"
	case Inner:
		return "give the name a public address, or name a public host in clients.hosts"
	case Refused:
		return "check the port, and that the service runs and a firewall lets people through"
	}
	return "run the check again; if that does not help, check the host and its firewall"
}

// greet connects and returns the log-ins that a server offers. Nobody is logged in.
func (a *asker) greet(ctx context.Context, at place) ([]string, error) {
	address := net.JoinHostPort(at.host, strconv.Itoa(at.port))
	switch at.service {
	case IMAP:
		c, err := imap.Dial(ctx, imap.Options{Address: address, Security: at.security, TLS: a.world.TLS, Timeout: a.world.Timeout, Dial: a.dial})
		if err != nil {
			return nil, err
		}
		defer c.Close() // only looked at
		if !c.Capabilities().Known() {
			if err := c.Capability(ctx); err != nil {
				return nil, err
			}
		}
		return imapWays(c.Capabilities()), nil
	case POP3:
		c, err := pop3.Dial(ctx, pop3.Options{Address: address, Security: at.security, TLS: a.world.TLS, Timeout: a.world.Timeout, Dial: a.dial})
		if err != nil {
			return nil, err
		}
		defer c.Close() // only looked at
		ways := slices.Clone(c.Capabilities().SASL)
		if c.Capabilities().USER {
			ways = append(ways, pop3.MechanismUSER)
		}
		return ways, nil
	case Submission:
		c, err := submission.Dial(ctx, submission.Options{
			Address: address, Security: at.security, TLS: a.world.TLS, Timeout: a.world.Timeout, Dial: a.dial,
		})
		if err != nil {
			return nil, err
		}
		defer c.Close() // only looked at
		return c.Mechanisms(), nil
	}
	c, err := managesieve.Dial(ctx, managesieve.Options{
		Address: address, Security: at.security, TLS: a.world.TLS, Timeout: a.world.Timeout, Dial: a.dial,
	})
	if err != nil {
		return nil, err
	}
	defer c.Close() // only looked at
	return c.Capabilities().SASL, nil
}

// imapWays are the log-ins of RFC 9051 section 6.2: LOGIN unless it is disabled, and AUTH=.
func imapWays(capabilities imap.Capabilities) []string {
	var ways []string
	for _, name := range capabilities.List() {
		if way, is := strings.CutPrefix(name, "AUTH="); is {
			ways = append(ways, way)
		}
	}
	if !capabilities.Has("LOGINDISABLED") {
		ways = append(ways, "LOGIN")
	}
	return ways
}

// probePage looks at what is reached over https.
func (a *asker) probePage(ctx context.Context, at place, p *Probe) {
	how := get
	if at.service == DAV {
		how = propfind
	}
	given := a.askHTTP(ctx, question{how: how, where: at.address})
	p.Sentence = at.address
	switch {
	case given.trouble == Unusable && at.service == Webmail: // a page may be as long as it likes
		p.Sentence += " answers"
	case given.trouble != NoTrouble:
		p.trouble(given.trouble, fmt.Sprintf("%s cannot be used: %s", at.address, given.why), stepFor(given.trouble, at.host))
	case at.service == DAV && given.status != 207 && len(given.schemes) == 0, given.status >= 400 && given.status != 401:
		p.trouble(Unusable, fmt.Sprintf("%s answers %d", at.address, given.status), "open it in a browser, and correct the address or the server")
	case len(given.schemes) > 0:
		p.LogIn = given.schemes
		p.Sentence += " answers with a valid certificate, and offers log-in by " + strings.Join(given.schemes, ", ")
	default:
		p.Sentence += " answers"
	}
}
