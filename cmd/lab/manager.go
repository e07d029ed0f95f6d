// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"rehome/lab/atmail8"
)

const managerInterval = 300 * time.Millisecond

// manageAccounts stands in for the upload form of the cloud's Account Manager: a CSV file that is
// put into the folder is imported, the outcome is written to out, and the file is set aside. It
// returns when ctx is done.
func manageAccounts(ctx context.Context, folder string, server *atmail8.Server, out io.Writer) error {
	ticker := time.NewTicker(managerInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		files, err := filepath.Glob(filepath.Join(folder, "*.csv"))
		if err != nil {
			return err
		}
		for _, file := range files {
			if err := importFile(file, server, out); err != nil {
				return err
			}
		}
	}
}

func importFile(path string, server *atmail8.Server, out io.Writer) error {
	// Set aside first: what is written to the old name from now on is another upload.
	aside := path + ".done"
	if err := os.Rename(path, aside); err != nil {
		return err
	}
	file, err := os.Open(aside)
	if err != nil {
		return err
	}
	defer file.Close()
	result, err := server.ImportCSV(file)
	if err != nil {
		fmt.Fprintf(out, "%s is refused: %v\n", filepath.Base(path), err)
		return nil
	}
	fmt.Fprintf(out, "%s: %d accounts created, %d rows rejected\n", filepath.Base(path), len(result.Created), len(result.Rejected))
	for _, rejection := range result.Rejected {
		fmt.Fprintf(out, "  line %d %s: %s\n", rejection.Line, rejection.Address, rejection.Reason)
	}
	return nil
}
