// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// The namespaces. Names are compared by these, never by prefix.
const (
	nsDAV     = "DAV:"
	nsCalDAV  = "urn:ietf:params:xml:ns:caldav"
	nsCardDAV = "urn:ietf:params:xml:ns:carddav"
	nsCS      = "http://calendarserver.org/ns/"
	nsApple   = "http://apple.com/ns/ical/"
	nsSabre   = "http://sabredav.org/ns"
)

func davName(local string) xml.Name { return xml.Name{Space: nsDAV, Local: local} }
func calName(local string) xml.Name { return xml.Name{Space: nsCalDAV, Local: local} }
func csName(local string) xml.Name  { return xml.Name{Space: nsCS, Local: local} }

// maxDepth of elements in each other; real answers have less than ten.
const maxDepth = 64

// element is one piece of an answer as a tree. Only pieces are ever held: one response of a
// multistatus at a time.
type element struct {
	name     xml.Name
	attrs    []xml.Attr
	text     string // all character data directly inside
	children []*element
}

// readElement reads the rest of the element that start began. budget is how many octets of text
// and names it may hold; it is used up.
func readElement(in *xml.Decoder, start xml.StartElement, budget *int64, depth int) (*element, error) {
	if depth > maxDepth {
		return nil, errTooLarge
	}
	e := &element{name: start.Name, attrs: start.Attr}
	*budget -= int64(len(start.Name.Local) + len(start.Name.Space) + elementCost)
	for _, a := range start.Attr {
		*budget -= int64(len(a.Name.Local) + len(a.Name.Space) + len(a.Value) + elementCost)
	}
	var text strings.Builder
	for {
		if *budget < 0 {
			return nil, errTooLarge
		}
		token, err := in.Token()
		if err != nil {
			return nil, unexpectedEnd(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			child, err := readElement(in, token, budget, depth+1)
			if err != nil {
				return nil, err
			}
			e.children = append(e.children, child)
		case xml.CharData:
			*budget -= int64(len(token))
			text.Write(token)
		case xml.EndElement:
			e.text = text.String()
			return e, nil
		}
	}
}

// elementCost is roughly what an element takes in memory besides its text.
const elementCost = 100

// unexpectedEnd makes the end of the document inside an element an error.
func unexpectedEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// child returns the first child of that name, nil if there is none. A nil element has no children.
func (e *element) child(name xml.Name) *element {
	if e == nil {
		return nil
	}
	for _, c := range e.children {
		if c.name == name {
			return c
		}
	}
	return nil
}

// trimmed returns the text without the white space around it, which pretty printers add.
func (e *element) trimmed() string {
	if e == nil {
		return ""
	}
	return strings.TrimSpace(e.text)
}

// hrefs returns the text of the DAV:href children.
func (e *element) hrefs() []string {
	if e == nil {
		return nil
	}
	var all []string
	for _, c := range e.children {
		if c.name == davName("href") && c.trimmed() != "" {
			all = append(all, c.trimmed())
		}
	}
	return all
}

func (e *element) attr(local string) string {
	for _, a := range e.attrs {
		if a.Name.Local == local {
			return a.Value
		}
	}
	return ""
}

// locals returns the local names of the children.
func (e *element) locals() []string {
	if e == nil {
		return nil
	}
	names := make([]string, 0, len(e.children))
	for _, c := range e.children {
		names = append(names, c.name.Local)
	}
	return names
}
