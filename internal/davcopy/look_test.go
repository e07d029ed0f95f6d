// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"rehome"
	"rehome/lab/corpus"
)

// What its user has given another name while the answer to its PUT was lost is the object itself, and no other: it is found
// again also under the next name.
func TestPasses_renamedBeforeItsAnswer(t *testing.T) {
	t.Parallel()
	p, _, dst := troubled(t, corpus.PIMPerson(address, password, 1, 2))
	p.put(t, "raced.ics", "first")
	var once sync.Once
	dst.set(func(w http.ResponseWriter, r *http.Request, _ string) bool {
		if r.Method != http.MethodPut || !strings.HasSuffix(r.URL.Path, "/raced.ics") {
			return false
		}
		once.Do(func() { p.writeUID(t, p.dst, "renamed.ics", "raced.ics", "first", false) })
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusConflict) // RFC 4791 section 5.3.2.1
		_, _ = fmt.Fprintf(w, `<d:error xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><c:no-uid-conflict>`+
			`<d:href>%s</d:href></c:no-uid-conflict></d:error>`, strings.Replace(r.URL.EscapedPath(), "raced", "renamed", 1))
		return true
	})
	wantTally(t, "raced", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 3, Copied: 2, Adopted: 1})
	dst.set(nil)
	p.remove(t, p.dst, "renamed.ics")
	p.writeUID(t, p.dst, "once-more.ics", "raced.ics", "first", false)
	for _, when := range []string{"renamed once more", "and again"} {
		wantTally(t, when, p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 3})
	}
	p.options.Deletions = rehome.DeletionsMirror
	p.remove(t, p.src, "raced.ics")
	p.pass(t)
	p.wantSummaries(t, "mirroring", map[string]string{"once-more.ics": "first"}) // it may be its user's
}
