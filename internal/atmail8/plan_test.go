// SPDX-License-Identifier: Apache-2.0

package atmail8

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rehome"
)

// reveal lets go-cmp look into secrets; the values here are no secrets.
var reveal = cmp.Comparer(func(a, b rehome.Secret) bool { return a.Reveal() == b.Reveal() })

func account(address string, form rehome.PasswordForm, stored, destination string) rehome.Account {
	return rehome.Account{
		Address: address, Password: rehome.Password{Form: form, Stored: rehome.NewSecret(stored)},
		DestinationPassword: rehome.NewSecret(destination),
	}
}

func TestPlanPasswords_oneOfEachKind(t *testing.T) {
	t.Parallel()
	accounts := []rehome.Account{
		account("own@x", rehome.PasswordPlain, "Tulpen&Rosen-47", ""),
		account("weak@x", rehome.PasswordPlain, "noa7", ""),
		account("md5@x", rehome.PasswordMD5, "5f4dcc3b5aa765d61d8327deb882cf99", ""),
		account("crypt@x", rehome.PasswordCrypt, "$1$q7Lr2Pwx$PG9f9DF7TtRhFWHKmgy..1", ""),
		account("other@x", rehome.PasswordOther, "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8", ""),
		account("sealed@x", rehome.PasswordSealed, "00", ""),
		account("ldap@x", rehome.PasswordLDAP, "Tulpen&Rosen-47", ""),
		account("none@x", rehome.PasswordNone, "", ""),
		account("unsaid@x", "", "", ""),
		account("chosen@x", rehome.PasswordMD5, "5f4dcc3b5aa765d61d8327deb882cf99", "Chosen-By-4-All"),
		account("badly@x", rehome.PasswordPlain, "Tulpen&Rosen-47", "chosen"),
		account("now-own@x", rehome.PasswordPlain, "Tulpen&Rosen-47", ""),
	}
	existing := map[string]rehome.Secret{"md5@x": rehome.NewSecret("Kd7m#Rw4xTqPzy2e"), "now-own@x": rehome.NewSecret("Old")}
	temporary := func(address string, reason Reason) Decision {
		return Decision{Address: address, Origin: OriginTemporary, Reason: reason}
	}
	own := func(address, password string) Decision {
		return Decision{Address: address, Origin: OriginOwn, Password: rehome.NewSecret(password)}
	}
	weak, badly, md5 := temporary("weak@x", ReasonPolicy), temporary("badly@x", ReasonPolicy), temporary("md5@x", ReasonHashed)
	weak.Violations, badly.Violations = DefaultPolicy().Violations("noa7"), DefaultPolicy().Violations("chosen")
	md5.Password = existing["md5@x"]
	want := []Decision{
		own("own@x", "Tulpen&Rosen-47"), weak, md5, temporary("crypt@x", ReasonHashed), temporary("other@x", ReasonHashed),
		temporary("sealed@x", ReasonSealed), temporary("ldap@x", ReasonLDAP), temporary("none@x", ReasonNone),
		temporary("unsaid@x", ReasonNone), own("chosen@x", "Chosen-By-4-All"), badly, own("now-own@x", "Tulpen&Rosen-47"),
	}
	got, counts := PlanPasswords(accounts, DefaultPolicy(), existing)
	if diff := cmp.Diff(want, got, reveal); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	wantCounts := Counts{Own: 3, Temporary: 9, Missing: 8, Superseded: 1, ByReason: map[Reason]int{
		ReasonPolicy: 2, ReasonHashed: 3, ReasonSealed: 1, ReasonLDAP: 1, ReasonNone: 2,
	}}
	if diff := cmp.Diff(wantCounts, counts); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for _, d := range got {
		if (d.Why() == "") != (d.Origin == OriginOwn) {
			t.Errorf("%s: got why %q", d.Address, d.Why())
		}
		if strings.Contains(d.Why(), "noa7") {
			t.Errorf("%q shows the password", d.Why())
		}
	}
}

// Whoever makes what is missing and plans again gets the same plan, complete.
func TestPlanPasswords_isStable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		form := rapid.SampledFrom([]rehome.PasswordForm{rehome.PasswordPlain, rehome.PasswordMD5, rehome.PasswordNone})
		var accounts []rehome.Account
		for _, address := range rapid.SliceOfDistinct(rapid.StringMatching(`[a-z]{1,4}@x`), rapid.ID[string]).Draw(t, "addresses") {
			accounts = append(accounts, account(address, form.Draw(t, "form"), rapid.StringN(0, 12, -1).Draw(t, "stored"), ""))
		}
		sheet := map[string]rehome.Secret{}
		first, counts := PlanPasswords(accounts, DefaultPolicy(), sheet)
		made := 0
		for _, d := range first {
			if d.Missing() {
				made++
				secret, err := TemporaryPassword(DefaultPolicy())
				if err != nil {
					t.Fatal(err)
				}
				sheet[d.Address] = secret
			}
		}
		second, again := PlanPasswords(accounts, DefaultPolicy(), sheet)
		if made != counts.Missing || counts.Own+counts.Temporary != len(accounts) || again.Missing != 0 || again.Superseded != 0 {
			t.Fatalf("made %d, counts %+v, again %+v", made, counts, again)
		}
		for i, d := range second {
			want := first[i].Password
			if first[i].Missing() {
				want = sheet[d.Address]
			}
			if d.Password != want || DefaultPolicy().Violations(d.Password.Reveal()) != nil {
				t.Fatalf("%s: another password, or one that breaks the policy", d.Address)
			}
		}
	})
}
