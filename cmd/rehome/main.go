// SPDX-License-Identifier: Apache-2.0

// Command rehome moves an organisation's mail presence from one server to another.
//
// main only wires: it is the one place that knows every package.
package main

import (
	"context"
	"os"

	"rehome/internal/cli"
	"rehome/internal/vault"
)

// version is set by the linker, see the Makefile.
var version = "(development)"

func main() {
	os.Exit(run())
}

func run() int {
	app := cli.App{
		Version:     version,
		In:          os.Stdin,
		Out:         os.Stdout,
		Err:         os.Stderr,
		NewIdentity: vault.CreateIdentity,
	}
	return app.Run(context.Background(), os.Args[1:])
}
