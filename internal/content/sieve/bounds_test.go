// SPDX-License-Identifier: Apache-2.0

package sieve

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Long scripts that are made to cost time or room are read, mapped and put into words in no time.
func TestRead_takesNoLongTimeForAnything(t *testing.T) {
	t.Parallel()
	const size = maxScript / 64 // what grows with the square shows
	head := "require [\"variables\", \"encoded-character\", \"fileinto\"];\n"
	fill := func(each func(i int) string) string {
		var b strings.Builder
		b.WriteString(head)
		for i := 0; b.Len() < size; i++ {
			b.WriteString(each(i))
		}
		return b.String()
	}
	for name, script := range map[string]string{
		"variables": fill(func(i int) string { return fmt.Sprintf("set \"a%d\" \"x\"; fileinto \"${a%d}\";\n", i, i/2) }),
		"doubling":  head + "set \"a\" \"x\";" + strings.Repeat("set \"a\" \"${a}${a}\";", 1000) + "fileinto \"${a}\";",
		"openings":  head + "fileinto \"" + strings.Repeat("${", size/2) + "\";",
		"hex":       head + "fileinto \"" + strings.Repeat("${hex:4", size/8) + "}\";",
		"names":     head + "if mailboxexists [" + strings.Repeat("\"${1}\",", size/8) + "\"x\"] { stop; }",
		"lines":     fill(func(int) string { return "fileinto \"${1}\";\ninclude \"x\";\n" }),
		"branches": fill(func(i int) string {
			return fmt.Sprintf("if true { set \"a%d\" \"x\"; } else { set \"b\" \"${a%d}\"; }\n", i%200, i%200)
		}),
		"choices":     fill(func(int) string { return "if true { set \"a\" \"1\"; } else { set \"a\" \"2\"; } fileinto \"${a}\";\n" }),
		"nested loop": head + strings.Repeat("foreverypart { set \"a\" \"x\"; ", maxDepth-1) + "fileinto \"${a}\";" + strings.Repeat("}", maxDepth-1),
	} {
		begun := time.Now()
		read, err := Read(script)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		mapped := read.Map(func(m Mailbox) string { return "INBOX." + m.Name })
		read.Describe()
		if took := time.Since(begun); took > 10*time.Second || len(mapped.Text) > 8*size || len(mapped.Doubts) > maxDoubts {
			t.Errorf("%s: took %v, %d octets, %d doubts", name, took, len(mapped.Text), len(mapped.Doubts))
		}
	}
}
