// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"rehome/lab/corpus"
)

// wantToldWithoutContent proves that the log of the journey tells its course and every command, and nothing of what moved.
func (s *testSetup) wantToldWithoutContent() {
	s.t.Helper()
	content, err := os.ReadFile(filepath.Join(s.Dir, logFile))
	if err != nil {
		s.t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(s.Dir, logFile)); err != nil || info.Mode() != 0o600 {
		s.t.Errorf("mode %v, %v; want a log for its owner only", info.Mode(), err)
	}
	told := map[string]int{}
	for line := range bytes.Lines(content) {
		var entry struct {
			Message  string `json:"msg"`
			Protocol string `json:"protocol"`
		}
		if err := json.Unmarshal(line, &entry); err != nil {
			s.t.Fatalf("%q is no line of JSON: %v", line, err)
		}
		told[entry.Message]++
		told[entry.Message+" "+entry.Protocol]++
	}
	for _, want := range []string{
		"operation begins", "operation ends", "pass begins", "pass ends", "account begins", "account ends", "step ends", "mailbox begins", "mailbox ends",
		"collection begins", "collection ends", "batch answered", "verification begins", "finding", "connection opened imap", "connection opened dav",
		"connection opened managesieve", "connection closed imap", "command imap", "command dav", "command managesieve",
	} {
		if told[want] == 0 {
			s.t.Errorf("the log does not tell of %q", want)
		}
	}
	for _, secret := range contentOf(s.Organisation) {
		if bytes.Contains(content, []byte(secret)) {
			s.t.Errorf("the log shows %q, which is content", secret)
		}
	}
}

// contentOf returns subjects, lines of messages, and what contacts and calendars say, as far as they are long enough to be
// nothing else.
func contentOf(org corpus.Organisation) []string {
	const telling = 14
	var all []string
	add := func(line string) {
		if line = strings.TrimSpace(line); len(line) >= telling && !strings.HasPrefix(line, "--") {
			all = append(all, line)
		}
	}
	for _, person := range org.People {
		for _, mailbox := range person.Mailboxes {
			for _, m := range mailbox.Messages {
				header, body, _ := strings.Cut(string(m.Octets()), "\r\n\r\n")
				for line := range strings.Lines(header) {
					if subject, ok := strings.CutPrefix(line, "Subject: "); ok {
						add(subject)
					}
				}
				first, _, _ := strings.Cut(body, "\r\n")
				add(first)
			}
		}
		for _, collection := range slices.Concat(person.AddressBooks, person.Calendars) {
			for _, object := range collection.Resources {
				for line := range strings.Lines(string(object.Data)) {
					name, value, _ := strings.Cut(line, ":")
					if slices.Contains([]string{"SUMMARY", "DESCRIPTION", "NOTE", "TEL", "ADR"}, strings.SplitN(name, ";", 2)[0]) {
						add(value)
					}
				}
			}
		}
	}
	return all
}
