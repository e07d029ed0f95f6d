// SPDX-License-Identifier: Apache-2.0

package sieve

import "strings"

// quote writes text as a string of one or more lines (RFC 5228 section 2.4.2). A line that begins with
// a dot gets a second one in the form with lines. NUL, which no string may hold, is left out.
func quote(text string) string {
	text = strings.ReplaceAll(lines(text), "\x00", "")
	if !strings.Contains(text, "\r\n") {
		return inline(text)
	}
	var out strings.Builder
	out.WriteString("text:\r\n")
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\r\n"), "\r\n") {
		if strings.HasPrefix(line, ".") {
			out.WriteByte('.')
		}
		out.WriteString(line + "\r\n")
	}
	out.WriteString(".\r\n")
	return out.String()
}

// inline writes text as a string in quotes, which may stand right behind any other token.
func inline(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\x00", "").Replace(text) + `"`
}

// lines ends every line with CR LF.
func lines(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	return strings.ReplaceAll(text, "\n", "\r\n")
}

// list writes one string, or several in brackets.
func list(texts []string) string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = quote(oneLine(text))
	}
	if len(quoted) == 1 {
		return quoted[0]
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// comment makes one line of a comment.
func comment(text string) string {
	return "# " + strings.ReplaceAll(oneLine(text), "\x00", "") + "\r\n"
}

// escapeMatches makes a text that :matches takes for a pattern of "*" and "?" alone.
func escapeMatches(text string) string { return strings.ReplaceAll(text, `\`, `\\`) }
