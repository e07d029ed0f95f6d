// SPDX-License-Identifier: Apache-2.0

package checkup

import (
	"strings"
	"testing"
	"time"

	"rehome/internal/signon"
	"rehome/lab/issuer"
)

// The issuer of the screen is looked at; the move works without it, so nothing about it is an error.
func TestSignOn_oneLine(t *testing.T) {
	t.Parallel()
	at := issuer.Open(t, time.Now)
	for want, says := range map[string]map[string]any{
		"ok sign-in: localhost:":        nil,
		"warning sign-in: localhost:":   {"response_types_supported": []string{"id_token"}},
		"warning sign-in: sign in by h": {"issuer": "https://other.example"},
	} {
		at.Say(says)
		c := NewList("settings")
		SignOn(t.Context(), c, signon.New(signon.Options{Issuer: at.URL, Client: issuer.Client}))
		if got := words(c); !strings.HasPrefix(got, want) || strings.Contains(got, "\n") || (says == nil) == (c.advice[0].NextStep != "") {
			t.Errorf("%v: %s -> %s", says, got, c.advice[0].NextStep)
		}
	}
}
