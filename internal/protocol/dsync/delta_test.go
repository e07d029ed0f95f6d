// SPDX-License-Identifier: Apache-2.0

package dsync

import (
	"fmt"
	"strings"
	"testing"

	"rehome/lab/dovecot"
)

func numbered(uids ...uint32) (letters []letter) {
	for _, uid := range uids {
		letters = append(letters, letter{uid: uid, received: received, text: fmt.Sprintf("Subject: %d\r\n\r\ntext\r\n", uid)})
	}
	return letters
}

// What comes later goes behind what is there; what the destination's user has done meanwhile stays.
func TestDovecot_laterMessagesAndTheUsersOwnChanges(t *testing.T) {
	t.Parallel()
	for _, layout := range []string{dovecot.Maildir, dovecot.Sdbox} {
		t.Run(layout, func(t *testing.T) {
			t.Parallel()
			server := startDovecot(t, dovecot.Options{Layout: layout})
			inbox := folder{name: []string{"INBOX"}, guid: guidOf(1), validity: 99, next: 10, letters: numbered(3, 5, 7, 9)}
			mustBring(t, server, 4, inbox)
			c := talk(t, server)
			c.do("CREATE Own/Sub")
			c.do("CREATE A_B")
			c.do("SELECT INBOX")
			c.do(`UID STORE 3 +FLAGS (\Seen mine)`)
			c.do(`UID STORE 7 +FLAGS (\Deleted)`)
			c.do("EXPUNGE")
			c.do("UNSELECT")
			inbox.next, inbox.letters = 20, append(numbered(3, 5, 9), numbered(12, 19)...) // 7 is known to be gone
			inbox.letters[1].flags = Flagged
			mustBring(t, server, 2, inbox)
			c.wants("SELECT INBOX", "5 EXISTS", "UIDVALIDITY 99", "UIDNEXT 20")
			c.wants("UID SEARCH ALL", "SEARCH 3 5 9 12 19\r\n")
			c.wants("UID FETCH 3 (FLAGS)", `\Seen`, "mine")
			if got := c.do("UID FETCH 5 (FLAGS)"); strings.Contains(got, `\Flagged`) {
				t.Errorf("flags of a message that is there were changed: %s", got)
			}
			c.wants(`LIST "" *`, "Own/Sub", "A_B") // not named, and untouched
		})
	}
}

func mustBring(t *testing.T, server *dovecot.Server, wanted int, folders ...folder) {
	t.Helper()
	sent, err := bring(t.Context(), byTCP(t, server, server.DoveadmTCP), Options{}, folders...)
	if err != nil || len(sent) != wanted {
		t.Fatalf("%d messages were sent, want %d: %v", len(sent), wanted, err)
	}
}

// A message that came to the destination between the look and the session is neither lost nor removed.
func TestDovecot_aStrangerBehindOurs(t *testing.T) {
	t.Parallel()
	server := startDovecot(t, dovecot.Options{Layout: dovecot.Sdbox})
	inbox := folder{name: []string{"INBOX"}, guid: guidOf(1), validity: 99, next: 10, letters: numbered(3, 9)}
	mustBring(t, server, 2, inbox)
	c := talk(t, server)
	deliver(c, "Subject: stranger\r\n\r\n") // gets UID 10
	inbox.next, inbox.letters = 13, numbered(3, 9, 12)
	mustBring(t, server, 1, inbox)
	c.wants("SELECT INBOX", "4 EXISTS")
	if got := c.do("UID FETCH 1:* (BODY.PEEK[])"); !strings.Contains(got, "Subject: stranger") || strings.Count(got, "Subject: ") != 4 {
		t.Errorf("got %s", got)
	}
}

func deliver(c *imapTalk, text string) {
	c.t.Helper()
	c.n++
	if _, err := fmt.Fprintf(c.conn, "t%d APPEND INBOX {%d+}\r\n%s\r\n", c.n, len(text), text); err != nil {
		c.t.Fatal(err)
	}
	for {
		line, err := c.in.ReadString('\n')
		if err != nil {
			c.t.Fatal(err)
		}
		if strings.HasPrefix(line, fmt.Sprintf("t%d OK", c.n)) {
			return
		}
	}
}

// A mailbox that the destination has made by itself takes our UIDVALIDITY as soon as a message comes.
func TestDovecot_mailboxOfTheServersOwn(t *testing.T) {
	t.Parallel()
	server := startDovecot(t, dovecot.Options{Layout: dovecot.Mdbox,
		Mailboxes: []dovecot.Mailbox{{Name: "Sent", SpecialUse: `\Sent`, Subscribed: true}, {Name: "Drafts", Subscribed: true}}})
	c := talk(t, server)
	c.do("SELECT Sent")
	c.do("SELECT INBOX")
	c.do("UNSELECT")
	sent := folder{name: []string{"Sent"}, guid: guidOf(4), validity: 12, next: 9, letters: numbered(8)}
	mustBring(t, server, 1, sent)
	c.wants("SELECT Sent", "1 EXISTS", "UIDVALIDITY 12", "UIDNEXT 9")
	c.wants("UID SEARCH ALL", "SEARCH 8\r\n")
	c.wants(`LIST (SPECIAL-USE) "" *`, `\Sent`)
}
