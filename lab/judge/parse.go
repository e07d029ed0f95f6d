// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// parse reads an answer. Literals stand in the text as their announcement and a line end.
func parse(line string, literals []string) (answer, error) {
	a := answer{line: line}
	var rest string
	a.tag, rest, _ = strings.Cut(line, " ")
	if a.tag == "+" {
		return a, nil
	}
	a.word, rest, _ = strings.Cut(rest, " ")
	if n, err := strconv.ParseUint(a.word, 10, 32); err == nil {
		a.number = uint32(n)
		a.word, rest, _ = strings.Cut(rest, " ")
	}
	a.word = strings.ToUpper(a.word)
	if isStatus(a.word) {
		return a, nil
	}
	p := scanner{text: rest, literals: literals}
	items, err := p.items(0)
	if err == nil && p.text != "" {
		err = errors.New("a bracket too many")
	}
	if err != nil {
		return a, fmt.Errorf("%w in %.300q", err, line)
	}
	a.items = items
	return a, nil
}

// scanner holds what has not been read yet.
type scanner struct {
	text     string
	literals []string
}

// items reads up to the end or the bracket that closes the list.
func (p *scanner) items(depth int) (all []item, err error) {
	if depth > maxDepth {
		return nil, errors.New("too many brackets")
	}
	for {
		p.text = strings.TrimLeft(p.text, " ")
		switch {
		case p.text == "" && depth > 0:
			return nil, errors.New("a bracket that nothing closes")
		case p.text == "", p.text[0] == ')':
			return all, nil
		}
		next, err := p.item(depth)
		if err != nil {
			return nil, err
		}
		all = append(all, next)
	}
}

func (p *scanner) item(depth int) (item, error) {
	switch p.text[0] {
	case '(':
		p.text = p.text[1:]
		list, err := p.items(depth + 1)
		if err != nil {
			return item{}, err
		}
		p.text = p.text[1:] // items leaves the bracket
		return item{list: list}, nil
	case '"':
		return p.quoted()
	case '{', '~':
		if end := strings.Index(p.text, "}\r\n"); end > 0 && len(p.literals) > 0 && !strings.ContainsAny(p.text[:end], " ()") {
			octets := p.literals[0]
			p.text, p.literals = p.text[end+3:], p.literals[1:]
			return item{text: octets}, nil
		}
	}
	return p.atom(), nil
}

func (p *scanner) quoted() (item, error) {
	var b strings.Builder
	for i := 1; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == '"':
			p.text = p.text[i+1:]
			return item{text: b.String()}, nil
		case c == '\\' && i+1 < len(p.text):
			i++
			b.WriteByte(p.text[i])
		default:
			b.WriteByte(c)
		}
	}
	return item{}, errors.New("a quotation that does not end")
}

// atom reads to the next blank or bracket; the section of BODY[...] may hold both.
func (p *scanner) atom() item {
	end := strings.IndexAny(p.text, " ()")
	if section := strings.IndexByte(p.text, '['); section > 0 && strings.EqualFold(p.text[:section], "BODY") {
		if close := strings.IndexByte(p.text, ']'); close > 0 {
			end = close + 1
		}
	}
	if end <= 0 || end > len(p.text) {
		end = len(p.text)
	}
	text := p.text[:end]
	p.text = p.text[end:]
	return item{text: text, bare: true}
}
