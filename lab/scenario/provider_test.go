// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"context"
	"errors"
	"os"

	"rehome/lab/manual"
)

const providerPage = "../../docs/provider.md"

// providerStage is where the parts of the page for providers are played that take both servers and workers: a wave is copied by workers,
// they leave one alone that is paused, and all of it is proved.
type providerStage struct {
	*crew

	here bool
}

func (s *providerStage) Heading(string) {}

func (s *providerStage) Skips() bool { return !s.here }

func (s *providerStage) Direct(_ context.Context, direction string) error {
	s.here = direction == "both servers and two workers"
	return nil // the others are for the rest of the page
}

func (s *providerStage) Run(_ context.Context, args []string) (string, int, error) {
	o := s.run(args...)
	if o.code != 0 {
		return o.out + o.err, o.code, nil
	}
	return o.out, 0, nil // progress is another one each time
}

// wantProviderPage proves that the page shows what rehome says. UPDATE=1 rewrites its answers.
func (c *crew) wantProviderPage() {
	c.t.Helper()
	text, err := os.ReadFile(providerPage)
	if err != nil {
		c.t.Fatal(err)
	}
	page, err := manual.Parse(string(text))
	if err != nil {
		c.t.Fatal(err)
	}
	now, err := page.Play(c.t.Context(), &providerStage{crew: c})
	if os.Getenv("UPDATE") != "" && errors.Is(err, manual.ErrDiffers) {
		err = os.WriteFile(providerPage, []byte(now), 0o644)
	}
	if err != nil && !(errors.Is(err, manual.ErrDiffers) && os.Getenv("REHOME_SOAK") != "") { // which has other people
		c.t.Errorf("docs/provider.md: %v", err)
	}
	c.want(0, "wave", "remove", "pilot")
}
