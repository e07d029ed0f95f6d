// SPDX-License-Identifier: Apache-2.0

package mapping_test

import (
	stdcmp "cmp"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"rehome/internal/mapping"
)

// awkward parts meet often, so that they collide often.
func drawPart() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom([]string{
		"A", "a", "B", "A-2", "A-3", "INBOX", "Inbox", "Sent", "sent", "Sent Items", "Gesendet", "Drafts", "Spam", "Junk", "Archive",
		"é", "e\u0301", "x.y", "x/y", "x．y", "x／y", "~", "..", " ", " A ", "virtual", "shared", "All", "\t", "\u2028", "😀&", "\xff",
		strings.Repeat("long", 20), strings.Repeat("長い", 20),
	}), rapid.String())
}

func drawMailbox(t *rapid.T, end mapping.End) mapping.Mailbox {
	parts := rapid.SliceOfN(drawPart(), 1, 3).Draw(t, "parts")
	prefix := rapid.SampledFrom([]string{end.Prefix, end.Prefix, ""}).Draw(t, "prefix")
	return mapping.Mailbox{
		Name:      prefix + strings.Join(parts, end.Delimiter),
		Delimiter: rapid.SampledFrom([]string{"", end.Delimiter}).Draw(t, "delimiter"),
		Attributes: rapid.SliceOfN(rapid.SampledFrom([]string{
			`\HasChildren`, `\Noselect`, `\NonExistent`, `\Sent`, `\Trash`, `\JUNK`, `\All`,
		}), 0, 1).Draw(t, "attributes"),
	}
}

func drawEnd(t *rapid.T) mapping.End {
	end := mapping.End{
		Delimiter: rapid.SampledFrom([]string{".", "/", ""}).Draw(t, "delimiter"),
		Others:    rapid.SampledFrom([][]string{nil, {"shared/", "shared."}}).Draw(t, "others"),
	}
	if end.Delimiter != "" {
		end.Prefix = rapid.SampledFrom([]string{"", "INBOX" + end.Delimiter}).Draw(t, "namespace")
	}
	for range rapid.IntRange(0, 12).Draw(t, "mailboxes") {
		end.Mailboxes = append(end.Mailboxes, drawMailbox(t, end))
	}
	if rapid.Bool().Draw(t, "inbox") {
		end.Mailboxes = append(end.Mailboxes, mapping.Mailbox{Name: "INBOX"})
	}
	return end
}

func drawRules(t *rapid.T) mapping.Rules {
	rules := mapping.Rules{
		NoSpecialUse: rapid.IntRange(0, 4).Draw(t, "special use") == 0,
		FoldsCase:    rapid.Bool().Draw(t, "folds"),
		Refused:      rapid.SampledFrom([]string{"", `*%"`, "A&"}).Draw(t, "refused"),
		Substitute:   rapid.SampledFrom([]string{"", "_", ".", "/"}).Draw(t, "substitute"),
		TrimBlanks:   rapid.Bool().Draw(t, "trim"),
		MaxName:      rapid.SampledFrom([]int{0, 40, 255}).Draw(t, "longest"),
	}
	if rapid.Bool().Draw(t, "patterns") {
		rules.Patterns = []mapping.Pattern{{Match: regexp.MustCompile("^A"), Replace: "B"}, {Match: regexp.MustCompile("Gesendet"), Replace: "A./B"}}
	}
	if rapid.Bool().Draw(t, "exclude") {
		rules.Exclude = []*regexp.Regexp{regexp.MustCompile("^I.*s$")}
	}
	return rules
}

// drawRenames adds exact renames of mailboxes that exist.
func drawRenames(t *rapid.T, src, dst mapping.End, rules *mapping.Rules) {
	if len(src.Mailboxes) == 0 {
		return
	}
	rules.Rename = map[string]string{}
	for range rapid.IntRange(1, 3).Draw(t, "renames") {
		from := rapid.SampledFrom(src.Mailboxes).Draw(t, "from").Name
		rules.Rename[from] = dst.Prefix + drawPart().Draw(t, "to")
	}
}

func keyOf(name string, rules mapping.Rules) string {
	name = norm.NFC.String(name)
	if strings.EqualFold(name, "INBOX") {
		return "INBOX"
	}
	if rules.FoldsCase {
		name = norm.NFC.String(cases.Fold().String(name))
	}
	return name
}

// made returns the destination after the plan has been carried out.
func made(dst mapping.End, plan mapping.Plan) mapping.End {
	listed := map[string]bool{}
	dst.Mailboxes = slices.DeleteFunc(slices.Clone(dst.Mailboxes), func(m mapping.Mailbox) bool { return slices.Contains(plan.Missing(), m.Name) })
	for _, name := range plan.Missing() {
		dst.Mailboxes = append(dst.Mailboxes, mapping.Mailbox{Name: name})
	}
	for _, m := range dst.Mailboxes {
		listed[m.Name] = true
	}
	for _, pair := range plan.Pairs {
		if pair.Container && !listed[pair.Destination] {
			dst.Mailboxes = append(dst.Mailboxes, mapping.Mailbox{Name: pair.Destination, Attributes: []string{`\Noselect`}})
		}
	}
	return dst
}

func TestMake_isTotal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		src, dst, rules := drawEnd(t), drawEnd(t), drawRules(t)
		drawRenames(t, src, dst, &rules)
		plan := mapping.Make(src, dst, rules)
		seen := map[string]int{}
		for _, pair := range plan.Pairs {
			seen[pair.Source]++
		}
		for _, left := range plan.Left {
			seen[left.Source]++
			if left.Reason == "" {
				t.Errorf("%q is left out without a reason", left.Source)
			}
		}
		for _, m := range src.Mailboxes {
			if seen[m.Name] != 1 {
				t.Errorf("%q is in the plan %d times, want once", m.Name, seen[m.Name])
			}
			delete(seen, m.Name)
			seen[m.Name] = 1
		}
		bySource := func(a, b mapping.Pair) int { return strings.Compare(a.Source, b.Source) }
		if !slices.IsSortedFunc(plan.Pairs, bySource) || !slices.IsSorted(plan.Missing()) {
			t.Error("the plan is not in order")
		}
	})
}

func TestMake_isInjective(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		src, dst, rules := drawEnd(t), drawEnd(t), drawRules(t)
		if rapid.Bool().Draw(t, "with renames") {
			drawRenames(t, src, dst, &rules)
		}
		owners := map[string][]string{}
		for _, pair := range mapping.Make(src, dst, rules).Pairs {
			key := keyOf(pair.Destination, rules)
			owners[key] = append(owners[key], pair.Source)
		}
		for name, sources := range owners {
			byRule := slices.ContainsFunc(sources, func(source string) bool { return rules.Rename[source] != "" })
			if len(sources) > 1 && !byRule {
				t.Errorf("%q all go to %q, and no rule says so", sources, name)
			}
		}
	})
}

func TestMake_keepsInbox(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		src, dst, rules := drawEnd(t), drawEnd(t), drawRules(t)
		for _, pair := range mapping.Make(src, dst, rules).Pairs {
			if fromInbox, toInbox := strings.EqualFold(pair.Source, "INBOX"), strings.EqualFold(pair.Destination, "INBOX"); fromInbox != toInbox {
				t.Errorf("%q goes to %q", pair.Source, pair.Destination)
			}
		}
	})
}

func TestMake_namesAreSound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		src, dst, rules := drawEnd(t), drawEnd(t), drawRules(t)
		for _, pair := range mapping.Make(src, dst, rules).Pairs {
			if pair.Destination == "INBOX" || isListed(dst, pair.Destination) {
				continue
			}
			inside, found := strings.CutPrefix(pair.Destination, dst.Prefix)
			if !found {
				t.Errorf("%q is outside the namespace %q", pair.Destination, dst.Prefix)
			}
			checkParts(t, pair.Destination, newParts(inside, dst), rules)
			if rules.MaxName > 0 && mapping.EncodedLength(pair.Destination) > rules.MaxName {
				t.Errorf("%q takes %d octets, want at most %d", pair.Destination, mapping.EncodedLength(pair.Destination), rules.MaxName)
			}
		}
	})
}

func isListed(end mapping.End, name string) bool {
	return slices.ContainsFunc(end.Mailboxes, func(m mapping.Mailbox) bool {
		return m.Name == name || m.Name == name+end.Delimiter
	})
}

// newParts returns the parts of a name that the destination does not have yet: what is there may
// be spelled as it likes.
func newParts(inside string, dst mapping.End) []string {
	delimiter := stdcmp.Or(dst.Delimiter, ".")
	parts := strings.Split(inside, delimiter)
	for i := len(parts); i > 0; i-- {
		if isListed(dst, dst.Prefix+strings.Join(parts[:i], delimiter)) {
			return parts[i:]
		}
	}
	if strings.HasPrefix(parts[0], "~") {
		return []string{".."} // leads out of the store just as well
	}
	return parts
}

func checkParts(t *rapid.T, name string, parts []string, rules mapping.Rules) {
	for _, part := range parts {
		switch {
		case part == "" || part == "." || part == "..",
			!utf8.ValidString(part) || strings.ContainsFunc(part, unicode.IsControl) || strings.Contains(part, "\u2028"),
			strings.ContainsAny(part, rules.Refused+"/"),
			rules.TrimBlanks && strings.Trim(part, " ") == "":
			t.Errorf("%q has a part %q that is not allowed", name, part)
		}
	}
}

func TestMake_orderOfTheListsDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		src, dst, rules := drawEnd(t), drawEnd(t), drawRules(t)
		drawRenames(t, src, dst, &rules)
		// Two lines for one name would make the order matter; no server sends that.
		byName := func(a, b mapping.Mailbox) int { return strings.Compare(a.Name, b.Name) }
		sameName := func(a, b mapping.Mailbox) bool { return a.Name == b.Name }
		for _, end := range []*mapping.End{&src, &dst} {
			slices.SortStableFunc(end.Mailboxes, byName)
			end.Mailboxes = slices.CompactFunc(end.Mailboxes, sameName)
		}
		want := mapping.Make(src, dst, rules)
		shuffle := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		for _, list := range [][]mapping.Mailbox{src.Mailboxes, dst.Mailboxes} {
			shuffle.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		}
		if diff := cmp.Diff(want, mapping.Make(src, dst, rules)); diff != "" {
			t.Errorf("shuffled (-want +got):\n%s", diff)
		}
	})
}

func TestMake_isAFixpoint(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		src, dst, rules := drawEnd(t), drawEnd(t), drawRules(t)
		if rapid.Bool().Draw(t, "with renames") {
			drawRenames(t, src, dst, &rules)
		}
		first := mapping.Make(src, dst, rules)
		want := slices.Clone(first.Pairs)
		for i := range want {
			want[i].Exists = true
		}
		second := mapping.Make(src, made(dst, first), rules)
		if diff := cmp.Diff(want, second.Pairs); diff != "" {
			t.Errorf("after the mailboxes were created (-want +got):\n%s", diff)
		}
		if len(second.Missing()) > 0 {
			t.Errorf("still missing: %q", second.Missing())
		}
	})
}

// A server may show a special use only once the mailbox is there, as Dovecot does.
func TestMake_settledStays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		src, dst, rules := drawEnd(t), drawEnd(t), drawRules(t)
		first := mapping.Make(src, dst, rules)
		want := map[string]string{}
		for _, pair := range first.Pairs {
			want[pair.Source] = pair.Destination
		}
		later := made(dst, first)
		for i, m := range later.Mailboxes {
			if strings.Contains(m.Name, "Sent") {
				later.Mailboxes[i].Attributes = []string{`\Sent`}
			}
		}
		rules.Settled = maps.Clone(want)
		got := map[string]string{}
		for _, pair := range mapping.Make(src, later, rules).Pairs {
			got[pair.Source] = pair.Destination
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("with the first plan settled (-want +got):\n%s", diff)
		}
	})
}
