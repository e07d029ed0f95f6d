// SPDX-License-Identifier: Apache-2.0

package corpus

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The state that Dovecot keeps beside the messages of a Maildir.
const (
	uidlistFile  = "dovecot-uidlist"
	keywordsFile = "dovecot-keywords"
	maxKeywords  = 26 // the letters a to z in a file name
)

// WriteMaildir lays the person's mailboxes into the Maildir++ at root, owned by uid and gid: messages,
// flags, keywords, dates, UIDs, POP3 UIDLs and subscriptions. No server may have opened the mailboxes
// before, because it would hold on to its own UIDs; one that has been opened is an error.
func WriteMaildir(ctx context.Context, root string, uid, gid int, p Person) error {
	d := maildir{root: root, uid: uid, gid: gid}
	if err := d.makeDir(root); err != nil {
		return err
	}
	for i, m := range p.Mailboxes {
		if err := d.writeMailbox(ctx, p.Address, i, m); err != nil {
			return fmt.Errorf("write %s of %s: %w", m.IMAPName(), p.Address, err)
		}
	}
	return d.writeSubscriptions(p)
}

type maildir struct {
	root     string
	uid, gid int
}

func (d maildir) dirOf(m Mailbox) string {
	if len(m.Path) == 0 {
		return d.root
	}
	return filepath.Join(d.root, "."+diskName(m.Path))
}

// makeDir is Mkdir for the owner; a directory that is there stays.
func (d maildir) makeDir(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return os.Chown(dir, d.uid, d.gid)
}

func (d maildir) writeFile(path, text string) error {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return err
	}
	return os.Chown(path, d.uid, d.gid)
}

// writeMailbox takes the mailbox's place in the account to keep file names apart: Dovecot takes two
// files of one name in two mailboxes for one message.
func (d maildir) writeMailbox(ctx context.Context, address string, place int, m Mailbox) error {
	dir := d.dirOf(m)
	if err := d.prepare(dir, len(m.Path) > 0); err != nil {
		return err
	}
	keywords, err := keywordsOf(m)
	if err != nil {
		return err
	}
	var list strings.Builder
	fmt.Fprintf(&list, "3 V%d N%d G%x\n", m.UIDValidity, m.UIDNext, md5.Sum([]byte(address+"/"+m.IMAPName())))
	for _, msg := range m.Messages {
		if err := ctx.Err(); err != nil {
			return err
		}
		base, err := d.writeMessage(dir, place, msg, keywords)
		if err != nil {
			return err
		}
		list.WriteString(uidLine(m, msg, base))
	}
	if err := d.writeKeywords(dir, keywords); err != nil {
		return err
	}
	return d.writeFile(filepath.Join(dir, uidlistFile), list.String())
}

// prepare makes the folders of one mailbox. maildirfolder marks all but the root.
func (d maildir) prepare(dir string, below bool) error {
	if _, err := os.Stat(filepath.Join(dir, uidlistFile)); err == nil {
		return errors.New("the mailbox has been opened by a server already")
	}
	for _, sub := range []string{"", "cur", "new", "tmp"} {
		if err := d.makeDir(filepath.Join(dir, sub)); err != nil {
			return err
		}
	}
	if !below {
		return nil
	}
	return d.writeFile(filepath.Join(dir, "maildirfolder"), "")
}

// uidLine is a line of dovecot-uidlist; P is the UIDL that POP3 clients know the message by.
func uidLine(m Mailbox, msg Message, base string) string {
	line := strconv.FormatUint(uint64(msg.UID), 10)
	if m.CourierUIDL {
		line += " P" + m.UIDL(msg)
	}
	return line + " :" + base + "\n"
}

// UIDL returns the unique id that the source's POP3 shows for a message of this mailbox: Courier's
// form where the mailbox comes from there, Dovecot's default otherwise.
func (m Mailbox) UIDL(msg Message) string {
	if m.CourierUIDL {
		return fmt.Sprintf("%d-%d", m.UIDValidity, msg.UID)
	}
	return fmt.Sprintf("%08x%08x", msg.UID, m.UIDValidity)
}

// writeMessage delivers one message as Maildir wants it, by way of tmp. A message without any flag
// waits in new. It returns the file name without the flags.
func (d maildir) writeMessage(dir string, place int, msg Message, keywords []string) (string, error) {
	unique := fmt.Sprintf("%d.M%06dP%d.mail", msg.InternalDate.Unix(), msg.UID%1_000_000, 1000+place)
	temporary := filepath.Join(dir, "tmp", unique)
	size, err := d.store(temporary, msg)
	if err != nil {
		return "", err
	}
	base := unique + sizeTags(msg, size)
	final := filepath.Join(dir, "cur", base+":2,"+flagLetters(msg.Flags, keywords))
	if len(msg.Flags) == 0 {
		final = filepath.Join(dir, "new", base)
	}
	return base, os.Rename(temporary, final)
}

// dovecotSince is when the server's store passed from Courier, which knew no virtual size, to Dovecot.
var dovecotSince = time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC)

// sizeTags are the sizes in a file name: S as stored, W with CRLF line ends.
func sizeTags(msg Message, stored int64) string {
	if msg.InternalDate.Before(dovecotSince) {
		return fmt.Sprintf(",S=%d", stored)
	}
	return fmt.Sprintf(",S=%d,W=%d", stored, msg.Size)
}

// store writes the octets and the date, and returns the stored size.
func (d maildir) store(path string, msg Message) (size int64, err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := msg.WriteStored(f); err != nil {
		return 0, err
	}
	if size, err = f.Seek(0, io.SeekCurrent); err != nil {
		return 0, err
	}
	if err := f.Chown(d.uid, d.gid); err != nil {
		return 0, err
	}
	return size, os.Chtimes(path, msg.InternalDate, msg.InternalDate)
}

// keywordsOf returns the mailbox's keywords in the order of their letters.
func keywordsOf(m Mailbox) ([]string, error) {
	var keywords []string
	for _, msg := range m.Messages {
		for _, flag := range msg.Flags {
			if !strings.HasPrefix(flag, `\`) && !slices.Contains(keywords, flag) {
				keywords = append(keywords, flag)
			}
		}
	}
	if len(keywords) > maxKeywords {
		return nil, fmt.Errorf("%d keywords, a Maildir has letters for %d", len(keywords), maxKeywords)
	}
	return keywords, nil
}

// writeKeywords says which letter stands for which keyword.
func (d maildir) writeKeywords(dir string, keywords []string) error {
	if len(keywords) == 0 {
		return nil
	}
	var lines strings.Builder
	for i, keyword := range keywords {
		fmt.Fprintf(&lines, "%d %s\n", i, keyword)
	}
	return d.writeFile(filepath.Join(dir, keywordsFile), lines.String())
}

// flagLetters is what follows ":2," in a file name, in the order of ASCII as Maildir demands.
func flagLetters(flags, keywords []string) string {
	system := map[string]byte{`\Draft`: 'D', `\Flagged`: 'F', `\Answered`: 'R', `\Seen`: 'S', `\Deleted`: 'T'}
	var letters []byte
	for _, flag := range flags {
		if letter, ok := system[flag]; ok {
			letters = append(letters, letter)
		} else {
			letters = append(letters, 'a'+byte(slices.Index(keywords, flag)))
		}
	}
	slices.Sort(letters)
	return string(letters)
}

// writeSubscriptions writes Dovecot's first format, one name a line, without the namespace's prefix.
func (d maildir) writeSubscriptions(p Person) error {
	var names strings.Builder
	for _, m := range p.Mailboxes {
		if m.Subscribed {
			names.WriteString(diskName(m.Path) + "\n")
		}
	}
	for _, path := range p.Subscribed {
		names.WriteString(diskName(path) + "\n")
	}
	return d.writeFile(filepath.Join(d.root, "subscriptions"), names.String())
}

// ListEscape are the lines of Dovecot's configuration without which a mailbox name cannot hold a "/"
// where the separator is ".".
const ListEscape = `
protocol imap {
  mail_plugins = quota imap_quota listescape
}
protocol pop3 {
  mail_plugins = quota listescape
}
protocol lmtp {
  mail_plugins = quota sieve listescape
}
protocol doveadm {
  mail_plugins = quota listescape
}
`
