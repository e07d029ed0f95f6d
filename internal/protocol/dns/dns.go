// SPDX-License-Identifier: Apache-2.0

// Package dns looks at what the authoritative servers of a domain say, each by itself, and reads the records that mail, contacts
// and calendars hang on (RFC 1034, RFC 1035 and those that each file names).
//
// No resolver is asked: a resolver shows what is left of a TTL and what it happens to remember, and a name that it was asked for
// too early stays missing there (RFC 2308). A caller
//
//  1. makes a Client with New;
//  2. finds the zone that a name is in, from the root down, as the parents delegate it, with Find;
//  3. asks every server of the zone with Look, or one that answers, through aliases and other zones, with Resolve;
//  4. reads what was found with the functions named after the records: ReadMX, ReadSPF and so on.
//
// Names are in lower case and without the dot at the end; the root is "". What a server says is bounded everywhere: the size and
// number of answers, the length of a chain of aliases, the depth of delegations, the questions that one operation may ask and the
// time that each takes. A server that is not understood, is silent or contradicts another one is an answer like any other: it is
// kept in the Reply and named, and never taken for "there is no such record".
//
// Signatures are validated from the given anchors down (RFC 4033 to 4035); see Trust. A Primary is the one
// server that is also written to (RFC 2136); a Client only asks.
package dns

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Server is one server of a zone, with the addresses that are known of it.
type Server struct {
	Name    string // "" if only addresses were given
	Addrs   []netip.Addr
	Trouble string // why there is no address; "" if there is one
}

// Anchor is the digest of a key that signs the root (RFC 4034 section 5).
type Anchor struct {
	KeyTag     uint16
	Algorithm  uint8
	DigestType uint8
	Digest     string // hex, upper or lower case
}

// Options of New. The zero value asks the servers of the Internet.
type Options struct {
	Roots   []Server // servers of the root; nil means those of the Internet
	Anchors []Anchor // keys of the root; nil means those of the Internet, none means that nothing can be validated
	Port    uint16   // of every server; 0 means 53

	Timeout time.Duration // for each question to each server; 0 means 3 s
	Pause   time.Duration // between two questions to the same address; 0 means 20 ms

	Dial func(ctx context.Context, network, address string) (net.Conn, error) // nil means a plain one
	Now  func() time.Time                                                     // nil means the system's clock
}

// The bounds. What goes beyond is an error of that operation or the trouble of that server.
const (
	maxQuestions = 400  // of one operation, whatever the answers ask for
	maxRecords   = 1000 // in one answer
	maxAliases   = 8    // in a chain
	maxNested    = 4    // servers whose names have to be found by servers whose names have to be found ...
	maxServers   = 32   // of one zone
	maxAddrs     = 8    // of one server
	maxLabels    = 20   // of a name that is followed from the root down
	maxTries     = 4    // addresses that are asked until one answers, where one is enough
	maxZones     = 4096 // that a Client remembers
	together     = 8    // servers that are asked at once
)

const (
	defaultPort    = 53
	defaultTimeout = 3 * time.Second
	defaultPause   = 20 * time.Millisecond
	udpSize        = 1232 // octets, what no path fragments (RFC 6891 section 6.2.5)
)

// Client asks servers. It may be used by several goroutines, and remembers the delegations that it has found.
type Client struct {
	options Options
	paces   paces

	mu    sync.Mutex
	zones map[string]*Zone
	deaf  error // why the root servers could not be asked
}

// New returns a client. Nothing is asked before an operation needs it.
func New(options Options) *Client {
	if options.Roots == nil {
		options.Roots = rootServers()
	}
	if options.Anchors == nil {
		options.Anchors = rootAnchors()
	}
	if options.Port == 0 {
		options.Port = defaultPort
	}
	if options.Timeout == 0 {
		options.Timeout = defaultTimeout
	}
	if options.Pause == 0 {
		options.Pause = defaultPause
	}
	if options.Dial == nil {
		options.Dial = (&net.Dialer{}).DialContext
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	return &Client{options: options, zones: map[string]*Zone{}}
}

// budget is how many questions an operation may still ask: a referral or an alias asks for more, and who answers chooses it.
type budget struct {
	mu   sync.Mutex
	left int
}

// ErrTooManyQuestions ends an operation whose answers lead on and on.
var ErrTooManyQuestions = errors.New("the answers lead from server to server without an end")

func newBudget() *budget { return &budget{left: maxQuestions} }

func (b *budget) take() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left == 0 {
		return ErrTooManyQuestions
	}
	b.left--
	return nil
}

func (c *Client) remember(z *Zone) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.zones) < maxZones {
		c.zones[z.Name] = z
	}
}

// deafen remembers that the root servers give no usable answer: every other name would take as long to fail as the first one.
func (c *Client) deafen(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deaf = err
}

func (c *Client) deafness() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.deaf
}

func (c *Client) remembered(name string) *Zone {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.zones[name]
}
