// SPDX-License-Identifier: Apache-2.0

package devices

import (
	"regexp"
	"strings"
	"unicode"
)

// Known is what a program's words about itself tell.
type Known struct {
	Program Program
	Family  string // the same for all versions; "" if it does not say
	Name    string // with the version
	Ignored bool   // it is no device of a person
}

// pattern is one program. The first that fits counts.
type pattern struct {
	find    *regexp.Regexp
	program Program
	family  string
	version *regexp.Regexp // its first group is the version; nil is not shown
	name    string         // %s is the version, left out with the blank in front if there is none
}

var (
	osVersion = regexp.MustCompile(`(?i)os-version=(\d+(?:\.\d+)?)`)
	rule      = regexp.MustCompile
	machines  = rule(`(?i)rehome|imapsync|offlineimap|mbsync|getmail|fetchmail|vdirsyncer|nagios|icinga|zabbix|` +
		`monit\b|check_|dovecot|curl/|python-requests`)
	anyVersion = rule(`[ /](\d+(?:\.\d+)?)`)
)

// patterns are the programs by what they say of themselves: in the ID of IMAP ("name=..., version=..."), as a User-Agent, or to
// ActiveSync.
var patterns = []pattern{
	{rule(`(?i)k-9|thunderbird[^,]*(?:for )?android|name=thunderbird.*os=android`), Android, "Thunderbird for Android", nil, "Thunderbird (Android)"},
	{rule(`(?i)thunderbird/`), Thunderbird, "Thunderbird", rule(`(?i)thunderbird/(\d+)`), "Thunderbird %s"},
	{rule(`(?i)name=thunderbird|name=betterbird|name=mozilla`), Thunderbird, "Thunderbird", rule(`(?i)version=(\d+)`), "Thunderbird %s"},
	{rule(`(?i)outlook-ios|outlook.*ios`), IPhone, "Outlook for iOS", nil, "Outlook (iPhone, iPad)"},
	{rule(`(?i)outlook-android|outlook.*android`), Android, "Outlook for Android", nil, "Outlook (Android)"},
	{rule(`(?i)name=(?:iphone|ipad) mail`), IPhone, "iOS", osVersion, "iOS %s (iPhone, iPad)"},
	{rule(`^iOS/|^iPadOS/`), IPhone, "iOS", rule(`OS/(\d+(?:\.\d+)?)`), "iOS %s (iPhone, iPad)"},
	{rule(`^Apple-iP(?:hone|ad)|(?i:name=com\.apple\.email|name=exchangesyncd)`), IPhone, "iOS", nil, "iOS (iPhone, iPad)"},
	{rule(`(?i)name=mac os x mail|name=mail.*os=mac`), Mac, "macOS", osVersion, "macOS %s (Mac)"},
	{rule(`^macOS/`), Mac, "macOS", rule(`^macOS/(\d+(?:\.\d+)?)`), "macOS %s (Mac)"},
	{rule(`(?i)mac[ +_]os[ +_]x/|calendaragent|addressbookcore|addressbooksourcesync|accountsd`), Mac, "macOS", nil, "macOS (Mac)"},
	{rule(`(?i)davx5|davdroid`), Android, "DAVx⁵", rule(`(?i)davx5/(\d+(?:\.\d+)?)`), "DAVx⁵ %s (Android)"},
	{rule(`(?i)caldavsynchronizer`), Outlook, "Outlook CalDav Synchronizer", nil, "Outlook CalDav Synchronizer"},
	{rule(`(?i)microsoft\.outlook|microsoft outlook|name=outlook|^outlook|microsoft office`), Outlook, "Outlook", nil, "Outlook"},
	{rule(`(?i)name=gmail|name=com\.google\.android|android-mail|name=.*samsung|samsungemail|SAMSUNG-|` +
		`name=.*android|^android|bluemail|aqua ?mail|fairemail|caldav-sync|carddav-sync|one ?calendar|icsx`),
		Android, "Android", nil, "Android"},
	{rule(`(?i)roundcube|sogo|horde|squirrelmail|rainloop|snappymail|atmail|webmail|nextcloud|zimbra.?web`), Webmail, "Webmail", nil, "Webmail"},
	{rule(`(?i)em client|emclient`), Other, "eM Client", nil, "eM Client"},
	{rule(`(?i)evolution`), Other, "Evolution", anyVersion, "Evolution %s"},
	{rule(`(?i)kmail|akonadi|kontact|kdepim|dav groupware`), Other, "KMail", nil, "KMail"},
	{rule(`(?i)the bat`), Other, "The Bat!", nil, "The Bat!"},
	{rule(`(?i)mailbird`), Other, "Mailbird", nil, "Mailbird"},
	{rule(`(?i)spark`), Other, "Spark", nil, "Spark"},
}

// maxName bounds the name that a program gives itself.
const maxName = 40

// Recognise says which program it is that says this of itself.
func Recognise(agent string) Known {
	agent = strings.TrimSpace(agent)
	if agent == "" {
		return Known{Program: Other}
	}
	if machines.MatchString(agent) {
		return Known{Program: Other, Ignored: true}
	}
	for _, p := range patterns {
		if p.find.MatchString(agent) {
			return Known{Program: p.program, Family: p.family, Name: p.named(agent)}
		}
	}
	name := ownName(agent)
	return Known{Program: Other, Family: name, Name: name}
}

func (p pattern) named(agent string) string {
	version := ""
	if p.version != nil {
		if m := p.version.FindStringSubmatch(agent); m != nil {
			version = m[1]
		}
	}
	if version == "" {
		return strings.Replace(p.name, " %s", "", 1)
	}
	return strings.Replace(p.name, "%s", version, 1)
}

var (
	idName    = rule(`(?i)(?:^|, )name=([^,]+)`)
	agentName = rule(`^[^/(;]+`)
)

// ownName is what a program nobody knows calls itself, without its version.
func ownName(agent string) string {
	name := agentName.FindString(agent)
	if m := idName.FindStringSubmatch(agent); m != nil {
		name = m[1]
	} else if strings.Contains(agent, "=") {
		name = "" // an ID without a name
	}
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, strings.ToValidUTF8(name, "")))
	if runes := []rune(name); len(runes) > maxName {
		name = string(runes[:maxName])
	}
	return name
}
