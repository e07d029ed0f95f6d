// SPDX-License-Identifier: Apache-2.0

package config

import "time"

// LoginTest says how gently "verify --login" tries log-ins, so that no host locks this machine out.
type LoginTest struct {
	Pause    time.Duration `yaml:"pause" doc:"Time between two logins."`
	Refusals int           `yaml:"refusals"`
	Window   time.Duration `yaml:"window" doc:"How long a refused login counts. fail2ban counts 10 minutes; some panels count an hour."`
	Wait     time.Duration `yaml:"wait" doc:"How long to wait for the test message of an account. A later run looks for one that came too late."`
}

func defaultLoginTest() LoginTest {
	return LoginTest{Pause: time.Second, Refusals: 3, Window: 15 * time.Minute, Wait: time.Minute}
}

func (d *document) checkLoginTest(path string, s LoginTest) {
	if s.Refusals < 1 {
		d.addAt(path+".refusals", "must be at least 1", "nobody could be tried")
	}
	if s.Window == 0 {
		d.addAt(path+".window", "cannot be 0", "no refused login would count")
	}
}
