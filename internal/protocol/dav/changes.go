// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

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

// same reports whether nothing has happened between two marks. One of the two values is enough,
// unless the other contradicts it.
func (m Mark) same(other Mark) bool {
	tokens := agree(m.SyncToken, other.SyncToken)
	ctags := agree(m.CTag, other.CTag)
	return tokens+ctags > 0 && tokens >= 0 && ctags >= 0
}

// agree is 1 for equal values, -1 for different ones, 0 if one is missing.
func agree(a, b string) int {
	switch {
	case a == "" || b == "":
		return 0
	case a == b:
		return 1
	}
	return -1
}

// Listing is the outcome of Changes.
type Listing struct {
	Mark      Mark // for the next time; keep it only after everything that was listed is dealt with
	Unchanged bool // nothing has happened since; each was not called
	// Full says that everything was listed, so that what was not named, or was last named as removed,
	// is gone. Otherwise only what has changed was.
	Full bool
}

// stop carries a caller's own error out of a listing, so that it is not taken for the server's.
type stop struct{ err error }

func (s *stop) Error() string { return s.err.Error() }

// stopped returns the caller's own error if that is what ended the work.
func stopped(err error) (error, bool) {
	var s *stop
	if errors.As(err, &s) {
		return s.err, true
	}
	return err, false
}

// Changes lists a collection by the best way it offers: not at all if sync-token and ctag, as far
// as there are any, are those of since, else sync-collection, else everything by PROPFIND. collection must be as
// read in this pass. each is called while the answer arrives; its error ends the listing and is
// returned as it is. The same href may come again, then the later call counts.
func (c *Client) Changes(ctx context.Context, collection *Collection, since Mark, each func(Item) error) (Listing, error) {
	// As read before the listing: what happens meanwhile is then seen next time.
	mark := Mark{SyncToken: collection.SyncToken, CTag: collection.CTag}
	if mark.same(since) {
		return Listing{Mark: mark, Unchanged: true}, nil
	}
	guarded := func(item Item) error {
		if err := each(item); err != nil {
			return &stop{err}
		}
		return nil
	}
	listing, err := c.changes(ctx, collection, since.SyncToken, mark, guarded)
	err, _ = stopped(err)
	return listing, err
}

func (c *Client) changes(ctx context.Context, collection *Collection, token string, mark Mark, each func(Item) error) (Listing, error) {
	if collection.Reports != nil && collection.reports("sync-collection") {
		next, full, err := c.syncAndList(ctx, collection, token, each)
		if err == nil {
			mark.SyncToken = next
			return Listing{Mark: mark, Full: full}, nil
		}
		if !mayAskOtherwise(err) {
			return Listing{}, err
		}
	}
	if err := c.list(ctx, collection, each); err != nil {
		return Listing{}, err
	}
	return Listing{Mark: mark, Full: true}, nil
}

// syncAndList does not believe one listing: what a report names from nothing on, PROPFIND has to name too. What only one
// of the two names may be there; reading it tells. Somebody may have been at work between the two, and the later one counts:
// what has another etag in it is named once more, and so is, without an etag, what is not in it any more.
func (c *Client) syncAndList(ctx context.Context, collection *Collection, token string, each func(Item) error) (next string, full bool, err error) {
	named := map[string]Item{}
	next, full, err = c.sync(ctx, collection, token, func(item Item) error {
		named[Key(item.Href)] = item
		return each(item)
	})
	if err != nil || !full {
		return next, full, err
	}
	err = c.list(ctx, collection, func(item Item) error {
		before, known := named[Key(item.Href)]
		delete(named, Key(item.Href))
		if known && !before.Removed && (item.ETag == "" || item.ETag == before.ETag) {
			return nil
		}
		return each(item)
	})
	if err != nil && mayAskOtherwise(err) {
		return next, full, nil // it lists by the report only
	}
	for _, key := range slices.Sorted(maps.Keys(named)) {
		if item := named[key]; err == nil && !item.Removed {
			err = each(Item{Href: item.Href, Size: -1})
		}
	}
	return next, full, err
}

// mayAskOtherwise reports whether the server has answered, and another kind of request may do better.
func mayAskOtherwise(err error) bool {
	if _, own := stopped(err); own || endsAll(err) {
		return false
	}
	var refused *StatusError
	var format *FormatError
	return errors.As(err, &refused) || errors.As(err, &format)
}

// sync runs the sync-collection report (RFC 6578). A token that the server no longer knows starts
// it anew from nothing, which it reports as full.
func (c *Client) sync(ctx context.Context, collection *Collection, token string, each func(Item) error) (next string, full bool, err error) {
	full = token == ""
	used := map[string]bool{}
	each = counted(collection, each)
	for {
		used[token] = true
		page, err := c.syncPage(ctx, collection, token, each)
		if token != "" && expired(err) && !full {
			token = ""
			full = true
			used = map[string]bool{}
			continue
		}
		if err != nil {
			return "", false, err
		}
		token = page.token
		if !page.more {
			return token, full, nil
		}
		if used[token] || len(used) > maxPages {
			return "", false, &FormatError{Method: "REPORT", URL: collection.Href, Why: "the listing repeats itself"}
		}
	}
}

// expired recognises an unusable token. RFC 6578 section 3.2 names a condition for it, but many
// servers only refuse, each in its way; where the token was not to blame the next request fails too.
func expired(err error) bool {
	var refused *StatusError
	_, own := stopped(err)
	return !own && !endsAll(err) && errors.As(err, &refused)
}

// syncedPage is the end of one answer.
type syncedPage struct {
	token string
	more  bool // cut short by the server, RFC 6578 section 3.6
}

func (c *Client) syncPage(ctx context.Context, collection *Collection, token string, each func(Item) error) (syncedPage, error) {
	target, err := c.target(collection.Href)
	if err != nil {
		return syncedPage{}, err
	}
	root := davName("sync-collection")
	body := newDocument(root)
	body.textual(davName("sync-token"), token)
	body.textual(davName("sync-level"), "1")
	body.empty(davName("prop"), davName("getetag"), davName("getcontentlength"), davName("resourcetype"))
	a, m, err := c.ask(ctx, request{method: "REPORT", url: target, header: xmlHeader("0"), body: body.finish(root)}, maxProperties)
	if err != nil {
		return syncedPage{}, err
	}
	defer a.close()
	var page syncedPage
	err = m.each(func(r *response) error {
		if r.status == http.StatusInsufficientStorage {
			page.more = true
			return nil
		}
		item, ok := c.item(a.target, r)
		if !ok || item.Removed && token == "" { // Radicale's full listing names what was there once
			return nil
		}
		return each(item)
	})
	page.token = m.syncToken
	if err == nil && page.token == "" {
		err = a.formatError("the listing has no sync-token, perhaps it is cut short", "")
	}
	return page, err
}

// List lists everything by PROPFIND, whatever the collection offers.
func (c *Client) List(ctx context.Context, collection *Collection, each func(Item) error) error {
	return c.list(ctx, collection, each)
}

func (c *Client) list(ctx context.Context, collection *Collection, each func(Item) error) error {
	target, err := c.target(collection.Href)
	if err != nil {
		return err
	}
	a, m, err := c.propfind(ctx, target, 1, davName("getetag"), davName("getcontentlength"), davName("resourcetype"))
	if err != nil {
		return err
	}
	defer a.close()
	each = counted(collection, each)
	return m.each(func(r *response) error {
		if r.status >= http.StatusMultipleChoices && c.sameResource(a.target, r.href()) {
			return c.inner(a, r, r.status) // such as 507: it has not listed everything, RFC 4918 section 11.5
		}
		if item, ok := c.item(a.target, r); ok && !item.Removed {
			return each(item)
		}
		return nil
	})
}

// item reads one response of a listing; not ok for the collection itself and for others in it.
func (c *Client) item(page *url.URL, r *response) (Item, bool) {
	u, err := resolve(page, r.href())
	if err != nil || r.href() == "" {
		return Item{}, false
	}
	item := Item{Href: c.hrefOf(u), Size: -1}
	if c.sameResource(page, r.href()) || r.found[davName("resourcetype")].child(davName("collection")) != nil {
		return Item{}, false
	}
	if r.status == http.StatusNotFound || r.status == http.StatusGone {
		item.Removed = true
		return item, true
	}
	item.ETag = r.value(davName("getetag"))
	if size, err := strconv.ParseInt(r.value(davName("getcontentlength")), 10, 64); err == nil && size >= 0 {
		item.Size = size
	}
	return item, true
}
