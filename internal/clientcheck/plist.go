// SPDX-License-Identifier: Apache-2.0

package clientcheck

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/smallstep/pkcs7"

	"rehome"
)

// What may be in a profile. One with mail, calendars and contacts has 120 parts at a depth of 5.
const (
	maxPlistDepth = 12
	maxPlistParts = 5000
)

var (
	errNoProfile     = errors.New("it is not a profile")
	errNoMailPayload = errors.New("the profile sets up no mail")
)

// readPropertyList reads the dictionary at the top of a property list in its XML form, also inside of a signature (RFC 5652), which is
// not verified: a device installs an unsigned one too.
func readPropertyList(body []byte) (map[string]any, error) {
	if !bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) {
		var content []byte
		err := rehome.Guarded("profile", func() error { // the reader of signatures is not ours, and what it reads is anybody's
			signed, err := pkcs7.Parse(body)
			if err == nil {
				content = signed.Content
			}
			return err
		})
		if err != nil {
			return nil, errNoProfile
		}
		body = content
	}
	r := &plistReader{decoder: xml.NewDecoder(bytes.NewReader(body))}
	for {
		start, _, err := r.next()
		if err != nil {
			return nil, errNoProfile
		}
		if start == nil || start.Name.Local == "plist" {
			continue
		}
		value, err := r.value(start.Name.Local, 0)
		root, is := value.(map[string]any)
		if err != nil || !is {
			return nil, errNoProfile
		}
		return root, nil
	}
}

type plistReader struct {
	decoder *xml.Decoder
	parts   int
}

// next returns the next beginning of an element, or that one ends.
func (r *plistReader) next() (start *xml.StartElement, ends bool, err error) {
	for {
		if r.parts++; r.parts > maxPlistParts {
			return nil, false, errors.New("too many parts")
		}
		token, err := r.decoder.Token()
		if err != nil {
			return nil, false, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			return &t, false, nil
		case xml.EndElement:
			return nil, true, nil
		}
	}
}

// value reads what an element that has begun holds.
func (r *plistReader) value(tag string, depth int) (any, error) {
	if depth > maxPlistDepth {
		return nil, errors.New("too deep")
	}
	switch tag {
	case "dict":
		return r.dict(depth)
	case "array":
		return r.array(depth)
	case "true", "false":
		_, err := r.text()
		return tag == "true", err
	case "integer":
		text, err := r.text()
		if err != nil {
			return nil, err
		}
		return strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	}
	return r.text()
}

func (r *plistReader) dict(depth int) (any, error) {
	all := map[string]any{}
	for {
		start, ends, err := r.next()
		if err != nil || ends {
			return all, err
		}
		if start.Name.Local != "key" {
			return nil, fmt.Errorf("%q instead of a key", start.Name.Local)
		}
		key, err := r.text()
		if err != nil {
			return nil, err
		}
		if start, ends, err = r.next(); err != nil || ends {
			return nil, errors.Join(errors.New("a key without a value"), err)
		}
		if all[key], err = r.value(start.Name.Local, depth+1); err != nil {
			return nil, err
		}
	}
}

func (r *plistReader) array(depth int) (any, error) {
	all := []any{}
	for {
		start, ends, err := r.next()
		if err != nil || ends {
			return all, err
		}
		value, err := r.value(start.Name.Local, depth+1)
		if err != nil {
			return nil, err
		}
		all = append(all, value)
	}
}

// text reads up to the end of an element that has only text.
func (r *plistReader) text() (string, error) {
	var b strings.Builder
	for {
		if r.parts++; r.parts > maxPlistParts {
			return "", errors.New("too many parts")
		}
		token, err := r.decoder.Token()
		if err != nil {
			return "", err
		}
		switch t := token.(type) {
		case xml.CharData:
			b.Write(t)
		case xml.EndElement:
			return b.String(), nil
		case xml.StartElement:
			return "", fmt.Errorf("%q inside of a text", t.Name.Local)
		}
	}
}
