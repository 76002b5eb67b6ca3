package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"derail/reports"
	"derail/sim/explore"
	"derail/sim/planted"
)

// show runs one seed with the bug in it and tells what happened. A patched bug is shown by the program that
// is built with it.
func (b *bugsCommand) show(c *console, bug *planted.Bug) error {
	output, err := c.output(b.Out)
	if err != nil {
		return err
	}
	if bug.Patched() && !b.Here {
		return b.showElsewhere(c, bug)
	}
	source, err := planted.Source(bug.Scenario)
	if err != nil {
		return fault(err)
	}
	e, err := compile(text{file: bug.Scenario + ".yaml", content: source, embedded: true})
	if err != nil {
		return fault(err)
	}
	c.wrap = bug.Wrap
	again := &rerun{experiment: e, seed: *b.Seed, command: c.reproduce(bug.Name, *b.Seed)}
	r, err := recorded(func() *explore.Replayed { return again.once(c.options(backendFlag{})) })
	if err != nil {
		return fault(err)
	}
	folder := e.folder(r, again.command)
	folder.Run.Bug = bug.Name
	caught, says := bug.Shows(e.blueprint, &r.Result, r.Report)
	if b.Explain && caught {
		if err := e.explain(context.Background(), folder, bug.Property, c.options(backendFlag{})); err != nil {
			return err
		}
	}
	if b.JSON {
		err = c.runJSON(&folder.Run)
	} else {
		c.print(reports.RunText(folder, c.style()) + "\n" + again.compared(folder) + "\n")
	}
	switch {
	case err != nil:
		return err
	case caught && !b.JSON:
		c.printf("%s is caught by %s: %s\n", bug.Name, bug.Property, says)
	case !caught && !b.JSON:
		c.printf("%s does not show in this run: %s held.\n", bug.Name, bug.Property)
	}
	if err := c.save(output, folder, b.JSON); err != nil {
		return err
	}
	if !caught {
		return silently(exitUnexpected)
	}
	return nil
}

// showElsewhere has the program that is built with the patch tell it in the place of this one.
func (b *bugsCommand) showElsewhere(c *console, bug *planted.Bug) error {
	shop, err := openFor([]planted.Bug{*bug})
	if err != nil {
		return err
	}
	defer func() { _ = shop.Close() }()
	ctx, end := c.interruptible()
	defer end()
	program, err := shop.Build(ctx, bug)
	if err != nil {
		return fault(err)
	}
	args := []string{c.args[0], "bugs", "--here", "--run", bug.Name, "--seed", fmt.Sprint(*b.Seed)}
	if b.JSON {
		args = append(args, "--json")
	}
	if b.Explain {
		args = append(args, "--explain")
	}
	if b.Out != "" {
		args = append(args, "--out", b.Out)
	}
	run := exec.CommandContext(ctx, program)
	run.Args, run.Stdin, run.Stdout, run.Stderr = args, os.Stdin, c.out, c.err
	if watched, is := c.out.(*watchedWriter); is {
		run.Stdout = watched.Writer // where that is a file, the other program can see whether it is a terminal
	}
	err = run.Run()
	var ended *exec.ExitError
	if errors.As(err, &ended) && ended.ExitCode() >= 0 {
		return silently(ended.ExitCode())
	}
	if err != nil {
		return fault(err)
	}
	return nil
}
