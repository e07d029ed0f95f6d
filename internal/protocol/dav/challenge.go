// SPDX-License-Identifier: Apache-2.0

package dav

import "strings"

// challenge is one way to log in that a server offers (RFC 9110 section 11.3).
type challenge struct {
	scheme string            // lower case
	params map[string]string // names in lower case, values without quotes
}

// maxChallenge bounds what is read of a header field.
const maxChallenge = 8 << 10

// parseChallenges reads WWW-Authenticate fields. Several challenges may share a field, separated by
// commas like their parameters: a word that no "=" follows begins a new one. What it cannot read
// it skips.
func parseChallenges(fields []string) []challenge {
	var all []challenge
	for _, field := range fields {
		s := scanner{rest: field[:min(len(field), maxChallenge)]}
		for {
			s.skip(" \t,")
			if s.rest == "" {
				break
			}
			word := s.word()
			if word == "" {
				s.rest = s.rest[1:] // a stray character
				continue
			}
			switch {
			case !s.equals():
				all = append(all, challenge{scheme: strings.ToLower(word), params: map[string]string{}})
			case len(all) > 0:
				all[len(all)-1].params[strings.ToLower(word)] = s.value()
			default:
				s.value()
			}
		}
	}
	return all
}

// scanner walks over a header field.
type scanner struct{ rest string }

func (s *scanner) skip(chars string) { s.rest = strings.TrimLeft(s.rest, chars) }

// word reads up to a separator.
func (s *scanner) word() string {
	end := strings.IndexAny(s.rest, " \t,=\"")
	if end < 0 {
		end = len(s.rest)
	}
	word := s.rest[:end]
	s.rest = s.rest[end:]
	return word
}

// equals takes an equals sign with the white space around it, if there is one.
func (s *scanner) equals() bool {
	after := strings.TrimLeft(s.rest, " \t")
	if !strings.HasPrefix(after, "=") {
		return false
	}
	s.rest = strings.TrimLeft(after[1:], " \t")
	return true
}

// value reads a quoted string or a bare value.
func (s *scanner) value() string {
	if !strings.HasPrefix(s.rest, `"`) {
		end := strings.IndexAny(s.rest, " \t,")
		if end < 0 {
			end = len(s.rest)
		}
		value := s.rest[:end]
		s.rest = s.rest[end:]
		return value
	}
	var value strings.Builder
	for i := 1; i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == '"':
			s.rest = s.rest[i+1:]
			return value.String()
		case c == '\\' && i+1 < len(s.rest):
			i++
			value.WriteByte(s.rest[i])
		default:
			value.WriteByte(c)
		}
	}
	s.rest = "" // never closed
	return value.String()
}
