// SPDX-License-Identifier: Apache-2.0

package corpus

import "rehome"

// PasswordTraps are further people with little mail, one for each form that a password column was ever
// found to hold, and for each switch that keeps somebody out. They are not part of the sample, whose
// counts tests rely on. home is one of the organisation's domains.
func PasswordTraps(home string) []Person {
	at := func(local string) string { return local + "@" + home }
	person := func(local, clear, stored string, form rehome.PasswordForm) Person {
		return Person{Address: at(local), FirstName: "Trap", LastName: local, RealName: "Trap " + local, Plain: clear, Stored: stored, Form: form,
			Group: groupDefault}
	}
	switched := func(p Person, group string, status int) Person {
		p.Group = group
		p.Status = status
		return p
	}
	return []Person{
		person("bcrypt", "Blowfish&Whale-3", "$2y$05$ggJMalbI0jve2MiomtoepehsVCWvrOTrV1DMFJKexw5YfHf6U7ez.", rehome.PasswordCrypt),
		person("cutoff", "Halved-Hash-512!", "$6$7S/9BKQx44E1XiPF$utGHTS5R0X7FkHfKis1WMbQqff0IBNbr8yQOxYCWSORS",
			rehome.PasswordCrypt), // 64 characters of 106
		person("upper", "Capital-Digest-9", "101AFB9CE371158BBF2A50C94B1AAEB9", rehome.PasswordMD5),
		person("ssha", "Salted-Digest-1!", "{SSHA}G9Z5zIfDbJh3I1YChBF6ch7kAluJrMLl", rehome.PasswordOther),
		person("sha1", "Bare-Digest-40?", "7cd2e6dd68e9c4e0f6d46e658b224fe75337610a", rehome.PasswordOther),
		person("labelled", "Labelled&Plain-6", "{PLAIN}Labelled&Plain-6", rehome.PasswordPlain),
		person("brace", "{hello}World-12", "{hello}World-12", rehome.PasswordPlain),
		person("empty", "", "", rehome.PasswordNone),
		switched(person("webmail", "Only-Webmail-22", "Only-Webmail-22", rehome.PasswordPlain), groupWebOnly, 0),
		switched(person("leaver", "Long-Gone-2012!", "Long-Gone-2012!", rehome.PasswordPlain), groupDefault, 1),
		{Address: "friend@isp.example", Plain: "Somewhere-Else-4", Stored: "Somewhere-Else-4", Form: rehome.PasswordPlain, RealName: "A Friend"},
	}
}
