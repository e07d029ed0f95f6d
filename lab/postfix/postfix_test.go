// SPDX-License-Identifier: Apache-2.0

package postfix

import (
	"net/smtp"
	"strings"
	"testing"

	"rehome/lab"
)

func TestStart_takesWhatItsMapsKnow(t *testing.T) {
	t.Parallel()
	s, err := Start(lab.Open(t), Options{Domains: []string{"a.test"}, Accounts: []string{"anna@a.test"}, Virtual: "sales@a.test anna@a.test\n"})
	if err != nil {
		t.Fatal(err)
	}
	client, err := smtp.Dial(s.SMTP)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.Mail(""); err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{"anna@a.test": "", "sales@a.test": "", "nobody@a.test": "5.1.1", "x@b.test": "5.7.1"} {
		got := ""
		if err := client.Rcpt(address); err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) || (want == "") != (got == "") {
			t.Errorf("%s: got %q, want %q", address, got, want)
		}
	}
	if log, err := s.Log("RCPT from"); err != nil {
		t.Errorf("%v, want the refusals in it:\n%s", err, log)
	}
}
