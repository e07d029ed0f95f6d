// SPDX-License-Identifier: Apache-2.0

package web

import (
	"errors"
	"net/http"
	"slices"

	"rehome"
	"rehome/internal/journey"
)

type workersPage struct {
	frame
	journey.WorkersThere
}

func (s *Screen) showWorkers(w http.ResponseWriter, r *http.Request, who visitor) {
	there, err := s.move.WorkersThere(r.Context())
	if err != nil {
		s.failed(w, r, who, err)
		return
	}
	write(w, r, s.options.Log, http.StatusOK, "workers", workersPage{frameOf("Workers", "work", who), there})
}

func (s *Screen) workersCall(r *http.Request, _ visitor) (journey.WorkersThere, error) {
	return s.move.WorkersThere(r.Context())
}

func (s *Screen) drainWorker(w http.ResponseWriter, r *http.Request, who visitor) {
	err := r.ParseForm()
	if err == nil {
		_, err = s.drain(r, who, r.PostForm["worker"])
	}
	s.answer(w, r, who, "/workers", err)
}

// drainOrder names the workers that are to leave.
type drainOrder struct {
	Workers []string `json:"workers"`
}

// drain tells workers to leave, which have to be named one by one here: all of them would stop the pass.
func (s *Screen) drain(r *http.Request, who visitor, names []string) (journey.Dismissed, error) {
	fault := func(cause, hint string) error {
		return &rehome.Fault{Class: rehome.ClassOperator, Op: "drain", Object: "workers", Cause: errors.New(cause), Hint: hint}
	}
	if names = slices.DeleteFunc(names, func(name string) bool { return name == "" }); len(names) == 0 {
		return journey.Dismissed{}, fault("none is named", "name those that are to leave")
	}
	told, err := s.move.DismissWorkers(journey.As(r.Context(), who.name), names...)
	if err == nil && len(told.Workers) == 0 {
		err = fault("none of that name is there", "look at the page again: a worker that has ended is not on it")
	}
	return told, err
}
