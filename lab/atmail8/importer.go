// SPDX-License-Identifier: Apache-2.0

package atmail8

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"rehome/lab/dovecot"
)

// columns is the header of the file, in this order and spelling.
var columns = []string{"EmailAddress", "FirstName", "LastName", "Password"}

// ImportResult says what became of each row of an import.
type ImportResult struct {
	Created  []string // addresses, in the order of the file
	Rejected []Rejection
}

// Rejection is a row that made no account.
type Rejection struct {
	Line    int    // where the row begins in the file; the header is line 1
	Address string // as the row has it; empty if it could not be read
	Reason  string
}

// ImportCSV is the Account Manager: it creates an account for each row of a file with the header
// EmailAddress,FirstName,LastName,Password. A bad row is rejected and does not stop the others.
// The error is for a file that is no such file at all, or for a server that fails.
func (s *Server) ImportCSV(r io.Reader) (ImportResult, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	passwords := maps.Clone(s.passwords)
	result, err := s.judge(r, passwords)
	if err != nil {
		return ImportResult{}, err
	}
	return result, s.create(result.Created, passwords)
}

// judge decides on every row and adds the good ones to passwords.
func (s *Server) judge(r io.Reader, passwords map[string]string) (ImportResult, error) {
	var result ImportResult
	rows, err := openCSV(r)
	if err != nil {
		return result, err
	}
	for {
		record, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return result, nil
		}
		rejection, err := s.examine(rows, record, err, passwords)
		if err != nil {
			return result, err
		}
		if rejection.Reason != "" {
			result.Rejected = append(result.Rejected, rejection)
			continue
		}
		address := strings.ToLower(record[0])
		passwords[address] = record[3]
		result.Created = append(result.Created, address)
	}
}

// openCSV reads the header. A byte order mark is accepted, as spreadsheets write one.
func openCSV(r io.Reader) (*csv.Reader, error) {
	buffered := bufio.NewReader(r)
	if start, _ := buffered.Peek(3); string(start) == "\ufeff" {
		_, _ = buffered.Discard(3)
	}
	rows := csv.NewReader(buffered)
	rows.FieldsPerRecord = -1
	header, err := rows.Read()
	if err != nil {
		return nil, fmt.Errorf("read the header of the import file: %w", err)
	}
	if !slices.Equal(header, columns) {
		return nil, fmt.Errorf("the header of the import file is %q, not %q", header, columns)
	}
	return rows, nil
}

// examine says why a row is rejected; an empty reason means that it is good. readErr is what
// reading the row gave; it comes back if it is not the row's fault.
func (s *Server) examine(rows *csv.Reader, record []string, readErr error, taken map[string]string) (Rejection, error) {
	var broken *csv.ParseError
	if errors.As(readErr, &broken) {
		return Rejection{Line: broken.StartLine, Reason: "the row cannot be read: " + broken.Err.Error()}, nil
	}
	if readErr != nil {
		return Rejection{}, fmt.Errorf("read the import file: %w", readErr)
	}
	line, _ := rows.FieldPos(0)
	return Rejection{Line: line, Address: record[0], Reason: s.objection(record, taken)}, nil
}

func (s *Server) objection(record []string, taken map[string]string) string {
	if len(record) != len(columns) {
		return fmt.Sprintf("the row has %d fields instead of %d", len(record), len(columns))
	}
	for _, field := range record {
		if !utf8.ValidString(field) {
			return "the row is not UTF-8"
		}
		if strings.ContainsFunc(field, unicode.IsControl) {
			return "the row has a control character"
		}
	}
	address := strings.ToLower(record[0])
	local, domain, _ := strings.Cut(address, "@")
	if local == "" || domain == "" || strings.ContainsAny(address, " \"<>,;:/") || strings.Contains(domain, "@") {
		return "the address is not an e-mail address"
	}
	if !slices.Contains(s.Domains, domain) {
		return "the domain " + domain + " is not one of this account"
	}
	if _, found := taken[address]; found {
		return "the account exists already"
	}
	return policyObjection(record[3])
}

// create makes the accounts known to both servers.
func (s *Server) create(created []string, passwords map[string]string) error {
	if len(created) == 0 {
		return nil
	}
	accounts := make([]dovecot.Account, 0, len(created))
	for _, address := range created {
		accounts = append(accounts, dovecot.Account{Address: address, Password: passwords[address]})
		if err := s.createCollections(address); err != nil {
			return fmt.Errorf("create %s: %w", address, err)
		}
	}
	s.passwords = passwords
	if err := s.writeHtpasswd(); err != nil {
		return err
	}
	return s.AddAccounts(context.Background(), accounts...)
}

// RemoveAccount deletes an account and returns when it can no longer log in. Its mail and its
// collections stay on disk.
func (s *Server) RemoveAccount(ctx context.Context, address string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.passwords, strings.ToLower(address))
	if err := s.writeHtpasswd(); err != nil {
		return err
	}
	return s.Server.RemoveAccount(ctx, address)
}
