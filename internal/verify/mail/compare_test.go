// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"rehome"
	"rehome/internal/content/message"
	"rehome/internal/protocol/imap"
	"rehome/internal/verify"
)

// mail describes one message of a made-up mailbox. Messages of one content are copies of each other.
type mail struct {
	content byte
	date    int64
	flags   string
}

const now = 1_800_000_000

// boxOf lays messages into a mailbox in the order given. Sizes tell few contents apart.
func boxOf(side rehome.Side, messages []mail, level verify.Level) *box {
	b := &box{side: side, name: "INBOX"}
	for i, m := range messages {
		r := &record{box: b, uid: imap.UID(2*i + 1), size: 100 + int64(m.content%3), date: m.date, flags: m.flags}
		if level == verify.LevelFull {
			r.digest = digestOf(m.content)
		}
		b.records = append(b.records, r)
	}
	return b
}

func digestOf(content byte) message.Digest { return message.Digest{1, content} }

// library knows what the boxes would show if they were asked.
type library map[*record]mail

func newLibrary(src, dst *box, srcMail, dstMail []mail) library {
	l := library{}
	for i, r := range src.records {
		l[r] = srcMail[i]
	}
	for i, r := range dst.records {
		l[r] = dstMail[i]
	}
	return l
}

func (l library) headers(_ context.Context, src, dst []*record) error {
	for _, r := range slices.Concat(src, dst) {
		// Content 200 and above is another content below the header of content-100.
		content := l[r].content
		if content >= 200 {
			content -= 100
		}
		r.header = &header{fingerprint: message.Fingerprint{content}, id: fmt.Sprintf("<%d@example.test>", content)}
	}
	return nil
}

func (l library) bodies(_ context.Context, src, dst []*record) error {
	for _, r := range slices.Concat(src, dst) {
		r.digest = digestOf(l[r].content)
	}
	return nil
}

func outcome(t rapid.TB, level verify.Level, src, dst []mail) judgement {
	t.Helper()
	srcBox, dstBox := boxOf(rehome.Source, src, level), boxOf(rehome.Destination, dst, level)
	c, err := compare(context.Background(), level, srcBox.records, dstBox.records, newLibrary(srcBox, dstBox, src, dst))
	if err != nil {
		t.Fatal(err)
	}
	return judge(c, now)
}

func (j judgement) counts() map[verify.Kind]int {
	counts := map[verify.Kind]int{}
	for _, d := range j.discrepancies {
		counts[d.kind]++
	}
	return counts
}

// wantCounts compares the numbers of each kind.
func wantCounts(t rapid.TB, j judgement, want map[verify.Kind]int) {
	t.Helper()
	got := j.counts()
	for _, kind := range verify.Kinds() {
		if got[kind] != want[kind] {
			t.Errorf("%s: got %d, want %d (all: %v)", kind, got[kind], want[kind], got)
		}
	}
}

// drawMail makes up a mailbox. Metadata only sees size and date, so there each message has its own.
func drawMail(t *rapid.T, level verify.Level) []mail {
	flagSets := []string{"", `\seen`, `\flagged \seen`, "$work"}
	return rapid.Custom(func(t *rapid.T) []mail {
		n := rapid.IntRange(0, 40).Draw(t, "messages")
		messages := make([]mail, n)
		for i := range messages {
			messages[i] = mail{
				content: rapid.ByteRange(0, 30).Draw(t, "content"),
				date:    int64(rapid.IntRange(1, 4).Draw(t, "date")),
				flags:   rapid.SampledFrom(flagSets).Draw(t, "flags"),
			}
			if level == verify.LevelMetadata {
				messages[i].content, messages[i].date = byte(i), int64(i)+1
			}
		}
		return messages
	}).Draw(t, "mail")
}

func drawLevel(t *rapid.T) verify.Level {
	return rapid.SampledFrom([]verify.Level{verify.LevelMetadata, verify.LevelFull}).Draw(t, "level")
}

func TestCompare_equalInAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		level := drawLevel(t)
		src := drawMail(t, level)
		dst := rapid.Permutation(src).Draw(t, "order")
		wantCounts(t, outcome(t, level, src, dst), nil)
		if got := outcome(t, level, src, src); got.reordered != 0 {
			t.Errorf("reordered in the same order: got %d, want 0", got.reordered)
		}
	})
}

func TestCompare_removedAreMissingAddedAreExtra(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		level := drawLevel(t)
		all := rapid.Permutation(drawMail(t, level)).Draw(t, "order")
		k := rapid.IntRange(0, len(all)).Draw(t, "removed")
		wantCounts(t, outcome(t, level, all, all[k:]), map[verify.Kind]int{verify.MissingMessage: k})
		wantCounts(t, outcome(t, level, all[k:], all), map[verify.Kind]int{verify.ExtraMessage: k})
	})
}

func TestCompare_changesAreFoundOneByOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		level := drawLevel(t)
		src := drawMail(t, level)
		src = append(src, mail{content: 99, date: 99})
		want := map[verify.Kind]int{}
		change := func(kind verify.Kind, edit func(*mail)) {
			dst := rapid.Permutation(src).Draw(t, "order")
			i := rapid.IntRange(0, len(dst)-1).Draw(t, "changed")
			edit(&dst[i])
			want = map[verify.Kind]int{kind: 1}
			wantCounts(t, outcome(t, level, src, dst), want)
		}
		change(verify.FlagsDiffer, func(m *mail) { m.flags = `\answered` })
		change(verify.DateDiffers, func(m *mail) { m.date = 12345 })
	})
}

func TestCompare_changedContent(t *testing.T) {
	t.Parallel()
	src := []mail{{content: 100, date: 1}, {content: 101, date: 2}, {content: 102, date: 3}}
	dst := slices.Clone(src)
	dst[1].content = 201 // same header, other size, other digest
	for _, level := range []verify.Level{verify.LevelMetadata, verify.LevelFull} {
		wantCounts(t, outcome(t, level, src, dst), map[verify.Kind]int{verify.ChangedMessage: 1})
	}
}

// A server that completes line ends shows another size: metadata looks closer, and finds the same
// message.
func TestCompare_sizeByNature(t *testing.T) {
	t.Parallel()
	messages := []mail{{content: 1, date: 1}, {content: 2, date: 2}, {content: 3, date: 3}}
	later := slices.Clone(messages)
	later[2].date = 99
	for _, c := range []struct {
		dst  []mail
		want map[verify.Kind]int
	}{{messages, nil}, {later, map[verify.Kind]int{verify.DateDiffers: 1}}} {
		srcBox, dstBox := boxOf(rehome.Source, messages, verify.LevelMetadata), boxOf(rehome.Destination, c.dst, verify.LevelMetadata)
		for _, r := range dstBox.records[1:] {
			r.size += 10
		}
		got, err := compare(t.Context(), verify.LevelMetadata, srcBox.records, dstBox.records, newLibrary(srcBox, dstBox, messages, c.dst))
		if err != nil {
			t.Fatal(err)
		}
		wantCounts(t, judge(got, now), c.want)
	}
}

// Two drafts without Message-ID and Date share a header, and are not the same message for that.
func TestCompare_weakHeader(t *testing.T) {
	t.Parallel()
	src, dst := boxOf(rehome.Source, []mail{{content: 1}}, verify.LevelFull), boxOf(rehome.Destination, []mail{{content: 2}}, verify.LevelFull)
	for _, r := range slices.Concat(src.records, dst.records) {
		r.header = &header{weak: true}
	}
	c, err := compare(t.Context(), verify.LevelFull, src.records, dst.records, nobody{})
	if err != nil {
		t.Fatal(err)
	}
	wantCounts(t, judge(c, now), map[verify.Kind]int{verify.MissingMessage: 1, verify.ExtraMessage: 1})
}

// A group of copies is paired with as few differences as can be.
func TestPairTwins_fewestDifferences(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) []*record {
			b := &box{}
			n := rapid.IntRange(0, 6).Draw(t, label)
			for i := range n {
				b.records = append(b.records, &record{
					box: b, uid: imap.UID(i + 1), date: int64(rapid.IntRange(1, 3).Draw(t, "date")),
					flags: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "flags"),
				})
			}
			return b.records
		}
		src, dst := draw("src"), draw("dst")
		pairs, srcLeft, dstLeft := pairUp(src, dst, byDigest)
		if got, want := len(pairs), min(len(src), len(dst)); got != want {
			t.Fatalf("pairs: got %d, want %d", got, want)
		}
		if len(pairs)+len(srcLeft) != len(src) || len(pairs)+len(dstLeft) != len(dst) {
			t.Fatalf("%d pairs, %d and %d left of %d and %d", len(pairs), len(srcLeft), len(dstLeft), len(src), len(dst))
		}
		got := 0
		for _, p := range pairs {
			got += unlike(p.src, p.dst)
		}
		if len(src) > len(dst) {
			src, dst = dst, src
		}
		if want := cheapest(src, dst); got != want {
			t.Errorf("differences: got %d, want %d", got, want)
		}
	})
}

func unlike(a, b *record) int {
	n := 0
	if a.flags != b.flags {
		n++
	}
	if a.date != b.date {
		n++
	}
	return n
}

// cheapest tries every pairing of all of few with some of many.
func cheapest(few, many []*record) int {
	if len(few) == 0 {
		return 0
	}
	best := 1 << 30
	for i, m := range many {
		rest := slices.Delete(slices.Clone(many), i, i+1)
		best = min(best, unlike(few[0], m)+cheapest(few[1:], rest))
	}
	return best
}

// nobody answers no question, as if the headers could not be read either.
type nobody struct{}

func (nobody) headers(context.Context, []*record, []*record) error { return nil }
func (nobody) bodies(context.Context, []*record, []*record) error  { return nil }

func TestCompare_unreadable(t *testing.T) {
	t.Parallel()
	messages := []mail{{content: 1, date: 1}, {content: 2, date: 2}, {content: 3, date: 3}, {content: 4, date: 4}}
	src, dst := boxOf(rehome.Source, messages, verify.LevelFull), boxOf(rehome.Destination, messages[:3], verify.LevelFull)
	damage := func(r *record) { r.digest, r.failures = message.Digest{}, withheld }
	damage(src.records[0]) // whole at the destination
	damage(dst.records[1]) // whole at the source
	damage(src.records[2]) // damaged on both sides
	damage(dst.records[2])
	damage(src.records[3]) // nothing at the destination
	c, err := compare(t.Context(), verify.LevelFull, src.records, dst.records, nobody{})
	if err != nil {
		t.Fatal(err)
	}
	wantCounts(t, judge(c, now), map[verify.Kind]int{verify.UnreadableMessage: 4})
	want := map[string]bool{"source": true, "destination": true, "source and the destination": true}
	for _, p := range c.unreadable {
		if side := (discrepancy{verify.UnreadableMessage, p}).withholder(); !want[side] {
			t.Errorf("withheld by %q", side)
		}
	}
}

func TestJudge_datesThatNoCopyCouldKeep(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		src, dst  int64
		different bool
	}{
		{"equal", 5, 5, false},
		{"no date at the source", noDate, now - 5, false},
		{"far ahead, replaced by the time of the copy", now + 10*future, now - 5, false},
		{"far ahead, replaced by another future", now + 10*future, now + 9*future, true},
		{"before 1970, replaced by the time of the copy", -5, now - 5, false},
		{"before 1970, replaced by another such date", -5, -6, true},
		{"before 1970, replaced by 2038", -5, 1<<31 - 5, true},
		{"before 1970, replaced by 1991", -5, 678_000_000, true},
		{"a little ahead", now + future, now - 5, true},
		{"past", 5, now - 5, true},
		{"lost", 5, noDate, true},
	} {
		j := outcome(t, verify.LevelFull, []mail{{date: c.src}}, []mail{{date: c.dst}})
		if got := j.counts()[verify.DateDiffers] == 1; got != c.different {
			t.Errorf("%s: got different %v, want %v", c.name, got, c.different)
		}
		if got, want := j.undated, !c.different && c.src != c.dst; (got == 1) != want {
			t.Errorf("%s: got %d undated, want %v", c.name, got, want)
		}
	}
}

func TestJudge_order(t *testing.T) {
	t.Parallel()
	in := []mail{{content: 1}, {content: 2}, {content: 3}, {content: 4}}
	out := []mail{{content: 1}, {content: 3}, {content: 2}, {content: 4}}
	if got := outcome(t, verify.LevelFull, in, out).reordered; got != 1 {
		t.Errorf("reordered: got %d, want 1", got)
	}
}
