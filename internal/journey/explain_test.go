// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rehome"
)

// docs/findings.md is made of the tables. UPDATE=1 writes it.
func TestExplanations_areDocumented(t *testing.T) {
	t.Parallel()
	const file = "../../docs/findings.md"
	want := reference()
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the tables say: run UPDATE=1 go test -run %s ./internal/journey", file, t.Name())
	}
}

// What people read has one form: a clause that begins lower-case and ends without a full stop, and an explanation of
// sentences.
func TestExplanations_form(t *testing.T) {
	t.Parallel()
	double := regexp.MustCompile(`  |\bthe the\b|\ba a\b`)
	for _, d := range Findings() {
		for _, text := range []string{string(d.Sentence), string(d.NextStep)} {
			if strings.HasSuffix(text, ".") || double.MatchString(text) || text != "" && strings.ToUpper(text[:1]) == text[:1] &&
				!strings.ContainsAny(text[:1], `"{`) && !strings.HasPrefix(text, "INBOX") && !strings.HasPrefix(text, "POP3") {
				t.Errorf("%s: %q", d.Code, text)
			}
		}
		if d.Sentence == "" || !strings.HasSuffix(d.Meaning, ".") || double.MatchString(d.Meaning) || !slices.Contains(rehome.Topics(), d.Topic) {
			t.Errorf("%s: sentence %q, meaning %q, topic %q", d.Code, d.Sentence, d.Meaning, d.Topic)
		}
		if d.Severity != rehome.SeverityInfo && d.NextStep == "" && d.Severity == rehome.SeverityError {
			t.Errorf("%s: an error without a next step", d.Code)
		}
	}
}

func TestExplanation_answersItsFamily(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{"repaired_bad_duration": "repaired_*", "removals_held": "removals_held", "removals": ""} {
		i := slices.IndexFunc(Explanations(), func(e Explanation) bool { return e.Answers(code) })
		if (i >= 0) != (want != "") || i >= 0 && Explanations()[i].Code != want {
			t.Errorf("%s: got %d, want %q", code, i, want)
		}
	}
}

func reference() []byte {
	var b bytes.Buffer
	b.WriteString(`# Findings

A finding is something that an operator should know: its code never changes, its sentence and next step are for people.
` + "`rehome status`, `rehome report` and the JSON answers show findings; `rehome explain CODE` shows what follows here." + `

An **error** means that something was not copied, or would be lost. A **warning** means that something was copied and
somebody should look at it. **Info** needs no action. *Names in italics* stand for what differs from finding to finding.

This page is generated from the tables in the code.
`)
	var topic rehome.Topic
	for _, e := range Explanations() {
		if e.Topic != topic {
			topic = e.Topic
			fmt.Fprintf(&b, "\n## %s\n", topic)
		}
		fmt.Fprintf(&b, "\n### `%s`\n\n*%s*", e.Code, e.Severity)
		if e.Blocks {
			b.WriteString(", the account waits for you")
		}
		b.WriteString("\n")
		for _, said := range e.Said {
			fmt.Fprintf(&b, "\n> %s\n", inItalics(said.Sentence))
			if said.NextStep != "" {
				fmt.Fprintf(&b, ">\n> Next step: %s\n", inItalics(said.NextStep))
			}
		}
		fmt.Fprintf(&b, "\n%s\n", e.Meaning)
	}
	return b.Bytes()
}

var bracket = regexp.MustCompile(`<([a-z]+)>`)

func inItalics(text string) string { return bracket.ReplaceAllString(text, "*$1*") }
