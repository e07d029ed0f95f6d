// SPDX-License-Identifier: Apache-2.0

package atmail8

import "fmt"

// Preset is what is known of one region of the cloud. It fills a form; an operator confirms it.
type Preset struct {
	Name     string
	Webadmin string // URL of the administration screen
	IMAP     string // host:port
	POP3     string // host:port
	SMTP     string // host:port of submission
	DAV      string // URL
	// Unverified names the fields that no vendor document confirms: they follow the pattern of
	// names met elsewhere. Ask atmail's support, or try them, before a plan rests on them.
	Unverified []string
}

// Presets returns the public regions. Only the addresses of the administration screens are
// documented.
func Presets() []Preset {
	return []Preset{region("us-east"), region("eu-west")}
}

func region(name string) Preset {
	host := func(service string) string { return fmt.Sprintf("%s.%s.atmailcloud.com", service, name) }
	return Preset{
		Name:       name,
		Webadmin:   "https://" + host("admin") + "/",
		IMAP:       host("imap") + ":993",
		POP3:       host("pop") + ":995",
		SMTP:       host("smtp") + ":587",
		DAV:        "https://" + host("dav") + "/",
		Unverified: []string{"IMAP", "POP3", "SMTP", "DAV"},
	}
}
