// SPDX-License-Identifier: Apache-2.0

// Package wave decides about waves: groups of accounts that are copied together.
//
// Which accounts belong into a wave and which must not be separated (Select), who is first (Order), when it is time (Windows),
// when a wave has to stop (Brake) and whether it may begin or is through (Gate). All of it are functions of facts that somebody else has
// gathered; nothing here reads a store, a server or a clock.
package wave

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Settings of a wave, as they are kept.
type Settings struct {
	Priority int     `json:"priority"` // the highest is first
	Windows  Windows `json:"windows"`
	After    string  `json:"after,omitempty"` // the wave that has to be through before
	Brake    Limits  `json:"brake"`
}

// Read reads settings as Octets has written them.
func Read(octets []byte) (s Settings, err error) {
	s.Brake = DefaultLimits()
	return s, json.Unmarshal(octets, &s)
}

// Octets are the settings as they are kept.
func (s Settings) Octets() ([]byte, error) { return json.Marshal(s) }

const longestName = 40

// CheckName says what is wrong with a name, as a clause that fits behind it; nil is nothing.
func CheckName(name string) error {
	switch {
	case name == "":
		return errors.New("is empty")
	case len(name) > longestName:
		return fmt.Errorf("has more than %d characters", longestName)
	case strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" || strings.Trim(name, "-_.") != name:
		return errors.New("has characters other than a-z, 0-9, and -, _ and . within")
	}
	return nil
}

// forever is the end of a window that is never over.
func forever() time.Time { return time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC) }
