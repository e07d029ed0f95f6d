// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"strings"
)

// ID introduces this client and returns what the server says of itself (RFC 2971), or nil when it
// does not know the command. The keys are in lower case.
func (c *Client) ID(ctx context.Context, name, version string) (map[string]string, error) {
	if !c.Capabilities().Has("ID") {
		return nil, nil
	}
	answer := map[string]string{}
	cmd := &command{name: "ID", untagged: func(resp *response) bool {
		if resp.name != "ID" {
			return false
		}
		list := resp.field(0).list
		for i := 0; i+1 < len(list); i += 2 {
			answer[strings.ToLower(list[i].text())] = printable(list[i+1].text())
		}
		return true
	}}
	err := c.do(ctx, cmd, raw(`ID ("name" `), str(name), raw(` "version" `), str(version), raw(")"))
	return answer, err
}
