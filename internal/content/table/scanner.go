// SPDX-License-Identifier: Apache-2.0

package table

import (
	"fmt"
	"slices"
	"strings"
)

// scanner takes a text apart into rows. A quote that is never closed costs its own line and nothing behind it.
type scanner struct {
	text      string
	at        int // of the next octet
	line      int // in which that stands, from 1
	begin     int // of that line
	delimiter byte
}

// Reasons of broken rows.
const (
	bareQuote = `a quote stands inside a field: put the field in quotes and write the quote twice`
	openQuote = `a field begins with a quote and is not closed before the next delimiter: write a quote inside it twice`
)

// next reads one row; empty lines are none. A problem is of the whole row, and the next one begins in the line behind.
func (s *scanner) next() (Row, *Problem, bool) {
	for s.at < len(s.text) && s.ending() > 0 {
		s.newLine()
	}
	if s.at >= len(s.text) {
		return Row{}, nil, false
	}
	start := *s
	row := Row{Line: s.line}
	for {
		cell := Cell{Line: s.line, Column: s.at - s.begin + 1}
		reason := s.field(&cell)
		if reason == "" && len(row.Cells) >= maxColumns {
			reason = fmt.Sprintf("the row has more than %d fields", maxColumns)
		}
		if reason != "" {
			problem := &Problem{Line: start.line, Column: 1, Reason: reason}
			if cell.Line == start.line {
				problem.Column = cell.Column
			}
			*s = start
			s.skipLine()
			return Row{Line: start.line}, problem, true
		}
		row.Cells = append(row.Cells, cell)
		switch {
		case s.at >= len(s.text):
			return row, nil, true
		case s.text[s.at] == s.delimiter:
			s.at++
		default:
			s.newLine()
			return row, nil, true
		}
	}
}

// field reads up to the next delimiter, line end or the end of the text; a reason if it is broken.
func (s *scanner) field(cell *Cell) string {
	if s.at < len(s.text) && s.text[s.at] == '"' {
		return s.quoted(cell)
	}
	rest := s.text[s.at:]
	end := strings.IndexFunc(rest, func(c rune) bool { return c == rune(s.delimiter) || c == '\r' || c == '\n' })
	if end < 0 {
		end = len(rest)
	}
	cell.Text = rest[:end]
	s.at += end
	switch {
	case strings.Contains(cell.Text, `"`):
		return bareQuote
	case len(cell.Text) > maxField:
		return fmt.Sprintf("has more than %d octets in a field", maxField)
	}
	return ""
}

func (s *scanner) quoted(cell *Cell) string {
	s.at++
	var text strings.Builder
	for s.at < len(s.text) && text.Len() <= maxField {
		c := s.text[s.at]
		switch {
		case c == '"' && strings.HasPrefix(s.text[s.at+1:], `"`):
			text.WriteByte('"')
			s.at += 2
		case c == '"':
			s.at++
			cell.Text = text.String()
			if s.at < len(s.text) && s.text[s.at] != s.delimiter && s.ending() == 0 {
				return openQuote
			}
			return ""
		case s.ending() > 0:
			text.WriteString(s.text[s.at : s.at+s.ending()])
			s.newLine()
		default:
			text.WriteByte(c)
			s.at++
		}
	}
	return openQuote
}

// ending is the length of the line end that stands here; 0 if none does.
func (s *scanner) ending() int {
	switch rest := s.text[s.at:]; {
	case strings.HasPrefix(rest, "\r\n"):
		return 2
	case rest != "" && (rest[0] == '\n' || rest[0] == '\r'):
		return 1
	}
	return 0
}

func (s *scanner) newLine() {
	s.at += s.ending()
	s.line++
	s.begin = s.at
}

func (s *scanner) skipLine() {
	if end := strings.IndexAny(s.text[s.at:], "\r\n"); end >= 0 {
		s.at += end
		s.newLine()
		return
	}
	s.at = len(s.text)
}

// takeSeparator reads the line by which Excel is told the delimiter, "sep=;"; 0 if there is none.
func (s *scanner) takeSeparator() byte {
	end := strings.IndexAny(s.text, "\r\n")
	if end < 0 {
		return 0
	}
	line := strings.Trim(strings.TrimSpace(s.text[:end]), `"`)
	if len(line) == len("sep=") && s.text[0] != '"' { // a tab was trimmed away
		line += "\t"
	}
	if len(line) != len("sep=;") || !strings.EqualFold(line[:4], "sep=") {
		return 0
	}
	s.skipLine()
	return line[4]
}

// likeliest is the delimiter that leaves the most addresses alone in their cells; among equals, the one that parts the most
// of the first rows.
func (s scanner) likeliest() byte {
	best := delimiters[0]
	most := 0
	for _, delimiter := range delimiters {
		try := s
		try.delimiter = delimiter
		score := 0
		for range 2 * maxTitle {
			row, problem, more := try.next()
			if !more {
				break
			}
			if problem == nil && len(row.Cells) > 1 {
				score++
			}
			if slices.ContainsFunc(row.Cells, isAlone) {
				score += 4 * maxTitle
			}
		}
		if score > most {
			best, most = delimiter, score
		}
	}
	return best
}

// isAlone tells a cell that holds an address and nothing else.
func isAlone(c Cell) bool {
	text := strings.TrimSpace(c.Text)
	return strings.Count(text, "@") == 1 && !strings.ContainsAny(text, ",;\t| ")
}
