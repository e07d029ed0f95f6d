// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"fmt"
	"strings"
)

// rehomePIMTool runs the real binary for contacts and events only, with a roster and all limits as
// they are by default. What it discovers is measured.
type rehomePIMTool struct{ build build }

func (t rehomePIMTool) name() string { return rehome + t.build.way }
func (rehomePIMTool) note() string   { return "" }

func (t rehomePIMTool) programs(s *pimScene, dir string, m move) (once, each []program, err error) {
	settings := fmt.Sprintf(`organisation: Bench
store: rehome.db
roster: people.csv
source: {kind: imap, imap: {address: "%s", tls: none}, dav: {url: "%s"}}
destination: {kind: imap, imap: {address: "%s", tls: none}, dav: {url: "%s"}}
`, s.src.IMAP, s.url[source], s.dst.imap(), s.url[destination])
	roster := "EmailAddress,SourceUser,SourcePassword,DestinationUser,DestinationPassword\n" +
		strings.Join([]string{m.dst, m.src, password, m.dst, password}, ",") + "\n"
	if err := writeSettings(dir, map[string]string{"rehome.yaml": settings, "people.csv": roster}); err != nil {
		return nil, nil, err
	}
	return nil, []program{{dir: dir, argv: []string{t.build.binary, "sync", "--quiet", "--only", "contacts,calendars"}}}, nil
}
