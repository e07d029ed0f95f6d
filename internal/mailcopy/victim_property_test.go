// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"testing"

	"pgregory.net/rapid"

	"rehome/internal/content/message"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// Of each content as many victims stay as the source wants, and no more.
func TestSpared(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		wanted := map[message.Digest]int{}
		for content := range byte(3) {
			wanted[message.Digest{content}] = rapid.IntRange(0, 3).Draw(t, "wanted")
		}
		victims := make([]ledger.Item, rapid.IntRange(0, 10).Draw(t, "victims"))
		here := map[message.Digest]int{}
		for i := range victims {
			digest := message.Digest{byte(rapid.IntRange(0, 3).Draw(t, "content"))}
			victims[i] = ledger.Item{UID: imap.UID(i + 1), Digest: digest[:], Size: int64(digest[0])}
			here[digest]++
		}
		keep := spared(victims, wanted)
		kept := map[message.Digest]int{}
		for _, item := range victims {
			if keep.Contains(item.UID) {
				kept[message.Digest(item.Digest)]++
			}
		}
		for digest, n := range here {
			if want := min(n, wanted[digest]); kept[digest] != want {
				t.Errorf("of content %s %d stay, want %d", digest.Short(), kept[digest], want)
			}
		}
		refused := map[int64]bool{int64(rapid.IntRange(0, 4).Draw(t, "size of what is refused")): true}
		like := likeRefused(victims, refused)
		for _, item := range victims {
			if like.Contains(item.UID) != refused[item.Size] {
				t.Errorf("%+v: like what is refused %v", item, like.Contains(item.UID))
			}
		}
	})
}
