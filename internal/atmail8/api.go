// SPDX-License-Identifier: Apache-2.0

package atmail8

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"rehome"
)

// API is the cloud's administration interface as far as it is documented: HTTP Basic with every request,
// answers in XML (or JSON) that carry a status, and two calls that change nothing. The calls that make
// accounts and aliases are not documented publicly; this type has no way to make one up.
type API struct {
	URL      string // ends with /api/
	User     string
	Password rehome.Secret
	Client   *http.Client // must not follow redirects: the password goes with every request
}

// The documented calls.
const (
	callAuthenticate = "users/authenticate/"
	callPermissions  = "users/permissionlist/"
)

// Rights are what an administrator needs for a move, by the names of the vendor's page on permissions.
func Rights() []string {
	return []string{"account.import", "account.list", "account.view", "account.edit", "account.export", "domain.add",
		"service.mailaliases.list", "service.mailaliases.add", "service.mailaliases.delete"}
}

// Probed is what the interface says about itself.
type Probed struct {
	Format  string   `json:"format"`  // "xml" or "json"
	Granted []string `json:"granted"` // of Rights
	Lacking []string `json:"lacking"` // not found in the answer
}

// Probe logs in and asks for the permissions. It changes nothing. One refusal ends it.
func (a API) Probe(ctx context.Context) (Probed, error) {
	if _, err := a.call(ctx, callAuthenticate); err != nil {
		return Probed{}, err
	}
	answer, err := a.call(ctx, callPermissions)
	if err != nil {
		return Probed{}, err
	}
	probed := Probed{Format: answer.format, Granted: []string{}, Lacking: []string{}}
	for _, right := range Rights() {
		if answer.grants(right) {
			probed.Granted = append(probed.Granted, right)
		} else {
			probed.Lacking = append(probed.Lacking, right)
		}
	}
	return probed, nil
}

// maxAnswer bounds an answer in octets.
const maxAnswer = 4 << 20

func (a API) call(ctx context.Context, name string) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(a.URL, "/")+"/"+name, nil)
	if err != nil {
		return answer{}, a.fault(name, rehome.ClassOperator, errors.New("the address is not valid"), "correct destination.api.url")
	}
	request.SetBasicAuth(a.User, a.Password.Reveal())
	request.Header.Set("Accept", "application/xml, application/json;q=0.9")
	response, err := a.Client.Do(request)
	if err != nil {
		return answer{}, a.fault(name, rehome.ClassTemporary, err, "check destination.api.url, and that this machine can reach it")
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	switch {
	case err != nil:
		return answer{}, a.fault(name, rehome.ClassTemporary, err, "the connection broke: run the same command again")
	case response.StatusCode == http.StatusUnauthorized, response.StatusCode == http.StatusForbidden:
		return answer{}, a.fault(name, rehome.ClassAuth, fmt.Errorf("the login was refused (HTTP %d)", response.StatusCode),
			"check user and password in destination.api; rehome does not try again")
	case response.StatusCode >= 300:
		return answer{}, a.fault(name, rehome.ClassUntrusted, fmt.Errorf("HTTP %d", response.StatusCode),
			"the interface does not exist at this address: ask the vendor for the right one")
	}
	said, err := parseAnswer(body)
	switch {
	case err != nil:
		return answer{}, a.fault(name, rehome.ClassUntrusted, err, "this is not the administration interface: check destination.api.url")
	case said.status != "success": // an HTTP code of 200 says nothing here
		return answer{}, a.fault(name, rehome.ClassAuth, errors.New(`the interface answers with the status "`+said.status+`"`),
			"check user, password and rights in destination.api; rehome does not try again")
	}
	return said, nil
}

func (a API) fault(call string, class rehome.Class, cause error, hint string) error {
	return &rehome.Fault{Class: class, Op: "call " + call + " at", Object: a.URL, Cause: cause, Hint: hint}
}
