// SPDX-License-Identifier: Apache-2.0

package damage_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// patience is what a server may take for one answer.
const patience = 30 * time.Second

// client is a mail client of its own: it shares nothing with rehome, which could misunderstand the same.
type client struct {
	conn   net.Conn
	in     *bufio.Reader
	tags   int
	prefix string // of all mailboxes but INBOX
}

// said is one answer with its literals.
type said struct {
	line     string
	literals []string
}

func sit(ctx context.Context, address, user, prefix string) (*client, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	c := &client{conn: conn, in: bufio.NewReader(conn), prefix: prefix}
	context.AfterFunc(ctx, func() { _ = conn.Close() })
	if _, err := c.answer(); err != nil {
		return nil, err
	}
	_, err = c.do("LOGIN %q %q", user, password)
	return c, err
}

func (c *client) box(name string) string {
	if name == "INBOX" {
		return name
	}
	return c.prefix + name
}

// do runs a command.
func (c *client) do(format string, args ...any) ([]said, error) {
	c.tags++
	tag := "t" + strconv.Itoa(c.tags)
	command := fmt.Sprintf(format, args...)
	if err := c.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	if _, err := io.WriteString(c.conn, tag+" "+command+"\r\n"); err != nil {
		return nil, err
	}
	var all []said
	for {
		a, err := c.answer()
		if err != nil {
			return nil, fmt.Errorf("%.60q: %w", command, err)
		}
		if rest, last := strings.CutPrefix(a.line, tag+" "); last {
			if !strings.HasPrefix(rest, "OK") {
				return nil, fmt.Errorf("%.60q: %s", command, rest)
			}
			return all, nil
		}
		all = append(all, a)
	}
}

func (c *client) answer() (a said, err error) {
	for {
		line, err := c.in.ReadString('\n')
		if err != nil {
			return a, err
		}
		line = strings.TrimRight(line, "\r\n")
		a.line += line
		open := strings.LastIndexByte(line, '{')
		if open < 0 || !strings.HasSuffix(line, "}") {
			return a, nil
		}
		n, err := strconv.Atoi(line[open+1 : len(line)-1])
		if err != nil {
			return a, nil //nolint:nilerr // a brace that stands for itself
		}
		octets := make([]byte, n)
		if _, err := io.ReadFull(c.in, octets); err != nil {
			return a, err
		}
		a.literals = append(a.literals, string(octets))
	}
}

// letter is one message with what its server notes of it.
type letter struct {
	text, flags, date string
}

func (c *client) store(mailbox string, l letter) error {
	_, err := c.do("APPEND %q (%s) %q {%d+}\r\n%s", c.box(mailbox), l.flags, l.date, len(l.text), l.text)
	return err
}

// find opens a mailbox and returns the UIDs of those with a Message-ID.
func (c *client) find(mailbox, id string) ([]string, error) {
	if _, err := c.do("SELECT %q", c.box(mailbox)); err != nil {
		return nil, err
	}
	all, err := c.do("UID SEARCH HEADER Message-ID %q", id)
	for _, a := range all {
		if uids, found := strings.CutPrefix(a.line, "* SEARCH"); found {
			return strings.Fields(uids), err
		}
	}
	return nil, err
}

// one is find for a message that is there once.
func (c *client) one(mailbox, id string) (string, error) {
	uids, err := c.find(mailbox, id)
	if err == nil && len(uids) != 1 {
		err = fmt.Errorf("%s is in %s %d times", id, mailbox, len(uids))
	}
	if err != nil {
		return "", err
	}
	return uids[0], nil
}

var (
	flagsIn = regexp.MustCompile(`FLAGS \(([^)]*)\)`)
	dateIn  = regexp.MustCompile(`INTERNALDATE "([^"]*)"`)
)

// read returns a message as its server has it.
func (c *client) read(mailbox, id string) (l letter, err error) {
	uid, err := c.one(mailbox, id)
	if err != nil {
		return l, err
	}
	all, err := c.do("UID FETCH %s (FLAGS INTERNALDATE BODY.PEEK[])", uid)
	for _, a := range all {
		flags, date := flagsIn.FindStringSubmatch(a.line), dateIn.FindStringSubmatch(a.line)
		if len(a.literals) == 1 && flags != nil && date != nil {
			kept := slices.DeleteFunc(strings.Fields(flags[1]), func(f string) bool { return f == `\Recent` })
			return letter{a.literals[0], strings.Join(kept, " "), date[1]}, err
		}
	}
	return l, errors.Join(err, fmt.Errorf("%s was not given", id))
}

func (c *client) flag(mailbox, id, change string) error {
	uid, err := c.one(mailbox, id)
	if err == nil {
		_, err = c.do("UID STORE %s %s", uid, change)
	}
	return err
}

// remove takes out one message; of several the newest.
func (c *client) remove(mailbox, id string) error {
	uids, err := c.find(mailbox, id)
	if err == nil && len(uids) == 0 {
		err = fmt.Errorf("%s is not in %s", id, mailbox)
	}
	if err != nil {
		return err
	}
	uid := uids[len(uids)-1]
	if _, err = c.do(`UID STORE %s +FLAGS (\Deleted)`, uid); err == nil {
		_, err = c.do("UID EXPUNGE %s", uid)
	}
	return err
}

func (c *client) move(from, id, to string) error {
	uid, err := c.one(from, id)
	if err == nil {
		_, err = c.do("UID MOVE %s %q", uid, c.box(to))
	}
	return err
}
