package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"derail/scenarios"
)

// The exit codes; `derail --help` tells them.
const (
	exitFine        = 0
	exitUnexpected  = 1
	exitInput       = 2
	exitFault       = 3
	exitInterrupted = 130
)

// ending is an error with the exit code that it leads to. Without an error all has been said already.
type ending struct {
	code int
	err  error
}

func (e *ending) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *ending) Unwrap() error { return e.err }

// silently ends with a code and without a word.
func silently(code int) error {
	if code == exitFine {
		return nil
	}
	return &ending{code: code}
}

// wrongInput is for what whoever called can put right.
func wrongInput(err error) error { return &ending{exitInput, err} }

// mistaken is for a name that is not one of those that there are: what is said of it ends with the one that
// was probably meant, or else as given.
func mistaken(problem, otherwise, name string, names []string) error {
	if near := scenarios.Nearest(name, names); near != "" {
		otherwise = fmt.Sprintf(": did you mean %q?", near)
	}
	return wrongInput(errors.New(problem + otherwise))
}

// fault is for what went wrong although the input was right.
func fault(err error) error { return &ending{exitFault, err} }

// conclude tells an error, if there is one, and returns the exit code.
func (c *console) conclude(err error) int {
	code := exitFine
	var end *ending
	switch {
	case errors.As(err, &end):
		code = end.code
		if end.err != nil {
			c.explain(end.err)
		}
	case err != nil:
		code = exitFault
		c.complain(err)
	}
	if out, watched := c.out.(*watchedWriter); watched && out.err != nil {
		c.complain(fmt.Errorf("cannot write to standard output: %w", cause(out.err)))
		code = exitFault
	}
	return code
}

// complain writes each line of an error with the program's name before it, as compilers do.
func (c *console) complain(err error) {
	for line := range strings.Lines(err.Error()) {
		_, _ = fmt.Fprintf(c.err, "derail: %s\n", strings.TrimRight(line, "\r\n"))
	}
}

// explain complains, and shows of each problem with a scenario or a plan where it stands.
func (c *console) explain(err error) {
	switch err := err.(type) {
	case *scenarios.Error:
		c.complain(err)
		_, _ = io.WriteString(c.err, indented(err.Excerpt()))
	case interface{ Unwrap() []error }:
		for _, one := range err.Unwrap() {
			c.explain(one)
		}
	default:
		c.complain(err)
	}
}

// cause is an error of the file system without its operation and path.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		return link.Err
	}
	return err
}

// unreadable is the error of a file that cannot be read, or is not what it should be.
func unreadable(file string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = fmt.Errorf("%s: %w", path.Path, path.Err)
	}
	if !strings.HasPrefix(err.Error(), file) {
		err = fmt.Errorf("%s: %w", file, err)
	}
	return wrongInput(err)
}

// watchedWriter remembers that writing failed, so that not every line has to look.
type watchedWriter struct {
	io.Writer
	err error
}

func (w *watchedWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if w.err == nil {
		w.err = err
	}
	return n, err
}
