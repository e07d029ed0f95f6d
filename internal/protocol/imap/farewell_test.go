// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"testing"
	"time"
)

// Some servers say good-bye and keep the connection open.
func TestBye_withoutHangUp(t *testing.T) {
	t.Parallel()
	for name, play := range map[string]func(*script){
		"during a command": func(s *script) {
			s.expect("NOOP")
			s.send("* BYE [UNAVAILABLE] going down")
			s.hungUp()
		},
		"between commands": func(s *script) {
			s.ok("NOOP", "* BYE [UNAVAILABLE] going down")
			s.hungUp()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := connectWith(t, Options{Timeout: time.Hour}, "", play)
			start := time.Now()
			_ = client.Noop(within(t))
			if err := client.Noop(within(t)); !IsCode(err, "UNAVAILABLE") {
				t.Errorf("got %v, want the server's words", err)
			}
			<-client.ended
			if took := time.Since(start); took > 2*farewell {
				t.Errorf("the end took %v", took)
			}
		})
	}
}
