// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
)

// Namespace is one namespace (RFC 2342).
type Namespace struct {
	Prefix    string // Unicode, with the delimiter at its end where there is one
	Delimiter string
}

// Namespaces are the three classes of RFC 2342, section 5.
type Namespaces struct {
	Personal, Others, Shared []Namespace

	Guessed bool // the server does not have the command: the prefix of Personal is not known
}

// Namespace asks where mailboxes live. A server without the extension has one personal namespace
// whose prefix is empty and whose delimiter LIST tells.
func (c *Client) Namespace(ctx context.Context) (Namespaces, error) {
	if !c.Capabilities().Has("NAMESPACE") {
		delimiter, err := c.delimiter(ctx)
		return Namespaces{Personal: []Namespace{{Delimiter: delimiter}}, Guessed: true}, err
	}
	var found Namespaces
	cmd := &command{name: "NAMESPACE", untagged: func(resp *response) bool {
		if resp.name != "NAMESPACE" {
			return false
		}
		found = Namespaces{
			Personal: newNamespaces(resp.field(0), c.names()),
			Others:   newNamespaces(resp.field(1), c.names()),
			Shared:   newNamespaces(resp.field(2), c.names()),
		}
		return true
	}}
	err := c.do(ctx, cmd, raw("NAMESPACE"))
	return found, err
}

// newNamespaces reads (("INBOX." ".") ...).
func newNamespaces(v value, names nameForm) []Namespace {
	var all []Namespace
	for _, item := range v.list {
		if len(item.list) >= 2 {
			all = append(all, Namespace{Prefix: names.decode(item.list[0].text()), Delimiter: item.list[1].text()})
		}
	}
	return all
}

// delimiter asks with an empty LIST (RFC 9051, section 6.3.9).
func (c *Client) delimiter(ctx context.Context) (string, error) {
	delimiter := ""
	cmd := &command{name: "LIST", untagged: func(resp *response) bool {
		if resp.name != "LIST" {
			return false
		}
		delimiter = resp.field(1).text()
		return true
	}}
	err := c.do(ctx, cmd, raw(`LIST "" ""`))
	return delimiter, err
}
