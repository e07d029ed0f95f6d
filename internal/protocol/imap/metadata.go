// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"strconv"
	"strings"
)

// MaxAnnotation is the longest value of an annotation that is asked for, in octets.
const MaxAnnotation = 64 << 10

// What a server may tell about one mailbox at most.
const (
	maxEntries   = 10_000
	maxAnnotated = 1 << 20 // octets of all values
)

// Annotations are what a server keeps of a mailbox, or of itself (RFC 5464).
type Annotations struct {
	Values map[string]string // octets, by their entry names in lower case: "/private/comment"
	Part   bool              // there are more: longer than MaxAnnotation, or too many
	octets int
}

// HasMetadata says that a server keeps annotations of a mailbox, or for the name "" of itself (RFC 5464, section 1).
func (c *Client) HasMetadata(name string) bool {
	caps := c.Capabilities()
	return caps.Has("METADATA") || name == "" && caps.Has("METADATA-SERVER")
}

// MetadataCommand is the question for annotations, under way. Wait must be called on each.
type MetadataCommand struct {
	client *Client
	cmd    *command
	found  Annotations // the reader's, until the command is done
}

// MetadataAhead asks for the annotations of a mailbox (GETMETADATA, RFC 5464, section 4.2), of the server for the name "", without
// waiting for the answer. A server that answers BAD to what it announces keeps its connection where nothing of the command is left
// that could be taken for another one.
func (c *Client) MetadataAhead(ctx context.Context, name string) (*MetadataCommand, error) {
	names := c.names()
	mailbox := c.mailbox(name)
	m := &MetadataCommand{client: c, found: Annotations{Values: map[string]string{}}}
	m.cmd = &command{name: "GETMETADATA " + strconv.Quote(name), lazy: true, excused: func() bool { return !mailbox.literal }}
	m.cmd.untagged = func(resp *response) bool {
		if resp.name != "METADATA" || canonicalName(names.decode(resp.field(0).text())) != canonicalName(name) {
			return false
		}
		m.found.add(resp.field(1).list)
		return true
	}
	entries := "/private /shared"
	if name == "" { // Dovecot lists nothing of the server below its two roots, 2.4.1 neither
		entries += " /private/comment /private/vendor"
	}
	err := c.send(ctx, m.cmd, raw("GETMETADATA (MAXSIZE "+strconv.Itoa(MaxAnnotation)+" DEPTH infinity) "), mailbox, raw(" ("+entries+")"))
	if m.cmd.done == nil {
		return nil, err
	}
	return m, nil // what went wrong on the way is known to Wait, with the server's words
}

// Wait returns when the server has answered.
func (m *MetadataCommand) Wait(ctx context.Context) (Annotations, error) {
	if err := m.client.wait(ctx, m.cmd); err != nil {
		return Annotations{}, err
	}
	if m.cmd.status.code == "METADATA" && strings.HasPrefix(strings.ToUpper(m.cmd.status.codeArgs), "LONGENTRIES") {
		m.found.Part = true // RFC 5464, section 4.2.1
	}
	return m.found, nil
}

// Metadata returns the annotations of a mailbox, of the server for the name "": none where the server keeps none.
func (c *Client) Metadata(ctx context.Context, name string) (Annotations, error) {
	if !c.HasMetadata(name) {
		return Annotations{}, nil
	}
	m, err := c.MetadataAhead(ctx, name)
	if err != nil {
		return Annotations{}, err
	}
	return m.Wait(ctx)
}

// SetMetadata sets one annotation of a mailbox, or of the server for the name "" (SETMETADATA, RFC 5464, section 4.3). A value with
// a NUL octet, which no server here takes, is an *ArgumentError.
func (c *Client) SetMetadata(ctx context.Context, name, entry, value string) error {
	answer, err := c.SetMetadataAhead(ctx, name, entry, value)
	if err != nil {
		return err
	}
	return answer.Wait(ctx)
}

// SetMetadataAhead is SetMetadata without waiting for the answer.
func (c *Client) SetMetadataAhead(ctx context.Context, name, entry, value string) (*Answer, error) {
	return c.setMetadata(ctx, name, entry, str(value))
}

// RemoveMetadataAhead removes one annotation, without waiting for the answer.
func (c *Client) RemoveMetadataAhead(ctx context.Context, name, entry string) (*Answer, error) {
	return c.setMetadata(ctx, name, entry, raw("NIL"))
}

func (c *Client) setMetadata(ctx context.Context, name, entry string, value part) (*Answer, error) {
	cmd := &command{name: "SETMETADATA " + strconv.Quote(name)}
	return c.sendAhead(ctx, cmd, raw("SETMETADATA "), c.mailbox(name), raw(" ("), str(entry), raw(" "), value, raw(")"))
}

// add reads (entry value ...); NIL is an entry without value (RFC 5464, section 4.4.1).
func (a *Annotations) add(list []value) {
	for i := 0; i+1 < len(list); i += 2 {
		if list[i+1].kind == kindNil || list[i+1].kind == kindList {
			continue
		}
		if a.octets += len(list[i+1].str); len(a.Values) == maxEntries || a.octets > maxAnnotated {
			a.Part = true
			return
		}
		a.Values[strings.ToLower(list[i].text())] = list[i+1].str
	}
}
