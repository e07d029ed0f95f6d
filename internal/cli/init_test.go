// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/config"
)

func TestAsk_terminal(t *testing.T) {
	t.Parallel()
	f, out := testFrame(true)
	f.interactive = true
	f.app.In = strings.NewReader("Example Ltd\n example.com  example.org \nnew.example.com:993\n")
	draft := config.Draft{SourceIMAP: "old.example.com:993"}
	if err := f.ask(t.Context(), &draft); err != nil {
		t.Fatal(err)
	}
	if draft.Organisation != "Example Ltd" || !slices.Equal(draft.Domains, []string{"example.com", "example.org"}) ||
		draft.DestinationIMAP != "new.example.com:993" {
		t.Errorf("got %+v", draft)
	}
	if strings.Contains(out.String(), "source IMAP") || strings.Count(out.String(), ": ") != 3 {
		t.Errorf("asked %q, want three questions", out)
	}
}

func TestAsk_inputEnds(t *testing.T) {
	t.Parallel()
	f, _ := testFrame(true)
	f.interactive = true
	f.app.In = strings.NewReader("Example")
	err := f.ask(t.Context(), &config.Draft{})
	if exitCode(rehome.OutcomeDone, err) != exitUsage {
		t.Errorf("got %v, want a usage error", err)
	}
}

func TestAsk_interrupted(t *testing.T) {
	t.Parallel()
	f, _ := testFrame(true)
	f.interactive = true
	in, never := io.Pipe()
	t.Cleanup(func() { never.Close() })
	f.app.In = in
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.ask(ctx, &config.Draft{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the end of the context", err)
	}
}
