// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"context"
	"errors"
	"io"
)

var errDraft = errors.New("dav: being written")

// New makes a client. Nothing is sent yet. Close ends it.
func New(options Options) (*Client, error) { return nil, errDraft }

// Close closes what connections the client holds for itself. It may be called twice.
func (c *Client) Close() {}

// Search is what discovery knows besides the client's URL. All may be empty.
type Search struct {
	UserURL string // the user's own, from the source's database
	Domain  string // for SRV and TXT records
	Account string // for the paths that server products are known to use
}

// Home is where a user's collections of one kind are.
type Home struct {
	Kind         Kind
	How          string // which step of the discovery found it: "given URL", "well-known", ...
	Principal    string // href, "" if the server names none
	DisplayName  string // of the principal
	HomeSets     []string
	Capabilities Capabilities // of the first home set
	Default      string       // href of the default calendar or address book, "" if the server names none
	Inbox        string       // scheduling, calendars only
	Outbox       string
	Addresses    []string // calendar-user-address-set: "mailto:anna@example.org" and others
	Groups       []string // group-membership: hrefs of principals, among them calendar-proxy groups
}

// Capabilities is what OPTIONS says.
type Capabilities struct {
	Known bool     // the server answered
	DAV   []string // compliance classes: "1", "calendar-access", "calendar-auto-schedule"
	Allow []string // methods
}

// Has reports whether the compliance class is announced.
func (p Capabilities) Has(class string) bool { return false }

// Discover finds the home of the kind: the given URL, the user's own, SRV and TXT records,
// well-known, the root, then the paths of known products. A refused log-in ends it at once. The
// error is a *NotOfferedError if all places were tried.
func (c *Client) Discover(ctx context.Context, kind Kind, search Search) (*Home, error) {
	return nil, errDraft
}

// Capabilities asks with OPTIONS.
func (c *Client) Capabilities(ctx context.Context, href string) (Capabilities, error) {
	return Capabilities{}, errDraft
}

// Collection is a calendar or an address book with the properties that a move cares about. A
// property that the server does not have is the zero value.
type Collection struct {
	Href        string
	Kind        Kind
	Name        string // displayname
	Description string
	Color       string // as stored: "#FF2968FF"
	Order       string
	Timezone    string // calendar-timezone: a VCALENDAR text
	Transparent bool   // schedule-calendar-transp: its events do not make the user busy
	Components  []string
	CTag        string
	SyncToken   string
	Owner       string   // href of a principal
	Privileges  []string // current-user-privilege-set, local names; nil if the server does not say
	Types       []string // resourcetype, local names: "collection", "calendar", "shared", "subscribed"
	Source      string   // cs:source of a subscription
	Reports     []string // supported-report-set, local names
	AddressData []string // "text/vcard;version=4.0"
	MaxSize     int64    // max-resource-size, 0 if unknown
}

// Writable reports whether the user may add objects, as far as the server says; true if it says nothing.
func (c *Collection) Writable() bool { return false }

// Is reports whether resourcetype holds the local name: "shared", "subscribed", "schedule-inbox".
func (c *Collection) Is(resourceType string) bool { return false }

// Collections lists the collections of the home's kind in all its home sets, each once. Subscribed,
// shared and read-only ones are among them; inboxes, outboxes and the like are not.
func (c *Client) Collections(ctx context.Context, home *Home) ([]Collection, error) {
	return nil, errDraft
}

// Collection reads one collection's properties anew.
func (c *Client) Collection(ctx context.Context, href string, kind Kind) (*Collection, error) {
	return nil, errDraft
}

// Item is one object of a listing.
type Item struct {
	Href    string
	ETag    string // as the server wrote it, with quotes and W/; "" if it has none
	Size    int64  // getcontentlength, -1 if unknown
	Removed bool   // gone since the last listing; nothing but Href is set
}

// Mark is what a caller keeps between two listings of a collection. The zero value is "never listed".
type Mark struct {
	SyncToken string
	CTag      string
}

// Listing is the outcome of Changes.
type Listing struct {
	Mark      Mark // for the next time; keep it only after everything that was listed is dealt with
	Unchanged bool // nothing has happened since; each was not called
	// Full says that everything was listed, so that what was not named is gone. Otherwise only
	// what has changed was.
	Full bool
}

// Changes lists a collection by the best way it offers: not at all if the sync-token or the ctag
// is the one of since, else sync-collection, else everything by PROPFIND. collection must be as
// read in this pass. each is called while the answer arrives; its error ends the listing and is
// returned as it is. The same href may come twice, then the later call counts.
func (c *Client) Changes(ctx context.Context, collection *Collection, since Mark, each func(Item) error) (Listing, error) {
	return Listing{}, errDraft
}

// List lists everything by PROPFIND, whatever the collection offers.
func (c *Client) List(ctx context.Context, collection *Collection, each func(Item) error) error {
	return errDraft
}

// Object is one object with its bytes.
type Object struct {
	Href string // as asked
	ETag string
	Data []byte
	// Exact says that Data is what the server stores: it came by GET, or its MD5 is the ETag.
	// Otherwise it came through XML by a server of which nothing else is known.
	Exact bool
	// Err says why there is no Data: *StatusError with 404 if it is gone, *TooLargeError, ...
	Err error
}

// MultiGet reads the items, in batches bounded by number and size, large ones one by one. each is
// called exactly once for every item, in any order, never concurrently; an item that cannot be
// read has Err set and does not stop the others. What ends all is returned: a lost connection, a
// refused log-in, 429 and 503, the error of each.
func (c *Client) MultiGet(ctx context.Context, collection *Collection, items []Item, each func(Object) error) error {
	return errDraft
}

// PropfindData reads all objects of a collection in one request. It is for SabreDAV 1.x, whose
// multiget asks its database for each href and fails as a whole for one that is missing.
func (c *Client) PropfindData(ctx context.Context, collection *Collection, each func(Object) error) error {
	return errDraft
}

// Get reads one object. A refusal is returned as the error; Object.Err is not used.
func (c *Client) Get(ctx context.Context, href string, kind Kind) (Object, error) {
	return Object{}, errDraft
}

// Body is an object that is being read. Read fails with *TooLargeError behind Options.MaxBody.
// The caller closes it.
type Body struct {
	io.ReadCloser
	ETag        string
	ContentType string
	Size        int64 // -1 if the server does not say
}

// Open begins to read one object, for those that are too large to be held in memory.
func (c *Client) Open(ctx context.Context, href string, kind Kind) (*Body, error) {
	return nil, errDraft
}

// Upload is what Put sends.
type Upload struct {
	Data        []byte
	ContentType string // "" means the one of Kind
	Kind        Kind
	// IfMatch is the ETag that the object must still have. "" means that there must be none
	// (If-None-Match: *), unless Overwrite is set.
	IfMatch   string
	Overwrite bool
}

// Stored is what a server says about an object that it has taken.
type Stored struct {
	Href string // where it is: the Location, if the server chose another place
	ETag string // "" if the server does not say; many servers give one although they changed the bytes
	// Note is the server's own remark about a repair (X-Sabre-Ew-Gross).
	Note string
}

// Put writes one object. 412 is a *StatusError like every other refusal: look again, never overwrite.
func (c *Client) Put(ctx context.Context, href string, upload Upload) (Stored, error) {
	return Stored{}, errDraft
}

// Delete removes an object if it still has the etag; "" means whatever it has. A collection goes
// with everything in it.
func (c *Client) Delete(ctx context.Context, href, etag string) error { return errDraft }

// NewCollection is what MakeCollection asks for.
type NewCollection struct {
	Kind       Kind
	Name       string   // displayname
	Components []string // calendars only; none means the server's default
}

// MakeCollection creates a collection: by extended MKCOL (RFC 5689), a calendar by MKCALENDAR if
// the server does not take that, then without properties. It sets nothing but name and components,
// and even these only if the server takes them: read the collection back. The error is that of
// the first attempt.
func (c *Client) MakeCollection(ctx context.Context, href string, want NewCollection) error {
	return errDraft
}

// Property is one that SetProperty can set.
type Property string

// The properties of a collection that a move carries.
const (
	PropertyName         Property = "displayname"
	PropertyDescription  Property = "description"
	PropertyColor        Property = "color"
	PropertyOrder        Property = "order"
	PropertyTimezone     Property = "timezone"
	PropertyTransparency Property = "transparency" // "transparent" or "opaque"
)

// SetProperty sets one property by a PROPPATCH of its own, because one that a server does not know
// makes it refuse all of a request. The server's verdict on the property is checked.
func (c *Client) SetProperty(ctx context.Context, href string, kind Kind, property Property, value string) error {
	return errDraft
}

// Key returns the form of an href by which two can be compared: percent-encoding normalised
// segment by segment, without a trailing slash. It is not to be sent.
func Key(href string) string { return href }

// Child returns the href of a new object or collection in a collection, with name encoded.
func Child(collection, name string) string { return collection + name }
