// SPDX-License-Identifier: Apache-2.0

package imap

import "testing"

func TestQuotaOf(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		untagged []string
		want     Quota
		ok       bool
	}{
		{"storage", []string{`* QUOTAROOT INBOX "User quota"`, `* QUOTA "User quota" (STORAGE 10 512)`}, Quota{"User quota", 10 << 10, 512 << 10}, true},
		{"root without name", []string{`* QUOTAROOT INBOX ""`, `* QUOTA "" (MESSAGE 7 10 storage 0 1)`}, Quota{"", 0, 1 << 10}, true},
		{"the first of several", []string{`* QUOTA a (MESSAGE 1 2)`, `* QUOTA b (STORAGE 1 2)`, `* QUOTA c (STORAGE 3 4)`}, Quota{"b", 1 << 10,
			2 << 10}, true},
		{"messages only", []string{`* QUOTA a (MESSAGE 1 2)`}, Quota{}, false},
		{"no limit", []string{`* QUOTAROOT INBOX`}, Quota{}, false},
		{"empty", []string{`* QUOTA a ()`}, Quota{}, false},
		{"nonsense", []string{`* QUOTA a (STORAGE x 2)`, `* QUOTA a (STORAGE 1)`, `* QUOTA a STORAGE`, `* QUOTA`,
			`* QUOTA a (STORAGE 99999999999999999999 1)`}, Quota{}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client := connect(t, "QUOTA", func(s *script) {
				s.ok(`GETQUOTAROOT "a&APw-"`, test.untagged...)
				s.silent()
			})
			got, ok, err := client.QuotaOf(within(t), "aü")
			if got != test.want || ok != test.ok || err != nil {
				t.Errorf("got %+v, %v, %v, want %+v, %v", got, ok, err, test.want, test.ok)
			}
		})
	}
}

func TestQuotaOf_withoutTheExtension(t *testing.T) {
	t.Parallel()
	client := connect(t, "", func(s *script) { s.silent() })
	if got, ok, err := client.QuotaOf(within(t), "INBOX"); ok || err != nil {
		t.Errorf("got %+v, %v, %v, want nothing", got, ok, err)
	}
}
