// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"rehome"
	"rehome/internal/content/letter"
	"rehome/internal/ledger"
)

// The bounds of what comes back.
const (
	maxReport  = 1 << 20 // octets of one message that are read; a report stands in front of what it returns
	maxReports = 1 << 20 // messages
)

// Bounces says what was read of messages that came back.
type Bounces struct {
	Read    int      `json:"read"`    // messages
	Matched int      `json:"matched"` // that tell of one of ours
	Others  int      `json:"others"`  // that are no report of a failure, or of none of ours
	Unread  []string `json:"unread"`  // files with the reason
}

// ReadBounces reads reports of mail servers about messages that could not be delivered (RFC 3464) and keeps what they say of ours, which
// are known by their Message-ID alone: anybody can write a report. A path is a message, an mbox, or a folder of them, such as that of a
// Maildir.
func ReadBounces(ctx context.Context, paths []string, l Ledger, changed func(context.Context, ledger.Notice) error) (Bounces, error) {
	b := Bounces{Unread: []string{}}
	notices, err := l.All(ctx)
	if err != nil {
		return b, err
	}
	byID := map[string]ledger.Notice{}
	for _, n := range notices {
		if n.MessageID != "" {
			byID[n.MessageID] = n
		}
	}
	see := func(message []byte) error {
		b.Read++
		failed, is := letter.ReadReport(message)
		n, ours := byID[failed.MessageID]
		if !is || !ours {
			b.Others++
			return nil
		}
		b.Matched++
		return bounced(ctx, l, n, failed.Words, changed)
	}
	for _, path := range paths {
		if err := b.walk(ctx, path, see); err != nil {
			return b, err
		}
	}
	return b, nil
}

// bounced notes one. A message that was not known to be taken has been taken after all.
func bounced(ctx context.Context, l Ledger, n ledger.Notice, words string, changed func(context.Context, ledger.Notice) error) error {
	was := n.State
	if was != ledger.NoticeSent && was != ledger.NoticeCommitting {
		return nil // it is noted already
	}
	n.State, n.Words = ledger.NoticeBounced, words
	if err := l.Move(ctx, was, n); err != nil && !errors.Is(err, ledger.ErrNoticeMoved) { // two reports of one message
		return err
	}
	if changed == nil {
		return nil
	}
	return changed(ctx, n)
}

func (b *Bounces) walk(ctx context.Context, root string, see func([]byte) error) error {
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case entry.IsDir() || path != root && !entry.Type().IsRegular():
			return nil
		}
		if trouble := b.file(path, see); trouble != nil {
			if isOurs := (*rehome.Fault)(nil); errors.As(trouble, &isOurs) {
				return trouble
			}
			b.Unread = append(b.Unread, path+": "+trouble.Error())
		}
		return nil
	})
	var inPath *fs.PathError
	if errors.As(err, &inPath) {
		return &rehome.Fault{Class: rehome.ClassOperator, Op: "read what came back in", Object: root, Cause: inPath.Err,
			Hint: "name a message, an mbox, or a folder of messages"}
	}
	return err
}

// file reads the messages of one file.
func (b *Bounces) file(path string, see func([]byte) error) error {
	file, err := os.Open(path)
	if err != nil {
		return errors.Unwrap(err)
	}
	defer file.Close() // only read
	lines := bufio.NewReaderSize(file, 64<<10)
	begin, _ := lines.Peek(5)
	mbox := string(begin) == "From "
	var message bytes.Buffer
	give := func() error {
		defer message.Reset()
		if message.Len() == 0 || b.Read >= maxReports {
			return nil
		}
		return see(message.Bytes())
	}
	for {
		line, err := lines.ReadSlice('\n')
		if mbox && bytes.HasPrefix(line, []byte("From ")) { // a line of a message that begins so has ">" before it
			if err := give(); err != nil {
				return err
			}
		} else if message.Len() < maxReport {
			message.Write(line)
		}
		switch {
		case errors.Is(err, io.EOF):
			return give()
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return err
		}
	}
}
