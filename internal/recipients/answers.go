// SPDX-License-Identifier: Apache-2.0

package recipients

import (
	"encoding/json"
	"errors"
	"os"

	"rehome"
	"rehome/internal/vault"
)

// answers are those of each host, by its name and address.
type answers struct {
	Hosts map[string]replies `json:"hosts"`
}

// replies are those of one host, by recipient.
type replies map[string]Reply

// final reports whether the address need not be asked again. A refusal is asked again: somebody may
// have made the alias since.
func (r replies) final(address string) bool { return r[address].Answer == Accepted }

// readAnswers returns what these hosts have said before; those of other hosts are dropped.
func readAnswers(file string, hosts []Host, again bool) (answers, error) {
	kept := answers{Hosts: map[string]replies{}}
	for _, host := range hosts {
		kept.Hosts[host.String()] = replies{}
	}
	content, err := os.ReadFile(file)
	if again || errors.Is(err, os.ErrNotExist) {
		return kept, nil
	}
	var old answers
	if err == nil {
		err = json.Unmarshal(content, &old)
	}
	if err != nil {
		return answers{}, &rehome.Fault{Class: rehome.ClassOperator, Op: "read", Object: file, Cause: err,
			Hint: "remove it, or ask again with --again"}
	}
	for host := range kept.Hosts {
		if said := old.Hosts[host]; said != nil {
			kept.Hosts[host] = said
		}
	}
	return kept, nil
}

// save keeps what the mail hosts have answered, so that a check goes on where it stopped.
func (a answers) save(file string) error {
	content, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return &rehome.Fault{Class: rehome.ClassBug, Op: "write", Object: file, Cause: err}
	}
	return vault.WriteFile(file, append(content, '\n'))
}
