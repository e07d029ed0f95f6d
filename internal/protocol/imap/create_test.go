// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"errors"
	"testing"
)

func TestCreateAndSubscribe(t *testing.T) {
	t.Parallel()
	client := connect(t, "", func(s *script) {
		s.ok(`CREATE "Entw&APw-rfe/&2D3eAA-"`)
		s.send(s.expect(`CREATE "a"`) + " NO [ALREADYEXISTS] Mailbox already exists")
		s.send(s.expect(`CREATE "b"`) + " NO [CANNOT] no such name here")
		s.ok(`SUBSCRIBE "a"`)
		s.send(s.expect(`SUBSCRIBE "b"`) + " NO no")
		s.silent()
	})
	for _, name := range []string{"Entwürfe/😀", "a"} { // a mailbox that is there already is as good
		if err := client.Create(within(t), name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := client.Create(within(t), "b"); !IsCode(err, "CANNOT") {
		t.Errorf("got %v, want NO [CANNOT]", err)
	}
	if err := client.Subscribe(within(t), "a"); err != nil {
		t.Error(err)
	}
	if err := client.Subscribe(within(t), "b"); errorText(err) != `SUBSCRIBE "b": NO no` {
		t.Errorf("got %v", err)
	}
}

func TestNames_thatCannotTravelSendNothing(t *testing.T) {
	t.Parallel()
	client := connect(t, "LITERAL+", func(s *script) { s.silent() })
	nul := DecodeName("a\x00b")
	calls := map[string]error{
		"CREATE":    client.Create(within(t), nul),
		"line end":  client.Create(within(t), "a\r\nb"),
		"empty":     client.Create(within(t), ""),
		"SUBSCRIBE": client.Subscribe(within(t), nul),
	}
	_, calls["SELECT"] = client.Select(within(t), nul)
	_, calls["STATUS"] = client.Status(within(t), nul)
	for name, err := range calls {
		var argument *ArgumentError
		if !errors.As(err, &argument) {
			t.Errorf("%s: got %v, want an ArgumentError", name, err)
		}
	}
	if err := client.Err(); err != nil {
		t.Errorf("the connection ended: %v", err)
	}
}

func TestCreateAhead_isPipelined(t *testing.T) {
	t.Parallel()
	client := connect(t, "", func(s *script) {
		tags := []string{s.expect(`CREATE "a"`), s.expect(`CREATE "b"`), s.expect(`CREATE "c"`), s.expect(`SUBSCRIBE "a"`)} // all before the first answer
		s.send(tags[0]+" OK done", tags[1]+" NO [ALREADYEXISTS] there", tags[2]+" NO [OVERQUOTA] too many", tags[3]+" OK done")
		s.silent()
	})
	var answers []*Answer
	for _, send := range []func() (*Answer, error){
		func() (*Answer, error) { return client.CreateAhead(within(t), "a") },
		func() (*Answer, error) { return client.CreateAhead(within(t), "b") },
		func() (*Answer, error) { return client.CreateAhead(within(t), "c") },
		func() (*Answer, error) { return client.SubscribeAhead(within(t), "a") },
	} {
		answer, err := send()
		if err != nil {
			t.Fatal(err)
		}
		answers = append(answers, answer)
	}
	for i, want := range []string{"", `CREATE "b": NO [ALREADYEXISTS] there`, `CREATE "c": NO [OVERQUOTA] too many`, ""} {
		if err := answers[i].Wait(within(t)); errorText(err) != want {
			t.Errorf("answer %d: %v, want %q", i, err, want)
		}
	}
}
