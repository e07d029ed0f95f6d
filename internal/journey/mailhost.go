// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"

	"rehome"
	"rehome/internal/config"
	"rehome/internal/recipients"
	"rehome/internal/vault"
)

// answersFile keeps what the mail hosts have answered, so that a check goes on where it stopped.
const answersFile = "recipients-answers.json"

// answers are those of each host, by its name and address.
type answers struct {
	Hosts map[string]replies `json:"hosts"`
}

// replies are those of one host, by recipient.
type replies map[string]recipients.Reply

// final reports whether the address need not be asked again. A refusal is asked again: somebody may
// have made the alias since.
func (r replies) final(address string) bool { return r[address].Answer == recipients.Accepted }

// readAnswers returns what these hosts have said before; those of other hosts are dropped.
func (m *Move) readAnswers(hosts []recipients.Host, again bool) (answers, error) {
	kept := answers{Hosts: map[string]replies{}}
	for _, host := range hosts {
		kept.Hosts[host.String()] = replies{}
	}
	path := filepath.Join(m.settings.Accounts.Output, answersFile)
	content, err := os.ReadFile(path)
	if again || errors.Is(err, os.ErrNotExist) {
		return kept, nil
	}
	var old answers
	if err == nil {
		err = json.Unmarshal(content, &old)
	}
	if err != nil {
		return answers{}, &rehome.Fault{Class: rehome.ClassOperator, Op: "read", Object: path, Cause: err, Hint: "remove it, or ask anew with --again"}
	}
	for host := range kept.Hosts {
		if said := old.Hosts[host]; said != nil {
			kept.Hosts[host] = said
		}
	}
	return kept, nil
}

func (m *Move) saveAnswers(a answers) error {
	_, err := m.writeOutput(answersFile, func(w io.Writer) error { return writeIndented(w, a) })
	return err
}

// mailHosts are all addresses of the destination's mail hosts.
func (m *Move) mailHosts(ctx context.Context) ([]recipients.Host, error) {
	names := m.settings.Destination.MX.Addresses
	if len(names) == 0 {
		return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "find the mail host", Object: "destination.mx.addresses",
			Cause: errors.New("is not set"), Hint: "name host and port of each new MX in the configuration"}
	}
	return recipients.Resolve(ctx, names, net.DefaultResolver.LookupNetIP)
}

// probe translates the settings of the destination's mail hosts; the host is for the caller to name.
func (m *Move) probe(told func(string)) (recipients.Probe, error) {
	settings := m.settings.Destination.MX
	trust, err := settings.Client()
	if err != nil {
		return recipients.Probe{}, err
	}
	name, err := os.Hostname()
	if err != nil && settings.Name == "" {
		return recipients.Probe{}, &rehome.Fault{Class: rehome.ClassOperator, Op: "find", Object: "this machine's name", Cause: err, Hint: "set destination.mx.name"}
	}
	return recipients.Probe{
		Name: cmp.Or(settings.Name, name), Sender: settings.Sender, TLS: trust, Timeout: settings.Timeout,
		StartTLS: settings.TLS == config.MXStartTLS, Plain: settings.TLS == config.MXNone, Pause: settings.Pause,
		PerConnection: settings.PerConnection, Refusals: settings.Refusals, Later: settings.Later, Rounds: settings.Rounds, Told: told,
	}, nil
}

func writeIndented(w io.Writer, value any) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	return out.Encode(value)
}

// writeOutput puts a file into the folder of exports, whole or not at all.
func (m *Move) writeOutput(name string, write func(io.Writer) error) (path string, err error) {
	path = filepath.Join(m.settings.Accounts.Output, name)
	var content bytes.Buffer
	if err := write(&content); err != nil {
		return "", &rehome.Fault{Class: rehome.ClassBug, Op: "write", Object: path, Cause: err}
	}
	return path, vault.WriteFile(path, content.Bytes())
}
