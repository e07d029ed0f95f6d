// SPDX-License-Identifier: Apache-2.0

package config

import "net/url"

// API is the administration interface of an atmail 8 cloud.
type API struct {
	URL      string    `yaml:"url" example:"https://admin.us-east.atmailcloud.com/admin/index.php/api/" doc:"URL of the interface, https."`
	User     string    `yaml:"user" example:"admin@example.com" doc:"A webadmin user."`
	Password Reference `yaml:"password" example:"\"file:secrets/webadmin\"" doc:"Reference to that user's password."`
	Trust    `yaml:",inline"`
}

func (d *document) checkAPI(path string, s API) {
	if s.URL == "" {
		if _, given := d.keys[path]; given {
			d.addAt(path+".url", "is missing", "write where the interface is, for example https://admin.us-east.atmailcloud.com/admin/index.php/api/")
		}
		return
	}
	u, err := url.Parse(s.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https":
		d.addAt(path+".url", "is not an https address", "the interface takes a password with every request: only https will do")
	case u.User != nil:
		d.addAt(path+".url", "holds a login", "leave user and password out; they have keys of their own")
	case s.User == "":
		d.addAt(path+".user", "is missing", "name a webadmin user")
	case s.Password.IsZero():
		d.addAt(path+".password", "is missing", howToRefer)
	}
	d.checkTrust(path, s.Trust)
}
