package main

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"

	"derail/sim/exhaust"
	"derail/sim/explore"
)

// explorer begins the exhaustive mode, or goes on where the file of --resume says.
func (x *exploreCommand) explorer(e *experiment) (*exhaust.Explorer, error) {
	if x.Resume == "" {
		return exhaust.New(x.bounds(e)), nil
	}
	var err error
	if x.world, err = worldName(e); err != nil {
		return nil, err
	}
	file, err := os.Open(x.Resume)
	if errors.Is(err, os.ErrNotExist) {
		return exhaust.New(x.bounds(e)), nil
	}
	if err != nil {
		return nil, unreadable(x.Resume, err)
	}
	explorer, err := exhaust.Load(file, x.world)
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, unreadable(x.Resume, err)
	}
	if explorer.Bounds() != x.bounds(e) {
		return nil, wrongInput(fmt.Errorf("--resume: %s has other bounds: give the same --preemptions, --steps "+
			"and --samples as before", x.Resume))
	}
	return explorer, nil
}

// worldName says which world an exploration is of: the same in nothing but name is another, and so is the
// same in another build of derail, where choices may mean something else.
func worldName(e *experiment) (string, error) {
	hash := fnv.New64a()
	_, _ = hash.Write(e.scenario.Marshal())
	path, err := os.Executable()
	if err != nil {
		return "", fault(fmt.Errorf("--resume: which program this is: %w", err))
	}
	program, err := os.Open(path)
	if err == nil {
		_, err = io.Copy(hash, program)
		err = errors.Join(err, program.Close())
	}
	if err != nil {
		return "", fault(fmt.Errorf("--resume: which program this is: %w", cause(err)))
	}
	return fmt.Sprintf("%s %016x", e.scenario.Name, hash.Sum64()), nil
}

// keepExplored writes down how far an exhaustive search has come, where that was asked for.
func (e *exploration) keepExplored() error {
	exhaustive, is := e.strategy.(*explore.ExhaustiveSearch)
	if !is || e.flags.Resume == "" {
		return nil
	}
	return e.console.toFile(e.flags.Resume, func(w io.Writer) error {
		return exhaustive.Explorer.Save(w, e.flags.world)
	})
}

// covered is what was covered by an exhaustive search, that of its earlier parts included. Nil: it is none.
func (e *exploration) covered() *exhaust.Coverage {
	exhaustive, is := e.strategy.(*explore.ExhaustiveSearch)
	if !is {
		return nil
	}
	c := exhaustive.Explorer.Coverage()
	return &c
}
