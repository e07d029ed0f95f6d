// SPDX-License-Identifier: Apache-2.0

package config

import (
	"reflect"
	"slices"
	"testing"

	"rehome/internal/atmail7"
)

// The values of source.database.profile are those that the reader of the database knows.
func TestDatabase_profilesAreThoseOfTheReader(t *testing.T) {
	t.Parallel()
	c := Default()
	var choices []string
	eachField(reflect.ValueOf(&c).Elem(), "", func(f field) {
		if f.path == "source.database.profile" {
			choices = f.choices()
		}
	})
	if want := append([]string{atmail7.ProfileAuto}, atmail7.Presets()...); !slices.Equal(choices, want) {
		t.Errorf("got %q, want %q", choices, want)
	}
}

func TestCheckDSN(t *testing.T) {
	t.Parallel()
	for dsn, want := range map[string]string{
		"mysql://reader@127.0.0.1:3306/atmail":                           "",
		"mysql://reader@db.example.com/atmail":                           "",
		"mysql://reader@localhost/atmail?socket=/run/mysqld/mysqld.sock": "",
		"mysql://reader@/atmail?socket=/run/mysqld/mysqld.sock":          "",
		"mysql://reader:hunter2@db.example.com/atmail":                   "holds a password",
		"mysql://db.example.com/atmail":                                  "lacks user, host or database name",
		"mysql://reader@/atmail":                                         "lacks user, host or database name",
		"mysql://reader@db.example.com/":                                 "lacks user, host or database name",
		"postgres://reader@db.example.com/atmail":                        "names a database that is not mysql",
		"reader@tcp(db.example.com)/atmail":                              "is not a data source name",
	} {
		sentence, hint := checkDSN(dsn)
		if sentence != want || (hint == "") != (want == "") {
			t.Errorf("%s: got %q with hint %q, want %q", dsn, sentence, hint, want)
		}
	}
}
