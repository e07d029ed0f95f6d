// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"strings"
)

// followOnce follows the source until one pass is over, then presses Ctrl-C, and returns what it said and told a monitoring system. The
// exit code has to be that of the pass: 0.
func (s *testSetup) followOnce() (said, metrics string) {
	s.t.Helper()
	command := s.Command(context.Background(), "sync", "--follow", "--admin", "127.0.0.1:0")
	stderr, err := command.StderrPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		s.t.Fatal(err)
	}
	var address string
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		said += lines.Text() + "\n"
		if _, at, found := strings.Cut(lines.Text(), "metrics at "); found {
			address = at
		}
		if strings.Contains(lines.Text(), ": copied ") {
			metrics = s.get(address)
			if err := command.Process.Signal(os.Interrupt); err != nil {
				s.t.Error(err)
			}
		}
	}
	if err := command.Wait(); err != nil {
		s.t.Errorf("sync --follow: %v\n%s", err, said)
	}
	return said, metrics
}

// get returns what is at an address.
func (s *testSetup) get(address string) string {
	s.t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address, nil)
	if err != nil {
		s.t.Error(err)
		return ""
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Error(err)
		return ""
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Error(err)
	}
	return string(body)
}
