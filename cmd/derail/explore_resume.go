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
		return exhaust.New(x.bounds()), nil
	}
	file, err := os.Open(x.Resume)
	if errors.Is(err, os.ErrNotExist) {
		return exhaust.New(x.bounds()), nil
	}
	if err != nil {
		return nil, unreadable(x.Resume, err)
	}
	explorer, err := exhaust.Load(file, worldName(e))
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, unreadable(x.Resume, err)
	}
	if explorer.Bounds() != x.bounds() {
		return nil, wrongInput(fmt.Errorf("--resume: %s has other bounds: give the same --preemptions, --steps "+
			"and --samples as before", x.Resume))
	}
	return explorer, nil
}

// worldName says which world an exploration is of: the same in nothing but name is another.
func worldName(e *experiment) string {
	hash := fnv.New64a()
	_, _ = hash.Write(e.scenario.Marshal())
	return fmt.Sprintf("%s %016x", e.scenario.Name, hash.Sum64())
}

// keepExplored writes down how far an exhaustive search has come, where that was asked for.
func (e *exploration) keepExplored() error {
	exhaustive, is := e.strategy.(*explore.ExhaustiveSearch)
	if !is || e.flags.Resume == "" {
		return nil
	}
	return e.console.toFile(e.flags.Resume, func(w io.Writer) error {
		return exhaustive.Explorer.Save(w, worldName(e.experiment))
	})
}
