// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"sort"
	"strconv"
	"strings"
)

// Capabilities is what a server announces (RFC 9051, section 7.2.2). Names are upper case.
type Capabilities struct{ names map[string]bool }

// revision2 is what IMAP4rev2 has by itself (RFC 9051, appendix E).
var revision2 = []string{
	"ENABLE", "ESEARCH", "IDLE", "LIST-EXTENDED", "LIST-STATUS", "LITERAL-", "MOVE", "NAMESPACE", "SASL-IR",
	"SPECIAL-USE", "STATUS=SIZE", "UIDPLUS", "UNSELECT",
}

func newCapabilities(words []string) Capabilities {
	names := make(map[string]bool, len(words))
	for _, w := range words {
		names[strings.ToUpper(w)] = true
	}
	if names["IMAP4REV2"] {
		for _, name := range revision2 {
			names[name] = true
		}
	}
	return Capabilities{names}
}

// Has reports whether name was announced; case does not matter.
func (c Capabilities) Has(name string) bool { return c.names[strings.ToUpper(name)] }

// Known reports whether the server has announced anything at all.
func (c Capabilities) Known() bool { return len(c.names) > 0 }

// List returns the names in alphabetical order.
func (c Capabilities) List() []string {
	list := make([]string, 0, len(c.names))
	for name := range c.names {
		list = append(list, name)
	}
	sort.Strings(list)
	return list
}

// AppendLimit returns the largest message the server takes, in octets, and false when it does not
// say (RFC 7889, section 3). See Status.AppendLimit for servers where each mailbox has its own limit.
func (c Capabilities) AppendLimit() (int64, bool) {
	for name := range c.names {
		if value, ok := strings.CutPrefix(name, "APPENDLIMIT="); ok {
			limit, err := strconv.ParseInt(value, 10, 64)
			return limit, err == nil && limit >= 0
		}
	}
	return 0, false
}

// Capability asks for the capabilities; they change with TLS and with the log-in.
func (c *Client) Capability(ctx context.Context) error {
	return c.do(ctx, &command{name: "CAPABILITY"}, raw("CAPABILITY"))
}

// refreshCapabilities asks unless the server volunteered them since the count was taken.
func (c *Client) refreshCapabilities(ctx context.Context, count int) error {
	c.mu.Lock()
	volunteered := c.capsCount != count
	c.mu.Unlock()
	if volunteered {
		return nil
	}
	return c.Capability(ctx)
}
