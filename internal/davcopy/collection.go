// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
)

// prepare makes sure that the destination has the collection, with the source's name, colour and so on.
func (j *collectionJob) prepare(ctx context.Context) error {
	row, err := j.ledger().Collection(ctx, ledger.Collection{
		Address: j.slice.account.Address, Kind: j.kind, Source: j.place.source.Href, Destination: j.place.destination, Made: !j.place.exists,
	})
	if err != nil {
		return err
	}
	j.row = row
	closed, err := j.closedOne(ctx)
	switch {
	case err != nil:
		return err
	case closed != nil:
		if err := j.goTo(ctx, *closed, false); err != nil {
			return err
		}
	case !j.place.exists:
		if err := j.makeCollection(ctx); err != nil {
			return err
		}
	}
	return j.carryProperties(ctx)
}

// makeCollection creates the collection. A server that makes none gets its objects into the main one.
func (j *collectionJob) makeCollection(ctx context.Context) error {
	source := j.place.source
	if found, err := j.findAlike(ctx); found || err != nil {
		return err
	}
	want := dav.NewCollection{Kind: kindOf(j.kind), Name: displayName(source), Components: source.Components}
	refused := j.slice.dst.MakeCollection(ctx, j.place.destination, want)
	made, err := j.slice.dst.Collection(ctx, j.place.destination, kindOf(j.kind))
	if err == nil {
		j.place.target = *made
		j.place.others[dav.Key(made.Href)] = *made
		j.slice.noteAdvance()
		return nil // also when somebody else, or we before a crash, made it
	}
	if gone := dav.IsStatus(err, http.StatusNotFound) || dav.IsStatus(err, http.StatusGone); refused == nil && !gone {
		return faultOf(err, "look at the new collection", j.place.destination)
	}
	if refused == nil {
		found, lookErr := j.findMade(ctx, want.Name)
		if found || lookErr != nil {
			return lookErr
		}
		refused = fmt.Errorf("the server says that it created it, but lists it nowhere: %w", err)
	}
	fault := faultOf(refused, "create at the destination", j.place.destination)
	if rehome.ClassOf(fault) != rehome.ClassPermanent {
		return fault
	}
	fallback, err := j.fallback(ctx)
	switch {
	case err != nil:
		return err
	case fallback == "":
		return &nowhereError{fault}
	}
	j.find(collectionRefused, rehome.Values{"why": fault})
	return j.fallBack(ctx, fallback)
}

// fallback is the href of the collection into which one goes that is refused, "" for none: the destination's main one; where none
// stands out the one where the source's main one goes, or which holds already what it holds. The only one there would be another as
// soon as one more is made.
func (j *collectionJob) fallback(ctx context.Context) (string, error) {
	if closed, err := j.closedFallback(ctx); closed != "" || err != nil {
		return closed, err
	}
	if !j.place.lone {
		return j.place.fallback, nil
	}
	if j.place.main != j.place.source.Href {
		known, err := j.ledger().Collections(ctx, j.slice.account.Address)
		if err != nil {
			return "", err
		}
		main := known[j.place.main].Destination
		if _, there := j.place.others[dav.Key(main)]; there {
			return main, nil
		}
	}
	before, err := j.heldBefore(ctx)
	return cmp.Or(before, j.place.fallback), err
}

// heldBefore is the href of the collection that holds the most of what one of the source holds of which nothing is known yet, "" for
// none: it was refused before, went there, and then the ledger was lost.
func (j *collectionJob) heldBefore(ctx context.Context) (href string, err error) {
	if j.place.begun {
		return "", nil
	}
	own, err := j.contents(ctx, j.slice.src, &j.place.source, false)
	if err != nil {
		return "", faultOf(err, "read at the source", j.place.source.Href)
	}
	most := 0
	for _, key := range slices.Sorted(maps.Keys(j.place.others)) {
		there := j.place.others[key]
		if len(own) == 0 || !there.Writable() || !takesAll(there, j.place.source) {
			continue
		}
		holds, err := j.contents(ctx, j.slice.dst, &there, false)
		if err != nil {
			return "", faultOf(err, "read at the destination", there.Href)
		}
		if n := common(own, holds); n > most {
			most = n
			href = there.Href
		}
	}
	return href, nil
}

// findMade looks for the collection under the name that the server has given it: the one that was not listed before, with
// its displayname or none; or one of that displayname in which nothing of the source goes yet, made when its answer was lost.
// From now on it is the one where the source's goes.
func (j *collectionJob) findMade(ctx context.Context, name string) (found bool, err error) {
	all, err := j.slice.dst.Collections(ctx, kindOf(j.kind))
	if _, err = setApart(err); err != nil {
		return false, faultOf(err, "look for the new collection", j.place.destination)
	}
	made := madeSince(all, j.place.others, name)
	if made == nil {
		if made, err = j.madeBefore(ctx, all, name); made == nil {
			return false, err
		}
	}
	j.place.others[dav.Key(made.Href)] = *made
	j.slice.noteAdvance()
	return true, j.goTo(ctx, *made, true)
}

// madeSince is the collection that was not there before, nil where it is none or not clear which. It is pure.
func madeSince(all []dav.Collection, before map[string]dav.Collection, name string) *dav.Collection {
	var made []dav.Collection
	for _, c := range all {
		if _, old := before[dav.Key(c.Href)]; !old && (c.Name == "" || c.Name == name) {
			made = append(made, c)
		}
	}
	if len(made) > 1 {
		made = slices.DeleteFunc(made, func(c dav.Collection) bool { return c.Name != name })
	}
	if len(made) != 1 {
		return nil
	}
	return &made[0]
}

// goTo makes another collection of the destination the one where the source's goes. What was in the one where it went before is lost
// with that one, and is not copied again for that alone.
func (j *collectionJob) goTo(ctx context.Context, target dav.Collection, made bool) error {
	j.place.target, j.place.destination = target, target.Href
	if j.row.Destination != target.Href {
		rows, err := j.ledger().Objects(ctx, j.row)
		if err != nil {
			return err
		}
		if err := j.ledger().MoveCollection(ctx, j.row, target.Href, lostWith(rows)...); err != nil {
			return err
		}
	}
	j.row.Made = j.row.Made || made // NoteProperties keeps it
	return nil
}

// lostWith are the rows, as they are to be, of what the destination had in a collection that it has no more. It is pure.
func lostWith(rows map[string]ledger.Object) (lost []ledger.Object) {
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		row := rows[name]
		if !row.State.There() || row.State == ledger.ObjectGone || row.Destination == "" {
			continue
		}
		row.DstETag = ""
		lost = append(lost, asMissing(row))
	}
	return lost
}

func (j *collectionJob) fallBack(ctx context.Context, href string) error {
	target, err := j.slice.dst.Collection(ctx, href, kindOf(j.kind))
	if err != nil {
		return faultOf(err, "look at the collection", href)
	}
	return j.goTo(ctx, *target, false)
}

// propertiesOf is what the ledger keeps to notice that the source has changed a property.
func propertiesOf(c dav.Collection) string {
	encoded, err := json.Marshal(properties(c))
	if err != nil {
		return fmt.Sprint(properties(c)) // a map of strings always has a JSON form
	}
	return string(encoded)
}

// NameOf returns what people call a collection, as the source did when its properties were last carried over; "" is not known.
func NameOf(row ledger.Collection) string {
	var known map[dav.Property]string
	if json.Unmarshal([]byte(row.Properties), &known) != nil {
		return ""
	}
	return known[dav.PropertyName]
}

// properties are those that a move carries and that the source has.
func properties(c dav.Collection) map[dav.Property]string {
	all := map[dav.Property]string{
		dav.PropertyName: c.Name, dav.PropertyDescription: c.Description, dav.PropertyColor: c.Color,
		dav.PropertyOrder: c.Order, dav.PropertyTimezone: c.Timezone,
	}
	if c.Transparent {
		all[dav.PropertyTransparency] = "transparent"
	}
	for name, value := range all {
		if value == "" {
			delete(all, name)
		}
	}
	return all
}

// propertyOrder is the order in which they are set: the name first, for clients that are watching.
func propertyOrder() []dav.Property {
	return []dav.Property{dav.PropertyName, dav.PropertyDescription, dav.PropertyColor, dav.PropertyOrder, dav.PropertyTimezone,
		dav.PropertyTransparency}
}

// wantedProperties decides which properties to set: what the source has changed since they were last
// carried over, and at first what the destination lacks. A value that somebody chose at the destination
// stays.
func wantedProperties(source, target dav.Collection, last string, made bool) map[dav.Property]string {
	wanted := properties(source)
	there := properties(target)
	before := map[dav.Property]string{}
	if last != "" {
		_ = json.Unmarshal([]byte(last), &before) // what cannot be read counts as never carried over
	}
	for property, value := range wanted {
		switch {
		case there[property] == value, last != "" && before[property] == value:
			delete(wanted, property)
		case there[property] == "", made && last == "", last != "" && there[property] == before[property]:
		default:
			delete(wanted, property)
		}
	}
	return wanted
}

// carryProperties sets them one by one. One that the server does not take is no reason to stop: the objects are copied all the
// same. Where the server has but failed, or does not say what it did, all are tried again in the next pass.
func (j *collectionJob) carryProperties(ctx context.Context) error {
	current := propertiesOf(j.place.source)
	if j.row.Properties == current {
		return nil
	}
	open := false
	wanted := wantedProperties(j.place.source, j.place.target, j.row.Properties, j.row.Made)
	for _, property := range propertyOrder() {
		value, want := wanted[property]
		if !want {
			continue
		}
		err := j.slice.dst.SetProperty(ctx, j.place.target.Href, kindOf(j.kind), property, value)
		if err == nil {
			continue
		}
		fault := ofItsOwn(err, "set the "+string(property)+" of", j.place.target.Href)
		_, refused := errorsAs[*refusedObject](fault)
		_, unsaid := errorsAs[*dav.FormatError](err)
		lasting := rehome.ClassOf(fault) == rehome.ClassPermanent
		if !refused && !unsaid && !lasting {
			return fault
		}
		j.find(propertyRefused.For(string(property)), rehome.Values{"property": property, "why": fault})
		open = open || !lasting
	}
	if open {
		return nil
	}
	j.row.Properties = current
	return j.ledger().NoteProperties(ctx, j.row)
}

// settle notes what the source looked like before a complete pass.
func (j *collectionJob) settle(ctx context.Context) error {
	known, err := j.ledger().Objects(ctx, j.row)
	if err != nil {
		return err
	}
	var objects int64
	for _, row := range known {
		if row.State != ledger.ObjectGone {
			objects++
		}
	}
	mark := j.listing.Mark
	return j.ledger().SettleCollection(ctx, j.row, ledger.CollectionState{SyncToken: mark.SyncToken, CTag: mark.CTag, Objects: objects},
		j.targetMark(known))
}
