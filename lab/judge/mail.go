// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"time"
)

// Login is one account at an IMAP server.
type Login struct {
	Address        string // host:port, without TLS: the lab's servers all have such a port
	User, Password string
}

// Mail is all of an account's mail, by the names of the mailboxes in UTF-8.
type Mail struct {
	Mailboxes  map[string]*Mailbox // those that can hold messages
	Subscribed map[string]bool     // of all names, also of mailboxes that are gone
	Delimiter  string
	Notes      map[string]string // annotations of the account itself (RFC 5464), by entry; nil where the server tells none
}

// Mailbox is one mailbox with everything in it.
type Mailbox struct {
	Name     string
	Uses     []string // special uses (RFC 6154): \Sent
	Refusal  string   // the server's words when it does not open it
	Messages []Message
	Notes    map[string]string // annotations (RFC 5464), by entry; nil where the server tells none
}

// Message is one message as its server shows it.
type Message struct {
	Mailbox string
	UID     uint32
	Settled [sha256.Size]byte // digest of the message as any server has it that has saved it
	Bare    [sha256.Size]byte // the same, as Courier has it
	Octets  int               // of the first
	ID      string            // Message-ID, may be empty
	Flags   []string          // sorted, without \Recent
	Date    time.Time         // INTERNALDATE; zero when there is none
	Saved   time.Time         // when it came into the mailbox (RFC 8514); zero where that is not told
	Refusal string            // the server's words when it does not give the message
}

// name tells the message from others, for people.
func (m *Message) name() string {
	if m.Refusal != "" {
		return fmt.Sprintf("uid %d", m.UID)
	}
	id := m.ID
	if id == "" {
		id = "no Message-ID"
	}
	return id + " sha256:" + hex.EncodeToString(m.Settled[:6])
}

// ReadMail reads a whole account. It is an error if the server contradicts itself, or if anything
// changes meanwhile.
func ReadMail(ctx context.Context, at Login) (*Mail, error) {
	s, err := open(ctx, at)
	if err != nil {
		return nil, err
	}
	defer s.close()
	m, err := s.mail()
	if err != nil {
		return nil, fmt.Errorf("read the mail of %s at %s: %w", at.User, at.Address, err)
	}
	return m, nil
}

func (s *session) mail() (*Mail, error) {
	m := &Mail{Mailboxes: map[string]*Mailbox{}}
	names, err := s.names(m)
	if err != nil {
		return nil, err
	}
	for _, raw := range names {
		box := m.Mailboxes[readable(raw)]
		err := s.readMailbox(raw, box)
		if errors.Is(err, errRefused) {
			box.Refusal, err = err.Error(), nil
		}
		if err != nil {
			return nil, fmt.Errorf("mailbox %q: %w", box.Name, err)
		}
		if box.Notes, err = s.notes(raw); err != nil {
			return nil, fmt.Errorf("annotations of mailbox %q: %w", box.Name, err)
		}
	}
	if m.Notes, err = s.notes(""); err != nil {
		return nil, fmt.Errorf("annotations of the account: %w", err)
	}
	return m, nil
}

// listed is one line of LIST.
type listed struct {
	raw, delimiter string
	attributes     map[string]bool // lower case
}

func (l listed) opens() bool { return !l.attributes[`\noselect`] && !l.attributes[`\nonexistent`] }

func (s *session) list(words ...word) (map[string]listed, error) {
	found := map[string]listed{}
	err := s.do(func(a answer) error {
		if a.word != "LIST" && a.word != "LSUB" {
			return nil
		}
		if len(a.items) < 3 {
			return fmt.Errorf("a line of a listing without a name: %s", a.line)
		}
		l := listed{raw: a.items[2].text, attributes: map[string]bool{}}
		if !a.items[1].isNil() {
			l.delimiter = a.items[1].text
		}
		for _, attribute := range a.items[0].list {
			l.attributes[strings.ToLower(attribute.text)] = true
		}
		found[l.raw] = l
		return nil
	}, words...)
	return found, err
}

// names lists the mailboxes in two ways, and the subscriptions.
func (s *session) names(m *Mail) ([]string, error) {
	whole, err := s.list(text("LIST"), text(`""`), text(`"*"`))
	if err != nil {
		return nil, err
	}
	byLevel := map[string]listed{}
	if err := s.level("", byLevel); err != nil {
		return nil, err
	}
	names := opening(whole)
	others := opening(byLevel)
	if !slices.Equal(names, others) {
		return nil, fmt.Errorf(`LIST "*" and LIST "%%" name different mailboxes: %q and %q`, without(names, others), without(others, names))
	}
	uses, err := s.uses(whole)
	if err != nil {
		return nil, err
	}
	for _, raw := range names {
		m.Delimiter = whole[raw].delimiter
		name := readable(raw)
		if m.Mailboxes[name] != nil {
			return nil, fmt.Errorf("two mailboxes are named %q", name)
		}
		m.Mailboxes[name] = &Mailbox{Name: name, Uses: uses[raw]}
	}
	m.Subscribed, err = s.subscribed(m)
	return names, err
}

// level lists what is directly below a name, and below that. Only what a server swears to have no
// children is not asked about them: a listing of everything would show the lie.
func (s *session) level(above string, found map[string]listed) error {
	if strings.Count(above, "") > 1<<16 {
		return errors.New("mailboxes below mailboxes without end")
	}
	here, err := s.list(text("LIST"), text(`""`), quoted(above+"%"))
	if err != nil {
		return err
	}
	for _, raw := range slices.Sorted(maps.Keys(here)) {
		l := here[raw]
		if _, seen := found[raw]; seen {
			continue
		}
		found[raw] = l
		if l.delimiter == "" || l.attributes[`\hasnochildren`] || l.attributes[`\noinferiors`] || strings.HasSuffix(raw, l.delimiter) {
			continue
		}
		if err := s.level(raw+l.delimiter, found); err != nil {
			return err
		}
	}
	return nil
}

func opening(all map[string]listed) (names []string) {
	for raw, l := range all {
		if l.opens() {
			names = append(names, raw)
		}
	}
	sort.Strings(names)
	return names
}

func without(names, others []string) (rest []string) {
	for _, name := range names {
		if !slices.Contains(others, name) {
			rest = append(rest, readable(name))
		}
	}
	return rest
}

// uses reads the special uses, which some servers show only when asked (RFC 6154, section 2).
func (s *session) uses(whole map[string]listed) (map[string][]string, error) {
	asked := map[string]listed{}
	if s.offers["SPECIAL-USE"] && s.offers["LIST-EXTENDED"] {
		var err error
		if asked, err = s.list(text("LIST"), text(`""`), text(`"*"`), text("RETURN"), text("(SPECIAL-USE)")); err != nil {
			return nil, err
		}
	}
	uses := map[string][]string{}
	for raw := range whole {
		for _, use := range []string{`\All`, `\Archive`, `\Drafts`, `\Flagged`, `\Junk`, `\Sent`, `\Trash`} {
			if lower := strings.ToLower(use); whole[raw].attributes[lower] || asked[raw].attributes[lower] {
				uses[raw] = append(uses[raw], use)
			}
		}
	}
	return uses, nil
}

// subscribed lists the subscriptions, in two ways where there are two: they must agree on what exists.
func (s *session) subscribed(m *Mail) (map[string]bool, error) {
	names, err := s.subscriptions(text("LSUB"), text(`""`), text(`"*"`))
	if err != nil || !s.offers["LIST-EXTENDED"] {
		return names, err
	}
	others, err := s.subscriptions(text("LIST"), text("(SUBSCRIBED)"), text(`""`), text(`"*"`))
	if err != nil {
		return nil, err
	}
	for name := range m.Mailboxes {
		if names[name] != others[name] {
			return nil, fmt.Errorf("LSUB and LIST (SUBSCRIBED) disagree: %q is subscribed: %v and %v", name, names[name], others[name])
		}
	}
	return names, nil
}

func (s *session) subscriptions(words ...word) (map[string]bool, error) {
	all, err := s.list(words...)
	names := map[string]bool{}
	for raw, l := range all {
		// LIST shows also the parents of what is subscribed (RFC 9051, section 6.3.9.4).
		if words[0].text == "LSUB" || l.attributes[`\subscribed`] {
			names[readable(raw)] = true
		}
	}
	return names, err
}
