// SPDX-License-Identifier: Apache-2.0

package sievemodel

import (
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// test answers a test.
func (r *run) test(c command) (bool, error) {
	switch c.name {
	case "true", "false":
		return c.name == "true", nil
	case "not":
		holds, err := r.test(c.tests[0])
		return !holds, err
	case "allof", "anyof":
		for _, t := range c.tests {
			holds, err := r.test(t)
			if err != nil || holds == (c.name == "anyof") {
				return holds, err
			}
		}
		return c.name == "allof", nil
	case "exists":
		return !slices.ContainsFunc(c.texts[0], func(name string) bool { return len(r.fields(r.string(name))) == 0 }), nil
	case "size":
		limit := number(c.number)
		size := len(r.message.Text())
		return c.tags["over"] != nil && size > limit || c.tags["under"] != nil && size < limit, nil
	case "mailboxexists":
		return !slices.ContainsFunc(c.texts[0], func(name string) bool { return !r.exists(r.string(name)) }), nil
	case "hasflag":
		return r.any(c, r.flags, c.texts[0])
	case "header", "address", "envelope", "string":
		var things []string
		for _, name := range c.texts[0] {
			things = append(things, r.things(c, r.string(name))...)
		}
		return r.any(c, things, c.texts[1])
	}
	return false, fmt.Errorf("the model does not know the test %s", c.name)
}

// things are what a test compares, for one of its names.
func (r *run) things(c command, name string) []string {
	var found []string
	switch c.name {
	case "string":
		return []string{name}
	case "header":
		for _, text := range r.fields(name) {
			found = append(found, strings.TrimSpace(text))
		}
		return found
	case "envelope":
		found = []string{map[bool]string{true: r.message.From, false: r.message.To}[strings.EqualFold(name, "from")]}
	default:
		for _, text := range r.fields(name) {
			list, err := mail.ParseAddressList(text)
			for _, a := range list {
				if err == nil {
					found = append(found, a.Address)
				}
			}
		}
	}
	var parts []string
	for _, address := range found {
		if part, has := partOf(c, address); has {
			parts = append(parts, part)
		}
	}
	return parts
}

func partOf(c command, address string) (string, bool) {
	local, domain, _ := strings.Cut(address, "@")
	user, detail, tagged := strings.Cut(local, "+")
	switch {
	case c.tags["localpart"] != nil:
		return local, true
	case c.tags["domain"] != nil:
		return domain, true
	case c.tags["user"] != nil:
		return user, true
	case c.tags["detail"] != nil:
		return detail, tagged
	}
	return address, true
}

func (r *run) fields(name string) []string {
	var texts []string
	for _, f := range r.message.Fields {
		if strings.EqualFold(f[0], name) {
			texts = append(texts, f[1])
		}
	}
	return texts
}

func number(text string) int {
	n, _ := strconv.Atoi(strings.TrimRight(text, "KMG"))
	for _, unit := range []string{"K", "M", "G"} {
		n *= 1024
		if strings.HasSuffix(text, unit) {
			return n
		}
	}
	n, _ = strconv.Atoi(text)
	return n
}

// any compares each thing with each key.
func (r *run) any(c command, things, keys []string) (bool, error) {
	comparator := strings.Join(c.tags["comparator"], "")
	if comparator != "" && comparator != "i;octet" && comparator != "i;ascii-casemap" || c.tags["count"] != nil || c.tags["value"] != nil {
		return false, fmt.Errorf("the model cannot compare so: %v", c.tags)
	}
	fold := comparator != "i;octet"
	for _, thing := range things {
		for _, key := range keys {
			key = r.string(key)
			a, b := thing, key
			if fold {
				a, b = lower(a), lower(b)
			}
			switch {
			case c.tags["contains"] != nil && strings.Contains(a, b):
				return true, nil
			case c.tags["matches"] != nil:
				if r.matches(thing, key, fold) {
					return true, nil
				}
			case c.tags["contains"] == nil && a == b:
				return true, nil
			}
		}
	}
	return false, nil
}

// lower folds the letters of ASCII alone.
func lower(text string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'A' && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	}, text)
}

// matches compares with a pattern, and remembers what each wildcard stood for (RFC 5229 section 3.2).
func (r *run) matches(text, pattern string, fold bool) bool {
	expression := "(?s)^"
	if fold {
		expression = "(?si)^"
	}
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '*':
			expression += "(.*?)"
		case c == '?':
			expression += "(.)"
		default:
			if c == '\\' && i+1 < len(pattern) {
				i++
			}
			end := i + 1
			for end < len(pattern) && pattern[end]&0xC0 == 0x80 {
				end++
			}
			expression += regexp.QuoteMeta(pattern[i:end])
			i = end - 1
		}
	}
	found := regexp.MustCompile(expression + "$").FindStringSubmatch(text)
	if found == nil {
		return false
	}
	if r.substitutes {
		for i := range 10 {
			r.variables[strconv.Itoa(i)] = ""
			if i < len(found) {
				r.variables[strconv.Itoa(i)] = found[i]
			}
		}
	}
	return true
}

var (
	codes      = regexp.MustCompile(`(?i)\$\{(hex|unicode):\s*([0-9a-f]+(?:\s+[0-9a-f]+)*)\s*\}`)
	references = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z_0-9]*|[0-9]+)\}`)
)

// string is what a string of the script stands for.
func (r *run) string(text string) string {
	if r.encoded {
		text = codes.ReplaceAllStringFunc(text, func(code string) string {
			m := codes.FindStringSubmatch(code)
			out := ""
			for _, digits := range strings.Fields(m[2]) {
				n, _ := strconv.ParseUint(digits, 16, 32)
				if strings.EqualFold(m[1], "hex") {
					out += string([]byte{byte(n)})
				} else {
					out += string(rune(n))
				}
			}
			return out
		})
	}
	if r.substitutes {
		text = references.ReplaceAllStringFunc(text, func(reference string) string {
			return r.variables[strings.ToLower(references.FindStringSubmatch(reference)[1])]
		})
	}
	return text
}

func (r *run) set(c command) {
	value := r.string(c.texts[1][0])
	if c.tags["lower"] != nil {
		value = lower(value)
	}
	if c.tags["upper"] != nil {
		value = strings.ToUpper(value)
	}
	if c.tags["upperfirst"] != nil && value != "" {
		value = strings.ToUpper(value[:1]) + value[1:]
	}
	r.variables[strings.ToLower(c.texts[0][0])] = value
}
