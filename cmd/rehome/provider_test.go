// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"rehome/lab"
	"rehome/lab/manual"
	"rehome/lab/postgres"
)

const providerPage = "../../docs/provider.md"

// provider is where the page is played: a store on PostgreSQL, and no mail server. What takes some is played in lab/scenario.
type provider struct {
	skips    bool
	t        *testing.T
	program  string
	folder   string
	settings string // those that the page shows
	server   *postgres.Server
}

const providerPassword = "the store's own password"

func (p *provider) Heading(string) {}

func (p *provider) Skips() bool { return p.skips }

// Direct writes what the page shows, with the address of the store that there is.
func (p *provider) Direct(_ context.Context, direction string) error {
	switch direction {
	case "both servers and two workers", "no server":
		p.skips = direction != "no server"
		return nil
	case "write the settings and the secrets":
	default:
		return errors.New("it is not known")
	}
	store := "store: " + p.server.NetworkAddress("postgres")
	files := map[string]string{
		"rehome.yaml":   regexp.MustCompile(`(?m)^store: .*$`).ReplaceAllString(p.settings, strings.ReplaceAll(store, "$", "$$")),
		"people.csv":    "address\nanna@example.com\nbjorn@example.com\n",
		"secrets/store": providerPassword, "secrets/source-master": "x", "secrets/destination-master": "x", "secrets/oidc": "x",
		"secrets/emergency": "a sentence that is long",
	}
	if err := os.Mkdir(filepath.Join(p.folder, "secrets"), 0o700); err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(p.folder, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (p *provider) Run(ctx context.Context, args []string) (string, int, error) {
	command := exec.CommandContext(ctx, p.program, args...)
	command.Dir, command.Env = p.folder, append(os.Environ(), "GORACE=atexit_sleep_ms=0")
	said, err := command.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return string(said), exit.ExitCode(), nil
	}
	return string(said), 0, err
}

// The page for providers shows what rehome says, and settings that are right. UPDATE=1 rewrites its answers.
func TestProvider_pageIsTrue(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(providerPage)
	if err != nil {
		t.Fatal(err)
	}
	page, err := manual.Parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	server, err := postgres.Start(lab.Open(t), postgres.Options{Password: providerPassword, Connections: 60})
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "rehome") // by this name the test's own program is rehome
	if err := os.Symlink(self, program); err != nil {
		t.Fatal(err)
	}
	_, settings, found := bytes.Cut(text, []byte("```yaml\n"))
	settings, _, _ = bytes.Cut(settings, []byte("```"))
	if !found {
		t.Fatal("the page shows no settings")
	}
	stage := &provider{t: t, program: program, folder: t.TempDir(), settings: string(settings), server: server}
	written, err := page.Play(t.Context(), stage)
	if os.Getenv("UPDATE") != "" && (err == nil || errors.Is(err, manual.ErrDiffers)) {
		if err := os.WriteFile(providerPage, []byte(written), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if err != nil {
		t.Error(fmt.Errorf("docs/provider.md: %w", err))
	}
}
