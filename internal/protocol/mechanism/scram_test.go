// SPDX-License-Identifier: Apache-2.0

package mechanism

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// exchanges of RFC 5802, section 5, and RFC 7677, section 3.
var scramExamples = []struct {
	mechanism, nonce, first, challenge, final, answer string
}{
	{
		SCRAM1, "fyko+d2lbbFgONRv9qkxdawL", "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
		"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
		"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
	},
	{
		SCRAM256, "rOprNGfwEbeRWgbNEkqO", "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
		"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
		"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
		"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
	},
}

func TestSCRAM_examplesOfTheStandards(t *testing.T) {
	t.Parallel()
	for _, example := range scramExamples {
		client := newSCRAM(example.mechanism, Credentials{User: "user", Password: "pencil"})
		client.nonce = example.nonce
		if name, first, err := client.Start(); name != example.mechanism || string(first) != example.first || err != nil {
			t.Errorf("Start: %s, %q, %v, want %q", name, first, err, example.first)
		}
		if final, err := client.Next([]byte(example.challenge)); string(final) != example.final || err != nil {
			t.Errorf("Next: %q, %v, want %q", final, err, example.final)
		}
		if err := client.Complete(); err == nil {
			t.Error("complete before the server has proved anything")
		}
		if answer, err := client.Next([]byte(example.answer)); len(answer) > 0 || err != nil || client.Complete() != nil {
			t.Errorf("last: %q, %v, %v", answer, err, client.Complete())
		}
		if _, err := client.Next(nil); err == nil {
			t.Error("a third challenge is answered")
		}
	}
}

func TestSCRAM_badServers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, challenge, final string }{
		{"another nonce", "r=other,s=QSXC,i=4096", ""},
		{"no nonce of its own", "r=N,s=QSXC,i=4096", ""},
		{"too few iterations", "r=Nx,s=QSXC,i=4095", ""},
		{"too many", "r=Nx,s=QSXC,i=999999999", ""},
		{"no number", "r=Nx,s=QSXC,i=", ""},
		{"bad salt", "r=Nx,s=?,i=4096", ""},
		{"an unknown demand", "m=x,r=Nx,s=QSXC,i=4096", ""},
		{"nothing", "", ""},
		{"a wrong proof", "r=Nx,s=QSXC,i=4096", "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="},
		{"no proof", "r=Nx,s=QSXC,i=4096", "v="},
		{"an empty proof", "r=Nx,s=QSXC,i=4096", ""},
	} {
		client := newSCRAM(SCRAM256, Credentials{User: "user", Password: "pencil"})
		client.nonce = "N"
		_, _, _ = client.Start()
		_, err := client.Next([]byte(test.challenge))
		if err == nil {
			_, err = client.Next([]byte(test.final))
		}
		if err == nil || client.Complete() == nil {
			t.Errorf("%s: %v, want an error", test.name, err)
		}
	}
}

func TestSCRAM_names(t *testing.T) {
	t.Parallel()
	client := newSCRAM(SCRAM1, Credentials{Identity: "a,b=c", User: "x,=\u00a0\u00ad\ufb01"})
	client.nonce = "N"
	if _, first, _ := client.Start(); string(first) != "n,a=a=2Cb=3Dc,n=x=2C=3D fi,r=N" {
		t.Errorf("got %q", first)
	}
}

func FuzzSCRAM(f *testing.F) {
	for _, example := range scramExamples {
		f.Add(example.challenge, example.answer)
	}
	f.Add("r=N1,s=,i=4096,m=x", "e=other-error")
	f.Fuzz(func(t *testing.T, challenge, final string) {
		client := newSCRAM(SCRAM1, Credentials{User: "user", Password: "pencil"})
		client.nonce = "N"
		_, _, _ = client.Start()
		challenge = strings.ReplaceAll(challenge, "i=", "i=0")         // stays a number
		if strings.Contains(challenge, "i=0") && len(challenge) > 60 { // a million rounds are for another test
			return
		}
		answer, err := client.Next([]byte(challenge))
		if err == nil && !strings.HasPrefix(string(answer), "c=biws,r=N") {
			t.Errorf("answer %q", answer)
		}
		if _, err := client.Next([]byte(final)); err == nil && client.Complete() == nil {
			t.Errorf("%q is taken for a proof", final)
		}
	})
}

func TestPrepareSASL_isStable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		once := prepareSASL(s)
		if twice := prepareSASL(once); twice != once {
			t.Errorf("%q: %q, then %q", s, once, twice)
		}
	})
}
