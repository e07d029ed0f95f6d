// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"fmt"
	"strings"
)

// RecordError says what is wrong with a record. Receivers take such a record as if it were not there, or fail.
type RecordError struct {
	Record string // "SPF", "DKIM"
	Why    string
}

// Error names both.
func (e *RecordError) Error() string { return "the " + e.Record + " record " + e.Why }

func wrong(record, format string, args ...any) error {
	return &RecordError{Record: record, Why: fmt.Sprintf(format, args...)}
}

// maxTags is more than any record has.
const maxTags = 64

// readTags reads "name=value; name=value" (RFC 6376 section 3.2, which the other records have taken over). White space around
// names and values does not count. A name that stands there twice makes the record void.
func readTags(record, text string) (tags map[string]string, first string, err error) {
	tags = map[string]string{}
	for part := range strings.SplitSeq(text, ";") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		name, value, found := strings.Cut(part, "=")
		name = strings.TrimSpace(name)
		switch {
		case !found || name == "":
			return nil, "", wrong(record, "has %q, which is no tag with a value", excerpt(strings.TrimSpace(part)))
		case len(tags) == maxTags:
			return nil, "", wrong(record, "has more than %d tags", maxTags)
		}
		if _, twice := tags[name]; twice {
			return nil, "", wrong(record, "has the tag %q twice", excerpt(name))
		}
		if len(tags) == 0 {
			first = name
		}
		tags[name] = strings.TrimSpace(value)
	}
	return tags, first, nil
}

// withTag returns those texts that begin with a version tag, such as v=DMARC1. Other TXT records at the same name are somebody
// else's.
func withTag(texts []string, version string) []string {
	var found []string
	for _, text := range texts {
		name, value, is := strings.Cut(strings.TrimSpace(text), "=")
		value, _, _ = strings.Cut(value, ";")
		if is && strings.TrimSpace(name) == "v" && strings.TrimSpace(value) == version {
			found = append(found, text)
		}
	}
	return found
}

// single returns the one record among texts; "" and no error if there is none.
func single(record string, texts []string) (string, error) {
	if len(texts) > 1 {
		return "", wrong(record, "is not the only one: there are %d", len(texts))
	}
	if len(texts) == 0 {
		return "", nil
	}
	return texts[0], nil
}

// maxExcerpt keeps a hostile record out of our sentences.
const maxExcerpt = 60

func excerpt(s string) string {
	if len(s) <= maxExcerpt {
		return s
	}
	return s[:maxExcerpt] + "..."
}

// Texts returns the texts of TXT records.
func Texts(records []Record) []string {
	var texts []string
	for _, r := range records {
		if r.Type == TXT {
			texts = append(texts, r.Data)
		}
	}
	return texts
}
