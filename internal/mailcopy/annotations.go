// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// Annotations (RFC 5464) are what programs note about a mailbox: a comment, a colour, what a folder is for. They go along when a
// mailbox is copied for the first time, by IMAP, whichever way its messages take: dsync would store what its server keeps of its own
// as well, and would let the newer value win. What the destination has already stays as it is, and nothing is followed later: only
// then nothing that a user has changed or deleted there can come back.

// annotation is one entry with its value.
type annotation struct{ entry, value string }

// annotationsDue returns what the destination lacks of the source's entries, and the names of those of which it has another value.
func annotationsDue(src, dst map[string]string) (due []annotation, other []string) {
	for _, entry := range slices.Sorted(maps.Keys(src)) {
		value, there := dst[entry]
		switch {
		case !portable(entry):
		case !there:
			due = append(due, annotation{entry, src[entry]})
		case value != src[entry]:
			other = append(other, entry)
		}
	}
	return due, other
}

// portable says that an entry is not a server's own: Cyrus notes there where a mailbox is stored and when it may be cleaned, Dovecot
// what it keeps for itself, and special uses are mapped with the mailboxes.
func portable(entry string) bool {
	_, name, found := strings.Cut(strings.TrimPrefix(entry, "/"), "/") // behind private or shared
	return found && name != "specialuse" && !strings.HasPrefix(name, "vendor/cmu/") && !strings.HasPrefix(name, "vendor/vendor.dovecot/")
}

// bringAnnotations brings those of a mailbox of which nothing was copied yet.
func (j *mailboxJob) bringAnnotations(ctx context.Context) error {
	if !j.src.Capabilities().Has("METADATA") || !j.row.Done.Empty() || j.row.State != (ledger.State{}) {
		return nil
	}
	src, err := annotations(ctx, j.src, j.pair.Source)
	if err != nil {
		return faultOf(err, "read annotations of source mailbox", j.pair.Source)
	}
	due, _ := annotationsDue(src, nil)
	if len(due) == 0 {
		return nil
	}
	if !j.dst.Capabilities().Has("METADATA") {
		j.slice.find(annotationsLeftOn(j.pair.Source, namesOf(due), "the destination keeps none (METADATA)"))
		return nil
	}
	dst, err := annotations(ctx, j.dst, j.pair.Destination)
	if err != nil {
		return faultOf(err, "read annotations of destination mailbox", j.pair.Destination)
	}
	due, other := annotationsDue(src, dst)
	if len(other) > 0 {
		j.slice.find(annotationsLeftOn(j.pair.Source, other, "the destination has other values, which stay"))
	}
	return j.annotate(ctx, due)
}

func (j *mailboxJob) annotate(ctx context.Context, due []annotation) error {
	for _, a := range due {
		err := j.dst.SetMetadata(ctx, j.pair.Destination, a.entry, a.value)
		var argument *imap.ArgumentError
		var status *imap.StatusError
		switch {
		case err == nil:
		case errors.As(err, &argument):
			j.slice.find(annotationsLeftOn(j.pair.Source, []string{a.entry}, "its value "+argument.Why))
		case errors.As(err, &status) && j.dst.Err() == nil:
			j.slice.find(annotationsLeftOn(j.pair.Source, []string{a.entry}, withoutTiming(status.Text)))
		default:
			return faultOf(err, "annotate destination mailbox", j.pair.Destination)
		}
	}
	return nil
}

// annotations returns what a server keeps of a name. One that says NO keeps none: Dovecot announces the extension also where it has no
// place for them (mail_attribute_dict).
func annotations(ctx context.Context, session *endpoint.Session, name string) (map[string]string, error) {
	found, err := session.Metadata(ctx, name)
	if imap.IsStatus(err, "NO") {
		return map[string]string{}, nil
	}
	return found, err
}

func namesOf(all []annotation) []string {
	names := make([]string, len(all))
	for i, a := range all {
		names[i] = a.entry
	}
	return names
}

// annotationsLeftOn names the first few.
func annotationsLeftOn(mailbox string, entries []string, why string) rehome.Finding {
	const few = 5
	names := strings.Join(entries[:min(len(entries), few)], ", ")
	if len(entries) > few {
		names += ", ..."
	}
	return annotationsLeft.On(mailbox, rehome.Values{"n": len(entries), "names": names, "why": why})
}
