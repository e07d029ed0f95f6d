// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"io/fs"
	"os"
)

// MissingFile is a file that the settings name and that is not there.
type MissingFile struct {
	Key      string `json:"key"`
	File     string `json:"file"`
	NextStep string `json:"next_step"`
}

// MissingFiles lists the files that an operation reads and that are not there yet, in the order of the settings; those of
// secrets are among References. What operations write is not among them.
func (c *Config) MissingFiles() []MissingFile {
	missing := []MissingFile{}
	look := func(key, file, nextStep string) {
		if file == "" {
			return
		}
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			missing = append(missing, MissingFile{Key: key, File: file, NextStep: nextStep})
		}
	}
	look("roster", c.Roster, "list the accounts there: EmailAddress,FirstName,LastName,Password; then run: chmod 600 "+c.Roster)
	look("source.database.profile_file", c.Source.Database.ProfileFile, "write the profile, or take the key out of the settings")
	for _, end := range []struct {
		key   string
		trust Trust
	}{
		{"source.imap", c.Source.IMAP.Trust}, {"source.sieve", c.Source.Sieve.Trust}, {"source.dav", c.Source.DAV.Trust},
		{"destination.imap", c.Destination.IMAP.Trust}, {"destination.sieve", c.Destination.Sieve.Trust},
		{"destination.dsync", c.Destination.Dsync.Trust}, {"destination.dav", c.Destination.DAV.Trust},
		{"destination.api", c.Destination.API.Trust}, {"destination.mx", c.Destination.MX.Trust},
		{"serve.oidc", c.Serve.OIDC.Trust},
	} {
		look(end.key+".ca_file", end.trust.CAFile, "put the certificate of the server's CA there, or take the key out of the settings")
	}
	return missing
}
