// SPDX-License-Identifier: Apache-2.0

package dovecot

import (
	"fmt"
	"os/exec"
	"strings"
	"sync"

	"rehome/lab"
)

// sieveKnown is the variable that keeps Dovecot 2.3 from asking its managesieve what it can: every program that reads the configuration starts
// one to ask it, which costs more than the rest of a server's start. They take it from the configuration instead.
const sieveKnown = "DUMP_CAPABILITY"

// sieveAbilities are what a server says of its Sieve: the extensions of RFC 5804, section 1.7, SIEVE and NOTIFY.
type sieveAbilities struct{ Sieve, Notify string }

// installedSieve asks the installed Dovecot, once for all servers.
var installedSieve = sync.OnceValues(func() (sieveAbilities, error) {
	path, err := lab.FindProgram("doveconf", "dovecot-core")
	if err != nil {
		return sieveAbilities{}, err
	}
	out, err := exec.Command(path, "-d", "-h", "managesieve_sieve_capability", "managesieve_notify_capability").Output()
	if err != nil {
		return sieveAbilities{}, fmt.Errorf("ask doveconf what Sieve can do: %w", err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != 2 {
		return sieveAbilities{}, fmt.Errorf("ask doveconf what Sieve can do: it says %q", out)
	}
	return sieveAbilities{Sieve: lines[0], Notify: lines[1]}, nil
})

// sieve returns what the configuration has to say of Sieve. Nothing: the server asks its managesieve, as its extensions are set otherwise.
func (o Options) sieve() (sieveAbilities, error) {
	if o.Version == V24 || strings.Contains(o.Extra, "sieve_") {
		return sieveAbilities{}, nil
	}
	return installedSieve()
}

// environment is that of a server's programs.
func (a sieveAbilities) environment() []string {
	if a.Sieve == "" {
		return nil
	}
	return []string{sieveKnown + "=1"}
}
