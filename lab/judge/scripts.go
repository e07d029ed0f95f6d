// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"
)

// Script is one of an account's, as its server gives it (RFC 5804).
type Script struct {
	Name, Text string
	Active     bool
}

// ScriptTerms are what the test knows of scripts.
type ScriptTerms struct {
	// Text tells what a script of the source has to be at the destination, for instance with other names of mailboxes.
	Text func(source string) string
}

// ReadScripts reads all scripts of an account. It is an error if the server shows others at its second listing.
func ReadScripts(ctx context.Context, at Login) ([]Script, error) {
	conn, err := (&net.Dialer{Timeout: patience}).DialContext(ctx, "tcp", at.Address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	s := &sieveSession{conn, bufio.NewReader(conn)}
	if _, err := s.answer(); err != nil {
		return nil, err
	}
	if _, err := s.do(`AUTHENTICATE "PLAIN" "` + base64.StdEncoding.EncodeToString([]byte("\x00"+at.User+"\x00"+at.Password)) + `"`); err != nil {
		return nil, err
	}
	all, err := s.list()
	for i := range all {
		if err != nil {
			break
		}
		var lines []string
		if lines, err = s.do("GETSCRIPT " + all[i].Name); err == nil && len(lines) != 1 {
			err = fmt.Errorf("GETSCRIPT answers %q", lines)
		}
		all[i].Text = strings.Join(lines, "")
	}
	if err != nil {
		return nil, err
	}
	again, err := s.list()
	same := func(a, b Script) bool { return a.Name == b.Name && a.Active == b.Active }
	if err == nil && !slices.EqualFunc(all, again, same) {
		err = fmt.Errorf("the server lists %v, and then %v", all, again)
	}
	return all, err
}

// sieveSession is a connection to a ManageSieve server.
type sieveSession struct {
	conn net.Conn
	in   *bufio.Reader
}

func (s *sieveSession) do(command string) ([]string, error) {
	if _, err := io.WriteString(s.conn, command+"\r\n"); err != nil {
		return nil, err
	}
	return s.answer()
}

// list returns the scripts with their names as they are written on the wire, which no test of the lab has otherwise than quoted.
func (s *sieveSession) list() (all []Script, err error) {
	lines, err := s.do("LISTSCRIPTS")
	for _, line := range lines {
		name, active := strings.CutSuffix(line, " ACTIVE")
		all = append(all, Script{Name: name, Active: active})
	}
	slices.SortFunc(all, func(a, b Script) int { return strings.Compare(a.Name, b.Name) })
	return all, err
}

// answer returns the lines before the OK; a literal is one line without what announces it.
func (s *sieveSession) answer() (lines []string, err error) {
	for {
		line, err := s.in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		line = strings.TrimRight(line, "\r\n")
		n, literal := literalAtEnd(line)
		switch word, _, _ := strings.Cut(line, " "); {
		case word == "OK":
			return lines, nil
		case word == "NO" || word == "BYE":
			return nil, fmt.Errorf("%w: %s", errRefused, line)
		case literal && n > maxLiteral:
			return nil, fmt.Errorf("a literal of %d octets", n)
		case literal:
			octets := make([]byte, n)
			if _, err := io.ReadFull(s.in, octets); err != nil {
				return nil, err
			}
			line = string(octets)
			if _, err := s.in.ReadString('\n'); err != nil {
				return nil, err
			}
		}
		lines = append(lines, line)
	}
}

// CompareScripts returns everything in which the destination's scripts are not those that the source and the terms want. What
// is not active at the destination only is its user's own.
func CompareScripts(src, dst []Script, terms ScriptTerms) (found Differences) {
	named := func(all []Script, name string) *Script {
		if i := slices.IndexFunc(all, func(s Script) bool { return s.Name == name }); i >= 0 {
			return &all[i]
		}
		return nil
	}
	for _, s := range src {
		d := Difference{Place: "rules", Name: strings.Trim(s.Name, `"`), What: s.Name}
		switch there := named(dst, s.Name); {
		case there == nil:
			d.Kind = ScriptLost
		case there.Text != terms.Text(s.Text):
			d.Kind, d.Source, d.Destination = ScriptChanged, terms.Text(s.Text), there.Text
		case there.Active != s.Active:
			d.Kind, d.Source, d.Destination = ScriptActive, activity(s.Active), activity(there.Active)
		default:
			continue
		}
		found = append(found, d)
	}
	for _, s := range dst {
		if s.Active && named(src, s.Name) == nil {
			found = append(found, Difference{Kind: ScriptExtra, Place: "rules", Name: strings.Trim(s.Name, `"`), What: s.Name})
		}
	}
	return found
}

func activity(active bool) string {
	if active {
		return "active"
	}
	return "off"
}
