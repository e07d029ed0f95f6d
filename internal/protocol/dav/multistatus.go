// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
)

// multistatus reads a 207 answer response by response (RFC 4918 section 13), however long it is.
type multistatus struct {
	answer    *answer
	in        *xml.Decoder
	limit     int64
	most      int    // responses
	recoded   bool   // the document was not in UTF-8: object data in it is not what is stored
	syncToken string // set when it has been read, usually at the end
}

// response is one of them.
type response struct {
	hrefs      []string // as written
	status     int      // of the whole resource; 0 if it is told for each property
	found      map[xml.Name]*element
	refused    map[xml.Name]int // status of the properties that were not found or not set
	conditions *element         // DAV:error
	text       string           // responsedescription
}

// slack is what one response may hold besides its largest value.
const slack = 1 << 20

// newMultistatus begins to read; the caller closes the answer.
func newMultistatus(a *answer, limit int64) (*multistatus, error) {
	m := &multistatus{answer: a, limit: limit + slack, most: maxResponses}
	in, recoded, err := asUTF8(a.body, a.header.Get("Content-Type"), a.length)
	if err != nil {
		return nil, m.explain(err)
	}
	m.in, m.recoded = newDecoder(in, m.limit), recoded
	root, err := nextStart(m.in)
	if err != nil {
		return nil, m.explain(err)
	}
	if root.Name != davName("multistatus") {
		return nil, a.formatError("the answer is not a WebDAV multistatus but <"+root.Name.Local+">", "")
	}
	return m, nil
}

// newDecoder reads a document that asUTF8 has converted.
func newDecoder(in io.Reader, limit int64) *xml.Decoder {
	decoder := xml.NewDecoder(newTolerantReader(in, limit))
	decoder.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // see asUTF8
	return decoder
}

// nextStart skips to the next start tag. At an end tag and at the end of the document it returns io.EOF.
func nextStart(in *xml.Decoder) (xml.StartElement, error) {
	for {
		token, err := in.Token()
		if err != nil {
			return xml.StartElement{}, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			return token, nil
		case xml.EndElement:
			return xml.StartElement{}, io.EOF
		}
	}
}

// next returns the next response, or io.EOF behind the last.
func (m *multistatus) next() (*response, error) {
	for ; ; m.most-- {
		start, err := nextStart(m.in)
		if errors.Is(err, io.EOF) {
			return nil, io.EOF
		}
		if m.most <= 0 {
			return nil, m.answer.formatError("the answer does not end", "")
		}
		if err != nil {
			return nil, m.explain(err)
		}
		budget := m.limit
		e, err := readElement(m.in, start, &budget, 0)
		if err != nil {
			return nil, m.explain(err)
		}
		switch e.name {
		case davName("response"):
			m.most--
			return newResponse(e), nil
		case davName("sync-token"):
			m.syncToken = e.trimmed()
		}
	}
}

// each calls visit for every response; visit's error ends it and is returned as it is.
func (m *multistatus) each(visit func(*response) error) error {
	for {
		r, err := m.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = visit(r)
		}
		if err != nil {
			return err
		}
	}
}

// explain turns what stopped the decoder into an error of the request.
func (m *multistatus) explain(err error) error {
	var syntax *xml.SyntaxError
	switch {
	case errors.Is(err, errTooLarge):
		return &TooLargeError{URL: m.answer.url, Limit: m.limit - slack}
	case errors.Is(err, errDoctype):
		return m.answer.formatError("the answer is a web page, perhaps a login form, not WebDAV", "")
	case errors.As(err, &syntax) && syntax.Msg == "unexpected EOF", errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return m.answer.cutShort(err)
	case errors.As(err, &syntax):
		return m.answer.formatError("the answer is not XML", bounded(syntax.Msg))
	}
	return m.answer.readError(err)
}

func newResponse(e *element) *response {
	r := &response{found: map[xml.Name]*element{}, refused: map[xml.Name]int{}}
	r.hrefs = e.hrefs()
	r.status = parseStatus(e.child(davName("status")).trimmed())
	r.conditions = e.child(davName("error"))
	r.text = bounded(e.child(davName("responsedescription")).trimmed())
	for _, c := range e.children {
		if c.name == davName("propstat") {
			r.addProperties(c)
		}
	}
	return r
}

func (r *response) addProperties(propstat *element) {
	status := parseStatus(propstat.child(davName("status")).trimmed())
	if r.conditions == nil {
		r.conditions = propstat.child(davName("error"))
	}
	if text := propstat.child(davName("responsedescription")).trimmed(); text != "" {
		r.text = bounded(text)
	}
	properties := propstat.child(davName("prop"))
	if properties == nil {
		return
	}
	for _, p := range properties.children {
		if status == 0 || status/100 == 2 {
			r.found[p.name] = p
		} else {
			r.refused[p.name] = status
		}
	}
}

// parseStatus reads "HTTP/1.1 404 Not Found", 0 if it cannot.
func parseStatus(line string) int {
	fields := strings.Fields(line)
	if len(fields) < 2 {
		return 0
	}
	status, err := strconv.Atoi(fields[1])
	if err != nil || status < 100 || status > 999 {
		return 0
	}
	return status
}

// href returns the first href as the server wrote it.
func (r *response) href() string {
	if len(r.hrefs) == 0 {
		return ""
	}
	return r.hrefs[0]
}

// failure returns the worst status in it, 0 if all went well: some servers answer a refused PUT
// with 207 and the refusal inside.
func (r *response) failure() int {
	worst := 0
	if r.status >= 300 {
		worst = r.status
	}
	for _, status := range r.refused {
		// 424 only says that another property stood in the way (RFC 4918 section 11.4).
		if worst == 0 || worst == 424 {
			worst = status
		}
	}
	return worst
}
