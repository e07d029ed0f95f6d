// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"errors"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/people"
	"rehome/internal/wave"
)

// What cannot be is refused before anything is done, with the word that was probably meant.
func TestWaves_mistakes(t *testing.T) {
	t.Parallel()
	m, store := moveOf(t, "anna@example.org", "bert@example.org")
	text := func(s string) *string { return &s }
	hours := func(s string) WaveChange { return WaveChange{Hours: &[]string{s}} }
	set := func(name string, change WaveChange) error {
		_, err := m.SetWave(t.Context(), name, change)
		return err
	}
	create := func(name string, change WaveChange, choice wave.Choice) error {
		_, err := m.CreateWave(t.Context(), name, change, &WaveChoice{Choice: choice})
		return err
	}
	for _, name := range []string{"pilot", "staff", "night"} {
		if _, err := m.CreateWave(t.Context(), name, WaveChange{}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(set("staff", WaveChange{After: text("pilot")}), set("night", WaveChange{After: text("staff")})); err != nil {
		t.Fatal(err)
	}
	_, noSuch := m.Waves(t.Context(), "pliot")
	for _, c := range []struct {
		err        error
		want, hint string
	}{
		{noSuch, "find wave pliot: there is no such wave", "did you mean pilot?"},
		{create("new", WaveChange{After: text("pliot")}, wave.Choice{}), "there is no wave pliot that has to be through before it", "did you mean pilot?"},
		{create("new", WaveChange{After: text("new")}, wave.Choice{}), "would wait for itself", "rehome wave status"},
		{set("pilot", WaveChange{After: text("pilot")}), "would wait for itself", "rehome wave status"},
		{set("pilot", WaveChange{After: text("night")}), "would wait for itself to be through before it (--after night)", "rehome wave status"},
		{create("new", WaveChange{}, wave.Choice{Domains: []string{"Example.ogr"}}), "find domain Example.ogr: no account of this move is in it",
			"did you mean example.org?"},
		{create("new", WaveChange{Zone: text("Europe/Berln")}, wave.Choice{}), `the time zone "Europe/Berln" is not known`, "--help"},
		{create("new", hours("10:00-10:00"), wave.Choice{}), "begin and end at the same time", "--help"},
		{create("New", WaveChange{}, wave.Choice{}), "has characters other than a-z", "another name"},
	} {
		var mistake *MistakeError
		if !errors.As(c.err, &mistake) || !strings.Contains(c.err.Error(), c.want) || !strings.Contains(rehome.HintOf(c.err), c.hint) {
			t.Errorf("%v (%s), want %q (%s)", c.err, rehome.HintOf(c.err), c.want, c.hint)
		}
	}
	if rows, err := store.Waves.All(t.Context()); err != nil || len(rows) != 3 {
		t.Errorf("there are %d waves, %v", len(rows), err)
	}
	if err := create("new", WaveChange{}, wave.Choice{Domains: []string{"EXAMPLE.org"}}); err != nil {
		t.Error(err)
	}
}

// Whoever is in a wave already is named with it, and stays there.
func TestAddToWave_inAnother(t *testing.T) {
	t.Parallel()
	m, _ := moveOf(t, "anna@x.test", "bert@x.test", "carl@x.test")
	makeWave(t, m, "pilot", WaveChange{}, "anna@x.test")
	makeWave(t, m, "staff", WaveChange{}, "bert@x.test")
	filled, err := m.AddToWave(t.Context(), "staff", WaveChoice{Accounts: people.Choice{Only: []string{"*@x.test"}}})
	if err != nil || filled.Added != 1 || filled.Already != 1 || filled.Elsewhere != 1 || filled.Others[0] != (Member{"anna@x.test", "pilot"}) {
		t.Errorf("%+v, %v", filled, err)
	}
}
