// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"fmt"
	"io"
	"testing"

	"rehome/lab/corpus"
)

func TestDeal_everyMailboxOnce(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		connections, accounts, mailboxes int
		want                             string
	}{
		{2, 1, 3, "[[{0 0 0 1} {0 2 0 1}] [{0 1 0 1}]]"},
		{2, 3, 2, "[[{0 0 0 1} {0 1 0 1} {2 0 0 1} {2 1 0 1}] [{1 0 0 1} {1 1 0 1}]]"}, // whole accounts: one log-in each
		{4, 1, 2, "[[{0 0 0 1}] [{0 1 0 1}] [] []]"},
	} {
		if got := fmt.Sprint(deal(test.connections, test.accounts, test.mailboxes)); got != test.want {
			t.Errorf("%d connections, %d accounts of %d mailboxes: got %s, want %s", test.connections, test.accounts, test.mailboxes, got, test.want)
		}
	}
}

func TestShares_severalWritersOfOneMailbox(t *testing.T) {
	t.Parallel()
	scene := &mailScene{all: portion{accounts: []string{"a"}, boxes: make([]corpus.Mailbox, 1)}}
	for kind, want := range map[string]string{rawWrite: "[[{0 0 0 2}] [{0 0 1 2}]]", rawRead: "[[{0 0 0 1}] []]"} {
		if got := fmt.Sprint((&rawProbe{scene: scene, kind: kind, connections: 2}).shares()); got != want {
			t.Errorf("%s: got %s, want %s", kind, got, want)
		}
	}
}

func TestRawBody_hasTheSizeAndEndsALine(t *testing.T) {
	t.Parallel()
	text := rawText(newPortion([]string{"a"}, corpus.Uniform(3, 20_000, 1)))
	for size := int64(7_000); size < 7_200; size++ {
		body, err := io.ReadAll(rawBody(text, size))
		if err != nil {
			t.Fatal(err)
		}
		if got := int64(len(body)); got != size || string(body[size-3:]) != "-\r\n" {
			t.Fatalf("got %d octets that end in %q, want %d and a line end", got, body[size-3:], size)
		}
	}
}
