// SPDX-License-Identifier: Apache-2.0

package guide

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"time"

	"rehome/internal/clientsetup"
	"rehome/internal/devices"
	"rehome/internal/people"
	"rehome/internal/protocol"
)

// view is what the texts may use of a person. Every field is ready to be shown.
type view struct {
	Address, Name, Organisation, Contact, Help string

	Switched    bool
	Day, Moment string // "" is not known
	Unchanged   bool   // devices find the new servers under what they have
	Password    Password
	RulesCopied bool
	// PasswordStays until the move is complete
	PasswordStays bool
	Forwards      []string

	Login               string
	In, Out, POP        server // Host is "" where there is none
	DAV, DAVHost        string
	Webmail, OldWebmail string

	Profile                  bool
	ProfileLink, ProfileFile string
	CalendarLink             string
	Code                     bool // for Thunderbird for Android
	Known                    bool // which devices there are
}

// server is one service as the texts show it.
type server struct {
	Protocol, Host string
	Port           int
	TLS            string // "implicit" or "starttls"
}

func serverOf(name string, s clientsetup.Server) server {
	return server{Protocol: name, Host: s.Host, Port: s.Port, TLS: string(s.Security)}
}

// incoming is where a service's people read: by IMAP, or by POP3 where that is all.
func incoming(s clientsetup.Service) server {
	if s.IMAP.Known() || !s.POP3.Known() {
		return serverOf("IMAP", s.IMAP)
	}
	return serverOf("POP3", s.POP3)
}

func (l *language) viewOf(o Organisation, p Person) view {
	dst := p.Destination
	v := view{
		Address: p.Address, Name: tidy(p.DisplayName), Organisation: tidy(o.Name), Contact: tidy(o.Contact), Help: o.Help,
		Switched: p.Switched, Day: l.date("day", p.Day), Moment: l.date("moment", p.Day), Unchanged: p.unchanged(), Password: p.Password,
		RulesCopied: o.RulesCopied, PasswordStays: o.PasswordStays, Forwards: p.Forwards, Login: p.Login,
		In: incoming(dst), Out: serverOf("SMTP", dst.Submission), POP: serverOf("POP3", dst.POP3),
		Webmail: dst.Webmail, OldWebmail: p.Source.Webmail,
		ProfileLink: p.ProfileLink, ProfileFile: p.ProfileFile, Known: len(p.Devices) > 0,
	}
	if o.DAVCopied && dst.DAV != nil {
		v.DAV, v.DAVHost = dst.DAV.String(), dst.DAV.Host
		if calendars, _, ok := dst.DAVLinks(p.setup()); ok {
			v.CalendarLink = calendars
		}
	}
	if !dst.SendsAndReceives() {
		v.ProfileLink, v.ProfileFile = "", "" // there is none
	}
	v.Profile = v.ProfileLink != "" || v.ProfileFile != ""
	_, v.Code = dst.AndroidCode(p.setup())
	if v.OldWebmail == v.Webmail {
		v.OldWebmail = ""
	}
	return v
}

// unchanged reports whether every value that a device holds, but the password, stays what it is. What is not known of the old servers may have been
// anything.
func (p Person) unchanged() bool {
	src, dst := p.Source, p.Destination
	return (src.IMAP.Known() || src.POP3.Known()) && src.SendsAndReceives() && src.IMAP == dst.IMAP && src.POP3 == dst.POP3 &&
		src.Submission == dst.Submission && src.DAVAddress == dst.DAVAddress && p.Login == p.OldLogin
}

// uses reports whether a person is known to use a protocol.
func (p Person) uses(protocol string) bool {
	return slices.ContainsFunc(p.Devices, func(d devices.Device) bool { return slices.Contains(d.Protocols, protocol) })
}

// everyKind are people for whom all texts are used: before and after, with and without everything.
func everyKind() (all []Person) {
	dav := &url.URL{Scheme: "https", Host: "dav.x.example", Path: "/"}
	full := clientsetup.Service{Domain: "x.example", Webmail: "https://webmail.x.example/", DAV: dav, DAVAddress: dav.String(),
		IMAP:       clientsetup.Server{Host: "imap.x.example", Port: 993, Security: protocol.ImplicitTLS},
		POP3:       clientsetup.Server{Host: "pop.x.example", Port: 995, Security: protocol.ImplicitTLS},
		Submission: clientsetup.Server{Host: "smtp.x.example", Port: 587, Security: protocol.StartTLS}}
	old := full
	old.Webmail, old.IMAP.Host = "https://old.x.example/", "old.x.example"
	bare := Person{Address: "x@x.example", Login: "x@x.example", Password: PasswordTold}
	whole := Person{Address: "x@x.example", Login: "x@x.example", OldLogin: "x", Password: PasswordTemporary,
		Preference: people.Preference{DisplayName: "X", ReplyTo: "y@x.example", Signature: "<p>x", HTML: true, TimeZone: "UTC", Language: "en"},
		Forwards:   []string{"a@x.example", "b@x.example"}, Day: time.Date(2026, 12, 4, 22, 0, 0, 0, time.UTC),
		Devices: []devices.Device{{Program: devices.Thunderbird, Name: "Thunderbird", Last: time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC),
			Protocols: []string{"imap", "pop3"}}, {Program: devices.Other}},
		Collections: []Collection{{Name: "x", Contacts: true, Objects: 2000}, {Name: "y", Objects: 1},
			{Name: "z", Contacts: true, Objects: 1}, {Objects: 2}},
		Source: old, Destination: full, ProfileFile: "x.mobileconfig"}
	same := whole
	same.Source, same.OldLogin, same.Password, same.ProfileFile, same.ProfileLink = full, same.Login, PasswordKept, "", "https://x.example/"
	renewed := same
	renewed.Password = PasswordTemporary
	manual := whole
	manual.ProfileFile, manual.Devices = "", nil
	onlyPOP := whole
	onlyPOP.Destination.IMAP, onlyPOP.Destination.DAV = clientsetup.Server{}, nil
	onlyIMAP := whole
	onlyIMAP.Destination.POP3, onlyIMAP.Destination.Submission = clientsetup.Server{}, clientsetup.Server{}
	onlyIMAP.Source.Webmail = full.Webmail
	for _, one := range []Person{bare, whole, same, renewed, manual, onlyPOP, onlyIMAP} {
		moved := one
		moved.Switched = true
		all = append(all, one, moved)
	}
	return all
}

// shownName is what a list calls a collection without a name.
func shownName(c Collection, otherwise string) string {
	return cmp.Or(strings.TrimSpace(tidy(c.Name)), otherwise)
}
