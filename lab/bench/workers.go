// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"fmt"

	"rehome/lab/postgres"
)

// workersTool runs a pass on workers, over a store on a PostgreSQL server that waits for its disk as a file does.
type workersTool struct {
	rehomeTool

	workers int
	server  *postgres.Server
	runs    int
}

func (t *workersTool) name() string {
	if t.workers == 1 {
		return rehome + " with a worker on PostgreSQL"
	}
	return fmt.Sprintf("%s with %d workers on PostgreSQL", rehome, t.workers)
}

func (*workersTool) traits() traits {
	return traits{note: "without what PostgreSQL uses; memory is not measured"}
}

// onWorkers begins so many, waits for the pass, and ends them in order.
const onWorkers = `set -e
all=
for i in $(seq %d); do "$0" worker run --quiet & all="$all $!"; done
"$0" sync --on workers --quiet
kill $all
wait`

func (t *workersTool) programs(s *mailScene, dir string, moves []move) ([]program, error) {
	if t.server == nil {
		var err error
		t.server, err = postgres.Start(s.lab, postgres.Options{Name: fmt.Sprintf("store%d", t.workers), Connections: 200,
			Settings: "shared_buffers = 128MB\nfsync = on\nfull_page_writes = on\nautovacuum = on\n"})
		if err != nil {
			return nil, err
		}
	}
	t.runs++
	database := fmt.Sprintf("run%d", t.runs)
	if err := t.server.Create(context.Background(), database, ""); err != nil {
		return nil, err
	}
	t.store = t.server.Address(database)
	all, err := t.rehomeTool.programs(s, dir, moves)
	for i := range all {
		all[i].argv = []string{"sh", "-c", fmt.Sprintf(onWorkers, t.workers), t.binary}
	}
	return all, err
}

// workersContenders are one process alone, one worker, and four on however many processors there are.
func workersContenders(s *mailScene) (all []contender) {
	for _, b := range s.options.builds() {
		all = append(all, &mailContender{scene: s, tool: &rehomeTool{binary: b.binary, way: b.way}})
		for _, n := range []int{1, 4} {
			if b.way == "" {
				all = append(all, &mailContender{scene: s, tool: &workersTool{rehomeTool: rehomeTool{binary: b.binary}, workers: n}})
			}
		}
	}
	return all
}
