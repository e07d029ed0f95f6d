// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"rehome"
	"rehome/internal/atmail8"
)

// Import says how the accounts come to the destination.
type Import struct {
	Files  []string        `json:"files"` // to upload
	Steps  []string        `json:"steps"`
	Probed *atmail8.Probed `json:"api,omitempty"` // nil if it was not asked for
}

// apiTimeout is for one request.
const apiTimeout = 30 * time.Second

// ImportAccounts says what to upload where. With api it also asks the administration interface what it
// allows, by the two documented calls. It makes no account: no call for that is documented, and one that is
// guessed could make, change or delete what nobody meant.
func (m *Move) ImportAccounts(ctx context.Context, api bool) (Import, error) {
	files, err := filepath.Glob(filepath.Join(m.settings.Accounts.Output, "accounts*.csv"))
	if err != nil || len(files) == 0 {
		return Import{}, &rehome.Fault{Class: rehome.ClassOperator, Op: "find", Object: filepath.Join(m.settings.Accounts.Output, "accounts.csv"),
			Cause: errors.New("there is none"), Hint: `run "rehome accounts export" first`}
	}
	slices.Sort(files)
	result := Import{Files: files, Steps: []string{
		"log in to the destination's webadmin with the permission account.import",
		"open Account Manager, Import accounts, Upload CSV and import accounts, and choose each file",
		`run "rehome accounts check"; with the list that the Account Manager exports: --listed FILE`,
		"delete the files",
	}}
	if !api {
		return result, nil
	}
	probed, err := m.probeAPI(ctx)
	result.Probed = &probed
	return result, err
}

func (m *Move) probeAPI(ctx context.Context) (atmail8.Probed, error) {
	settings := m.settings.Destination.API
	if settings.URL == "" {
		return atmail8.Probed{}, &rehome.Fault{Class: rehome.ClassOperator, Op: "find the administration interface", Object: "destination.api",
			Cause: errors.New("is not set"), Hint: "name url, user and password there"}
	}
	password, err := settings.Password.Resolve(ctx)
	if err != nil {
		return atmail8.Probed{}, err
	}
	trust, err := settings.Client()
	if err != nil {
		return atmail8.Probed{}, err
	}
	transport := &http.Transport{TLSClientConfig: trust, Proxy: http.ProxyFromEnvironment}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: apiTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return atmail8.API{URL: settings.URL, User: settings.User, Password: password, Client: client}.Probe(ctx)
}
