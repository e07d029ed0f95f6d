// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// put answers RFC 9110 section 9.3.4 under the preconditions of RFC 4791 section 5.3.2.1 and RFC 6352 section
// 6.3.2.1.
func (e *end) put(q question) answer {
	c, before, name := e.find(q.path)
	if c == nil || name == "" {
		return plain(http.StatusConflict)
	}
	if c.closed {
		return refusal(http.StatusForbidden, needPrivileges)
	}
	if !e.mayGoOn(q, before) {
		return plain(http.StatusPreconditionFailed)
	}
	if a, refused := e.refuses(markOf(q.body)); refused {
		return a
	}
	if e.habits.strict && unclean(q.body, c.kind) {
		return refusal(http.StatusUnsupportedMediaType, dataCondition(c.kind))
	}
	if holder := e.holder(c, name, uidOf(q.body)); holder != "" {
		return e.refuseUID(holder)
	}
	if before != nil {
		e.truth.overwritten(before, q)
	}
	if e.habits.renames && before == nil {
		name = fmt.Sprintf("chosen-%d%s", e.serial, name[max(strings.LastIndexByte(name, '.'), 0):])
	}
	return e.keep(q, c, before, name)
}

// needPrivileges is RFC 3744 section 7.1.1.
const needPrivileges = "<d:need-privileges/>"

// keep stores what was put, as this server writes it.
func (e *end) keep(q question, c *collection, before *object, name string) answer {
	data := e.rewritten(q.body)
	if mark := markOf(q.body); mark != "" && e.d.happens("object spoilt", 0.2, mark) {
		data = spoilt(data)
	}
	if e.sends(q, c, q.body) {
		data = scheduled(data)
		e.truth.sent(q.path, data)
	}
	early := e.newETag(q.body)
	o := e.store(c, name, data)
	o.ours = true
	a := answer{status: http.StatusCreated, header: map[string]string{}}
	if before != nil {
		a.status = http.StatusNoContent
	}
	if name != q.path[strings.LastIndexByte(q.path, '/')+1:] {
		a.header["Location"] = e.href(c.path + name)
	}
	switch {
	case e.habits.etags == "none", e.habits.putETag == "none":
	case e.habits.putETag == "early":
		a.header["ETag"] = early
	default:
		a.header["ETag"] = o.etag
	}
	return a
}

// mayGoOn checks If-None-Match and If-Match, RFC 9110 section 13.1.
func (e *end) mayGoOn(q question, before *object) bool {
	if q.header.Get("If-None-Match") == "*" && before != nil {
		return false
	}
	match := q.header.Get("If-Match")
	if match == "" {
		return true
	}
	if before == nil || e.habits.etags == "none" {
		return before != nil && match == "*"
	}
	for tag := range strings.SplitSeq(match, ",") {
		if strings.TrimSpace(tag) == before.etag || strings.TrimSpace(tag) == "*" {
			return true // a weak one too: servers are like that
		}
	}
	return false
}

// refuses says no to some objects, whatever is tried.
func (e *end) refuses(mark string) (a answer, refused bool) {
	switch {
	case mark == "":
		return a, false
	case e.d.happens("object refused for lack of room", 0.2, mark):
		return plain(http.StatusInsufficientStorage), true
	case e.d.happens("object refused as a server error", 0.2, mark):
		return plain(http.StatusInternalServerError), true
	case !e.d.happens("object refused", 0.2, mark):
		return a, false
	}
	a = plain([]int{400, 403, 409, 412, 413, 415, 422}[e.d.below(7, "refused with", mark)])
	if e.d.below(2, "says why", mark) == 0 {
		a.body = "this object does not please the server"
	}
	return a, true
}

func dataCondition(kind kindOfObjects) string {
	if kind == contacts {
		return "<card:valid-address-data/>"
	}
	return "<cal:valid-calendar-data/>"
}

// unclean tells what a strict server refuses.
func unclean(data []byte, kind kindOfObjects) bool {
	if kind == contacts {
		return !bytes.Contains(data, []byte("\nFN:"))
	}
	return bytes.Contains(data, []byte("\nMETHOD:")) || !bytes.Contains(data, []byte("\nDTSTAMP"))
}

// holder returns the path of another object that has the UID already, where this server minds.
func (e *end) holder(c *collection, name, uid string) string {
	if uid == "" || e.habits.uids == "" {
		return ""
	}
	for _, other := range e.sorted(c.kind) {
		if other != c && e.habits.uids == "collection" {
			continue
		}
		for _, n := range other.names() {
			if (other != c || n != name) && uidOf(other.objects[n].data) == uid {
				return other.path + n
			}
		}
	}
	return ""
}

// refuseUID says in one of the ways of real servers that a UID is taken.
func (e *end) refuseUID(holder string) answer {
	switch e.habits.uidAnswer {
	case 0:
		return plain(http.StatusConflict)
	case 1:
		const name = "cal:unique-scheduling-object-resource" // RFC 6638 section 3.2.4.1
		return refusal(http.StatusForbidden, "<"+name+"><d:href>"+e.href(holder)+"</d:href></"+name+">")
	case 2:
		return refusal(http.StatusConflict, "<cal:no-uid-conflict><d:href>"+e.href(holder)+"</d:href></cal:no-uid-conflict>")
	}
	return refusal(http.StatusPreconditionFailed, "<card:no-uid-conflict><d:href>"+e.href(holder)+"</d:href></card:no-uid-conflict>")
}

// rewritten is how this server writes an object down.
func (e *end) rewritten(data []byte) []byte {
	lines := unfolded(data)
	switch e.habits.rewrites {
	case "prodid":
		for i, line := range lines {
			if strings.HasPrefix(line, "PRODID:") {
				lines[i] = "PRODID:-//model//destination//EN"
			}
		}
	case "adds":
		if at := slices.Index(lines, "VERSION:3.0"); at >= 0 {
			lines = slices.Insert(lines, at+1, "REV:20000102T000000Z")
		}
	case "order":
		reorder(lines)
	case "folds":
		for i, line := range lines {
			for j := 40; j < len(line); j += 42 {
				line = line[:j] + "\r\n " + line[j:]
			}
			lines[i] = line
		}
	default:
		return data
	}
	return []byte(strings.Join(lines, "\r\n") + "\r\n")
}

// reorder sorts the properties between two lines that begin or end a component.
func reorder(lines []string) {
	from := 0
	for i, line := range lines {
		if strings.HasPrefix(line, "BEGIN:") || strings.HasPrefix(line, "END:") || strings.HasPrefix(line, "VERSION:") {
			slices.Sort(lines[from:i])
			from = i + 1
		}
	}
}

// spoilt loses what a user has written.
func spoilt(data []byte) []byte {
	lines := slices.DeleteFunc(unfolded(data), func(line string) bool { return strings.HasPrefix(line, "TEL") || strings.HasPrefix(line, "DTEND") })
	return []byte(strings.Join(lines, "\r\n") + "\r\n")
}

// remove answers RFC 9110 section 9.3.5.
func (e *end) remove(q question) answer {
	c, o, name := e.find(q.path)
	switch {
	case c != nil && name == "":
		e.truth.breach("nothing is removed that rehome did not put there", "the collection %s", q.path)
		return plain(http.StatusForbidden)
	case o == nil:
		return plain(http.StatusNotFound)
	case c.closed:
		return refusal(http.StatusForbidden, needPrivileges)
	case !e.mayGoOn(q, o):
		return plain(http.StatusPreconditionFailed)
	}
	if mark := markOf(o.data); mark != "" && e.d.happens("removal refused", 0.2, mark) {
		return plain([]int{403, 423, 500}[e.d.below(3, "removal refused with", mark)])
	}
	e.truth.removed(o, q)
	if e.sends(q, c, o.data) {
		e.truth.sent("cancellation of "+q.path, o.data)
	}
	e.drop(c, name)
	return plain(http.StatusNoContent)
}

// makeCollection answers RFC 5689 and RFC 4791 section 5.3.1.
func (e *end) makeCollection(q question) answer {
	path := strings.TrimSuffix(q.path, "/") + "/"
	kind := contacts
	if strings.HasPrefix(path, homeOf(calendars)) {
		kind = calendars
	}
	switch {
	case e.collections[path] != nil:
		return plain(http.StatusMethodNotAllowed)
	case e.habits.noMaking, q.method == "MKCOL" && e.habits.noExtended && kind == calendars:
		return plain(http.StatusForbidden)
	case e.d.happens("collection refused", 0.5, path):
		return plain(http.StatusForbidden)
	}
	segment := strings.TrimSuffix(strings.TrimPrefix(path, homeOf(kind)), "/")
	for other := e.d.happens("collection made under another name", 0.5, path); other || e.collections[homeOf(kind)+segment+"/"] != nil; other = false {
		segment += "-2" // asked twice, it makes two: what is there stays
	}
	title := between(q.body, "displayname")
	if e.habits.noTitles {
		title = ""
	}
	e.make(kind, segment, title)
	return plain(http.StatusCreated)
}

// proppatch answers RFC 4918 section 9.2.
func (e *end) proppatch(q question) answer {
	c := e.collections[q.path]
	switch {
	case c == nil:
		return plain(http.StatusNotFound)
	case c.closed:
		return refusal(http.StatusForbidden, needPrivileges)
	}
	status := "200 OK"
	names := q.asked
	name := names[0]
	switch {
	case name == "displayname" && e.habits.noTitles:
		return plain(http.StatusForbidden)
	case e.d.happens("property refused", 0.5, q.path, name):
		if e.d.below(2, "property refused with", q.path, name) == 0 {
			return plain(http.StatusInternalServerError)
		}
		status = "403 Forbidden"
	case name == "displayname":
		c.name = between(q.body, name)
	case name == "calendar-color":
		c.color = between(q.body, name)
	}
	return multistatus([]string{"<d:response><d:href>" + e.href(q.path) + "</d:href><d:propstat><d:prop><" + prefixed(name) +
		"/></d:prop><d:status>HTTP/1.1 " + status + "</d:status></d:propstat></d:response>"}, "")
}

func prefixed(name string) string {
	switch name {
	case "calendar-color":
		return "ical:" + name
	case "displayname":
		return "d:" + name
	}
	return "cal:" + name
}
