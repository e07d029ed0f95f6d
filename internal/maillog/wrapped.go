// SPDX-License-Identifier: Apache-2.0

package maillog

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// What containers put before a line: docker compose the name of the container, Kubernetes the time, the stream, and whether
// the line is whole.
var (
	composed = regexp.MustCompile(`^[\w.-]+ +\| `)
	inPod    = regexp.MustCompile(`^(\d{4}-\d\d-\d\dT\S+) (?:stdout|stderr) [FP] `)
)

// record is a line that a logger has written as JSON: the systemd journal, Docker, and shippers of logs.
type record struct {
	Journal words  `json:"MESSAGE"`
	Program string `json:"SYSLOG_IDENTIFIER"`
	Micros  string `json:"__REALTIME_TIMESTAMP"` // since 1970
	Docker  string `json:"log"`
	Time    string `json:"time"`
}

// words are a text, or its octets where it is not in UTF-8, as journalctl writes it.
type words string

// UnmarshalJSON implements json.Unmarshaler.
func (w *words) UnmarshalJSON(text []byte) error {
	if err := json.Unmarshal(text, (*string)(w)); err == nil {
		return nil
	}
	var numbers []int
	if err := json.Unmarshal(text, &numbers); err != nil {
		return err
	}
	octets := make([]byte, 0, len(numbers))
	for _, n := range numbers {
		octets = append(octets, byte(n))
	}
	*w = words(octets)
	return nil
}

// unwrap takes a line out of what a logger has put it in. when is the logger's time, program the one that it names; both may
// be missing.
func unwrap(line string) (inner string, when time.Time, program string) {
	if strings.HasPrefix(line, "{") {
		var r record
		if err := json.Unmarshal([]byte(line), &r); err != nil || string(r.Journal)+r.Docker == "" {
			return line, time.Time{}, ""
		}
		if micros, err := strconv.ParseInt(r.Micros, 10, 64); err == nil {
			when = time.UnixMicro(micros).UTC()
		} else if at, err := time.Parse(time.RFC3339Nano, r.Time); err == nil {
			when = at.UTC()
		}
		return strings.TrimSpace(string(r.Journal) + r.Docker), when, r.Program
	}
	begin := line[:min(len(line), 60)]
	if !strings.Contains(begin, " | ") && !strings.Contains(begin, " std") {
		return line, time.Time{}, ""
	}
	if m := inPod.FindStringSubmatch(line); m != nil {
		when, _ = time.Parse(time.RFC3339Nano, m[1]) // zero is not known
		return line[len(m[0]):], when.UTC(), ""
	}
	return line[len(composed.FindString(line)):], time.Time{}, ""
}
