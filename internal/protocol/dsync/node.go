// SPDX-License-Identifier: Apache-2.0

package dsync

import (
	"context"
	"strconv"
	"strings"
	"time"
)

// nodeItem is N (dsync-mailbox-tree.h): one name of the tree of mailboxes.
func nodeItem() item {
	return item{'N', []string{
		"name", "existence", "mailbox_guid", "uid_validity", "uid_next", "last_renamed_or_created", "subscribed", "last_subscription_change",
	}}
}

// Node is one name.
type Node struct {
	Name         []string // Unicode, part by part: "INBOX"; "Work", "2024"
	Exists       bool     // otherwise it is only a parent of others, or a subscription
	GUID         GUID     // none where it cannot hold messages
	UIDValidity  uint32
	UIDNext      uint32
	Created      time.Time // or renamed; zero means that nobody knows
	Subscribed   bool
	SubscribedAt time.Time // when that changed
}

// deletesItem is D: mailboxes and subscriptions that were removed. This side never removes any.
func deletesItem() item {
	return item{'D', []string{"hierarchy_sep", "escape_char", "mailboxes", "dirs", "unsubscribes"}}
}

// Tree returns the names that the server has, and its hierarchy separator. It comes first.
func (s *Session) Tree(ctx context.Context) (nodes []Node, separator string, err error) {
	if err := s.expect("Tree", beforeTree); err != nil {
		return nil, "", err
	}
	err = s.do(ctx, func() error {
		nodes, separator, err = s.readTree(ctx)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	s.stage = beforeApply
	return nodes, separator, nil
}

func (s *Session) readTree(ctx context.Context) (nodes []Node, separator string, err error) {
	octets := 0
	for {
		r, err := s.next(ctx, "list of mailboxes")
		if err != nil {
			return nil, "", err
		}
		if r.letter == endOfList {
			break
		}
		if r.letter != 'N' {
			return nil, "", unexpected("a mailbox", r)
		}
		if octets += len(r.values["name"]); len(nodes) == maxNodes || octets > maxTree {
			return nil, "", &SyntaxError{"it lists mailboxes without end"}
		}
		node, err := nodeOf(r)
		if err != nil {
			return nil, "", err
		}
		nodes = append(nodes, node)
	}
	r, err := s.next(ctx, "list of removed mailboxes")
	if err != nil {
		return nil, "", err
	}
	if r.letter != 'D' {
		return nil, "", unexpected("the removed mailboxes", r)
	}
	return nodes, r.values["hierarchy_sep"], nil
}

// Apply names the mailboxes that the account is to have: those that are missing are made, with our GUID and UIDVALIDITY; none is
// removed, named or not. A node whose GUID the server has under another name would be renamed, and one whose name it has with
// another GUID would clash: a caller passes on what Tree has told of a mailbox that is there.
func (s *Session) Apply(ctx context.Context, nodes []Node, separator string) error {
	if err := s.expect("Apply", beforeApply); err != nil {
		return err
	}
	return s.do(ctx, func() error {
		for _, node := range nodes {
			if err := s.send(node.record()); err != nil {
				return err
			}
		}
		if err := s.endList(); err != nil {
			return err
		}
		s.stage = betweenBoxes
		if err := s.send(newOutgoing('D').set("hierarchy_sep", separator).set("escape_char", "")); err != nil {
			return err
		}
		return s.out.Flush()
	})
}

// record renders a node. The parts of the name are escaped once for themselves and once as a value.
func (n Node) record() outgoing {
	parts := make([]string, len(n.Name))
	for i, part := range n.Name {
		parts[i] = tabescape(part)
	}
	r := newOutgoing('N').set("name", strings.Join(parts, "\t")).set("existence", "n")
	if n.Exists {
		r.set("existence", "y")
	}
	if !n.GUID.Empty() {
		r.set("mailbox_guid", n.GUID.String()).set("uid_validity", number(n.UIDValidity)).set("uid_next", number(n.UIDNext))
	}
	if !n.Created.IsZero() {
		r.set("last_renamed_or_created", unix(n.Created))
	}
	r.mark("subscribed", n.Subscribed)
	if !n.SubscribedAt.IsZero() {
		r.set("last_subscription_change", unix(n.SubscribedAt))
	}
	return r
}

func nodeOf(r record) (n Node, err error) {
	for part := range strings.SplitSeq(r.values["name"], "\t") {
		n.Name = append(n.Name, tabunescape(part))
	}
	n.Exists = r.values["existence"] == "y"
	n.GUID, _ = ParseGUID(r.values["mailbox_guid"]) // none where it cannot be read: then it is not one that we could write to
	if n.UIDValidity, err = r.optional("uid_validity"); err != nil {
		return n, err
	}
	if n.UIDNext, err = r.optional("uid_next"); err != nil {
		return n, err
	}
	_, n.Subscribed = r.values["subscribed"]
	n.Created, n.SubscribedAt = r.time("last_renamed_or_created"), r.time("last_subscription_change")
	return n, nil
}

// unix renders seconds since 1970.
func unix(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

// time reads seconds since 1970; nonsense counts as not told.
func (r record) time(name string) time.Time {
	seconds, err := strconv.ParseInt(r.values[name], 10, 64)
	if err != nil || seconds <= 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0)
}
