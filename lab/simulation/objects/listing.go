// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"cmp"
	"encoding/xml"
	"html"
	"net/http"
	"slices"
	"strings"

	"rehome/lab/simulation"
)

const (
	nsCalDAV  = "urn:ietf:params:xml:ns:caldav"
	nsCardDAV = "urn:ietf:params:xml:ns:carddav"
)

// multistatus makes a 207 answer, RFC 4918 section 13.
func multistatus(responses []string, tail string) answer {
	const begin = `<?xml version="1.0" encoding="utf-8"?>` + "\n" + `<d:multistatus xmlns:d="DAV:" xmlns:cal="` + nsCalDAV +
		`" xmlns:card="` + nsCardDAV + `" xmlns:cs="http://calendarserver.org/ns/" xmlns:ical="http://apple.com/ns/ical/">`
	parts := append(make([]string, 0, 2*len(responses)+3), begin)
	for i, one := range responses {
		if i > 0 {
			parts = append(parts, "\n")
		}
		parts = append(parts, one)
	}
	return answer{
		status: http.StatusMultiStatus, header: map[string]string{"Content-Type": "application/xml; charset=utf-8"},
		body: strings.Join(append(parts, tail, `</d:multistatus>`), ""),
	}
}

// properties are those of one resource: what it has, by the local name.
type properties map[string]string

// response shows the properties that were asked for, those found and those not in any order.
func (e *end) response(q question, path string, has properties) string {
	const begin, done = "<d:propstat><d:prop>", "</d:status></d:propstat>"
	found, missing := []string{begin}, []string{begin}
	for _, name := range q.asked {
		if value, ok := has[name]; ok {
			found = append(found, value)
		} else {
			missing = append(missing, "<d:", name, "/>")
		}
	}
	parts := make([]string, 0, 2)
	if len(found) > 1 {
		parts = append(parts, strings.Join(append(found, "</d:prop><d:status>HTTP/1.1 200 OK", done), ""))
	}
	if len(missing) > 1 {
		parts = append(parts, strings.Join(append(missing, "</d:prop><d:status>HTTP/1.1 404 Not Found", done), ""))
	}
	if e.d.below(2, "propstats", e.side, path) == 0 {
		slices.Reverse(parts)
	}
	return "<d:response><d:href>" + e.href(path) + "</d:href>" + strings.Join(parts, "") + "</d:response>"
}

// askedFor returns the local names in the prop of a request.
func askedFor(body []byte) []string {
	_, rest, found := strings.Cut(string(body), "prop>")
	if !found {
		return nil
	}
	inner, _, _ := strings.Cut(rest, "prop>")
	var names []string
	for part := range strings.SplitSeq(inner, "<") {
		_, name, colon := strings.Cut(part, ":")
		if end := strings.IndexAny(name, " />"); colon && end > 0 && !strings.HasPrefix(part, "/") {
			names = append(names, name[:end])
		}
	}
	return names
}

// status is a response that says but what became of a resource.
func (e *end) status(path, status string) string {
	return "<d:response><d:href>" + e.href(path) + "</d:href><d:status>HTTP/1.1 " + status + "</d:status></d:response>"
}

// propfind answers RFC 4918 section 9.1.
func (e *end) propfind(q question) answer {
	switch {
	case q.path == "/dav/" || q.path == "/":
		return multistatus([]string{e.response(q, q.path, properties{
			"current-user-principal": "<d:current-user-principal><d:href>" + e.href("/dav/principals/user/") + "</d:href></d:current-user-principal>",
			"resourcetype":           "<d:resourcetype><d:collection/></d:resourcetype>",
		})}, "")
	case q.path == "/dav/principals/user/":
		return multistatus([]string{e.response(q, q.path, e.principal())}, "")
	case q.path == "/dav/inbox/":
		return multistatus([]string{e.response(q, q.path, e.inbox())}, "")
	case q.path == homeOf(contacts), q.path == homeOf(calendars):
		return e.home(q)
	}
	c := e.collections[q.path]
	if c == nil {
		return plain(http.StatusNotFound)
	}
	responses := []string{e.response(q, c.path, e.propertiesOf(c))}
	if q.header.Get("Depth") == "1" {
		for _, name := range c.names() {
			responses = append(responses, e.response(q, c.path+name, e.propertiesOfObject(c.objects[name])))
		}
	}
	return multistatus(e.shuffled(responses, q), "")
}

func (e *end) home(q question) answer {
	kind := contacts
	if q.path == homeOf(calendars) {
		kind = calendars
	}
	responses := []string{e.response(q, q.path, properties{"resourcetype": "<d:resourcetype><d:collection/></d:resourcetype>"})}
	if q.header.Get("Depth") == "1" {
		for _, c := range e.sorted(kind) {
			responses = append(responses, e.response(q, c.path, e.propertiesOf(c)))
		}
	}
	return multistatus(e.shuffled(responses, q), "")
}

// shuffled puts responses in an order of their own: nothing promises one.
func (e *end) shuffled(all []string, q question) []string {
	c := e.d.chance("order", e.side, q.path)
	type drawn struct {
		turn     simulation.Chance
		response string
	}
	turns := make([]drawn, 0, len(all))
	for _, one := range all {
		turns = append(turns, drawn{c.With(one[:min(len(one), 120)]), one})
	}
	slices.SortFunc(turns, func(a, b drawn) int { return cmp.Compare(a.turn, b.turn) })
	for i, one := range turns {
		all[i] = one.response
	}
	return all
}

func (e *end) principal() properties {
	p := properties{
		"displayname":               "<d:displayname>User</d:displayname>",
		"calendar-home-set":         "<cal:calendar-home-set><d:href>" + e.href(homeOf(calendars)) + "</d:href></cal:calendar-home-set>",
		"addressbook-home-set":      "<card:addressbook-home-set><d:href>" + e.href(homeOf(contacts)) + "</d:href></card:addressbook-home-set>",
		"calendar-user-address-set": "<cal:calendar-user-address-set><d:href>mailto:" + e.account + "</d:href></cal:calendar-user-address-set>",
		"resourcetype":              "<d:resourcetype><d:principal/></d:resourcetype>",
	}
	if e.habits.schedules {
		p["schedule-inbox-URL"] = "<cal:schedule-inbox-URL><d:href>" + e.href("/dav/inbox/") + "</d:href></cal:schedule-inbox-URL>"
	}
	if book := homeOf(contacts) + "addressbook/"; !e.habits.noDefault && e.collections[book] != nil {
		p["default-addressbook-URL"] = "<card:default-addressbook-URL><d:href>" + e.href(book) + "</d:href></card:default-addressbook-URL>"
	}
	return p
}

func (e *end) inbox() properties {
	calendar := homeOf(calendars) + "calendar/"
	if e.habits.noDefault || e.collections[calendar] == nil {
		return properties{}
	}
	const name = "schedule-default-calendar-URL"
	return properties{name: "<cal:" + name + "><d:href>" + e.href(calendar) + "</d:href></cal:" + name + ">"}
}

func (e *end) propertiesOf(c *collection) properties {
	p := properties{
		"resourcetype": "<d:resourcetype><d:collection/><card:addressbook/></d:resourcetype>",
		"displayname":  "<d:displayname>" + html.EscapeString(c.name) + "</d:displayname>",
		"owner":        "<d:owner><d:href>" + e.href("/dav/principals/user/") + "</d:href></d:owner>",
	}
	if c.kind == calendars {
		p["resourcetype"] = "<d:resourcetype><d:collection/><cal:calendar/></d:resourcetype>"
		p["supported-calendar-component-set"] = `<cal:supported-calendar-component-set><cal:comp name="VEVENT"/></cal:supported-calendar-component-set>`
		if c.color != "" {
			p["calendar-color"] = "<ical:calendar-color>" + c.color + "</ical:calendar-color>"
		}
	}
	if e.side == destination && !e.habits.noRights {
		rights := "<d:privilege><d:all/></d:privilege>"
		if c.closed {
			rights = "<d:privilege><d:read/></d:privilege>"
		}
		p["current-user-privilege-set"] = "<d:current-user-privilege-set>" + rights + "</d:current-user-privilege-set>"
	}
	if !e.habits.noCTag {
		p["getctag"] = "<cs:getctag>" + e.ctag(c) + "</cs:getctag>"
	}
	if !e.habits.noTokens {
		p["sync-token"] = "<d:sync-token>" + e.token(c.version) + "</d:sync-token>"
	}
	if !e.habits.noReports {
		p["supported-report-set"] = e.reports(c)
	}
	return p
}

func (e *end) reports(c *collection) string {
	var all []string
	if !e.habits.noSync {
		all = append(all, "<d:sync-collection/>")
	}
	if !e.habits.noMultiget && c.kind == calendars {
		all = append(all, "<cal:calendar-multiget/>")
	} else if !e.habits.noMultiget {
		all = append(all, "<card:addressbook-multiget/>")
	}
	if !e.habits.noQueries && c.kind == calendars {
		all = append(all, "<cal:calendar-query/>")
	} else if !e.habits.noQueries {
		all = append(all, "<card:addressbook-query/>")
	}
	var out strings.Builder
	for _, report := range all {
		out.WriteString("<d:supported-report><d:report>" + report + "</d:report></d:supported-report>")
	}
	return "<d:supported-report-set>" + out.String() + "</d:supported-report-set>"
}

func (e *end) propertiesOfObject(o *object) properties {
	p := properties{"resourcetype": "<d:resourcetype/>"}
	if e.habits.etags != "none" {
		p["getetag"] = "<d:getetag>" + html.EscapeString(o.etag) + "</d:getetag>"
	}
	if !e.habits.noLength {
		p["getcontentlength"] = "<d:getcontentlength>" + number(len(o.data)) + "</d:getcontentlength>"
	}
	return p
}

// dataProperty is the object itself as XML text.
func (e *end) dataProperty(kind kindOfObjects, data []byte) (name, value string) {
	var text strings.Builder
	_ = xml.EscapeText(&text, data) // a strings.Builder takes everything
	content := text.String()
	if e.habits.noReturns {
		content = strings.ReplaceAll(content, "&#xD;", "")
	}
	if kind == contacts {
		return "address-data", "<card:address-data>" + content + "</card:address-data>"
	}
	return "calendar-data", "<cal:calendar-data>" + content + "</cal:calendar-data>"
}
