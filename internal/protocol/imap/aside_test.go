// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"errors"
	"testing"
)

// Whoever stands aside knows the server, and sends nothing.
func TestAside(t *testing.T) {
	t.Parallel()
	client := connect(t, "ESEARCH QRESYNC UIDPLUS", func(s *script) { s.ok("NOOP") })
	aside := client.Aside(CountOf(7))
	if !aside.Capabilities().Has("QRESYNC") || !aside.Held().Is(7) {
		t.Errorf("it knows %v and %s", aside.Capabilities(), aside.Held())
	}
	_, selected := aside.Select(within(t), "a")
	_, ahead := aside.ExamineAhead(within(t), "a")
	_, searched := aside.SearchAll(within(t), 1)
	_, fetched := aside.Fetch(within(t), NewUIDSet(1), FetchItems{Body: true}, FetchHandler{})
	_, appended := aside.Append(within(t), "a")
	for name, err := range map[string]error{
		"SELECT": selected, "EXAMINE": ahead, "SEARCH": searched, "FETCH": fetched, "APPEND": appended,
		"STORE":    aside.Store(within(t), NewUIDSet(1), StoreAdd, []string{`\Seen`}),
		"EXPUNGE":  aside.Expunge(within(t), NewUIDSet(1)),
		"UNSELECT": aside.UnselectAhead(within(t)),
	} {
		if !errors.Is(err, ErrAside) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := errors.Join(aside.Close(), aside.Err(), client.Noop(within(t))); err != nil {
		t.Error(err)
	}
}

// A mailbox that is opened behind a search does not change what the search was told.
func TestSearchAhead_heldAtItsTime(t *testing.T) {
	t.Parallel()
	client := connect(t, "ESEARCH", func(s *script) {
		opening, search, next := s.expect(`EXAMINE "a"`), s.expect(`UID SEARCH .*`), s.expect(`EXAMINE "b"`)
		s.send("* 2 EXISTS", opening+" OK done", "* 3 EXISTS", `* ESEARCH (TAG "`+search+`") UID ALL 4,9`, search+" OK done",
			"* 5 EXISTS", next+" OK done")
	})
	opening, err := client.ExamineAhead(within(t), "a")
	if err != nil {
		t.Fatal(err)
	}
	search, err := opening.SearchAhead(within(t))
	if err != nil {
		t.Fatal(err)
	}
	next, err := client.ExamineAhead(within(t), "b")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := next.Wait(within(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := search.Wait(within(t)); err != nil || !search.Held().Is(3) || !client.Held().Is(5) {
		t.Errorf("%v, held %s then and %s now", err, search.Held(), client.Held())
	}
}
