package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// toFile writes one file that was asked for by name; "-" is standard output.
func (c *console) toFile(path string, fill func(io.Writer) error) error {
	if path == "-" {
		return fill(c.out)
	}
	write := c.write
	if write == nil {
		write = replaceFile
	}
	if err := write(path, fill); err != nil {
		return fault(fmt.Errorf("cannot write %s: %w", path, cause(err)))
	}
	return nil
}

// replaceFile puts a complete new file in the place of an old one, with its permissions; what is no
// ordinary file, such as a pipe, is written to as it is.
func replaceFile(path string, fill func(io.Writer) error) error {
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		path = resolved
	}
	old, err := os.Stat(path)
	if err == nil && !old.Mode().IsRegular() {
		return writeInto(path, fill)
	}
	name := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".partial")
	partial, err := os.Create(name)
	if err != nil {
		return err
	}
	err = filled(partial, fill)
	if err == nil && old != nil {
		err = os.Chmod(name, old.Mode().Perm())
	}
	if err == nil {
		err = os.Rename(name, path)
	}
	if err != nil {
		_ = os.Remove(name)
	}
	return err
}

func writeInto(path string, fill func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return filled(f, fill)
}

// filled writes to a file and closes it.
func filled(f *os.File, fill func(io.Writer) error) error {
	buffered := bufio.NewWriter(f)
	err := fill(buffered)
	if err == nil {
		err = buffered.Flush()
	}
	return errors.Join(err, f.Close())
}
