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

import "time"

// Config is one move.
type Config struct {
	Organisation string   `yaml:"organisation" doc:"Name of the organisation that moves. It heads reports."`
	Domains      []string `yaml:"domains" example:"[example.com]" doc:"The mail domains that move; accounts of other domains are left alone. Empty: every domain of the people found."`
	Store        string   `yaml:"store" kind:"path" doc:"The ledger, a SQLite file: what has been copied where. Keep it until the move is signed off."`
	Roster       string   `yaml:"roster" kind:"path" example:"people.csv" doc:"People as CSV: EmailAddress, FirstName, LastName, Password and optionally SourceUser, SourcePassword, DestinationUser, DestinationPassword. Needed if the source has no database; beside a database it wins row by row. It holds passwords: mode 0600."`

	Source      Source      `yaml:"source" doc:"Where everything is now."`
	Destination Destination `yaml:"destination" doc:"Where everything goes."`
	Accounts    Accounts    `yaml:"accounts" doc:"What \"accounts export\" writes."`
	Aliases     Aliases     `yaml:"aliases" doc:"What the destination can do for aliases, and what the source does not tell."`
	Secrets     Secrets     `yaml:"secrets" doc:"Where sealed files are opened."`
	Mail        Mail        `yaml:"mail" doc:"How mailboxes are mapped."`
	Limits      Limits      `yaml:"limits" doc:"How hard both ends are worked."`
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
	Kind     SourceKind `yaml:"kind" enum:"atmail7,imap" doc:"What stands there."`
	Database Database   `yaml:"database" optional:"true" doc:"The database of an atmail 7 server. It is only read."`
	IMAP     IMAP       `yaml:"imap" doc:"The IMAP server."`
	POP3     POP3       `yaml:"pop3" optional:"true" doc:"The POP3 server, with the log-in of IMAP. No command of this version uses it."`
	Sieve    Sieve      `yaml:"sieve" optional:"true" doc:"The ManageSieve server, with the log-in of IMAP. Without it rules come from the database, where there is one."`
	DAV      SourceDAV  `yaml:"dav" optional:"true" doc:"The CalDAV and CardDAV server: contacts and calendars move when it, or the database's tables of them, is there. Each account's own password opens it."`
}

// Destination is the end that is written.
type Destination struct {
	Kind  DestinationKind `yaml:"kind" enum:"atmail8,imap" doc:"What stands there."`
	IMAP  IMAP            `yaml:"imap" doc:"The IMAP server."`
	POP3  POP3            `yaml:"pop3" optional:"true" doc:"The POP3 server, with the log-in of IMAP. No command of this version uses it."`
	Sieve Sieve           `yaml:"sieve" optional:"true" doc:"The ManageSieve server, with the log-in of IMAP. Without it rules are written to files that somebody hands over."`
	DAV   DestinationDAV  `yaml:"dav" optional:"true" doc:"The CalDAV and CardDAV server. Without it contacts and calendars stay. Each account's own password opens it."`
	API   API             `yaml:"api" optional:"true" doc:"The administration interface of an atmail 8 cloud. \"accounts import --experimental-api\" looks at it; nothing else uses it."`
	MX    MX              `yaml:"mx" optional:"true" doc:"The mail hosts that take the domains' mail after the switch. \"recipients check\" and \"aliases check\" ask them for addresses and never send a message."`
}

// Accounts shapes what the export of accounts writes.
type Accounts struct {
	Output          string         `yaml:"output" kind:"path" doc:"Folder for the written files. It is made with mode 0700."`
	IncludeDisabled DisabledPolicy `yaml:"include_disabled" enum:"report,import,skip" doc:"Accounts that the source has disabled: only report them, import them too, or leave them out."`
	SealTo          []string       `yaml:"seal_to" example:"[age1...]" doc:"age recipients (age1... or ssh-...) who can open sealed files. Empty: the recipient of secrets.identity."`
	CSV             CSV            `yaml:"csv" doc:"The form of accounts.csv. Take it from the sample that the Account Manager offers."`
	Policy          Policy         `yaml:"policy" doc:"The password policy of the destination. The defaults are those of the atmail 8 cloud."`
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
	Header    []string `yaml:"header" doc:"The four labels of the first line. Known ones may stand in any order, and the columns follow; others stand for address, first name, last name, password. []: no such line."`
	QuoteAll  bool     `yaml:"quote_all" doc:"Put every field in quotes, not only those that need it."`
	BOM       bool     `yaml:"bom" doc:"Begin with a UTF-8 byte order mark."`
	CRLF      bool     `yaml:"crlf" doc:"End lines with CR LF, as RFC 4180 has it."`
	BatchSize int      `yaml:"batch_size" doc:"Rows a file at the most. 0: one file."`
}

// Policy is what the destination asks of a password.
type Policy struct {
	MinLength int `yaml:"min_length" doc:"Characters at the least."`
	MinLower  int `yaml:"min_lower" doc:"Lower-case letters at the least."`
	MinUpper  int `yaml:"min_upper" doc:"Upper-case letters at the least."`
	MinDigit  int `yaml:"min_digit" doc:"Digits at the least."`
	MinSymbol int `yaml:"min_symbol" doc:"Characters that are neither letter nor digit, at the least."`
	MaxSame   int `yaml:"max_same" doc:"How often one character may occur in a password. 0: no limit."`
}

// Secrets says how sealed files are opened.
type Secrets struct {
	Identity string `yaml:"identity" kind:"path" doc:"The age identity file that \"rehome init\" made. Back it up: without it nobody can open what was sealed."`
}

// Limits bounds the load on both ends.
type Limits struct {
	SourceConnections      int    `yaml:"source_connections" doc:"Connections to the source at once, all accounts together."`
	DestinationConnections int    `yaml:"destination_connections" doc:"Connections to the destination at once, all accounts together; as many requests for contacts and calendars."`
	PerAccount             int    `yaml:"per_account" doc:"IMAP connections of one account at once, at each end: four on a short line, as many as this on a long one. Servers often allow ten."`
	BytesPerSecond         Octets `yaml:"bytes_per_second" doc:"Pace of all copying together, for example 20MB. 0: as fast as it goes."`
}

// Default returns the settings that hold where the file says nothing.
func Default() Config {
	imap := IMAP{TLS: TLSImplicit, Trust: Trust{TLSMin: "1.2"}, Timeout: 2 * time.Minute,
		Login: LoginUser, MasterStyle: MasterSeparator, MasterSeparator: "*", Mechanism: "auto"}
	pop3 := POP3{TLS: TLSImplicit, Trust: Trust{TLSMin: "1.2"}, Timeout: 2 * time.Minute}
	sieve := Sieve{TLS: TLSStart, MailboxNames: "auto", Trust: Trust{TLSMin: "1.2"}, Timeout: 2 * time.Minute}
	dav := DAV{Trust: Trust{TLSMin: "1.2"}, Timeout: 2 * time.Minute}
	return Config{
		Store:       "rehome.db",
		Source:      Source{Kind: SourceAtmail7, Database: Database{Profile: "auto", QuotaUnit: QuotaKB}, IMAP: imap, POP3: pop3, Sieve: sieve, DAV: SourceDAV{DAV: dav, Via: DAVAuto}},
		Destination: Destination{Kind: DestinationAtmail8, MX: defaultMX(), IMAP: imap, POP3: pop3, Sieve: sieve, DAV: DestinationDAV{DAV: dav, Repairs: RepairsSafe}, API: API{Trust: Trust{TLSMin: "1.2"}}},
		Accounts: Accounts{
			Output:          "accounts",
			IncludeDisabled: DisabledReport,
			CSV:             CSV{Header: []string{"EmailAddress", "FirstName", "LastName", "Password"}},
			Policy:          Policy{MinLength: 8, MinLower: 1, MinUpper: 1, MinDigit: 1, MinSymbol: 1, MaxSame: 4},
		},
		Aliases: Aliases{CatchAll: AbilityUnknown, Domain: AbilityUnknown, Outside: AbilityUnknown, Several: AbilityUnknown},
		Secrets: Secrets{Identity: "secrets/identity.txt"},
		Mail:    Mail{Settle: 90 * time.Second, SpecialUse: true, Escrow: "escrow", Deletions: DeletionsKeep},
		Limits:  Limits{SourceConnections: 8, DestinationConnections: 16, PerAccount: 8},
	}
}
