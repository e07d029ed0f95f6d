// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"fmt"
	"strings"

	"rehome/lab"
)

// pimPeer is the tool that the others are held against where contacts and events are moved.
const pimPeer = "vdirsyncer"

// vdirsyncerTool runs vdirsyncer from server to server: a pair for the address book and one for the
// calendar. It has to be told which collection belongs to which.
type vdirsyncerTool struct{}

func (vdirsyncerTool) name() string { return pimPeer }
func (vdirsyncerTool) note() string { return "its discovery is not measured" }

func (t vdirsyncerTool) programs(s *pimScene, dir string, m move) (once, each []program, err error) {
	path, err := lab.FindProgram("vdirsyncer", "vdirsyncer")
	if err != nil {
		return nil, nil, err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "[general]\nstatus_path = \"%s/status\"\n", dir)
	places := s.dst.places(m.dst)
	for i, pair := range []struct{ name, kind, home string }{{"book", "carddav", "addressbooks"}, {"events", "caldav", "calendars"}} {
		fmt.Fprintf(&text, `
[pair %[1]s]
a = "%[1]s_src"
b = "%[1]s_dst"
collections = [["%[1]s", "default", "%[2]s"]]
conflict_resolution = "a wins"
`, pair.name, places[i].name)
		text.WriteString(t.storage(pair.name+"_src", pair.kind, s.url[source]+pair.home+"/"+m.src+"/", m.src))
		text.WriteString(t.storage(pair.name+"_dst", pair.kind, s.url[destination]+places[i].home, m.dst))
	}
	if err := writeSettings(dir, map[string]string{"vdirsyncer.conf": text.String()}); err != nil {
		return nil, nil, err
	}
	command := func(verb string) []program {
		return []program{{dir: dir, argv: []string{path, "-v", "ERROR", "-c", "vdirsyncer.conf", verb}, env: []string{"HOME=" + dir}}}
	}
	return command("discover"), command("sync"), nil
}

func (vdirsyncerTool) storage(name, kind, url, user string) string {
	return fmt.Sprintf(`
[storage %s]
type = "%s"
url = "%s"
username = "%s"
password = "%s"
`, name, kind, url, user, password)
}
