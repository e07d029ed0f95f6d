// SPDX-License-Identifier: Apache-2.0

package maillog

import (
	"regexp"
	"strings"
	"time"
)

// entry is a line parted into what a logger puts before it and what a program has said.
type entry struct {
	when    time.Time
	tag     string // of the program as it stands there: "postfix/smtp[12]", "deliver(anna)"; "" if there is none
	program string // the tag without number and arguments, in lower case
	text    string
	own     string // everything behind the time: what a program says in a file of its own
}

// maxPrefix bounds the words before the tag: AIX and FreeBSD put host and facility there.
const maxPrefix = 5

var (
	priority = regexp.MustCompile(`^<(?:\d{1,3}|[a-z0-9]+\.[a-z0-9]+)> ?`)
	solaris  = regexp.MustCompile(`^\[ID \d+ \w+\.\w+\] `) // Solaris's syslogd, with msgid=1 in log.conf
)

// partEntry parts a line. What it does not find stays empty.
func partEntry(line string, latest time.Time) entry {
	line, when, program := unwrap(strings.TrimPrefix(line, "\ufeff"))
	if !when.IsZero() {
		latest = when // the logger's time has a year
	}
	e := partLine(line, latest)
	if e.when.IsZero() {
		e.when = when
	}
	if program != "" {
		e.setTag(program)
		e.text = line
	}
	return e
}

func partLine(line string, latest time.Time) entry {
	line = line[len(priority.FindString(line)):]
	body, versioned := strings.CutPrefix(line, "1 ")
	when, rest := cutTime(body, latest)
	if versioned && !when.IsZero() { // RFC 5424 section 6.2.2
		return partSyslog(when, rest)
	}
	if inner, own := strings.CutPrefix(line, "dovecot: "); own { // Dovecot 1 put its name before the time
		line = inner
	}
	when, rest = cutTime(line, latest)
	if labels, inner, found := strings.Cut(rest, "} "); found && strings.HasPrefix(labels, "{") && !when.IsZero() { // Loki's
		rest = inner
		if at, behind := cutTime(inner, when); !at.IsZero() {
			when, rest = at, behind
		}
	}
	e := entry{when: when, own: rest}
	e.cutTag(rest[len(priority.FindString(rest)):])
	return e
}

// cutTag finds the tag: the first word that ends with a colon, or has a process's number. The words before it are the
// host and, on some systems, the facility.
func (e *entry) cutTag(text string) {
	words, ends := firstWords(text, maxPrefix)
	for i, word := range words {
		tag, ends1 := strings.CutSuffix(word, ":")
		if !ends1 && !strings.HasSuffix(word, "]") || strings.HasPrefix(word, "[") {
			continue
		}
		e.setTag(tag)
		e.text = strings.TrimPrefix(strings.TrimLeft(text[ends[i]:], " "), ": ")
		e.text = e.text[len(solaris.FindString(e.text)):]
		return
	}
}

func (e *entry) setTag(tag string) {
	e.tag = tag
	name := tag
	if i := strings.IndexAny(name, "[("); i >= 0 {
		name = name[:i]
	}
	e.program = strings.ToLower(name)
}

// partSyslog parts what is behind the time of a line of RFC 5424: host, program, process, message's kind and structured
// data, each "-" if it is not known (section 6).
func partSyslog(when time.Time, rest string) entry {
	e := entry{when: when, own: rest}
	words, ends := firstWords(rest, 4)
	if len(words) < 4 {
		return e
	}
	e.setTag(words[1])
	e.text = strings.TrimPrefix(strings.TrimLeft(cutData(strings.TrimLeft(rest[ends[3]:], " ")), " "), "\ufeff")
	return e
}

// cutData takes structured data off: "-", or elements in brackets, in which a backslash guards a quote (section 6.3).
func cutData(text string) string {
	if rest, none := strings.CutPrefix(text, "-"); none {
		return rest
	}
	for strings.HasPrefix(text, "[") {
		quoted := false
		end := -1
		for i := 1; i < len(text) && end < 0; i++ {
			switch c := text[i]; {
			case c == '\\' && quoted:
				i++
			case c == '"':
				quoted = !quoted
			case c == ']' && !quoted:
				end = i
			}
		}
		if end < 0 {
			return text
		}
		text = text[end+1:]
	}
	return text
}
