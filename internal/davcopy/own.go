// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/protocol/dav"
)

// An object's trouble is its own until the server does not take either what is known to be good. What is known to be
// good is a small object without any oddity, which is written under a name of its own and removed at once.

// patience is how many objects a server may answer with an error of its own, one after the other, before it is tested.
const patience = 3

// weigh counts an answer by which the server, not the object, may be broken, and tests it from time to time; the error
// says that it is.
func (j *collectionJob) weigh(ctx context.Context, p *transfer, refusal error) error {
	refused, is := errorsAs[*dav.StatusError](refusal)
	if !is || refused.Status < http.StatusInternalServerError || j.failed.Add(1)%patience != 0 {
		return nil
	}
	return j.stop(ctx, p, refusal)
}

// stop returns why the slice has to end after such an answer, nil when the trouble is the object's own.
func (j *collectionJob) stop(ctx context.Context, p *transfer, refusal error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if _, refused := errorsAs[*dav.AuthError](refusal); refused || !j.takesGood(ctx) {
		return stopFault(refusal, p)
	}
	return nil
}

// unseen is for an object that the destination does not show. Without a look at it nothing is written over it.
func (j *collectionJob) unseen(ctx context.Context, p *transfer, refusal error) error {
	if err := j.stop(ctx, p, refusal); err != nil {
		return err
	}
	return j.giveUp(p, objectRefused, refusal)
}

// takesGood reports whether the destination takes an object that every server takes. A refusal is an answer too, unless
// it is about the account or the collection.
func (j *collectionJob) takesGood(ctx context.Context) bool {
	select {
	case j.probing <- struct{}{}:
		defer func() { <-j.probing }()
	case <-ctx.Done():
		return false
	}
	s, target := j.slice, j.place.target
	uid, name, data := goodObject(target, s.engine.options.Word())
	href := hrefOf(target.Href, name)
	if s.beginTrial(ctx, target, uid) != nil {
		return false // what cannot be written down is not sent; the slice fails at the next object
	}
	stored, err := s.dst.Put(ctx, href, dav.Upload{Data: data, Kind: kindOf(j.kind)})
	if refused, is := errorsAs[*dav.StatusError](err); is && refused.Status < http.StatusInternalServerError {
		switch refused.Status {
		case http.StatusUnauthorized, http.StatusNotFound, http.StatusLocked, http.StatusTooManyRequests:
			_ = s.endTrial(ctx, uid) // it is looked for in vain where that fails
			return false
		}
		return s.endTrial(ctx, uid) == nil
	}
	if err != nil {
		_ = s.beginTrial(ctx, target, uid) // it may arrive from now on as long as another
		return false
	}
	s.engine.learnNaming(target.Href, href, stored.Href)
	return s.sweepOne(context.WithoutCancel(ctx), dav.Object{Href: cmp.Or(stored.Href, href), Data: data}, kindOf(j.kind)) &&
		s.endTrial(ctx, uid) == nil
}

// goodObject is a card, an event, or what else the collection holds.
func goodObject(c dav.Collection, word string) (uid, name string, data []byte) {
	uid = pim.TrialUID("test", word)
	extension := ".vcf"
	lines := []string{"BEGIN:VCARD", "VERSION:3.0", "UID:" + uid, "N:Test;;;;", "FN:" + pim.TrialTitle, "END:VCARD", ""}
	if c.Kind == dav.Calendars {
		component := componentFor(c, "VEVENT")
		extension = ".ics"
		lines = []string{
			"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//rehome//test//EN", "BEGIN:" + component, "UID:" + uid, "DTSTAMP:20200101T000000Z",
			"DTSTART:20200101T000000Z", "SUMMARY:" + pim.TrialTitle, "END:" + component, "END:VCALENDAR", "",
		}
	}
	return uid, uid + extension, []byte(strings.Join(lines, "\r\n"))
}

// componentFor is the wanted kind of component, or another one where the collection does not take that.
func componentFor(c dav.Collection, wanted string) string {
	if takes(c, wanted) {
		return wanted
	}
	return strings.ToUpper(c.Components[0])
}

func takes(c dav.Collection, component string) bool {
	return len(c.Components) == 0 || slices.ContainsFunc(c.Components, func(name string) bool { return strings.EqualFold(name, component) })
}

// troubles gathers what went wrong with single kinds and collections while the others go on.
type troubles struct{ all []error }

// add notes trouble with one of a kind; the error comes back when it is everybody's: the caller's, the log-in's, our own, or
// that of an end that does not answer any more.
func (t *troubles) add(ctx context.Context, s *slice, kind rehome.Kind, err error) error {
	switch class := rehome.ClassOf(err); {
	case err == nil:
		return nil
	case ctx.Err() != nil, class == rehome.ClassAuth, class == rehome.ClassBug, class == rehome.ClassOperator, !s.answers(ctx, kind):
		return err
	}
	t.all = append(t.all, err)
	return nil
}

// err is one error for all of them, of the class that is tried again if any is.
func (t *troubles) err() error {
	if len(t.all) < 2 {
		return errors.Join(t.all...)
	}
	worst := t.all[0]
	var said []string
	for _, err := range t.all {
		if class := rehome.ClassOf(err); class == rehome.ClassTemporary || class == rehome.ClassThrottled {
			worst = err
		}
		said = append(said, err.Error())
	}
	return &rehome.Fault{
		Class: rehome.ClassOf(worst), Op: "copy", Object: fmt.Sprintf("%d collections", len(said)),
		Cause: errors.New(strings.Join(said, "; ")), Hint: rehome.HintOf(worst),
	}
}

// answers reports whether both ends still list what they have listed before: the kind that is in trouble, else another one. So two
// kinds in trouble do not ask for the same.
func (s *slice) answers(ctx context.Context, kind rehome.Kind) bool {
	others := slices.DeleteFunc(slices.Clone(s.engine.options.Kinds), func(other rehome.Kind) bool { return other == kind })
	for _, one := range append([]rehome.Kind{kind}, others...) {
		_, srcErr := s.src.Collections(ctx, kindOf(one))
		_, dstErr := s.dst.Collections(ctx, kindOf(one))
		if shown(srcErr) && shown(dstErr) {
			return true
		}
	}
	return false
}
