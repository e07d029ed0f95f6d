// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"net/http"
	"net/url"

	"rehome"
	"rehome/internal/checkup"
	"rehome/internal/ledger"
)

// checkErrand looks at both ends, as "rehome check". It changes nothing at either end, so nothing is shown first.
func (s *Screen) checkErrand() errand {
	return errand{command: "check", role: ledger.RoleOperate, run: func(ctx context.Context, w *work) (string, rehome.Outcome, error) {
		report, err := s.move.Check(ctx)
		if err != nil {
			return "", "", err
		}
		for _, a := range report.Advice {
			w.tell(s.options.Now(), adviceWords(a))
		}
		return s.options.Words.Checked(report), report.Outcome(), nil
	}}
}

// adviceWords are a line of the check, with the marks of the terminal.
func adviceWords(a checkup.Advice) string {
	mark := map[checkup.Level]string{checkup.LevelOK: "+", checkup.LevelWarning: "!", checkup.LevelError: "x"}[a.Level]
	words := mark + " " + a.Side + ", " + a.Subject + ": " + a.Sentence
	if a.NextStep != "" {
		words += " -> " + a.NextStep
	}
	return words
}

func (s *Screen) startCheck(w http.ResponseWriter, r *http.Request, who visitor) {
	s.order(w, r, who, func(url.Values) (errand, error) { return s.checkErrand(), nil })
}
