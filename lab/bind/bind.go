// SPDX-License-Identifier: Apache-2.0

// Package bind runs BIND 9 in a lab, as an authoritative server of zones that are given as text, and signs zones with its tools.
package bind

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"syscall"

	"rehome/lab"
)

// Options says what to start.
type Options struct {
	Name  string            // folder and log names, its own in the lab
	Hosts []string          // IPv4 and IPv6 addresses
	Port  string            // the same at each
	Zones map[string]string // text of each zone by its name, with a dot at the end

	Keys  []Key    // each may change all zones, unless it is NoWrite
	Tells []string // hosts of servers that follow it, and are told of changes
}

// Key is a TSIG key with hmac-sha256.
type Key struct {
	Name    string
	Secret  string // base64
	NoWrite bool   // it is known, and may change nothing
}

// Server is one that runs.
type Server struct {
	lab     *lab.Lab
	dir     string
	process *lab.Process
}

// Start runs a server in the lab. The lab's Close stops it.
func Start(l *lab.Lab, options Options) (*Server, error) {
	dir, err := l.OwnedDir(options.Name)
	if err != nil {
		return nil, err
	}
	var v4, v6 strings.Builder
	var ready []string
	for _, host := range options.Hosts {
		if strings.Contains(host, ":") {
			v6.WriteString(host + "; ")
		} else {
			v4.WriteString(host + "; ")
		}
		ready = append(ready, net.JoinHostPort(host, options.Port))
	}
	var b strings.Builder
	fmt.Fprintf(&b, `options { directory %[1]q; pid-file none; session-keyfile %[2]q; recursion no; dnssec-validation no; notify explicit;
  listen-on port %[3]s { %[4]s }; listen-on-v6 port %[3]s { %[5]s }; empty-zones-enable no; allow-transfer { any; }; };
controls { };
`, dir, filepath.Join(dir, "session.key"), options.Port, none(v4.String()), none(v6.String()))
	for _, key := range options.Keys {
		fmt.Fprintf(&b, "key %q { algorithm hmac-sha256; secret %q; };\n", key.Name, key.Secret)
	}
	for name, text := range options.Zones {
		file := zoneFile(dir, name)
		if err := l.WriteOwned(file, text); err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "zone %q { type primary; file %q; %s};\n", name, file, options.rules())
	}
	config := filepath.Join(dir, "named.conf")
	if err := l.WriteOwned(config, b.String()); err != nil {
		return nil, err
	}
	process, err := l.Start(lab.Program{
		Name: options.Name, Command: "named", Package: "bind9", AsOwner: true, Args: []string{"-g", "-n", "1", "-c", config}, Ready: ready,
	})
	return &Server{lab: l, dir: dir, process: process}, err
}

// rules say who may change a zone and who is told of it.
func (o Options) rules() string {
	var b strings.Builder
	for _, key := range o.Keys {
		if !key.NoWrite {
			fmt.Fprintf(&b, "key %q; ", key.Name)
		}
	}
	rules := ""
	if b.Len() > 0 {
		rules = "allow-update { " + b.String() + "}; "
	}
	if len(o.Tells) > 0 {
		rules += "also-notify { "
		for _, host := range o.Tells {
			rules += fmt.Sprintf("%s port %s; ", host, o.Port)
		}
		rules += "}; notify-delay 0; "
	}
	return rules
}

func zoneFile(dir, name string) string { return filepath.Join(dir, "zone."+name+"db") }

// Change gives a zone another text, whose serial number has to be larger, and has the server read it. It answers from it some time
// later.
func (s *Server) Change(zone, text string) error {
	if err := s.lab.WriteOwned(zoneFile(s.dir, zone), text); err != nil {
		return err
	}
	return syscall.Kill(s.process.Pid(), syscall.SIGHUP)
}

func none(hosts string) string {
	if hosts == "" {
		return "none; "
	}
	return hosts
}
