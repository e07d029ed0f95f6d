// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"rehome"
	"rehome/internal/ledger"
)

// A token is told once and kept nowhere; no two have one name, none lives for ever, and the log says who has made and ended which.
func TestTokens(t *testing.T) {
	t.Parallel()
	m, _ := moveIn(t)
	defer m.Close()
	ctx := As(t.Context(), "ada")
	made, err := m.MakeToken(ctx, "watch", ledger.RoleLook, 48*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	other, err := m.MakeToken(ctx, "night", ledger.RoleOperate, time.Hour)
	if err != nil || len(made.Secret) != len("rehome_")+43 || made.Secret == other.Secret || !strings.HasPrefix(made.Secret, "rehome_") {
		t.Errorf("%q and %q, %v", made.Secret, other.Secret, err)
	}
	for name, long := range map[string]time.Duration{"watch": time.Hour, "A b": time.Hour, "brief": 0, "long": LongestToken + time.Second} {
		if _, err := m.MakeToken(ctx, name, ledger.RoleSwitch, long); rehome.ClassOf(err) != rehome.ClassOperator || rehome.HintOf(err) == "" {
			t.Errorf("%s for %s: %v", name, long, err)
		}
	}
	kept, err := m.Tokens(ctx)
	if err != nil || len(kept) != 2 || kept[1].Digest != TokenDigest(made.Secret) || kept[1].Role != ledger.RoleLook {
		t.Errorf("kept %+v, %v", kept, err)
	}
	if err := m.TokenUsed(ctx, kept[1]); err != nil {
		t.Error(err)
	}
	if again, err := m.Tokens(ctx); err != nil || time.Since(again[1].Used) > time.Hour || !again[0].Used.IsZero() {
		t.Errorf("used %v, %v", again, err)
	}
	list, err := m.ListTokens(ctx)
	text, _ := json.Marshal(list)
	if err != nil || len(list.Tokens) != 2 || list.Tokens[1].Expired || strings.Contains(string(text), kept[1].Digest) {
		t.Errorf("%s, %v", text, err)
	}
	if left, err := m.RevokeToken(ctx, "watch"); err != nil || len(left.Tokens) != 1 {
		t.Errorf("%+v, %v", left, err)
	}
	if _, err := m.RevokeToken(ctx, "watch"); rehome.ClassOf(err) != rehome.ClassOperator {
		t.Errorf("once more: %v", err)
	}
	lines, _, err := m.AuditPage(ctx, "", 0, 9)
	said, _ := json.Marshal(lines)
	if err != nil || len(lines) != 3 || lines[0].Action != actionTokenRevoked || !strings.HasPrefix(lines[2].After, "look until ") ||
		!strings.HasPrefix(lines[2].Who, "ada (") || strings.Contains(string(said), made.Secret) {
		t.Errorf("%s, %v", said, err)
	}
}
