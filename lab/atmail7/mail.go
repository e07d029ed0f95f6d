// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"fmt"
	"path/filepath"
	"strings"

	"rehome/lab/dovecot"
)

const (
	masterUser     = "mover"
	masterPassword = "master-of-the-lab"
)

func (s *Server) startMail() error {
	server, err := dovecot.Start(s.lab, dovecot.Options{
		Name: s.options.Name, Layout: dovecot.Maildir, Separator: ".", Prefix: "INBOX.",
		Mailboxes: []dovecot.Mailbox{
			{Name: "Sent", Subscribed: true}, {Name: "Drafts", Subscribed: true},
			{Name: "Trash", Subscribed: true}, {Name: "Spam", Subscribed: true},
		},
		SQL: s.authSQL(), Hosts: []string{"mail.example.test"},
		MasterUser: masterUser, MasterPassword: masterPassword, Extra: s.options.Extra,
	})
	s.Server = server
	return err
}

// authSQL tells Dovecot how to find an account: the form of a stored password is told by its
// shape, because atmail stores no scheme with it. "%" is Dovecot's own, "%s" the service.
func (s *Server) authSQL() string {
	switches := ""
	groups := ""
	if s.has("Groups") {
		groups = "LEFT JOIN `Groups` g ON g.GroupName = u.Ugroup"
		switches = `AND NOT ('%s' = 'imap' AND COALESCE(g.IMAPSupport, 1) = 0) AND NOT ('%s' = 'pop3' AND COALESCE(g.POP3Support, 1) = 0)`
	}
	uid, gid := s.lab.Owner()
	return fmt.Sprintf("driver = mysql\nconnect = host=%s dbname=%s user=%s password=%s\n", s.Socket, database, writer, writerPassword) +
		setting("password_query", `SELECT s.Account AS user, CASE
			WHEN BINARY s.Password REGEXP '^[0-9a-f]{32}$' THEN CONCAT('{PLAIN-MD5}', s.Password)
			WHEN BINARY s.Password REGEXP '^[$](1|5|6|2y)[$]' THEN CONCAT('{CRYPT}', s.Password)
			WHEN BINARY s.Password REGEXP '^[{][A-Z0-9.-]+[}].' THEN s.Password
			ELSE CONCAT('{PLAIN}', s.Password) END AS password
			FROM UserSession s JOIN Users u ON u.Account = s.Account `+groups+`
			WHERE s.Account = '%u' AND s.Password <> '' AND COALESCE(u.UserStatus, 0) = 0 `+switches) +
		setting("user_query", fmt.Sprintf(`SELECT MailDir AS home, CONCAT('maildir:', MailDir) AS mail, %d AS uid, %d AS gid,
			CONCAT('*:storage=', COALESCE(UserQuota, 0), 'K') AS quota_rule
			FROM Users WHERE Account = '%%u'`, uid, gid)) +
		setting("iterate_query", "SELECT Account AS user FROM Users")
}

// setting renders one line of dovecot-sql.conf, which knows no line breaks inside a value.
func setting(name, value string) string {
	return name + " = " + strings.Join(strings.Fields(value), " ") + "\n"
}

// MailDir returns the Maildir++ of an account, with a slash at the end as in Users.MailDir: below
// the first two letters of the address, each "other" if it is none.
func (s *Server) MailDir(account string) string {
	account = strings.ToLower(account)
	first := "other"
	second := "other"
	if account != "" && isLetter(account[0]) {
		first = account[:1]
		if len(account) > 1 && isLetter(account[1]) {
			second = account[1:2]
		}
	}
	return filepath.Join(s.Dir(), "mail", first, second, account) + "/"
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' }
