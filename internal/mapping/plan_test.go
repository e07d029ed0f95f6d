// SPDX-License-Identifier: Apache-2.0

package mapping_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rehome/internal/mapping"
)

// mailboxes reads "name" or "name \Attribute \Attribute"; a blank inside a name is written "_".
func mailboxes(lines ...string) []mapping.Mailbox {
	var list []mapping.Mailbox
	for _, line := range lines {
		fields := strings.Fields(line)
		list = append(list, mapping.Mailbox{Name: strings.ReplaceAll(fields[0], "_", " "), Attributes: fields[1:]})
	}
	return list
}

// dotted is an end like atmail 7, slashed one like a cloud.
func dotted(lines ...string) mapping.End {
	return mapping.End{Prefix: "INBOX.", Delimiter: ".", Mailboxes: mailboxes(lines...)}
}

func slashed(lines ...string) mapping.End {
	return mapping.End{Delimiter: "/", Mailboxes: mailboxes(lines...)}
}

// ways renders the pairs as "source > destination", with the marks of the other fields.
func ways(plan mapping.Plan) []string {
	var list []string
	for _, pair := range plan.Pairs {
		way := pair.Source + " > " + pair.Destination
		if pair.Use != "" {
			way += " " + pair.Use
		}
		if pair.Container {
			way += " (container)"
		}
		list = append(list, way)
	}
	return list
}

// wayCase is one input of Make with the ways that it has to give.
type wayCase struct {
	name     string
	src, dst mapping.End
	rules    mapping.Rules
	want     []string
}

func checkWays(t *testing.T, cases []wayCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, ways(mapping.Make(c.src, c.dst, c.rules))); diff != "" {
				t.Errorf("ways (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMake_containersAndEarlierPlans(t *testing.T) {
	t.Parallel()
	checkWays(t, []wayCase{
		{"containers come along with their children only",
			slashed("A \\Noselect", "A/B", "C \\Noselect", "D \\NonExistent", "D/E \\NoSelect"), slashed(), mapping.Rules{},
			[]string{"A > A (container)", "A/B > A/B"}},
		{"an earlier plan stays in force",
			slashed("Gesendet", "Gesendet/a", "Sent"), slashed("Sent \\Sent", "Gesendet"),
			mapping.Rules{Settled: map[string]string{"Gesendet": "Gesendet", "Sent": "Sent"}},
			[]string{"Gesendet > Gesendet", "Gesendet/a > Gesendet/a", "Sent > Sent \\Sent"}},
	})
}

func TestMake_leftOut(t *testing.T) {
	t.Parallel()
	src := mapping.End{
		Prefix: "INBOX.", Delimiter: ".", Others: []string{"user.", "INBOX.shared.", ""},
		Mailboxes: mailboxes(
			"INBOX", "inbox", "INBOX.Keep", "INBOX.Keep", "user.bob.A", "user", "INBOX.shared.B", "INBOX.virtual.All", "INBOX.virtual",
			"INBOX.All \\All", "INBOX.Starred \\flagged", "INBOX.Temp", "INBOX.Wanted \\All", "INBOX..", "INBOX.Gone \\NonExistent"),
	}
	plan := mapping.Make(src, slashed(), mapping.Rules{
		Exclude: []*regexp.Regexp{regexp.MustCompile(`Temp$`), regexp.MustCompile(`Keep\.`)},
		Rename:  map[string]string{"INBOX.Wanted": "Everything"},
	})
	if diff := cmp.Diff([]string{"INBOX > INBOX", "INBOX.Keep > Keep", "INBOX.Wanted > Everything", "INBOX.virtual > virtual"}, ways(plan)); diff != "" {
		t.Errorf("ways (-want +got):\n%s", diff)
	}
	want := []mapping.Left{
		{Source: "INBOX..", Reason: "has no name of its own"},
		{Source: "INBOX.All", Reason: "virtual: it shows messages of other mailboxes"},
		{Source: "INBOX.Gone", Reason: "cannot be selected, and contains nothing to copy"},
		{Source: "INBOX.Starred", Reason: "virtual: it shows messages of other mailboxes"},
		{Source: "INBOX.Temp", Reason: "excluded by rule"},
		{Source: "INBOX.shared.B", Reason: "belongs to another user, or is shared"},
		{Source: "INBOX.virtual.All", Reason: "inside the virtual namespace"},
		{Source: "inbox", Reason: "another spelling of INBOX"},
		{Source: "user", Reason: "belongs to another user, or is shared"},
		{Source: "user.bob.A", Reason: "belongs to another user, or is shared"},
	}
	if diff := cmp.Diff(want, plan.Left); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
}

func TestMake_fieldsOfAPair(t *testing.T) {
	t.Parallel()
	src := slashed("INBOX", "A", "B \\Noselect", "B/C", "D", "E")
	src.Mailboxes[1].Subscribed = true
	plan := mapping.Make(src, slashed("INBOX", "A", "B", "D \\Noselect"), mapping.Rules{})
	want := []mapping.Pair{
		{Source: "INBOX", Destination: "INBOX", Exists: true, Why: "always INBOX"},
		{Source: "A", Destination: "A", Exists: true, Subscribe: true, Why: "same name"},
		{Source: "B", Destination: "B", Exists: true, Container: true, Why: "same name"},
		{Source: "B/C", Destination: "B/C", Why: "same name"},
		{Source: "D", Destination: "D", Why: "same name"},
		{Source: "E", Destination: "E", Why: "same name"},
	}
	slices.SortFunc(want, func(a, b mapping.Pair) int { return strings.Compare(a.Source, b.Source) })
	if diff := cmp.Diff(want, plan.Pairs); diff != "" {
		t.Errorf("pairs (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"B/C", "D", "E"}, plan.Missing()); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
}

func TestMake_why(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		src   mapping.End
		rules mapping.Rules
		want  string
	}{
		{src: dotted("INBOX.A"), want: "same path"},
		{src: slashed("A"), want: "same name"},
		{src: slashed("a\x01"), want: "renamed: characters refused"},
		{src: mapping.End{Delimiter: ".", Mailboxes: mailboxes("a/b")}, want: "renamed: separator inside"},
		{src: slashed("shared/a"), want: "renamed: another namespace has the name"},
		{src: slashed("Taken"), want: "renamed: name is taken"},
		{src: slashed("Gesendet \\Sent"), want: `special use \Sent`},
		{src: slashed("A"), rules: mapping.Rules{Rename: map[string]string{"A": "B"}}, want: "renamed by rule"},
		{src: slashed("A"), rules: mapping.Rules{Settled: map[string]string{"A": "B"}}, want: "settled by an earlier plan"},
		{src: slashed("A"), rules: mapping.Rules{Patterns: []mapping.Pattern{{Match: regexp.MustCompile("A"), Replace: "B"}}},
			want: "rewritten by pattern"},
		{src: slashed(strings.Repeat("x", 30)), rules: mapping.Rules{MaxName: 20}, want: "renamed: too long"},
	} {
		dst := slashed("Sent \\Sent", "Taken \\All")
		dst.Others = []string{"shared/"}
		plan := mapping.Make(c.src, dst, c.rules)
		if got := plan.Pairs[0].Why; got != c.want {
			t.Errorf("%s: got %q, want %q", plan.Pairs[0].Source, got, c.want)
		}
	}
}

func TestMake_findings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		src   mapping.End
		rules mapping.Rules
		want  []string // code and object
	}{
		{"nothing to tell", dotted("INBOX", "INBOX.Sent", "INBOX.A.B"), mapping.Rules{}, nil},
		{"excluded on purpose", slashed("A"), mapping.Rules{Exclude: []*regexp.Regexp{regexp.MustCompile("A")}}, nil},
		{"separator inside", mapping.End{Delimiter: ".", Mailboxes: mailboxes("a/b")}, mapping.Rules{}, []string{"mailbox_renamed a/b"}},
		{"case", slashed("Work", "work"), mapping.Rules{}, []string{"mailbox_case_twin Work", "mailbox_case_twin work"}},
		{"case at the destination", slashed("existing"), mapping.Rules{}, []string{"mailbox_case_twin existing"}},
		{"case folded", slashed("Work", "work"), mapping.Rules{FoldsCase: true}, []string{"mailbox_renamed work"}},
		{"merge", slashed("A", "B"), mapping.Rules{Rename: map[string]string{"B": "A"}}, []string{"mailbox_merged A"}},
		{"merge into INBOX", slashed("INBOX", "B"), mapping.Rules{Rename: map[string]string{"B": "INBOX"}}, []string{"mailbox_merged B"}},
		{"two of one use", slashed("Sent", "Sent_Items"), mapping.Rules{}, []string{"special_use_twice Sent Items"}},
		{"virtual", slashed("All \\All"), mapping.Rules{}, []string{"mailbox_left_out All"}},
		{"rules", slashed("INBOX", "A"), mapping.Rules{Rename: map[string]string{"INBOX": "x", "A": ""}},
			[]string{"mapping_rule_unusable INBOX", "mapping_rule_unusable A"}},
		{"INBOX excluded", slashed("INBOX"), mapping.Rules{Exclude: []*regexp.Regexp{regexp.MustCompile("")}}, []string{"inbox_left_out INBOX"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, finding := range mapping.Make(c.src, slashed("Existing"), c.rules).Findings {
				got = append(got, finding.Code+" "+finding.Object)
				if finding.Sentence == "" || finding.Severity == "" || finding.Account != "" {
					t.Errorf("finding without sentence or severity, or with an account: %+v", finding)
				}
			}
			slices.Sort(got)
			slices.Sort(c.want)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}
