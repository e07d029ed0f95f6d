// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"

	"rehome"
	"rehome/internal/config"
	"rehome/internal/recipients"
)

// answersFile keeps what a mail host has answered, so that a check goes on where it stopped.
const answersFile = "recipients-answers.json"

// answers are those of one host.
type answers struct {
	Host    string                      `json:"host"`
	Replies map[string]recipients.Reply `json:"replies"`
}

// final reports whether the address need not be asked again. A refusal is asked again: somebody may
// have made the alias since.
func (a answers) final(address string) bool { return a.Replies[address].Answer == recipients.Accepted }

func (m *Move) readAnswers(host string, again bool) (answers, error) {
	fresh := answers{Host: host, Replies: map[string]recipients.Reply{}}
	path := filepath.Join(m.settings.Accounts.Output, answersFile)
	content, err := os.ReadFile(path)
	if again || errors.Is(err, os.ErrNotExist) {
		return fresh, nil
	}
	var old answers
	if err == nil {
		err = json.Unmarshal(content, &old)
	}
	if err != nil {
		return answers{}, &rehome.Fault{Class: rehome.ClassOperator, Op: "read", Object: path, Cause: err, Hint: "remove it, or ask anew with --again"}
	}
	if old.Host != host || old.Replies == nil {
		return fresh, nil
	}
	return old, nil
}

func (m *Move) saveAnswers(a answers) error {
	_, err := m.writeOutput(answersFile, func(w io.Writer) error { return writeIndented(w, a) })
	return err
}

// probe translates the settings of the destination's mail host.
func (m *Move) probe(told func(string)) (recipients.Probe, error) {
	settings := m.settings.Destination.MX
	if settings.Address == "" {
		return recipients.Probe{}, &rehome.Fault{Class: rehome.ClassOperator, Op: "find the mail host", Object: "destination.mx.address",
			Cause: errors.New("is not set"), Hint: "name host and port of the new MX in the configuration"}
	}
	trust, err := settings.Trust.Client()
	if err != nil {
		return recipients.Probe{}, err
	}
	name, err := os.Hostname()
	if err != nil && settings.Name == "" {
		return recipients.Probe{}, &rehome.Fault{Class: rehome.ClassOperator, Op: "find", Object: "this machine's name", Cause: err, Hint: "set destination.mx.name"}
	}
	return recipients.Probe{
		Address: settings.Address, Name: cmp.Or(settings.Name, name), Sender: settings.Sender, TLS: trust, Timeout: settings.Timeout,
		StartTLS: settings.TLS == config.MXStartTLS, Plain: settings.TLS == config.MXNone, Pause: settings.Pause,
		PerConnection: settings.PerConnection, Refusals: settings.Refusals, Later: settings.Later, Rounds: settings.Rounds, Told: told,
	}, nil
}
