// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"context"
	"fmt"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/verify"
)

// A POP3 program that leaves mail on the server knows each message by its unique identifier and nothing else (RFC 1939, section 7).
// One that it does not know is a new message to it.

// Maildrop opens what POP3 shows of an account at one end; *endpoint.POP3 is one.
type Maildrop interface {
	Open(ctx context.Context, account rehome.Account) (*endpoint.POP3Session, error)
	Fault(ctx context.Context, err error, op, object string) error
}

// NewMaildrops returns the part of a verification that compares the identifiers of POP3 at both ends, as a program sees them. It
// comes behind the one that compares mail.
func NewMaildrops(source, destination Maildrop) verify.Part { return drops{source, destination} }

type drops struct{ source, destination Maildrop }

// Compare implements verify.Part. It holds one connection at a time.
func (d drops) Compare(ctx context.Context, account rehome.Account, _ verify.Options, into *verify.Account) error {
	src, err := identifiers(ctx, d.source, account)
	if err != nil {
		return err
	}
	dst, err := identifiers(ctx, d.destination, account)
	if err != nil {
		return err
	}
	if into.Mail == nil {
		into.Mail = &verify.Mail{Differences: []verify.Difference{}, Mailboxes: []verify.Mailbox{}, Counts: map[verify.Kind]int{}}
	}
	for _, sentence := range compareMaildrops(src, dst) {
		into.Mail.Counts[verify.UIDLsDiffer]++
		into.Mail.Differences = append(into.Mail.Differences, verify.Difference{Kind: verify.UIDLsDiffer, Mailbox: "INBOX", Object: "INBOX",
			Source: verify.Count(int64(len(src)), "message"), Destination: verify.Count(int64(len(dst)), "message"), Sentence: sentence})
	}
	return nil
}

// identifiers lists a maildrop.
func identifiers(ctx context.Context, drop Maildrop, account rehome.Account) ([]string, error) {
	session, err := drop.Open(ctx, account)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	listed, err := session.UIDL(ctx)
	if err != nil {
		return nil, drop.Fault(ctx, err, "list the POP3 identifiers of", account.Address)
	}
	stat, err := session.Stat(ctx)
	if err != nil {
		return nil, drop.Fault(ctx, err, "count the POP3 messages of", account.Address)
	}
	if stat.Messages != len(listed) {
		return nil, drop.Fault(ctx, fmt.Errorf("STAT counts %d and UIDL lists %d", stat.Messages, len(listed)), "list the POP3 identifiers of",
			account.Address)
	}
	ids := make([]string, len(listed))
	for i, u := range listed {
		ids[i] = u.ID
	}
	return ids, nil
}

// compareMaildrops says what a program that knows src will make of dst. Some servers give an identifier twice.
func compareMaildrops(src, dst []string) (sentences []string) {
	left := map[string]int{}
	for _, id := range dst {
		left[id]++
	}
	var kept []string
	for _, id := range src {
		if left[id] > 0 {
			left[id]--
			kept = append(kept, id)
		}
	}
	lost, added := int64(len(src)-len(kept)), int64(len(dst)-len(kept))
	if lost > 0 {
		sentences = append(sentences, fmt.Sprintf("POP3 shows %s of the source under another identifier (UIDL) at the destination, or not at all: "+
			"programs download them again", verify.Count(lost, "message")))
	}
	if added > lost {
		sentences = append(sentences, fmt.Sprintf("POP3 shows %s more at the destination than at the source: programs download them as new",
			verify.Count(added-lost, "message")))
	}
	if !follow(kept, dst) {
		sentences = append(sentences, "POP3 shows the messages in another order at the destination: programs that count on it may download some again")
	}
	return sentences
}

// follow says whether ids are found in all one behind the other.
func follow(ids, all []string) bool {
	for _, id := range all {
		if len(ids) > 0 && ids[0] == id {
			ids = ids[1:]
		}
	}
	return len(ids) == 0
}
