// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"rehome/internal/itinerary"
	"rehome/internal/journey"
)

// What "next" tells a person to type is there.
func TestNext_namesCommandsThatThereAre(t *testing.T) {
	t.Parallel()
	f, _ := testFrame(false)
	root := rootCommand(f)
	for _, command := range itinerary.Commands() {
		words := strings.Fields(strings.TrimPrefix(command, "rehome "))
		if found, rest, err := root.Find(words); err != nil || found == root || len(rest) > 0 {
			t.Errorf("%s: there is no such command", command)
		}
	}
}

// The last lines say what to do now, whatever the state.
func TestWriteNext_endsWithTheOneThing(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 6, 18, 0, 0, 0, time.UTC)
	settings := itinerary.SettingsState{File: "rehome.yaml", There: true}
	for name, test := range map[string]struct {
		file  string
		state itinerary.State
		want  string
	}{
		"nothing": {"rehome.yaml", itinerary.State{}, "  -> rehome init DOMAIN\n"},
		"other settings": {"x/y.yaml", itinerary.State{Settings: settings},
			"next: see whether both ends let rehome in, and what they can do\n  -> rehome -c x/y.yaml check\n"},
		"closed": {"rehome.yaml", itinerary.State{Settings: settings, Now: now, Pages: true,
			Copies: itinerary.Copies{Accounts: 1, Copied: 1, Equal: 1, Newest: now}, Logins: itinerary.LoginState{Work: 1}, RecipientsCheck: itinerary.Look{At: now, Outcome: "done"},
			Domains: []itinerary.Domain{{Name: "a.test", Stage: itinerary.StageClosed}}}, "the move is complete: nothing is left to do\n"},
	} {
		f, _ := testFrame(false)
		f.configFile = test.file
		var out bytes.Buffer
		if err := f.writeNext(&out, journey.Next{Itinerary: itinerary.Of(test.state)}); err != nil || !strings.HasSuffix(out.String(), test.want) {
			t.Errorf("%s: got %s, %v\nwant it to end with %s", name, out.String(), err, test.want)
		}
	}
}
