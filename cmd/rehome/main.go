// SPDX-License-Identifier: Apache-2.0

// Command rehome moves an organisation's mail presence from one server to another.
//
// main only wires: it is the one place that knows every package.
package main

import (
	"context"
	"log/slog"
	"net"
	"os"

	"rehome/internal/cli"
	"rehome/internal/journey"
	"rehome/internal/metrics"
	"rehome/internal/vault"
	"rehome/internal/web"
)

// version is set by the linker, see the Makefile.
var version = "(development)"

func main() {
	os.Exit(run())
}

func run() int {
	collectAtLeisure()
	app := cli.App{
		Version:     version,
		In:          os.Stdin,
		Out:         os.Stdout,
		Err:         os.Stderr,
		NewIdentity: vault.CreateIdentity,
		Screen:      showScreen,
		Admin:       openAdmin,
	}
	return app.Run(context.Background(), os.Args[1:])
}

// openAdmin answers those who watch this process.
func openAdmin(ctx context.Context, move *journey.Move, address string) (at string, end func(), err error) {
	listener, err := metrics.Listen(ctx, address, move)
	if err != nil {
		return "", nil, err
	}
	return listener.Address, listener.Close, nil
}

// showScreen shows a move in a browser until the context ends.
func showScreen(ctx context.Context, move *journey.Move, options cli.ScreenOptions, log *slog.Logger) error {
	listener, err := web.Listen(ctx, options.Listen)
	if err != nil {
		return err
	}
	host, _, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return err
	}
	hosts := []string{host, "localhost"}
	if options.Host != "" {
		hosts = append(hosts, options.Host)
	}
	signOn, err := move.SignOn()
	if err != nil {
		return err
	}
	screen := web.New(move, web.Options{
		File: options.File, Hosts: hosts, Secure: options.Host != "", Many: move.Shared(), SignOn: signOn, Log: log,
		Words: web.Words{Planned: options.Planned, Synced: options.Synced, Verified: options.Verified, Started: options.Started,
			Checked: options.Checked, Progress: options.Progress},
	})
	options.Ready(listener.Addr().String())
	return screen.Serve(ctx, listener)
}
