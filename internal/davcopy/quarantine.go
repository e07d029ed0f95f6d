// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/endpoint"
	"rehome/internal/escrow"
	"rehome/internal/ledger"
	"rehome/internal/mapping"
)

// refused gives an object up that the destination does not take. When it is the server that fails, the slice ends
// instead.
func (j *collectionJob) refused(ctx context.Context, p *transfer, refusal error) error {
	if err := j.weigh(ctx, p, refusal); err != nil {
		return err
	}
	if j.isThereAlready(ctx, p) {
		return nil
	}
	flaws := pim.Lint(p.data, p.kind)
	if err := j.giveUp(p, objectRefused, refusal); err != nil {
		return err
	}
	if len(flaws) > 0 && !overrideApart.Has(p.row.Code) && !seriesApart.Has(p.row.Code) {
		p.row.Words += "; " + flaws[0].Sentence
	}
	return nil
}

// isThereAlready adopts a version that the destination has though it refuses it: it was stored by a request whose answer was lost, or
// has come back with a restore, and by now nobody may write there.
func (j *collectionJob) isThereAlready(ctx context.Context, p *transfer) bool {
	if !p.before.State.There() || p.match == "" || j.siblings[p.row.Destination] {
		return false
	}
	there, err := j.slice.dst.Get(ctx, hrefOf(j.place.target.Href, p.row.Destination), kindOf(j.kind))
	if err != nil || j.likenessOf(p, there) != sameObject {
		return false
	}
	p.keeps(there.Data)
	j.adopt(p, there.ETag)
	return true
}

// giveUp quarantines an object with the server's words.
func (j *collectionJob) giveUp(p *transfer, why rehome.Declared, refusal error) error {
	words := "the destination does not accept it"
	if fault, is := errorsAs[*rehome.Fault](endpoint.Fault(refusal, "", "")); is {
		words = wordsOf(refusal)
		if objectRefused.Has(why.Code) {
			why = lastingOr(fault, objectFailed, why)
		}
	}
	if judge(refusal, 2) == stepFindUID && objectRefused.Has(why.Code) {
		why = duplicateUID
	}
	if other, identity := j.otherPart(p); other != "" && (duplicateUID.Has(why.Code) || objectRefused.Has(why.Code)) {
		why, words = partedFinding(p.object, words, decodedName(other), identity)
	}
	*p = p.refuse(why, words)
	return j.quarantine(p)
}

// partedFinding is for one of several objects that the destination wants in one, where it has another one, of that name and identity.
func partedFinding(o pim.Object, words, other, identity string) (rehome.Declared, string) {
	const wants = ", and the destination wants both in one object"
	changed := identity != plainUID(identity)
	switch {
	case !isApart(o):
		return seriesApart, fmt.Sprintf("%s; a changed occurrence of this event has another name at the source, %q%s", words, other, wants)
	case changed:
		return overrideApart, fmt.Sprintf("%s; it is a changed occurrence of an event of which another one has another name at the source, %q%s", words,
			other, wants)
	}
	return overrideApart, fmt.Sprintf("%s; it is a changed occurrence of an event that has another name at the source, %q%s", words, other, wants)
}

// wordsOf are a server's own, where it has said something.
func wordsOf(err error) string {
	if fault, is := errorsAs[*rehome.Fault](endpoint.Fault(err, "", "")); is {
		return cmp.Or(fault.Server, fault.Error())
	}
	return err.Error()
}

// wordsConflict are said of a conflict of which nobody remembers how it came to it.
const wordsConflict = "the destination has a different version, which stays as it is"

// conflict leaves both ends as they are and says so.
func (j *collectionJob) conflict(p *transfer, why rehome.Declared, words string) error {
	if p.before.State == ledger.ObjectConflict && why.Has(p.before.Code) {
		words = p.before.Words // how it came to that
	}
	p.row.State, p.row.Code, p.row.Words, p.row.DstETag = ledger.ObjectConflict, why.Code, words, ""
	p.row.Form, p.row.Kept, p.row.Repairs = p.before.Form, p.before.Kept, nil
	return j.keep(p)
}

// quarantine keeps the original, so that nothing is lost when the source goes. It was not written, so
// what was repaired in vain does not count.
func (j *collectionJob) quarantine(p *transfer) error {
	if p.row.State == ledger.ObjectQuarantined {
		p.row.DstETag, p.row.Form, p.row.Kept, p.row.Repairs = "", nil, nil, nil
	}
	return j.keep(p)
}

// keep stores the source's bytes in the escrow folder.
func (j *collectionJob) keep(p *transfer) (err error) {
	if p.source.Err != nil {
		return nil //nolint:nilerr // nothing was served that could be kept
	}
	extension := extensions[j.kind]
	label := strings.TrimSuffix(mapping.LastSegment(j.place.source.Href)+"-"+p.row.Source, extension)
	p.row.Escrow, err = escrow.New(j.slice.engine.options.EscrowDir).Keep(j.slice.account.Address, label, extension, func(w io.Writer) error {
		_, err := w.Write(p.source.Data)
		return err
	})
	return err
}

// extensions are what programs for contacts and calendars open (RFC 6350, section 10.1; RFC 5545, section 8.1).
var extensions = map[rehome.Kind]string{rehome.KindContacts: ".vcf", rehome.KindCalendars: ".ics"}
