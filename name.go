// SPDX-License-Identifier: Apache-2.0

package rehome

import (
	"slices"
	"strings"
	"unicode"
)

// SplitName makes first and last name of a display name; nothing of it is lost but quotes around the whole. The last word is
// the last name, together with the particles before it ("van Beethoven") and what follows a name ("Smith Jr.", "Berg, MBA");
// "Last, First" is turned. It cannot know that some languages write the family name first.
func SplitName(name string) (first, last string) {
	name = unquoted(strings.Join(strings.Fields(name), " "))
	parts := strings.Split(name, ", ")
	var suffix string
	for len(parts) > 1 && isSuffix(parts[len(parts)-1]) && (len(parts) > 2 || strings.Contains(parts[0], " ")) {
		suffix = ", " + parts[len(parts)-1] + suffix
		parts = parts[:len(parts)-1]
	}
	if len(parts) == 2 {
		return parts[1], parts[0] + suffix
	}
	words := strings.Split(strings.Join(parts, ", "), " ")
	at := len(words) - 1
	for at > 1 && isSuffix(words[at]) {
		at--
	}
	for at > 1 && isParticle(words[at-1]) {
		at--
	}
	if at <= 0 {
		return strings.Join(words, " ") + suffix, ""
	}
	return strings.Join(words[:at], " "), strings.Join(words[at:], " ") + suffix
}

// unquoted takes off quotes that stand around a whole name, as in a header field.
func unquoted(name string) string {
	for _, pair := range []string{`""`, "''", "“”", "„“", "«»", "‘’"} {
		marks := []rune(pair)
		inner, opens := strings.CutPrefix(name, string(marks[0]))
		inner, closes := strings.CutSuffix(inner, string(marks[1]))
		if opens && closes && !strings.ContainsAny(inner, pair) {
			return strings.TrimSpace(inner)
		}
	}
	return name
}

// suffixes follow a name: generations, degrees and professions, without dots and in lower case.
var suffixes = strings.Fields(`jr sr jun sen ii iii iv esq phd md dds dvm jd llm llb mba ba bsc msc ma ms bs bed med meng beng mphil dphil
	cpa cfa pmp pe rn ra obe mbe cbe kbe frs mp qc kc sc dipl-ing diplom-ing mag bakk dr ing cissp ccna mcse edd rev ret`)

// isSuffix reports whether every word says what somebody is and not what somebody is called.
func isSuffix(text string) bool {
	for word := range strings.FieldsSeq(text) {
		bare := strings.ToLower(strings.NewReplacer(".", "", "(", "", ")", "").Replace(word))
		if !slices.Contains(suffixes, bare) || len(bare) < 4 && word == strings.ToLower(word) && !strings.Contains(word, ".") {
			return false
		}
		if (bare == "ma" || bare == "med" || bare == "ing" || bare == "mag" || bare == "ra") && word != strings.ToUpper(word) &&
			!strings.Contains(word, ".") {
			return false // Yo-Yo Ma, and other names
		}
	}
	return text != ""
}

// particles belong to the last name where they are written small.
var particles = strings.Fields("van von vom zu zum zur de del della dell' dello di da dal dalla do dos du des la le lo las " +
	"los den der ter ten te 't af av bin ibn al el")

func isParticle(word string) bool {
	return slices.Contains(particles, word) && !strings.ContainsFunc(word, unicode.IsUpper)
}
