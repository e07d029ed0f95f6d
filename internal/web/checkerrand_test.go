// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"rehome/internal/ledger"
)

// Both ends are looked at, and each line is shown with its next step, as text.
func TestCheck_everyLine(t *testing.T) {
	t.Parallel()
	s := operating(t, ledger.RoleOperate)
	s.do("/check", url.Values{})
	page := s.await("checked words")
	for _, want := range []string{"source, imap: it answers", "! destination, log-in: &lt;script&gt;", "-&gt; look"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is missing in %s", want, page)
		}
	}
	if strings.Contains(page, hostile) {
		t.Error("words are not text")
	}
	s.become(ledger.RoleLook)
	if status, _, _ := s.ask(http.MethodPost, "/check", url.Values{}, nil); status != http.StatusForbidden {
		t.Errorf("who only looks: %d", status)
	}
}
