// SPDX-License-Identifier: Apache-2.0

package people

import (
	"context"

	"rehome"
	"rehome/internal/protocol/dav"
)

// Directory is a source system's own list of its people, and the seam for one more such system: a package that reads it,
// and one line where the settings open it. What else a system can tell is an ability of its own (PreferenceReader, ...),
// which is asked for by assertion: a directory without it tells nothing of that kind, which is no error.
//
// A nil Directory is a source whose people are named by the roster alone.
type Directory interface {
	// Organisation reads everybody, once each, and what an operator must know of them.
	Organisation(ctx context.Context) (rehome.Organisation, []rehome.Finding, error)
	Close() error
}

// Describer says in a few words what answers.
type Describer interface {
	About(ctx context.Context) (About, error)
}

// About is what a check shows of a directory.
type About struct {
	Server   string   // "MariaDB 10.11.6"
	Profile  string   // which layout its tables have
	Domains  []string // with accounts, sorted
	Accounts int
}

// PreferenceReader tells what people have set up, by account and once each.
type PreferenceReader interface {
	Preferences(ctx context.Context) ([]Preference, error)
}

// Preference is what one person has set up in the webmail and misses on the first day elsewhere. What the
// directory does not have is empty.
type Preference struct {
	Account     string `json:"account"`
	DisplayName string `json:"display_name,omitempty"`
	ReplyTo     string `json:"reply_to,omitempty"`
	Signature   string `json:"signature,omitempty"` // as stored: text or HTML
	HTML        bool   `json:"signature_is_html,omitempty"`
	TimeZone    string `json:"time_zone,omitempty"`
	Language    string `json:"language,omitempty"`
}

// ShareReader tells who may see whose calendars and contacts, each share once and sorted.
type ShareReader interface {
	Shares(ctx context.Context) ([]Share, error)
}

// Share lets somebody into another's calendars or contacts. No standard carries shares from one server to
// another: they are a list for the administrator.
type Share struct {
	Owner      string `json:"owner"`
	Collection string `json:"collection"` // name of a calendar, "" for all calendars, "contact" for one contact
	To         string `json:"to"`
	Write      bool   `json:"write"`
}

// RuleReader tells the rules of all accounts that have any, by address.
type RuleReader interface {
	Rules(ctx context.Context) (map[string]*Rule, error)
}

// Rule is what a directory holds of one account's rules, beside its forward.
type Rule struct {
	Away  string // the text that answers while somebody is away; "" is off
	Allow []string
	Block []string
	Sorts []Sort
	// Unclear are entries of a list of blocked senders that are no address, domain or pattern.
	Unclear []string
}

// Sort sorts messages into a mailbox. Both texts must be found where both are given.
type Sort struct{ From, Subject, Mailbox string }

// DAVLocator knows where an account's calendars and contacts are.
type DAVLocator interface {
	DAVPlaces(ctx context.Context, account string) (DAVPlaces, error)
}

// DAVPlaces are URLs of calendars and contacts; "" is not known.
type DAVPlaces struct{ Calendars, Contacts string }

// DigestReader tells an account's stored HA1 (RFC 7616 section 3.4.2), which answers a Digest challenge without the
// password; an empty one where none is stored.
type DigestReader interface {
	Digest(ctx context.Context, account string) (rehome.Secret, error)
}

// ObjectReader reads contacts and calendars without a server.
type ObjectReader interface {
	Objects(ctx context.Context, account string) (Objects, error)
	// OnlyInTables reports whether a collection is one that no server shows, or not with the same contacts: whoever has
	// read it once must go on reading it here.
	OnlyInTables(href string) bool
}

// Objects are one account's contacts and calendars as a DAV session would show them, in one consistent snapshot. The
// caller lists the collections first, and closes it; one goroutine may use it at a time.
type Objects interface {
	Home(kind dav.Kind) *dav.Home // nil when there is none of that kind
	Collections(ctx context.Context, kind dav.Kind) ([]dav.Collection, error)
	Changes(ctx context.Context, c *dav.Collection, since dav.Mark, each func(dav.Item) error) (dav.Listing, error)
	Read(ctx context.Context, c *dav.Collection, items []dav.Item, each func(dav.Object) error) error
	// Fetch reads in another way than Read, so that what one way loses the other shows.
	Fetch(ctx context.Context, c *dav.Collection, items []dav.Item, each func(dav.Object) error) error
	Close()
}

// ReadPreferences returns what people have set up, by address; nothing where the directory does not tell.
func ReadPreferences(ctx context.Context, directory Directory) (map[string]Preference, error) {
	reader, able := directory.(PreferenceReader)
	if !able {
		return nil, nil
	}
	list, err := reader.Preferences(ctx)
	if err != nil {
		return nil, err
	}
	known := make(map[string]Preference, len(list))
	for _, p := range list {
		known[p.Account] = p
	}
	return known, nil
}

// ReadShares returns who may see whose data; nothing where the directory does not tell.
func ReadShares(ctx context.Context, directory Directory) ([]Share, error) {
	if reader, able := directory.(ShareReader); able {
		return reader.Shares(ctx)
	}
	return nil, nil
}

// ReadRules returns the rules that the directory holds, by address; nothing where it holds none.
func ReadRules(ctx context.Context, directory Directory) (map[string]*Rule, error) {
	if reader, able := directory.(RuleReader); able {
		return reader.Rules(ctx)
	}
	return nil, nil
}

// ReadDigest returns an account's stored HA1; an empty one where the directory has none.
func ReadDigest(ctx context.Context, directory Directory, account string) (rehome.Secret, error) {
	if reader, able := directory.(DigestReader); able {
		return reader.Digest(ctx, account)
	}
	return rehome.Secret{}, nil
}
