// SPDX-License-Identifier: Apache-2.0

// Package config reads rehome.yaml: what moves, from where, to where, with which limits.
//
// Load decodes strictly and returns every problem of the file at once, each with file, line,
// column and key. Secrets never stand in the file: a Reference says where one is kept and is
// resolved when somebody needs it. Relative paths count from the folder of the file.
// The package opens no connection and knows no engine; the operations translate the settings into
// the options of the engines.
//
// The steps of a caller: Load, then read the fields; Reference.Resolve where a secret is needed,
// once, since every call asks again. Sample and Keys print what the struct tags below say, so a key
// cannot exist without its documentation.
package config

import (
	"path/filepath"
	"strings"
	"time"

	"rehome"
	"rehome/internal/atmail8"
	"rehome/internal/protocol"
)

// Config is one move.
type Config struct {
	Organisation  string    `yaml:"organisation" doc:"Name of the organisation. It is the heading of reports."`
	Domains       []string  `yaml:"domains" example:"[example.com]" doc:"The mail domains to move. Empty: all domains of the accounts found."`
	Store         string    `yaml:"store" kind:"path"`
	StorePassword Reference `yaml:"store_password" example:"\"file:secrets/store\""`
	Roster        string    `yaml:"roster" kind:"path" example:"people.csv"`

	Source      Source      `yaml:"source" doc:"The server that the data is on now."`
	Destination Destination `yaml:"destination" doc:"The server that the data moves to."`
	Accounts    Accounts    `yaml:"accounts" doc:"What \"accounts export\" writes."`
	Aliases     Aliases     `yaml:"aliases" doc:"What the destination supports for aliases, and what the source does not tell."`
	Secrets     Secrets     `yaml:"secrets" doc:"The key that opens sealed files."`
	Mail        Mail        `yaml:"mail" doc:"How mailboxes are mapped."`
	DNS         DNS         `yaml:"dns" optional:"true" doc:"How DNS is asked."`
	Cutover     Cutover     `yaml:"cutover" optional:"true" doc:"How domains are taken across."`
	Limits      Limits      `yaml:"limits" doc:"Limits on the load at both ends."`
	Clients     Clients     `yaml:"clients" optional:"true" doc:"What users' devices are told about both ends."`
	Alerts      Alerts      `yaml:"alerts" optional:"true" doc:"Who is told what needs somebody while \"sync --follow\" runs."`
	Serve       Serve       `yaml:"serve" optional:"true" doc:"The screen of \"rehome serve\"."`

	folder string // of the file that the settings come from
}

// StoreIsFile reports whether the ledger is a file, and not in a database with an address.
func (c *Config) StoreIsFile() bool { return !strings.Contains(c.Store, "://") }

// Folder is where what belongs to the move goes unless the settings say otherwise: beside the ledger where that is a file, or beside
// the settings.
func (c *Config) Folder() string {
	if c.StoreIsFile() {
		return filepath.Dir(c.Store)
	}
	return c.folder
}

// SourceKind names the software at the source.
type SourceKind string

// DestinationKind names the software at the destination.
type DestinationKind string

// The kinds of end.
const (
	SourceAtmail7      SourceKind      = "atmail7"
	SourceIMAP         SourceKind      = "imap"
	DestinationAtmail8 DestinationKind = "atmail8"
	DestinationIMAP    DestinationKind = "imap"
)

// Source is the end that is read.
type Source struct {
	Kind       SourceKind `yaml:"kind" enum:"atmail7,imap" doc:"The type of server."`
	Database   Database   `yaml:"database" optional:"true" doc:"The database of an atmail 7 server. It is only read."`
	IMAP       IMAP       `yaml:"imap" doc:"The IMAP server."`
	POP3       POP3       `yaml:"pop3" optional:"true" doc:"The POP3 server, with the login of IMAP. \"check\" looks at it."`
	Submission Submission `yaml:"submission" optional:"true" doc:"The server to which the mail programs of users send. \"check\" looks at it."`
	Webmail    string     `yaml:"webmail" example:"https://webmail.example.com/" doc:"Address of the webmail."`
	Sieve      Sieve      `yaml:"sieve" optional:"true" doc:"The ManageSieve server, with the login of IMAP. Without it, rules come from the database."`
	DAV        SourceDAV  `yaml:"dav" optional:"true" doc:"CalDAV and CardDAV server, with each account's password. Without it, the database is read."`
}

// Destination is the end that is written.
type Destination struct {
	Kind       DestinationKind `yaml:"kind" enum:"atmail8,imap" doc:"The type of server."`
	IMAP       IMAP            `yaml:"imap" doc:"The IMAP server."`
	POP3       POP3            `yaml:"pop3" optional:"true"`
	Submission Submission      `yaml:"submission" optional:"true"`
	Webmail    string          `yaml:"webmail" example:"https://webmail.example.com/" doc:"Address of the webmail. The page for each user names it."`
	Sieve      Sieve           `yaml:"sieve" optional:"true"`
	Dsync      Dsync           `yaml:"dsync" optional:"true"`
	MailFsync  MailFsync       `yaml:"mail_fsync" enum:"default,never"`
	DAV        DestinationDAV  `yaml:"dav" optional:"true"`
	API        API             `yaml:"api" optional:"true"`
	LoginTest  LoginTest       `yaml:"login_test" doc:"How gently \"verify --login\" tries logins."`
	MX         MX              `yaml:"mx" optional:"true"`
	DNS        DestinationDNS  `yaml:"dns" optional:"true"`
}

// MailFsync says whether the destination's server waits for its disk before it says that it has stored a message. No protocol tells it.
type MailFsync string

// The choices.
const (
	MailFsyncDefault MailFsync = "default"
	MailFsyncNever   MailFsync = "never" // for the first copy: a cutover waits until that is taken back
)

// Accounts shapes what the export of accounts writes.
type Accounts struct {
	Output          string         `yaml:"output" kind:"path" doc:"Folder for the written files, created with mode 0700."`
	IncludeDisabled DisabledPolicy `yaml:"include_disabled" enum:"report,import,skip"`
	SealTo          []string       `yaml:"seal_to" example:"[age1...]"`
	CSV             CSV            `yaml:"csv" doc:"The format of accounts.csv. Copy it from the sample that the Account Manager offers."`
	Policy          atmail8.Policy `yaml:"policy" doc:"The password policy of the destination. The defaults are those of the atmail 8 cloud."`
}

// DisabledPolicy says what happens to accounts that the source has disabled.
type DisabledPolicy string

// What may happen to a disabled account.
const (
	DisabledReport DisabledPolicy = "report"
	DisabledImport DisabledPolicy = "import"
	DisabledSkip   DisabledPolicy = "skip"
)

// CSV is the form of the file that the destination imports.
type CSV struct {
	Header    []string `yaml:"header"`
	QuoteAll  bool     `yaml:"quote_all" doc:"Quote every field, not only those that need it."`
	BOM       bool     `yaml:"bom" doc:"Start with a UTF-8 byte order mark."`
	CRLF      bool     `yaml:"crlf" doc:"End lines with CR LF, as in RFC 4180."`
	BatchSize int      `yaml:"batch_size" doc:"Maximum number of rows in a file. 0: one file."`
}

// Secrets says how sealed files are opened.
type Secrets struct {
	Identity string `yaml:"identity" kind:"path"`
}

// Limits bounds the load on both ends.
type Limits struct {
	SourceConnections      int    `yaml:"source_connections"`
	DestinationConnections int    `yaml:"destination_connections"`
	PerAccount             int    `yaml:"per_account"`
	BytesPerSecond         Octets `yaml:"bytes_per_second"`
}

// Default returns the settings that hold where the file says nothing.
func Default() Config {
	imap := IMAP{TLS: protocol.ImplicitTLS, Trust: Trust{TLSMin: "1.2"}, Timeout: 2 * time.Minute,
		Login: LoginUser, MasterStyle: MasterSeparator, MasterSeparator: "*", Mechanism: "auto"}
	pop3 := POP3{TLS: protocol.ImplicitTLS, Trust: Trust{TLSMin: "1.2"}, Timeout: 2 * time.Minute}
	submission := Submission{TLS: protocol.ImplicitTLS, Trust: Trust{TLSMin: "1.2"}, Timeout: 2 * time.Minute}
	sieve := Sieve{TLS: protocol.StartTLS, MailboxNames: "auto", Trust: Trust{TLSMin: "1.2"}, Timeout: 2 * time.Minute}
	dav := DAV{Trust: Trust{TLSMin: "1.2"}, Timeout: 2 * time.Minute}
	return Config{
		Store: "rehome.db",
		Source: Source{Kind: SourceAtmail7, Database: Database{Profile: "auto", QuotaUnit: rehome.QuotaKB, Charset: "auto"}, IMAP: imap, POP3: pop3,
			Submission: submission, Sieve: sieve, DAV: SourceDAV{DAV: dav, Via: DAVAuto}},
		Destination: Destination{Kind: DestinationAtmail8, MX: defaultMX(), LoginTest: defaultLoginTest(), IMAP: imap, POP3: pop3,
			Submission: submission, Sieve: sieve, Dsync: defaultDsync(), MailFsync: MailFsyncDefault,
			DAV: DestinationDAV{DAV: dav, Login: LoginUser, Repairs: RepairsSafe},
			API: API{Trust: Trust{TLSMin: "1.2"}}},
		Accounts: Accounts{
			Output:          "accounts",
			IncludeDisabled: DisabledReport,
			CSV:             CSV{Header: []string{"EmailAddress", "FirstName", "LastName", "Password"}},
			Policy:          atmail8.DefaultPolicy(),
		},
		Aliases: Aliases{CatchAll: AbilityUnknown, Domain: AbilityUnknown, Outside: AbilityUnknown, Several: AbilityUnknown},
		Secrets: Secrets{Identity: "secrets/identity.txt"},
		Mail:    Mail{Settle: 90 * time.Second, SpecialUse: true, Escrow: "escrow", Deletions: rehome.DeletionsKeep, Order: rehome.OrderStrict},
		DNS:     defaultDNS(),
		Cutover: defaultCutover(),
		Limits:  Limits{SourceConnections: 8, DestinationConnections: 16, PerAccount: 8},
		Clients: defaultClients(),
		Serve:   defaultServe(),
	}
}
