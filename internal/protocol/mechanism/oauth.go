// SPDX-License-Identifier: Apache-2.0

package mechanism

import (
	"cmp"
	"strings"
)

// oauth logs in with an OAuth 2.0 access token: by the standard, or by what Google and Microsoft had before it.
type oauth struct {
	name string
	Credentials
}

// Start implements sasl.Client.
func (m *oauth) Start() (string, []byte, error) {
	if strings.ContainsAny(m.User+m.Identity+m.Token, "\x00\x01\r\n") {
		return "", nil, ErrUnfit
	}
	if m.name == XOAUTH2 {
		return m.name, []byte("user=" + m.User + "\x01auth=Bearer " + m.Token + "\x01\x01"), nil
	}
	return m.name, []byte("n,a=" + escapeSCRAM(cmp.Or(m.Identity, m.User)) + ",\x01auth=Bearer " + m.Token + "\x01\x01"), nil
}

// Next implements sasl.Client. A challenge is the server's reason for its refusal, in JSON; the refusal
// itself follows when it is acknowledged (RFC 7628, section 3.2.3).
func (m *oauth) Next([]byte) ([]byte, error) {
	if m.name == XOAUTH2 {
		return []byte{}, nil
	}
	return []byte{0x01}, nil
}
