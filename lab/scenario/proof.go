// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"encoding/csv"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"rehome"
	"rehome/lab/corpus"
	"rehome/lab/judge"
	"rehome/lab/proof"
)

// spelling is what the destination calls a part of a name that holds its separator.
var spelling = strings.NewReplacer("/", "／")

// Accounts tells the judge of the lab who moves, from where to where, and what belongs where. It is for after
// the import of accounts.csv.
func (s *Setup) Accounts() ([]proof.Account, error) {
	passwords, err := s.passwords()
	if err != nil {
		return nil, err
	}
	names := judge.Names{SourcePrefix: "INBOX.", SourceDelimiter: ".", Delimiter: "/", Spelling: spelling}
	var all []proof.Account
	for _, p := range s.Organisation.People {
		password := passwords[p.Address]
		if !p.LogsIn() || password == "" {
			continue
		}
		a := proof.Account{
			Address:     p.Address,
			Source:      judge.Login{Address: s.Source.IMAP, User: p.Address + "*" + s.Source.MasterUser, Password: s.Source.MasterPassword},
			Destination: judge.Login{Address: s.Destination.IMAP, User: p.Address, Password: password},
			Mail:        judge.MailTerms{Where: names.Where, Redated: redated},
		}
		if s.DAV && logsInToDAV(p) {
			a.SourceDAV = judge.DAVLogin{URL: s.Source.DAV, User: p.Address, Password: p.Plain}
			a.DestinationDAV = judge.DAVLogin{URL: s.Destination.DAVPlain, User: p.Address, Password: password}
			a.Objects, a.Repaired = judge.ObjectTerms{Where: Collection}, Foreseen(corpus.Radicale)
		}
		all = append(all, a)
	}
	return all, nil
}

// hashLike is what the source's SabreDAV takes for a hash.
var hashLike = regexp.MustCompile(`^[0-9a-f]{32}$`)

// logsInToDAV says that the person's own password opens the source's contacts and calendars. The others' are read
// from the tables, which the judge does not look into.
func logsInToDAV(p corpus.Person) bool {
	switch p.Form {
	case rehome.PasswordMD5, rehome.PasswordCrypt:
		return true
	case rehome.PasswordPlain:
		return !hashLike.MatchString(p.Stored)
	}
	return false
}

// passwords reads what accounts.csv has told the destination, by address.
func (s *Setup) passwords() (map[string]string, error) {
	file, err := os.Open(filepath.Join(s.Dir, "accounts", "accounts.csv"))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return nil, err
	}
	passwords := map[string]string{}
	for _, row := range rows {
		passwords[row[0]] = row[3]
	}
	return passwords, nil
}

// redated says that the source shows no date that the destination could keep: a Dovecot replaces one that lies
// ahead by its own clock.
func redated(source, destination time.Time) bool {
	now := time.Now()
	return source.After(now.Add(2*time.Hour)) && !destination.After(now)
}

// defaults is what the servers of the lab call the collections that an account has from the start.
var defaults = []string{"default", "Default", "contacts", "addressbook", "addresses", "calendar"}

// Collection tells which collection of a destination one of the source belongs into: the default one into the
// default one, others where the name in the path is the same.
func Collection(source *judge.Collection, among []*judge.Collection) string {
	name := path.Base(source.Path)
	for _, same := range []func(*judge.Collection) bool{
		func(to *judge.Collection) bool {
			return name == "default" && slices.Contains(defaults, path.Base(to.Path))
		},
		func(to *judge.Collection) bool { return path.Base(to.Path) == name },
		func(to *judge.Collection) bool { return to.Name == source.Name && source.Name != "" },
	} {
		if at := slices.IndexFunc(among, same); at >= 0 {
			return among[at].Path
		}
	}
	return "none of them"
}

// oddities are the objects of the sample that a stricter server than the source takes repaired only.
var oddities = []string{
	"base64.vcf", "invitation.ics", "latin1.ics", "latin1.vcf", "no-fn-company.vcf", "no-fn.vcf", "no-uid.vcf", "phone-21-photo.vcf", "phone-21.vcf",
}

// Foreseen tells of which objects of the corpus it is known that such a server takes them repaired only, or
// gives back something else.
func Foreseen(server corpus.DAVServer) func(name string) bool {
	repaired := map[string]bool{}
	for _, o := range corpus.DirtyObjects() {
		ends := o.Ends(server)
		repaired[o.Name] = slices.Contains(ends, corpus.EndRepaired) || slices.Contains(ends, corpus.EndQuarantined)
	}
	for _, name := range oddities {
		repaired[name] = true
	}
	return func(name string) bool { return repaired[name] }
}
