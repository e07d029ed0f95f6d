// SPDX-License-Identifier: Apache-2.0

package rehome

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestSecret_neverShows(t *testing.T) {
	t.Parallel()
	s := NewSecret("hunter2")
	type record struct{ Password Secret }
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "secret", s, "record", record{s})
	asJSON, err := json.Marshal(record{s})
	if err != nil {
		t.Fatal(err)
	}
	shown := fmt.Sprintf("%v %+v %#v %s %q %x %d %v %s", s, s, s, s, s, s, s, record{s}, asJSON) + log.String()
	if strings.Contains(shown, "hunter2") || strings.Contains(shown, "68756e74657232") {
		t.Errorf("secret leaked: %s", shown)
	}
	if s.Reveal() != "hunter2" {
		t.Errorf("Reveal() = %q", s.Reveal())
	}
}

func TestFault_saysObjectServerWordsAndHint(t *testing.T) {
	t.Parallel()
	inner := &Fault{Class: ClassAuth, Op: "log in", Object: "anna@example.org", Server: "Authentication failed.", Hint: "check the password"}
	err := fmt.Errorf("open source: %w", inner)
	if got, want := err.Error(), `open source: log in anna@example.org: server says "Authentication failed."`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if ClassOf(err) != ClassAuth || HintOf(err) != "check the password" {
		t.Errorf("class %q hint %q", ClassOf(err), HintOf(err))
	}
	if ClassOf(errors.New("x")) != ClassBug {
		t.Error("an unclassified error must count as a bug")
	}
}

func TestHintOf_looksThroughFaultsWithoutHint(t *testing.T) {
	t.Parallel()
	err := &Fault{Class: ClassTemporary, Op: "open", Cause: &Fault{Class: ClassOperator, Hint: "start the server"}}
	if HintOf(err) != "start the server" {
		t.Errorf("hint = %q", HintOf(err))
	}
}
