// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"bytes"
	"cmp"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// report answers RFC 3253 section 3.6, as far as RFC 6578, 4791 and 6352 use it.
func (e *end) report(q question) answer {
	c := e.collections[q.path]
	switch {
	case c == nil:
		return plain(http.StatusNotFound)
	case bytes.Contains(q.body, []byte("sync-collection")) && !e.habits.noSync:
		return e.sync(q, c)
	case bytes.Contains(q.body, []byte("-multiget")) && !e.habits.noMultiget:
		return e.multiget(q, c)
	case bytes.Contains(q.body, []byte("-query")) && !e.habits.noQueries:
		return e.query(q, c)
	}
	return refusal(http.StatusForbidden, "<d:supported-report/>")
}

// between returns the text of the first element of that name.
func between(body []byte, name string) string {
	_, rest, _ := strings.Cut(string(body), ":"+name+">")
	text, _, _ := strings.Cut(rest, "</")
	return html.UnescapeString(text)
}

// sync answers sync-collection, RFC 6578 section 3.2, in pages where this server has some.
func (e *end) sync(q question, c *collection) answer {
	token := between(q.body, "sync-token")
	since, known := e.since(c, token)
	if !known || token != "" && e.happens("token forgotten", 0.3, q) {
		return refusal(http.StatusForbidden, "<d:valid-sync-token/>")
	}
	last := map[string]int{}
	for _, change := range c.changes {
		if change.version > since && (token != "" || c.objects[change.name] != nil) {
			last[change.name] = change.version
		}
	}
	names := make([]string, 0, len(last))
	for name := range last {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(last[a], last[b]) })
	version, tail := c.version, ""
	if e.habits.page > 0 && len(names) > e.habits.page {
		names = names[:e.habits.page]
		version = last[names[len(names)-1]]
		tail = e.status(c.path, "507 Insufficient Storage")
	}
	responses := make([]string, 0, len(names))
	for _, name := range names {
		if o := c.objects[name]; o != nil {
			responses = append(responses, e.response(q, c.path+name, e.propertiesOfObject(o)))
		} else {
			responses = append(responses, e.status(c.path+name, "404 Not Found"))
		}
	}
	return multistatus(e.shuffled(responses, q), tail+"<d:sync-token>"+e.token(version)+"</d:sync-token>")
}

// multiget answers RFC 4791 section 7.9 and RFC 6352 section 8.7.
func (e *end) multiget(q question, c *collection) answer {
	var responses []string
	for _, href := range hrefsIn(q.body) {
		path := pathOf(href)
		_, o, name := e.find(path)
		trouble := 0
		if o != nil {
			trouble = e.unreadable(o)
		}
		switch {
		case o == nil && e.habits.poison:
			return plain(http.StatusNotFound)
		case o == nil:
			responses = append(responses, e.status(path, "404 Not Found"))
		case trouble != 0:
			responses = append(responses, e.status(path, number(trouble)+" "+http.StatusText(trouble)))
		case e.happens("multiget leaves one out", 0.3, q.about(name)):
		case e.happens("multiget refuses one", 0.3, q.about(name)):
			responses = append(responses, e.status(path, []string{"404 Not Found", "500 Internal Server Error"}[e.d.below(2, "which", name)]))
		default:
			o.shown = sight{o.name, o.data}
			has := e.propertiesOfObject(o)
			property, value := e.dataProperty(c.kind, o.data)
			has[property] = value
			responses = append(responses, e.response(q, path, has))
		}
	}
	return multistatus(e.shuffled(responses, q), "")
}

// query answers RFC 4791 section 7.8 and RFC 6352 section 8.6, as far as UIDs are asked for. What this server does not show it knows
// nevertheless, or leaves out, or it fails at that.
func (e *end) query(q question, c *collection) answer {
	_, wanted, _ := strings.Cut(string(q.body), ":text-match")
	_, wanted, _ = strings.Cut(wanted, ">")
	wanted, _, _ = strings.Cut(wanted, "</")
	wanted = html.UnescapeString(wanted)
	if c.kind == calendars && !bytes.Contains(q.body, []byte(`"VEVENT"`)) {
		return multistatus(nil, "")
	}
	var responses []string
	for _, name := range c.names() {
		o := c.objects[name]
		uid := uidOf(o.data)
		hidden := e.unreadable(o) != 0
		switch {
		case hidden && e.habits.querying == "fails":
			return plain(http.StatusInternalServerError)
		case hidden && e.habits.querying == "skips", uid == "", c.kind == contacts && wanted != "" && uid != wanted:
		case c.kind == calendars && !strings.Contains(strings.ToLower(uid), strings.ToLower(wanted)):
		default:
			responses = append(responses, e.response(q, c.path+name, e.propertiesOfObject(o)))
		}
	}
	return multistatus(e.shuffled(responses, q), "")
}

// about is the question with something to be decided about.
func (q question) about(what string) question {
	q.name = append(slices.Clone(q.name), what)
	return q
}

func hrefsIn(body []byte) []string {
	var all []string
	for _, part := range strings.Split(string(body), ":href>") {
		if text, _, found := strings.Cut(part, "</"); found && text != "" && !strings.HasPrefix(part, "<") {
			all = append(all, html.UnescapeString(text))
		}
	}
	return all
}

// pathOf decodes an href, whole URL or path.
func pathOf(href string) string {
	if _, rest, found := strings.Cut(href, "://"); found {
		href = rest[strings.IndexByte(rest, '/'):]
	}
	if decoded, err := url.PathUnescape(href); err == nil {
		return decoded
	}
	return href
}

// unreadable is the status by which this server refuses to show an object, 0 if it shows it.
func (e *end) unreadable(o *object) int {
	mark := markOf(o.data)
	if mark == "" || !e.d.happens(e.side+" unreadable object", 0.2, mark) {
		return 0
	}
	return []int{500, 403, 404}[e.d.below(3, "unreadable", mark)]
}

func (e *end) get(q question) answer {
	_, o, _ := e.find(q.path)
	if o == nil {
		return plain(http.StatusNotFound)
	}
	if status := e.unreadable(o); status != 0 {
		return plain(status)
	}
	o.shown = sight{o.name, o.data}
	a := answer{status: http.StatusOK, header: map[string]string{"Content-Type": "text/calendar; charset=utf-8"}, body: string(o.data)}
	if bytes.HasPrefix(o.data, []byte("BEGIN:VCARD")) {
		a.header["Content-Type"] = "text/vcard; charset=utf-8"
	}
	if e.habits.etags != "none" {
		a.header["ETag"] = o.etag
	}
	return a
}
