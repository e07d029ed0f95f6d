// SPDX-License-Identifier: Apache-2.0

package clientsetup

import (
	"encoding/json"
	"path/filepath"
	"strings"

	"rehome"
)

// Written is what was written into a folder.
type Written struct {
	Folder  string     `json:"folder"`
	Domains []Services `json:"domains"`
	People  int        `json:"people"`
	Signed  bool       `json:"signed"` // the profiles
	LeftOut []LeftOut  `json:"left_out"`
}

// Services are what one domain's people set up before and after its switch.
type Services struct {
	Domain      string   `json:"domain"`
	Source      Service  `json:"source"`
	Destination Service  `json:"destination"`
	Records     []Record `json:"records"` // of the destination
}

// Outcome implements rehome.Answer. What is left out of the source's documents costs nobody anything once they have moved.
func (w Written) Outcome() rehome.Outcome {
	for _, left := range w.LeftOut {
		if left.Needed && left.Side == rehome.Destination {
			return rehome.OutcomeWaiting
		}
	}
	return rehome.OutcomeDone
}

// Of returns the service of a side.
func (s Services) Of(side rehome.Side) Service {
	if side == rehome.Source {
		return s.Source
	}
	return s.Destination
}

// DescribeBoth describes both sides for a domain.
func DescribeBoth(source, destination End, naming Naming, responder, domain string) (Services, []LeftOut) {
	src, leftSrc := Describe(source, naming, domain)
	dst, leftDst := Describe(destination, naming, domain)
	return Services{Domain: domain, Source: src, Destination: dst, Records: dst.Records(responder)}, append(leftSrc, leftDst...)
}

// WriteDomain writes what fits everybody of a domain: for each side a folder with the documents and the DNS records. A document
// that a service does not allow is not written, and one from an earlier time is not left in its place.
// paths are where paths of the old server of calendars and contacts are on the new one.
func WriteDomain(folder string, services Services, responder string, paths map[string]string) error {
	for _, side := range []rehome.Side{rehome.Source, rehome.Destination} {
		service := services.Of(side)
		files := map[string][]byte{
			"records.zone": zone(service.Records(responder)),
			"nginx.conf":   service.Redirects(Nginx, paths, responder), "apache.conf": service.Redirects(Apache, paths, responder),
		}
		add := func(name string) func([]byte, bool) {
			return func(document []byte, ok bool) {
				if ok {
					files[name] = document
				}
			}
		}
		add("config-v1.1.xml")(service.Autoconfig(autoconfigOld))
		add("config-v1.2.xml")(service.Autoconfig(autoconfigNew))
		add("user-agent-configuration.json")(service.PACC())
		text, err := json.MarshalIndent(service, "", "  ")
		if err != nil {
			return &rehome.Fault{Class: rehome.ClassBug, Op: "write the service of", Object: service.Domain, Cause: err}
		}
		files["service.json"] = append(text, '\n')
		if err := writeOnly(filepath.Join(folder, services.Domain, string(side)), files, domainFiles); err != nil {
			return err
		}
	}
	return nil
}

// The names of the files that there may be, and of what is behind an address's in those of a person.
const (
	domainFiles = "config-v1.1.xml config-v1.2.xml user-agent-configuration.json records.zone service.json nginx.conf apache.conf"
	personFiles = ".mobileconfig .autodiscover.xml .thunderbird-android.json .thunderbird-android.png .links.txt"
)

// WritePerson writes what is one person's own, for after the switch: an Apple profile, what Outlook gets, the code for
// Thunderbird for Android, and links for other Android programs. It reports whether there is anything.
func WritePerson(folder string, service Service, p Person, signer *Signer) (written bool, err error) {
	bug := func(err error) error {
		return &rehome.Fault{Class: rehome.ClassBug, Op: "write the documents of", Object: p.Address, Cause: err}
	}
	name := rehome.FileName(p.Address)
	files := map[string][]byte{}
	if profile, ok := service.Profile(p); ok {
		if files[name+".mobileconfig"], err = signer.Sign(profile); err != nil {
			return false, bug(err)
		}
	}
	if answer, ok := service.Autodiscover(p.Address); ok && p.Login == "" {
		files[name+".autodiscover.xml"] = answer
	}
	if text, ok := service.AndroidCode(p); ok {
		files[name+".thunderbird-android.json"] = append(text, '\n')
		if files[name+".thunderbird-android.png"], err = Picture(text); err != nil {
			return false, bug(err)
		}
	}
	if calendars, contacts, ok := service.DAVLinks(p); ok {
		files[name+".links.txt"] = []byte(calendars + "\n" + contacts + "\n")
	}
	mayBe := name + strings.ReplaceAll(personFiles, " .", " "+name+".")
	return len(files) > 0, writeOnly(folder, files, mayBe)
}
