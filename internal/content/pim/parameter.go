// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"bytes"
	"strings"
)

// Param is a parameter with its values, unquoted and with RFC 6868 undone. A bare word of vCard 2.1
// ("TEL;CELL") is a value of TYPE or ENCODING.
type Param struct {
	Name   string // upper-case
	Values []string

	bare bool // it was only a word
}

// maxParams bounds the values of all parameters of one line; what follows them is not looked into.
const maxParams = 2000

// uncaret undoes RFC 6868.
func uncaret(value []byte) string {
	if bytes.IndexByte(value, '^') < 0 {
		return string(value)
	}
	return strings.NewReplacer("^n", "\n", "^'", `"`, "^^", "^").Replace(string(value))
}

// splitParams reads the parameters that begin at content[at], a ';' or ':'. rest is where the value
// begins, or -1 if there is no colon; bad is the column of the first parameter that is not well-formed.
func splitParams(content []byte, at int) (rest int, params []Param, bad int) {
	count := 0
	for at < len(content) && content[at] == ';' {
		from := at + 1
		var param Param
		var well bool
		param, at, well = readParam(content, from)
		if !well && bad == 0 {
			bad = from + 1
		}
		if param.Name == "" {
			continue
		}
		if count += len(param.Values); count > maxParams {
			colon := bytes.IndexByte(content[from:], ':')
			if colon < 0 {
				return -1, params, from + 1
			}
			return from + colon + 1, params, from + 1
		}
		params = append(params, param)
	}
	if at >= len(content) {
		return -1, params, bad
	}
	return at + 1, params, bad
}

// readParam reads one parameter; next is at the ';' or ':' behind it, or at the end.
func readParam(content []byte, at int) (param Param, next int, well bool) {
	length := bytes.IndexAny(content[at:], "=;:")
	if length < 0 {
		return Param{}, len(content), false
	}
	name := upper(bytes.TrimSpace(content[at : at+length]))
	next = at + length
	if content[next] != '=' {
		return bareParam(name), next, name != ""
	}
	param.Name = name
	well = name != ""
	for {
		var value string
		var good bool
		value, next, good = readParamValue(content, next+1)
		well = well && good
		param.Values = append(param.Values, value)
		if next >= len(content) || content[next] != ',' || len(param.Values) > maxParams {
			break
		}
	}
	if next < len(content) && content[next] == ',' {
		return param, skipTo(content, next, ";:"), false
	}
	return param, next, well
}

// bareParam gives a word of vCard 2.1 its name.
func bareParam(word string) Param {
	switch word {
	case "":
		return Param{}
	case "BASE64", "B", "QUOTED-PRINTABLE", "8BIT", "7BIT":
		return Param{Name: "ENCODING", Values: []string{word}, bare: true}
	}
	return Param{Name: "TYPE", Values: []string{word}, bare: true}
}

// readParamValue reads one value up to the ',', ';' or ':' behind it. A quote that is not closed ends at
// the first colon, text behind a closed one is taken along.
func readParamValue(content []byte, at int) (value string, next int, well bool) {
	if at >= len(content) || content[at] != '"' {
		next = skipTo(content, at, ",;:")
		return uncaret(content[at:next]), next, true
	}
	closing := bytes.IndexByte(content[at+1:], '"')
	if closing < 0 {
		next = skipTo(content, at, ":")
		return uncaret(content[at+1 : next]), next, false
	}
	closing += at + 1
	next = skipTo(content, closing+1, ",;:")
	value = uncaret(content[at+1:closing]) + uncaret(content[closing+1:next])
	return value, next, next == closing+1
}

func skipTo(content []byte, at int, marks string) int {
	if i := bytes.IndexAny(content[at:], marks); i >= 0 {
		return at + i
	}
	return len(content)
}
