// SPDX-License-Identifier: Apache-2.0

package atmail8

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// answer is what the interface said, without its nesting, of which only the outer part is documented:
// <api generator="zend" version="1.0"><CALL><status>success|failed</status>...
type answer struct {
	format string
	status string
	leaves []leaf
}

// leaf is a value and the names that lead to it.
type leaf struct {
	path  []string
	value string
}

// grants looks for a right by its dotted name, as a value or as the path to a value that means yes.
func (a answer) grants(right string) bool {
	for _, l := range a.leaves {
		switch value := strings.ToLower(strings.TrimSpace(l.value)); {
		case value == right:
			return true
		case value != "1" && value != "true" && value != "yes" && value != "on":
		case strings.HasSuffix("."+strings.ToLower(strings.Join(l.path, ".")), "."+right):
			return true
		}
	}
	return false
}

// maxDepth bounds how deep an answer may nest.
const maxDepth = 64

func parseAnswer(body []byte) (answer, error) {
	a := answer{format: "xml"}
	read := a.readXML
	if trimmed := bytes.TrimSpace(body); len(trimmed) > 0 && (trimmed[0] == '{' || trimmed[0] == '[') {
		a.format, read = "json", a.readJSON
	}
	if err := read(body); err != nil {
		return answer{}, err
	}
	for _, l := range a.leaves {
		if strings.EqualFold(l.path[len(l.path)-1], "status") {
			a.status = strings.ToLower(strings.TrimSpace(l.value))
			return a, nil
		}
	}
	return answer{}, errors.New("the answer has no status")
}

func (a *answer) readXML(body []byte) error {
	decoder := xml.NewDecoder(bytes.NewReader(body))
	var path []string
	text := ""
	isLeaf := false
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) && len(path) == 0 && len(a.leaves) > 0 {
			return nil
		}
		if err != nil {
			return errors.New("the answer is not XML")
		}
		switch token := token.(type) {
		case xml.StartElement:
			if len(path) == 0 && token.Name.Local != "api" {
				return errors.New("the answer is XML, but not from the interface")
			}
			if path = append(path, token.Name.Local); len(path) > maxDepth {
				return errors.New("the answer is nested too deeply")
			}
			text = ""
			isLeaf = true
		case xml.CharData:
			text += string(token)
		case xml.EndElement:
			if isLeaf {
				a.leaves = append(a.leaves, leaf{append([]string(nil), path...), text})
			}
			path, isLeaf = path[:len(path)-1], false
		}
	}
}

func (a *answer) readJSON(body []byte) error {
	var value any
	if err := json.Unmarshal(body, &value); err != nil { // which bounds the depth itself
		return errors.New("the answer is not JSON")
	}
	a.addJSON(nil, value)
	if len(a.leaves) == 0 {
		return errors.New("the answer is empty")
	}
	return nil
}

func (a *answer) addJSON(path []string, value any) {
	switch value := value.(type) {
	case map[string]any:
		for name, inner := range value {
			a.addJSON(append(path[:len(path):len(path)], name), inner)
		}
	case []any:
		for _, inner := range value {
			a.addJSON(append(path[:len(path):len(path)], "item"), inner)
		}
	case nil:
	default:
		if len(path) > 0 {
			a.leaves = append(a.leaves, leaf{path, fmt.Sprint(value)})
		}
	}
}
