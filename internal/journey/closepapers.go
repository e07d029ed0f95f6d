// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/vault"
)

// The files of the auditor's folder, beside the folder of certificates.
const (
	papersCertificates = "certificates"
	papersReport       = "report"
	papersDNS          = "dns.txt"
	papersCutover      = "cutover.json"
	papersAudit        = "audit.jsonl"
)

// writePapers writes what an auditor gets, but for the audit log, which comes last.
func (m *Move) writePapers(ctx context.Context, folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return vault.FolderFault(folder, err)
	}
	if _, err := m.Certify(ctx, filepath.Join(folder, papersCertificates)); err != nil {
		return err
	}
	made, err := m.Report(ctx)
	if err != nil {
		return err
	}
	var page bytes.Buffer
	if err := made.WriteHTML(&page); err != nil {
		return err
	}
	document, err := json.MarshalIndent(made.Document(), "", "  ")
	if err != nil {
		return err
	}
	crossing, err := m.CutoverStatus(ctx, nil)
	if err != nil {
		return err
	}
	states, err := json.MarshalIndent(crossing, "", "  ")
	if err != nil {
		return err
	}
	at := func(name string) string { return filepath.Join(folder, name) }
	return vault.WriteFiles(map[string][]byte{
		at(papersReport + ".html"): page.Bytes(), at(papersReport + ".json"): append(document, '\n'),
		at(papersCutover): append(states, '\n'), at(papersDNS): []byte(dnsPaper(crossing)),
	})
}

// dnsPaper lists the records before and after, with the times.
func dnsPaper(crossing Crossing) string {
	var b strings.Builder
	stamp := func(t time.Time) string {
		if t.IsZero() {
			return "-"
		}
		return t.UTC().Format("2006-01-02 15:04:05 UTC")
	}
	for _, d := range crossing.Domains {
		fmt.Fprintf(&b, "%s  (switched %s)\n", d.Domain, stamp(d.Switched))
		for _, r := range d.Records {
			fmt.Fprintf(&b, "  %s %s  (%s)\n    written %s, at every server %s\n", r.About, r.Name, r.State, stamp(r.Wrote), stamp(r.Seen))
			for _, data := range r.Before {
				fmt.Fprintf(&b, "    - %s\n", data)
			}
			for _, data := range r.After {
				fmt.Fprintf(&b, "    + %s\n", data)
			}
		}
	}
	return b.String()
}

// writeAudit writes the audit log, as "audit show --json" does.
func (m *Move) writeAudit(ctx context.Context, folder string) error {
	lines, err := m.AuditLog(ctx)
	if err != nil {
		return err
	}
	var all bytes.Buffer
	for line, err := range lines {
		if err != nil {
			return err
		}
		text, err := json.Marshal(line)
		if err != nil {
			return err
		}
		all.Write(append(text, '\n'))
	}
	return vault.WriteFile(filepath.Join(folder, papersAudit), all.Bytes())
}

// destroyPersonalData removes what names people: the files of exports, the originals of refused messages, and the ledger. What the
// settings refer to, and the auditor's folder, stay. It is the last thing that a move does.
func (m *Move) destroyPersonalData(ctx context.Context, closing *Closing) (CloseTask, error) {
	task := CloseTask{What: "personal data", State: TaskLeft}
	if !closing.Closed {
		task.Sentence, task.NextStep = "nothing was destroyed, as something else is left", `run "rehome close --yes --personal-data" again when it is done`
		return task, nil
	}
	if err := m.note(ctx, ledger.AuditLine{Action: actionForgotten, Object: m.settings.Organisation}); err != nil {
		return task, err
	}
	if err := m.writeAudit(ctx, closing.Folder); err != nil {
		return task, err
	}
	files, err := m.personalFiles(closing.Folder)
	if err != nil {
		return task, err
	}
	if err := m.Close(); err != nil {
		return task, err
	}
	var failures []error
	for _, file := range files {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failures = append(failures, err)
		}
	}
	if err := m.destroyLedgers(ctx); err != nil {
		failures = append(failures, err)
	}
	if err := errors.Join(failures...); err != nil {
		return task, &rehome.Fault{Class: rehome.ClassOperator, Op: "destroy", Object: "personal data", Cause: err, Hint: "remove these by hand"}
	}
	task.State = TaskDone
	task.Sentence = plural(len(files), "file") + " and the ledger destroyed; copies in backups are yours to destroy"
	return task, nil
}

// destroyLedgers removes that of the move and that of the way back.
func (m *Move) destroyLedgers(ctx context.Context) error {
	location, err := m.location(ctx)
	if err != nil {
		return err
	}
	back, err := location.Back()
	if err != nil {
		return err
	}
	for _, l := range []ledger.Location{back, location} {
		if _, err := l.Destroy(ctx); err != nil {
			return err
		}
	}
	return nil
}

// personalFiles are the files that destroyPersonalData removes beside the ledger.
func (m *Move) personalFiles(folder string) ([]string, error) {
	keep := map[string]bool{}
	for _, placed := range m.settings.References() {
		keep[placed.Reference.File()] = true
	}
	keep[m.settings.Roster], keep[m.settings.Secrets.Identity] = true, true
	var files []string
	for _, root := range []string{m.settings.Accounts.Output, m.settings.Mail.Escrow} {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return nil
			case err != nil:
				return err
			case entry.IsDir() && path == folder:
				return filepath.SkipDir
			case entry.Type().IsRegular() && !keep[path]:
				files = append(files, path)
			}
			return nil
		})
		if err != nil {
			return nil, vault.FolderFault(root, err)
		}
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}
