// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
)

// DAVLogin is one account at a server of contacts and calendars.
type DAVLogin struct {
	URL            string // where to begin: it must tell the principal
	User, Password string
}

// Objects is everything that an account has of contacts and calendars.
type Objects struct {
	Collections []*Collection // in the order of their paths
}

// The kinds of collections.
const (
	Contacts  = "contacts"
	Calendars = "calendars"
)

// Collection is one address book or calendar with everything in it.
type Collection struct {
	Kind    string // Contacts or Calendars
	Path    string // decoded
	Name    string // for people; may be empty
	Objects []Object
}

// Object is one contact, event or task.
type Object struct {
	Name    string // the last segment of its path, decoded
	Data    []byte
	Fourth  []byte // of a contact, as the server gives it to those who ask for vCard 4.0, where that is something else
	Refusal string // the server's words when it does not give it
}

// ReadObjects reads all contacts and calendars of an account. It is an error if the server contradicts itself.
func ReadObjects(ctx context.Context, at DAVLogin) (*Objects, error) {
	base, err := url.Parse(at.URL)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	d := &dav{ctx: ctx, at: at, base: base, client: &http.Client{
		Transport: transport, Timeout: 5 * time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	all, err := d.objects()
	if err != nil {
		return nil, fmt.Errorf("read the contacts and calendars of %s at %s: %w", at.User, at.URL, err)
	}
	return all, nil
}

type dav struct {
	ctx    context.Context
	at     DAVLogin
	base   *url.URL
	client *http.Client
}

// multistatus is RFC 4918, section 14.16, as far as the judge reads it.
type multistatus struct {
	Responses []struct {
		Href      string `xml:"DAV: href"`
		Status    string `xml:"DAV: status"`
		Propstats []struct {
			Status string   `xml:"DAV: status"`
			Prop   davProps `xml:"DAV: prop"`
		} `xml:"DAV: propstat"`
	} `xml:"DAV: response"`
}

type davProps struct {
	ETag      string `xml:"DAV: getetag"`
	Name      string `xml:"DAV: displayname"`
	Card      string `xml:"urn:ietf:params:xml:ns:carddav address-data"`
	Event     string `xml:"urn:ietf:params:xml:ns:caldav calendar-data"`
	Principal hrefs  `xml:"DAV: current-user-principal"`
	CardHome  hrefs  `xml:"urn:ietf:params:xml:ns:carddav addressbook-home-set"`
	CalHome   hrefs  `xml:"urn:ietf:params:xml:ns:caldav calendar-home-set"`
	Type      struct {
		Kinds []struct{ XMLName xml.Name } `xml:",any"`
	} `xml:"DAV: resourcetype"`
}

type hrefs struct {
	Hrefs []string `xml:"DAV: href"`
}

// is says what a resource is.
func (p davProps) is(name string) bool {
	return slices.ContainsFunc(p.Type.Kinds, func(k struct{ XMLName xml.Name }) bool { return k.XMLName.Local == name })
}

// found is one resource of an answer: its path, decoded, and what the server told of it with 200.
type found struct {
	path string
	davProps
	gone bool // of sync-collection: a status instead of properties
}

const (
	maxAnswer = 512 << 20
	namespace = ` xmlns="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:v="urn:ietf:params:xml:ns:carddav"`
)

// request logs in by Basic, or as the server challenges it to.
func (d *dav) request(method, at string, header map[string]string, body string) (int, http.Header, []byte, error) {
	status, told, octets, err := d.attempt(method, at, header, body, "")
	if challenge := told.Get("WWW-Authenticate"); status == http.StatusUnauthorized && challenge != "" {
		return d.attempt(method, at, header, body, challenge)
	}
	return status, told, octets, err
}

func (d *dav) attempt(method, at string, header map[string]string, body, challenge string) (int, http.Header, []byte, error) {
	target := *d.base
	target.Path = at
	target.RawPath = ""
	request, err := http.NewRequestWithContext(d.ctx, method, target.String(), strings.NewReader(body))
	if err != nil {
		return 0, nil, nil, err
	}
	request.SetBasicAuth(d.at.User, d.at.Password)
	if answer := digestAnswer(challenge, request, d.at); answer != "" {
		request.Header.Set("Authorization", answer)
	}
	for name, value := range header {
		request.Header.Set(name, value)
	}
	response, err := d.client.Do(request)
	if err != nil {
		return 0, nil, nil, err
	}
	defer response.Body.Close()
	octets, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	return response.StatusCode, response.Header, octets, err
}

// errNotAnswered is the class of errors of a request that the server does not carry out.
var errNotAnswered = errors.New("not answered with 207")

func (d *dav) ask(method, at, depth, body string) ([]found, error) {
	header := map[string]string{"Depth": depth, "Content-Type": "application/xml; charset=utf-8"}
	status, _, octets, err := d.request(method, at, header, `<?xml version="1.0" encoding="utf-8"?>`+body)
	if err != nil {
		return nil, err
	}
	if status != http.StatusMultiStatus {
		return nil, fmt.Errorf("%s %s: %w but %d: %.300s", method, at, errNotAnswered, status, octets)
	}
	var answer multistatus
	if err := xml.Unmarshal(octets, &answer); err != nil {
		return nil, fmt.Errorf("%s %s: %w in %.300s", method, at, err, octets)
	}
	var all []found
	for _, r := range answer.Responses {
		href, err := d.base.Parse(strings.TrimSpace(r.Href))
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", method, at, err)
		}
		one := found{path: href.Path, gone: r.Status != "" && !strings.Contains(r.Status, " 200")}
		for _, p := range r.Propstats {
			if strings.Contains(p.Status, " 200") {
				one.davProps = p.Prop
			}
		}
		all = append(all, one)
	}
	return all, nil
}

func (d *dav) objects() (*Objects, error) {
	start, err := d.ask("PROPFIND", d.base.Path, "0", `<propfind`+namespace+`><prop><current-user-principal/></prop></propfind>`)
	if err != nil {
		return nil, err
	}
	if len(start) == 0 || len(start[0].Principal.Hrefs) == 0 {
		return nil, errors.New("the server does not tell the principal")
	}
	principal, err := d.pathOf(start[0].Principal.Hrefs[0])
	if err != nil {
		return nil, err
	}
	homes, err := d.ask("PROPFIND", principal, "0", `<propfind`+namespace+`><prop><v:addressbook-home-set/><c:calendar-home-set/></prop></propfind>`)
	if err != nil {
		return nil, err
	}
	all := &Objects{}
	for _, h := range homes {
		if err := d.home(all, h.CardHome.Hrefs, Contacts, "addressbook"); err != nil {
			return nil, err
		}
		if err := d.home(all, h.CalHome.Hrefs, Calendars, "calendar"); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (d *dav) pathOf(href string) (string, error) {
	at, err := d.base.Parse(strings.TrimSpace(href))
	if err != nil {
		return "", err
	}
	return at.Path, nil
}

// home reads the collections of a home.
func (d *dav) home(all *Objects, hrefs []string, kind, resourceType string) error {
	for _, href := range hrefs {
		at, err := d.pathOf(href)
		if err != nil {
			return err
		}
		inside, err := d.ask("PROPFIND", at, "1", `<propfind`+namespace+`><prop><resourcetype/><displayname/></prop></propfind>`)
		if err != nil {
			return err
		}
		slices.SortFunc(inside, func(a, b found) int { return strings.Compare(a.path, b.path) })
		for _, f := range inside {
			if !f.is(resourceType) {
				continue
			}
			c := &Collection{Kind: kind, Path: f.path, Name: f.Name}
			if err := d.collection(c); err != nil {
				return fmt.Errorf("collection %s: %w", f.path, err)
			}
			all.Collections = append(all.Collections, c)
		}
	}
	return nil
}

// collection lists a collection in two ways and reads what is in it.
func (d *dav) collection(c *Collection) error {
	listed, err := d.ask("PROPFIND", c.Path, "1", `<propfind`+namespace+`><prop><resourcetype/><getetag/></prop></propfind>`)
	if err != nil {
		return err
	}
	reported, how, err := d.report(c)
	if err != nil {
		return err
	}
	once := members(c.Path, listed)
	twice := members(c.Path, reported)
	for _, at := range slices.Sorted(maps.Keys(once)) {
		if _, both := twice[at]; !both {
			return fmt.Errorf("PROPFIND lists %s, %s does not", at, how)
		}
	}
	for _, at := range slices.Sorted(maps.Keys(twice)) {
		if _, both := once[at]; !both {
			return fmt.Errorf("%s lists %s, PROPFIND does not", how, at)
		}
	}
	return d.read(c, once)
}

// many is from how many objects on a collection is read by REPORT, and each object alone only where that fails: a
// server in PHP opens a connection to its database for each.
const (
	many  = 1000
	batch = 100
)

// read reads the objects of a collection.
func (d *dav) read(c *Collection, etags map[string]string) error {
	paths := slices.Sorted(maps.Keys(etags))
	given := map[string]found{}
	for some := range slices.Chunk(paths, batch) {
		if len(paths) < many {
			break
		}
		all, err := d.multiget(c, some)
		if err != nil && !errors.Is(err, errNotAnswered) {
			return err
		}
		for _, f := range all {
			given[f.path] = f
		}
	}
	for _, at := range paths {
		data := given[at].Card + given[at].Event
		if data != "" && given[at].ETag == etags[at] {
			c.Objects = append(c.Objects, Object{Name: path.Base(at), Data: []byte(data)})
			continue
		}
		o, err := d.object(at, etags[at], "*/*")
		if err == nil && c.Kind == Contacts && o.Refusal == "" {
			fourth, failed := d.object(at, etags[at], "text/vcard;version=4.0, text/vcard;q=0.5, */*;q=0.1")
			if o.Refusal, err = fourth.Refusal, failed; !bytes.Equal(fourth.Data, o.Data) {
				o.Fourth = fourth.Data
			}
		}
		if err != nil {
			return err
		}
		c.Objects = append(c.Objects, o)
	}
	return nil
}

func (d *dav) multiget(c *Collection, paths []string) ([]found, error) {
	name := "v:addressbook-multiget"
	data := "<v:address-data/>"
	if c.Kind == Calendars {
		name = "c:calendar-multiget"
		data = "<c:calendar-data/>"
	}
	var hrefs strings.Builder
	for _, at := range paths {
		hrefs.WriteString("<href>")
		if err := xml.EscapeText(&hrefs, []byte((&url.URL{Path: at}).EscapedPath())); err != nil {
			return nil, err
		}
		hrefs.WriteString("</href>")
	}
	return d.ask("REPORT", c.Path, "1", "<"+name+namespace+"><prop><getetag/>"+data+"</prop>"+hrefs.String()+"</"+name+">")
}

// members are the objects of a listing with their etags.
func members(collection string, all []found) map[string]string {
	inside := map[string]string{}
	for _, f := range all {
		if !f.gone && strings.TrimRight(f.path, "/") != strings.TrimRight(collection, "/") && len(f.Type.Kinds) == 0 {
			inside[f.path] = f.ETag
		}
	}
	return inside
}

// report is the second way: a first synchronisation, or where there is none a query for everything, or where
// that fails a listing of everything.
func (d *dav) report(c *Collection) (all []found, how string, err error) {
	const first = `<sync-collection` + namespace + `><sync-token/><sync-level>1</sync-level><prop><getetag/></prop></sync-collection>`
	all, err = d.ask("REPORT", c.Path, "0", first)
	if !errors.Is(err, errNotAnswered) {
		return all, "sync-collection", err
	}
	query := `<v:addressbook-query` + namespace + `><prop><getetag/></prop><v:filter/></v:addressbook-query>`
	if c.Kind == Calendars {
		query = `<c:calendar-query` + namespace + `><prop><getetag/></prop><c:filter><c:comp-filter name="VCALENDAR"/></c:filter></c:calendar-query>`
	}
	all, err = d.ask("REPORT", c.Path, "1", query)
	if !errors.Is(err, errNotAnswered) {
		return all, "a query for everything", err
	}
	// SabreDAV 1.8 parses every object for a query, and gives up at one that it cannot read.
	all, err = d.ask("PROPFIND", c.Path, "1", `<propfind`+namespace+`><allprop/></propfind>`)
	return all, "PROPFIND of all properties", err
}

// object reads one object. What is given with another etag than the listed one is another object: a server
// whose database takes two names for one gives the same twice.
func (d *dav) object(at, etag, accepted string) (Object, error) {
	o := Object{Name: path.Base(at)}
	status, header, octets, err := d.request(http.MethodGet, at, map[string]string{"Accept": accepted}, "")
	given := header.Get("ETag")
	switch {
	case err != nil:
		return o, err
	case status != http.StatusOK:
		o.Refusal = fmt.Sprintf("GET answers %d: %.200s", status, octets)
	case etag != "" && given != "" && etag != given && !strings.HasPrefix(etag, "W/") && !strings.HasPrefix(given, "W/"):
		o.Refusal = fmt.Sprintf("it is listed with the etag %s and given with %s", etag, given)
	default:
		o.Data = octets
	}
	return o, nil
}
