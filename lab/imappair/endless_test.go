// SPDX-License-Identifier: Apache-2.0

package imappair_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"rehome/lab"
	"rehome/lab/bench"
	"rehome/lab/dovecot"
)

// startEndless starts a source that answers one command without end.
func startEndless(t *testing.T, claims []claim, command, talk string) *shy {
	t.Helper()
	s := &shy{}
	s.liar = startSpeaker(t, claims, func(conn net.Conn) {
		defer conn.Close()
		lines := bufio.NewReader(conn)
		open := ""
		fmt.Fprint(conn, "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] at your service\r\n")
		for {
			line, err := lines.ReadString('\n')
			parts := request.FindStringSubmatch(line)
			if err != nil || parts == nil {
				return
			}
			if strings.EqualFold(parts[2], command) {
				for flood := strings.Repeat(talk, 500); err == nil; {
					_, err = io.WriteString(conn, flood)
				}
				return
			}
			answers, verdict := s.answer(shyness{}, strings.ToUpper(parts[2]), parts[3], &open)
			fmt.Fprintf(conn, "%s%s %s\r\n", strings.Join(append(answers, ""), "\r\n"), parts[1], verdict)
		}
	})
	return s
}

// A source that answers without end is left, in bounded memory, and nothing is called complete.
func TestMemory_endlessAnswers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ command, talk string }{
		"one FETCH line":     {"UID FETCH", "* 1 FETCH (UID 1 FLAGS (\\Seen) RFC822.SIZE 100 INTERNALDATE \"17-Jul-1996 02:44:25 -0700\")\r\n"},
		"FETCH lines of one": {"UID FETCH", "* 1 FETCH (UID 1 BODY[] {5}\r\nhello)\r\n"},
		"a listing":          {"LIST", "* LIST () \"/\" \"" + strings.Repeat("x", 40) + "\"\r\n"},
		"EXISTS":             {"EXAMINE", "* 5 EXISTS\r\n"},
		"OK":                 {"UID FETCH", "* OK still here\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var claims []claim
			for _, l := range letters(5, 400, "endless") {
				claims = append(claims, claim{date: `"17-Jul-1996 02:44:25 -0700"`, size: len(l.text), text: l.text})
			}
			src := startEndless(t, claims, test.command, test.talk)
			dst := startDovecot(t, lab.Open(t), dovecot.Options{Layout: dovecot.Sdbox, Separator: "/"}, person)
			m := plainMove(t, src, dst)
			command := m.Command(t.Context(), "sync")
			var out bytes.Buffer
			command.Stdout, command.Stderr = &out, &out
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			begun, stop := time.Now(), bench.WatchPeak(command.Process.Pid)
			err := command.Wait()
			peak := stop()
			t.Logf("it took %v and %d MiB: %v", time.Since(begun).Round(time.Second), peak>>20, err)
			if code := command.ProcessState.ExitCode(); peak > peakMemory || code != 5 && code != 6 {
				t.Errorf("sync needed %d MiB and ended with %d\n%.2000s", peak>>20, code, out.String())
			}
		})
	}
}
