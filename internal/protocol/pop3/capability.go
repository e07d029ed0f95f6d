// SPDX-License-Identifier: Apache-2.0

package pop3

import (
	"context"
	"errors"
	"slices"
	"strings"
)

// Capabilities are what a server announces (RFC 2449, section 6). Many old ones know no CAPA: then nothing is known.
type Capabilities struct {
	Known          bool
	SASL           []string // mechanisms, upper case
	USER           bool     // USER and PASS; without CAPA assumed
	STLS           bool
	TOP, UIDL      bool
	Pipelining     bool
	ResponseCodes  bool   // RESP-CODES or AUTH-RESP-CODE
	UTF8           bool   // RFC 6856
	UTF8User       bool   // names and passwords too
	Expire         string // "" is not told, "NEVER", or a number of days; "0" may delete what was read
	LoginDelay     string // seconds between two log-ins, as announced
	Implementation string
}

// learn asks for the capabilities. A server that does not know the command is none that can do nothing.
func (c *Client) learn(ctx context.Context) error {
	var lines []string
	err := c.list(ctx, "CAPA", maxCaps, func(line string) bool {
		lines = append(lines, line)
		return true
	})
	var status *StatusError
	if errors.As(err, &status) {
		c.caps = Capabilities{USER: true}
		return nil
	}
	if err != nil {
		return err
	}
	c.caps = newCapabilities(lines)
	return nil
}

func newCapabilities(lines []string) Capabilities {
	caps := Capabilities{Known: true}
	for _, line := range lines {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		rest := words[1:]
		first := ""
		if len(rest) > 0 {
			first = strings.ToUpper(printable(rest[0]))
		}
		switch strings.ToUpper(words[0]) {
		case "SASL":
			for _, name := range rest {
				caps.SASL = append(caps.SASL, strings.ToUpper(printable(name)))
			}
		case "USER":
			caps.USER = true
		case "STLS":
			caps.STLS = true
		case "TOP":
			caps.TOP = true
		case "UIDL":
			caps.UIDL = true
		case "PIPELINING":
			caps.Pipelining = true
		case "RESP-CODES", "AUTH-RESP-CODE":
			caps.ResponseCodes = true
		case "UTF8":
			caps.UTF8 = true
			caps.UTF8User = slices.ContainsFunc(rest, func(word string) bool { return strings.EqualFold(word, "USER") })
		case "EXPIRE":
			caps.Expire = first
		case "LOGIN-DELAY":
			caps.LoginDelay = first
		case "IMPLEMENTATION":
			caps.Implementation = printable(strings.Join(rest, " "))
		}
	}
	return caps
}
