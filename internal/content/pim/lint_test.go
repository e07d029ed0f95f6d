// SPDX-License-Identifier: Apache-2.0

package pim

import "testing"

// The dirty objects that real servers hold. "!" marks what can be repaired.
func TestLint_dirtyObjects(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"after_2038.ics":             "after_2038",
		"bad_bday.vcf":               "invalid_date",
		"bad_date.ics":               "invalid_date",
		"bad_duration.ics":           "bad_duration!",
		"bad_offset.ics":             "bad_offset!",
		"bad_photo.vcf":              "base64_damaged",
		"bad_rule.ics":               "bad_rule",
		"base64_name.vcf":            "base64_name!",
		"bom.ics":                    "byte_order_mark!",
		"card.vcf":                   "",
		"card4.vcf":                  "",
		"charset.vcf":                "charset!",
		"control.ics":                "control_character!",
		"cr.ics":                     "line_ends!",
		"d2-no-fn.vcf":               "missing_fn!",
		"double.ics":                 "double_encoded!",
		"e1-control.ics":             "control_character!",
		"empty_lines.ics":            "empty_line!",
		"end_and_duration.ics":       "end_and_duration",
		"end_before_start.ics":       "end_before_start",
		"event.ics":                  "",
		"fn_twice.vcf":               "repeated_line!",
		"freebusy.ics":               "free_busy",
		"g1-category-with-comma.ics": "joined_categories!",
		"garbage.txt":                "unreadable",
		"group.vcf":                  "old_group",
		"group4.vcf":                 "",
		"joined_categories.ics":      "joined_categories!",
		"latin1.ics":                 "not_utf8!",
		"lf.ics":                     "line_ends!",
		"m1-geo.ics":                 "",
		"managed_attachment.ics":     "remote_attachment",
		"meeting.ics":                "email_alarm!",
		"method.ics":                 "method!",
		"missing_vtimezone.ics":      "missing_vtimezone",
		"mixed.ics":                  "mixed_components",
		"nameless.vcf":               "missing_fn! missing_n",
		"no_card_uid.vcf":            "missing_uid!",
		"no_colon.ics":               "stray_line!",
		"no_dtstamp.ics":             "missing_dtstamp!",
		"no_dtstart.ics":             "missing_dtstart",
		"no_event_uid.ics":           "missing_event_uid!",
		"no_fn.vcf":                  "missing_fn!",
		"no_fn_org.vcf":              "missing_fn!",
		"no_n.vcf":                   "missing_n!",
		"no_prodid_version.ics":      "missing_version! missing_prodid!",
		"no_version.vcf":             "missing_version!",
		"old.vcf":                    "vcard_21! missing_uid!",
		"only_override.ics":          "lone_override!",
		"only_timezone.ics":          "no_component",
		"photo3.vcf":                 "",
		"photo4.vcf":                 "",
		"recurring.ics":              "",
		"repeated_summary.ics":       "repeated_line!",
		"rrule-bysetpos.ics":         "",
		"split_character.ics":        "split_character!",
		"task.ics":                   "",
		"truncated.ics":              "truncated unbalanced",
		"two_cards.vcf":              "several_objects",
		"two_fn.vcf":                 "repeated_value",
		"two_masters.ics":            "several_masters",
		"two_rules.ics":              "several_rules",
		"two_summaries.ics":          "repeated_value",
		"two_uids.ics":               "several_uids",
		"unbalanced.ics":             "unbalanced",
		"unknown_zone.ics":           "unknown_zone",
		"until_type.ics":             "until_type",
		"yearly_1950.ics":            "before_1970",
	}
	for name, data := range corpus(t) {
		expected, listed := want[name]
		if got := codesOf(Lint(data, kindOfFile(name))); !listed || got != expected {
			t.Errorf("%s: got %q, want %q", name, got, expected)
		}
	}
}

func TestLint_saysWhereAndWhy(t *testing.T) {
	t.Parallel()
	got := Lint(sample(t, "end_before_start.ics"), KindCalendar)
	want := Problem{Code: CodeEndBeforeStart, Sentence: "ends before it begins", Line: 8}
	if len(got) != 1 || got[0] != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	got = Lint([]byte("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:1\r\nFN;X=\"a\"b:c\r\nN:;;;;\r\nEND:VCARD\r\n"), KindContact)
	if len(got) != 1 || got[0].Code != CodeBadParameter || got[0].Line != 4 || got[0].Column != 4 {
		t.Errorf("got %+v, want a bad parameter at line 4, column 4", got)
	}
}

func TestLint_wrongKind(t *testing.T) {
	t.Parallel()
	if got := codesOf(Lint(sample(t, "event.ics"), KindContact)); got != "unreadable" {
		t.Errorf("got %q, want unreadable", got)
	}
}
