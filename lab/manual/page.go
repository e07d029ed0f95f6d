// SPDX-License-Identifier: Apache-2.0

// Package manual plays a page of the manual. What a reader sees in a block of the page is what rehome says:
//
//	```console
//	$ rehome status
//	Kestrel & Sons
//	...
//	```
//
// A line that begins with "$ rehome" is a command, and goes on behind a backslash at its end. The lines below it are its answer; one of
// three dots stands for any lines, or none. The block names the exit code if it is not 0 (console exit=5). What the world does
// between two commands stands in a comment, which no reader sees: <!-- lab: import the accounts -->.
//
//  1. Parse reads a page.
//  2. Page.Play takes a Stage through it, on which the commands run.
package manual

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Page is a page of the manual, as far as it can be played.
type Page struct {
	lines []string
	acts  []act
}

// act is a heading, a direction or a command, in the order of the page.
type act struct {
	line int // of the page, from 1

	heading   string
	direction string

	command []string // words behind "rehome"
	exit    int
	from    int // lines of the answer in the page: [from, to)
	to      int
}

var (
	fence     = regexp.MustCompile("^```(\\S*)(?: exit=(\\d+))?$")
	direction = regexp.MustCompile(`^<!-- lab: (.+) -->$`)
)

const prompt = "$ rehome "

// Parse reads the text of a page. An error names the line that cannot be played.
func Parse(text string) (*Page, error) {
	p := &Page{lines: strings.Split(text, "\n")}
	for i := 0; i < len(p.lines); i++ {
		line := p.lines[i]
		opening, told := fence.FindStringSubmatch(line), direction.FindStringSubmatch(line)
		switch {
		case opening != nil:
			end := p.fenceEnd(i + 1)
			if opening[1] == "console" {
				if err := p.block(i+1, end, opening[2]); err != nil {
					return nil, err
				}
			}
			i = end
		case told != nil:
			p.acts = append(p.acts, act{line: i + 1, direction: told[1]})
		case strings.HasPrefix(line, "#"):
			p.acts = append(p.acts, act{line: i + 1, heading: strings.TrimLeft(line, "# ")})
		}
	}
	return p, nil
}

// fenceEnd is the line that closes the block which begins at line i.
func (p *Page) fenceEnd(i int) int {
	for i < len(p.lines) && p.lines[i] != "```" {
		i++
	}
	return i
}

// block reads the commands between two fences. The exit code is the last command's; those before it end with 0.
func (p *Page) block(from, to int, exit string) error {
	first := len(p.acts)
	for i := from; i < to; i++ {
		line, isCommand := strings.CutPrefix(p.lines[i], prompt)
		switch {
		case isCommand:
			a := act{line: i + 1}
			for strings.HasSuffix(line, `\`) && i+1 < to {
				i++
				line = strings.TrimSuffix(line, `\`) + p.lines[i]
			}
			var err error
			if a.command, err = words(line); err != nil {
				return fmt.Errorf("line %d: %w", i+1, err)
			}
			a.from, a.to = i+1, i+1
			p.acts = append(p.acts, a)
		case len(p.acts) == first:
			return fmt.Errorf("line %d: the block begins with no command: %q", i+1, p.lines[i])
		default:
			p.acts[len(p.acts)-1].to = i + 1
		}
	}
	if len(p.acts) == first {
		return fmt.Errorf("line %d: the block has no command", from)
	}
	if exit != "" {
		p.acts[len(p.acts)-1].exit, _ = strconv.Atoi(exit) // digits, by the expression
	}
	return nil
}

// words splits a command line as a shell does, as far as the manual needs it: at blanks that no quotation marks hold.
func words(line string) ([]string, error) {
	var split []string
	for _, part := range regexp.MustCompile(`(?:"[^"]*"|'[^']*'|[^\s"'])+`).FindAllString(line, -1) {
		split = append(split, regexp.MustCompile(`["']`).ReplaceAllString(part, ""))
	}
	if strings.Count(line, `"`)%2+strings.Count(line, `'`)%2 > 0 {
		return nil, fmt.Errorf("a quotation is not closed: %s", line)
	}
	return split, nil
}
