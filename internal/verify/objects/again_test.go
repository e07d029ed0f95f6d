// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rehome"
	"rehome/internal/protocol/dav"
	"rehome/internal/verify"
)

// shelf is a memory without a ledger, of all kinds.
type shelf map[string]verify.Proof

func (s shelf) of(_ rehome.Account, kind rehome.Kind) verify.Memory {
	return shelfOf{s, string(kind) + " "}
}

type shelfOf struct {
	shelf
	kind string
}

func (s shelfOf) Marks(context.Context) (map[string][]byte, error) {
	marks := map[string][]byte{}
	for place, proof := range s.shelf {
		if strings.HasPrefix(place, s.kind) {
			marks[strings.TrimPrefix(place, s.kind)] = proof.Mark
		}
	}
	return marks, nil
}

func (s shelfOf) Content(_ context.Context, place string) ([]byte, error) {
	return s.shelf[s.kind+place].Content, nil
}

func (s shelfOf) Keep(_ context.Context, proof verify.Proof) error {
	s.shelf[s.kind+proof.Place] = proof
	return nil
}

func (s shelfOf) Forget(_ context.Context, places ...string) error {
	for _, place := range places {
		delete(s.shelf, s.kind+place)
	}
	return nil
}

// tracked is an end that tells what has changed: by tokens, by ctags, or by etags only.
type tracked struct {
	memory
	by    string         // "token", "ctag" or "etag"
	now   int            // grows with every change
	since map[string]int // by href: when it was changed or removed
	epoch string         // tokens of another one are refused
	read  int            // objects that were read
}

func track(by string, m memory) *tracked { return &tracked{memory: m, by: by, since: map[string]int{}} }

func (s *tracked) put(collection, name, data string) {
	s.now++
	s.since[collection+name] = s.now
	if s.memory[collection] == nil {
		s.memory[collection] = map[string]string{}
	}
	if data == "" {
		delete(s.memory[collection], name)
	} else {
		s.memory[collection][name] = data
	}
}

func (s *tracked) state() string { return fmt.Sprintf("%s-%d", s.epoch, s.now) }

func (s *tracked) Collections(ctx context.Context, kind dav.Kind) ([]dav.Collection, error) {
	all, err := s.memory.Collections(ctx, kind)
	for i := range all {
		switch s.by {
		case "token":
			all[i].SyncToken = s.state()
		case "ctag":
			all[i].CTag = s.state()
		}
	}
	return all, err
}

func (s *tracked) Changes(_ context.Context, c *dav.Collection, since dav.Mark, each func(dav.Item) error) (dav.Listing, error) {
	mark := dav.Mark{SyncToken: c.SyncToken, CTag: c.CTag}
	if since == mark && s.by != "etag" {
		return dav.Listing{Mark: mark, Unchanged: true}, nil
	}
	from, delta := 0, false
	if epoch, n, ok := strings.Cut(since.SyncToken, "-"); ok && epoch == s.epoch {
		delta = true
		if _, err := fmt.Sscan(n, &from); err != nil {
			return dav.Listing{}, err
		}
	}
	for href, at := range s.since {
		data, there := s.memory[c.Href][strings.TrimPrefix(href, c.Href)]
		item := dav.Item{Href: href, Removed: !there, Size: int64(len(data))}
		if there {
			item.ETag = fmt.Sprintf("%q", sha256.Sum256([]byte(data)))
		}
		if strings.HasPrefix(href, c.Href) && at > from && (there || delta) {
			if err := each(item); err != nil {
				return dav.Listing{}, err
			}
		}
	}
	return dav.Listing{Mark: mark, Full: !delta}, nil
}

func (s *tracked) Fetch(ctx context.Context, c *dav.Collection, items []dav.Item, each func(dav.Object) error) error {
	s.read += len(items)
	return s.memory.Fetch(ctx, c, items, each)
}

// comparedAgain compares two ends with what is remembered.
func comparedAgain(t rapid.TB, src, dst End, kept shelf, change func(*verify.Options)) verify.Account {
	t.Helper()
	open := func(s End) func(context.Context, rehome.Account) (End, error) {
		return func(context.Context, rehome.Account) (End, error) { return s, nil }
	}
	options := verify.Options{Memory: kept.of}
	change(&options)
	v := verify.New(options, New(Options{
		Source: open(src), Destination: open(dst), Kinds: []rehome.Kind{rehome.KindContacts, rehome.KindCalendars},
	}))
	result, err := v.Account(context.Background(), rehome.Account{Address: "anna@example.test"})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// hasty is an end whose user changes an object between its listing and its reading, once.
type hasty struct {
	*tracked
	change func()
}

func (s *hasty) Fetch(ctx context.Context, c *dav.Collection, items []dav.Item, each func(dav.Object) error) error {
	if s.change != nil {
		s.change()
		s.change = nil
	}
	return s.tracked.Fetch(ctx, c, items, func(o dav.Object) error {
		o.ETag = fmt.Sprintf("%q", sha256.Sum256(o.Data))
		return each(o)
	})
}

// What was changed between its listing and its reading proves nothing of what was listed, which a server shows again that is put back.
func TestAgain_changedBeforeItWasRead(t *testing.T) {
	t.Parallel()
	for _, by := range []string{"token", "ctag", "etag"} {
		src, dst, kept := track(by, memory{}), track(by, memory{}), shelf{}
		const work = "/anna/cal/work/"
		src.put(work, "a.ics", meeting("a", "SUMMARY:other\r\n"))
		dst.put(work, "a.ics", meeting("a", "SUMMARY:same\r\n"))
		first := &hasty{tracked: src}
		first.change = func() { src.memory[work]["a.ics"] = meeting("a", "SUMMARY:same\r\n") }
		if got := comparedAgain(t, first, dst, kept, func(*verify.Options) {}).Verdict; got != verify.Equal {
			t.Errorf("%s: %s while it is changed, want %s", by, got, verify.Equal)
		}
		src.memory[work]["a.ics"] = meeting("a", "SUMMARY:other\r\n") // from the backup, with the marks of it
		if got := comparedAgain(t, &hasty{tracked: src}, dst, kept, func(*verify.Options) {}).Verdict; got != verify.Differs {
			t.Errorf("%s: %s when it is put back, want %s", by, got, verify.Differs)
		}
	}
}

// timeless is an answer without when things were read, and how many were not.
func timeless(a verify.Account) verify.Account {
	a.Verified = time.Time{}
	for _, o := range []*verify.Objects{a.Contacts, a.Calendars} {
		o.Remembered = 0
		for i := range o.Differences { // so is what has happened since
			if d := &o.Differences[i]; d.Since != nil {
				d.Since, d.Sentence = nil, strings.TrimSuffix(d.Sentence, ": "+d.Since.Clause())
			}
		}
		for i := range o.Collections {
			o.Collections[i].Read = time.Time{}
		}
	}
	return a
}

// Whatever happens at both ends between comparisons, what is remembered leads to the answer to which reading everything leads.
func TestAgain_provesAsMuch(t *testing.T) {
	t.Parallel()
	ways := []string{"token", "ctag", "etag"}
	rapid.Check(t, func(t *rapid.T) {
		src, dst := track(rapid.SampledFrom(ways).Draw(t, "source"), memory{}), track(rapid.SampledFrom(ways).Draw(t, "destination"), memory{})
		kept := shelf{}
		for range rapid.IntRange(2, 4).Draw(t, "comparisons") {
			for range rapid.IntRange(0, 6).Draw(t, "changes") {
				change(t, src, dst)
			}
			got := comparedAgain(t, src, dst, kept, func(*verify.Options) {})
			want := comparedAgain(t, src, dst, shelf{}, func(*verify.Options) {})
			if diff := cmp.Diff(timeless(want), timeless(got), cmp.AllowUnexported(verify.Account{})); diff != "" {
				t.Fatalf("read anew (-) and remembered (+): %s", diff)
			}
		}
	})
}

// change changes one end or both.
func change(t *rapid.T, src, dst *tracked) {
	name := rapid.SampledFrom([]string{"a.ics", "b.ics", "c.ics", "d.ics"}).Draw(t, "name")
	cal := rapid.SampledFrom([]string{"cal/", "cal2/"}).Draw(t, "calendar")
	text := rapid.SampledFrom([]string{"", "SUMMARY:x\r\n", "SUMMARY:y\r\n", "SEQUENCE:1\r\n"}).Draw(t, "text")
	object := meeting(name, text)
	if rapid.IntRange(0, 4).Draw(t, "removed") == 0 {
		object = ""
	}
	ends := rapid.SampledFrom([]string{"source", "destination", "both", "both", "otherwise", "refused"}).Draw(t, "end")
	if ends == "refused" {
		dst.epoch += "x"
		return
	}
	if ends != "destination" {
		src.put("/s/"+cal, name, object)
	}
	if ends == "otherwise" && object != "" {
		object = strings.Replace(object, "DTSTAMP:20120101T000000Z", "DTSTAMP:20260101T000000Z", 1)
	}
	if ends != "source" {
		dst.put("/d/"+cal, name, object)
	}
}

// A second comparison reads only what has changed, whatever way an end tells that.
func TestAgain_readsOnlyWhatHasChanged(t *testing.T) {
	t.Parallel()
	const objects = 200
	for _, by := range []string{"token", "ctag", "etag"} {
		src, dst := track(by, memory{}), track(by, memory{})
		for i := range objects {
			object := meeting(fmt.Sprint(i), "")
			src.put("/s/cal/", fmt.Sprintf("%d.ics", i), object)
			dst.put("/d/cal/", fmt.Sprintf("%d.ics", i), strings.Replace(object, "DTSTAMP:2012", "DTSTAMP:2013", 1)) // never the same octets
		}
		kept := shelf{}
		comparedAgain(t, src, dst, kept, func(*verify.Options) {})
		for i := range 2 {
			src.put("/s/cal/", fmt.Sprintf("%d.ics", i), meeting(fmt.Sprint(i), "SUMMARY:new\r\n"))
			dst.put("/d/cal/", fmt.Sprintf("%d.ics", i), meeting(fmt.Sprint(i), "SUMMARY:new\r\n"))
		}
		src.read, dst.read = 0, 0
		got := comparedAgain(t, src, dst, kept, func(*verify.Options) {})
		if got.Verdict != verify.Equal || got.Calendars.Remembered != objects-2 || src.read != 2 || dst.read != 2 {
			t.Errorf("%s: %s, %d remembered, %d and %d read", by, got.Verdict, got.Calendars.Remembered, src.read, dst.read)
		}
		dst.put("/d/cal/", "7.ics", meeting("7", "SUMMARY:damaged\r\n"))
		if got := comparedAgain(t, src, dst, kept, func(*verify.Options) {}); got.Verdict != verify.Differs || got.Calendars.Total() != 1 {
			t.Errorf("%s: what was damaged since: %s, %+v", by, got.Verdict, got.Calendars.Differences)
		}
		src.read, dst.read = 0, 0
		comparedAgain(t, src, dst, kept, func(o *verify.Options) { o.Reread = true })
		if src.read < objects || dst.read < objects {
			t.Errorf("%s: all again: %d and %d read", by, src.read, dst.read)
		}
	}
}

// What was deleted at an end since is named as that, for as long as it is gone; it stays a difference.
func TestAgain_saysWhatWasDeletedSince(t *testing.T) {
	t.Parallel()
	src, dst := track("token", memory{}), track("etag", memory{})
	for _, name := range []string{"a.ics", "b.ics", "c.ics"} {
		src.put("/s/cal/", name, meeting(name, ""))
		dst.put("/d/cal/", name, meeting(name, ""))
	}
	dst.put("/d/cal/", "new.ics", meeting("new", ""))
	kept := shelf{}
	monday := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	at := func(now time.Time) func(*verify.Options) {
		return func(o *verify.Options) { o.Now = func() time.Time { return now } }
	}
	comparedAgain(t, src, dst, kept, at(monday))
	dst.put("/d/cal/", "a.ics", "")
	src.put("/s/cal/", "b.ics", "")
	want := map[string]verify.Change{
		"a.ics": {What: verify.DeletedAtDestination, After: monday},
		"b.ics": {What: verify.DeletedAtSource, After: monday},
	}
	for days := range 2 {
		got := comparedAgain(t, src, dst, kept, at(monday.AddDate(0, 0, 1+days)))
		found := map[string]verify.Change{}
		for _, d := range got.Calendars.Differences {
			if d.Since != nil {
				found[d.Object] = *d.Since
			}
			t.Log(d.Sentence, "->", d.NextStep())
		}
		if diff := cmp.Diff(want, found); diff != "" || got.Calendars.Total() != 3 {
			t.Errorf("day %d, %d differences: %s", days, got.Calendars.Total(), diff)
		}
	}
}

// A token that is refused proves nothing: everything of the collection is read again, though the etags are as they were.
func TestAgain_tokenRefused(t *testing.T) {
	t.Parallel()
	src, dst := track("token", memory{}), track("token", memory{})
	for i := range 5 {
		src.put("/s/cal/", fmt.Sprintf("%d.ics", i), meeting(fmt.Sprint(i), ""))
		dst.put("/d/cal/", fmt.Sprintf("%d.ics", i), meeting(fmt.Sprint(i), ""))
	}
	kept := shelf{}
	comparedAgain(t, src, dst, kept, func(*verify.Options) {})
	src.read, dst.read, dst.epoch = 0, 0, "restored"
	got := comparedAgain(t, src, dst, kept, func(*verify.Options) {})
	if got.Verdict != verify.Equal || src.read != 0 || dst.read != 5 {
		t.Errorf("%s, %d and %d read; want equal, 0 and 5", got.Verdict, src.read, dst.read)
	}
}

// A comparison of less neither uses nor changes what is kept, and when it was read is told.
func TestAgain_lessLeavesTheProof(t *testing.T) {
	t.Parallel()
	src, dst := track("token", memory{}), track("token", memory{})
	src.put("/s/cal/", "a.ics", meeting("a", ""))
	dst.put("/d/cal/", "a.ics", meeting("a", ""))
	kept := shelf{}
	monday := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	comparedAgain(t, src, dst, kept, func(o *verify.Options) { o.Now = func() time.Time { return monday } })
	before := maps.Clone(kept)
	for _, level := range []verify.Level{verify.LevelCounts, verify.LevelMetadata} {
		comparedAgain(t, src, dst, kept, func(o *verify.Options) { o.Level = level })
	}
	if !maps.EqualFunc(before, kept, func(a, b verify.Proof) bool { return bytes.Equal(a.Mark, b.Mark) && bytes.Equal(a.Content, b.Content) }) {
		t.Error("a comparison of less has changed what is kept")
	}
	got := comparedAgain(t, src, dst, kept, func(o *verify.Options) { o.Now = func() time.Time { return monday.Add(48 * time.Hour) } })
	if read := got.Calendars.Collections[0].Read; !read.Equal(monday) || !got.Read().Equal(monday) {
		t.Errorf("read %s, want %s", read, monday)
	}
}

func FuzzDecodeSights(f *testing.F) {
	s := &sight{listed: dav.Item{Href: "/a", ETag: `"1"`, Size: -1}, uids: []string{"u"}, own: true, verdict: "equal", form: [32]byte{1}}
	f.Add(encodeSights([]*sight{s, {err: errUnread}}))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, text []byte) {
		sights, err := decodeSights(bytes.Clone(text))
		if err != nil {
			return
		}
		if again, err := decodeSights(encodeSights(sights)); err != nil || len(again) != len(sights) {
			t.Errorf("%v: %d, want %d", err, len(again), len(sights))
		}
	})
}
