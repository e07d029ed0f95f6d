// SPDX-License-Identifier: Apache-2.0

package handover

import (
	"bufio"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"rehome"
)

// ReadPOPUsers reads who polls by POP3 from Dovecot's logs, plain or gzip.
func ReadPOPUsers(files []string) ([]string, error) {
	if len(files) == 0 {
		return nil, nil
	}
	users := map[string]bool{}
	for _, file := range files {
		if err := eachLine(file, func(line string) { notePOPUser(users, line) }); err != nil {
			return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "read the log", Object: file, Cause: err,
				Hint: "check the path, and that you may read it"}
		}
	}
	found := []string{}
	for user := range users {
		found = append(found, user)
	}
	slices.Sort(found)
	return found, nil
}

// notePOPUser knows Dovecot's line "pop3-login: Info: Login: user=<anna@example.com>, method=PLAIN".
func notePOPUser(users map[string]bool, line string) {
	_, rest, isPOP := strings.Cut(line, "pop3-login: ")
	_, rest, isLogin := strings.Cut(rest, "Login: user=<")
	user, _, ends := strings.Cut(rest, ">")
	if address, err := rehome.ParseAddress(user); isPOP && isLogin && ends && err == nil {
		users[address] = true
	}
}

// eachLine reads a log, plain or gzip.
func eachLine(file string, line func(string)) error {
	f, err := os.Open(file)
	if err != nil {
		return errors.Unwrap(err)
	}
	defer f.Close()
	buffered := bufio.NewReader(f)
	var text io.Reader = buffered
	if magic, _ := buffered.Peek(2); string(magic) == "\x1f\x8b" {
		if text, err = gzip.NewReader(buffered); err != nil {
			return err
		}
	}
	lines := bufio.NewReaderSize(text, 64<<10)
	for {
		one, isPrefix, err := lines.ReadLine()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		line(string(one))
		for isPrefix && err == nil { // the rest of a very long line says nothing of interest
			_, isPrefix, err = lines.ReadLine()
		}
	}
}
