// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"bufio"
	"bytes"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// answer is what a server says.
type answer struct {
	status int
	header map[string]string
	body   string
}

func plain(status int) answer { return answer{status: status} }

// refusal is an answer with a condition of its own, RFC 4918 section 16.
func refusal(status int, condition string) answer {
	return answer{
		status: status, header: map[string]string{"Content-Type": "application/xml; charset=utf-8"},
		body: `<?xml version="1.0" encoding="utf-8"?><d:error xmlns:d="DAV:" xmlns:cal="` + nsCalDAV + `" xmlns:card="` + nsCardDAV + `">` +
			condition + `</d:error>`,
	}
}

// question is a request that was read to its end.
type question struct {
	method, path string // path is decoded
	header       http.Header
	body         []byte
	asked        []string // the local names in its prop
	name         []string // of the decisions about it: what was asked, and how often before
}

// serve answers the requests of one connection.
func (e *end) serve(conn net.Conn) {
	in := bufio.NewReader(conn)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // it was cut off while it was sent: nothing is done
		}
		q := e.question(r, body)
		time.Sleep(e.latency(q))
		o := stranger()
		if r.Header.Get("Authorization") != "" {
			o = e.meet(q)
		}
		e.d.note("%d %q: %.20q, hangs up %t, later %t", time.Now().UnixNano(), q.name, o.octets, o.hangsUp, o.later != nil)
		if o.hangsUp && len(o.octets) == 0 {
			o.octets = began()
		}
		_, err = conn.Write(o.octets)
		if err == nil && !o.hangsUp {
			continue
		}
		_ = conn.Close()
		if o.later != nil {
			o.later()
		}
		return
	}
}

func (e *end) question(r *http.Request, body []byte) question {
	q := question{method: r.Method, path: r.URL.Path, header: r.Header, body: body, asked: askedFor(body)}
	sum := fnv.New64a()
	_, _ = sum.Write(body)
	what := q.method + " " + q.path + " " + strconv.FormatUint(sum.Sum64(), 36)
	q.name = []string{e.side, what, number(e.occurrence(what))}
	return q
}

// latency is how long a request is on its way: never the same for two, so that what runs at the same time has
// an order that hangs on the seed.
func (e *end) latency(q question) time.Duration {
	return e.d.chance("latency").With(q.name...).Between(time.Millisecond, 10*time.Millisecond)
}

// outcome is what becomes of a request: what goes over the line, and then.
type outcome struct {
	octets  []byte
	hangsUp bool
	later   func() // done when the connection is gone
}

func said(a answer) outcome { return outcome{octets: a.raw()} }

// began is the least of an answer. Without it net/http would ask again by itself, but only on a connection that was used
// before, and which request gets such a one hangs on the order of goroutines.
func began() []byte { return []byte("H") }

func stranger() outcome {
	return said(answer{status: http.StatusUnauthorized, header: map[string]string{"WWW-Authenticate": `Basic realm="model"`}})
}

// meet lets happen to a request what happens to it.
func (e *end) meet(q question) outcome {
	late := func() {
		e.truth.underWay(q.body, 1)
		defer e.truth.underWay(q.body, -1)
		time.Sleep(e.d.chance("late").With(q.name...).Between(time.Millisecond, 90*time.Second))
		e.work(q)
	}
	switch {
	case e.watch != nil && e.watch(q):
		o := outcome{hangsUp: true}
		if e.d.chance("the work of a crash").With(q.name...).Happens(0.5) {
			o.later = late
		}
		return o
	case e.happens("busy", 0.2, q):
		return said(e.busy(q))
	case e.happens("server error", 0.2, q):
		return said(plain(500 + 2*e.d.below(2, append(q.name, "status")...)))
	case e.happens("log-in refused", 0.02, q):
		return stranger()
	case e.happens("request lost", 0.2, q):
		return outcome{hangsUp: true}
	case e.happens("silence", 0.1, q):
		time.Sleep(30 * time.Minute)
		return outcome{hangsUp: true}
	case e.happens("work done late", 0.2, q):
		return outcome{hangsUp: true, later: late}
	case e.happens("slow", 0.1, q):
		e.truth.underWay(q.body, 1)
		defer e.truth.underWay(q.body, -1)
		time.Sleep(e.d.chance("slow").With(q.name...).Between(time.Second, 4*time.Minute))
	case e.happens("answer cut", 0.2, q):
		raw := e.work(q).raw()
		return outcome{octets: raw[:e.d.below(len(raw), append(q.name, "cut")...)], hangsUp: true}
	}
	return said(e.work(q))
}

func (e *end) happens(fault string, scale float64, q question) bool {
	return e.d.happens(e.side+" "+fault, scale*q.weight(), q.name...)
}

// weight makes trouble rare where a pass has only come to the door: there is much of that, and little to learn.
func (q question) weight() float64 {
	if q.method == http.MethodOptions || q.method == "PROPFIND" && len(strings.Split(q.path, "/")) < 6 {
		return 0.1
	}
	return 1
}

func (e *end) busy(q question) answer {
	a := answer{status: http.StatusServiceUnavailable, header: map[string]string{}}
	c := e.d.chance("busy").With(q.name...)
	if c.Int(2) == 0 {
		a.status = http.StatusTooManyRequests
	}
	if c.With("says").Int(2) == 0 {
		a.header["Retry-After"] = number(1 + c.With("seconds").Int(40))
	}
	return a
}

// work does what was asked.
func (e *end) work(q question) answer {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch q.method {
	case http.MethodOptions:
		return e.options()
	case "PROPFIND":
		return e.propfind(q)
	case "REPORT":
		return e.report(q)
	case http.MethodGet:
		return e.get(q)
	}
	if e.side == source {
		e.truth.breach("the source is never written", "%s %s", q.method, q.path)
		return plain(http.StatusForbidden)
	}
	test := e.isTest(q)
	a := e.change(q)
	taken := a.status/100 == 2 && !strings.Contains(a.body, "HTTP/1.1 4") // a property is refused inside a multistatus
	e.writes = append(e.writes, write{q.method + " " + q.path, taken, test})
	return a
}

// written returns the writing requests so far.
func (e *end) written() []write {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.writes
}

// write is a request that was to change something.
type write struct {
	what  string
	taken bool
	test  bool // it was about what rehome writes to test the server
}

// isTest says whether a request is about a test object, whatever name that has.
func (e *end) isTest(q question) bool {
	data := q.body
	if _, o, _ := e.find(q.path); q.method == http.MethodDelete && o != nil {
		data = o.data
	}
	return strings.HasPrefix(uidOf(data), "rehome-")
}

func (e *end) change(q question) answer {
	switch q.method {
	case http.MethodPut:
		return e.put(q)
	case http.MethodDelete:
		return e.remove(q)
	case "MKCOL", "MKCALENDAR":
		return e.makeCollection(q)
	case "PROPPATCH":
		return e.proppatch(q)
	}
	return plain(http.StatusMethodNotAllowed)
}

func (e *end) options() answer {
	classes := "1, 3, extended-mkcol, calendar-access, addressbook"
	if e.habits.schedules {
		classes += ", calendar-auto-schedule"
	}
	return answer{status: http.StatusOK, header: map[string]string{
		"DAV": classes, "Allow": "OPTIONS, GET, PUT, DELETE, PROPFIND, PROPPATCH, REPORT, MKCOL, MKCALENDAR",
	}}
}

// mostHeader is what the header of an answer takes, as a rule.
const mostHeader = 256

// raw is the answer as it goes over the line.
func (a answer) raw() []byte {
	var out bytes.Buffer
	out.Grow(len(a.body) + mostHeader)
	fmt.Fprintf(&out, "HTTP/1.1 %d %s\r\n", a.status, http.StatusText(a.status))
	if a.status != http.StatusNoContent {
		fmt.Fprintf(&out, "Content-Length: %d\r\n", len(a.body))
	}
	for _, name := range slices.Sorted(maps.Keys(a.header)) {
		out.WriteString(name + ": " + a.header[name] + "\r\n")
	}
	out.WriteString("\r\n" + a.body)
	return out.Bytes()
}

// href writes a path in the way of this server.
func (e *end) href(path string) string {
	var out strings.Builder
	if e.habits.absolute {
		out.WriteString("http://" + e.host())
	}
	for i := range len(path) {
		c := path[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("/-._~", c) >= 0:
			out.WriteByte(c)
		case c == '@' && e.habits.encoding == 1, c == '+' && e.habits.encoding != 2:
			out.WriteByte(c)
		case e.habits.encoding == 2:
			fmt.Fprintf(&out, "%%%02x", c)
		default:
			fmt.Fprintf(&out, "%%%02X", c)
		}
	}
	return out.String()
}
