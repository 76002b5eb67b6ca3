// Command derail runs scenarios in the simulator, checks what came of them, and reports it.
//
// Each verb has a file of its own; `derail --help` lists them. What lives here: reading the command
// line, and joining the packages that do the work (explore runs, checker judges, reports writes). What
// may not: anything that decides what happens in a run or whether it was right.
package main

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"

	"github.com/alecthomas/kong"

	"derail/sim/world"
)

func main() { os.Exit(machineConsole().execute(os.Args)) }

// grammar is the command line.
type grammar struct {
	Run      runCommand      `cmd:"" help:"Run scenarios and report what came of them."`
	Explore  exploreCommand  `cmd:"" help:"Search a scenario for runs that break something, in one of several ways."`
	Replay   replayCommand   `cmd:"" help:"Run one seed, or a saved run, again with everything recorded."`
	Shrink   shrinkCommand   `cmd:"" help:"Make a failing run small: a scenario that fails on every run."`
	Check    checkCommand    `cmd:"" help:"Check saved histories; needs no simulator."`
	Report   reportCommand   `cmd:"" help:"Show what a campaign or a run has saved, again or as another format."`
	Faults   faultsCommand   `cmd:"" help:"Tell of what can break: kinds of fault and failpoints, with examples."`
	Bugs     bugsCommand     `cmd:"" help:"List the bugs that were planted to try derail, and hunt them."`
	List     listCommand     `cmd:"" help:"List scenarios, or what can be written in one."`
	Validate validateCommand `cmd:"" help:"Say what is wrong with scenario files, and where."`
	Draw     drawCommand     `cmd:"" help:"Draw the flows of a scenario's jobs: as text, DOT or Mermaid."`
	Schema   schemaCommand   `cmd:"" help:"Print the JSON schema of scenario files, or of histories."`
	Fmt      fmtCommand      `cmd:"" help:"Put scenario files into the one form that all have."`
	Version  versionCommand  `cmd:"" help:"Print which derail this is."`
}

const description = "derail runs a job-conductor system in a deterministic simulator, breaks it on " +
	"purpose, and says with evidence whether it kept its promises."

// Help is what `derail --help` says besides the list of commands.
func (grammar) Help() string {
	return `Begin with:

    derail run                      run the scenarios that come with derail
    derail run endless-cycle        run one of them
    derail list                     see which there are
    derail faults                   see what can be broken
    derail help run                 what derail run --help says

Exit codes:

    0    everything was as expected
    1    a promise was broken, or something else was not as expected
    2    the input is wrong: the command line, a scenario, a saved file
    3    derail cannot be trusted or could not do it: the same seed gave two different runs, a
         run could not be finished, or output could not be written
    130  interrupted (Ctrl-C); what ran was as expected, and was reported

Colours are used on a terminal only, and never when NO_COLOR is set.
`
}

// execute runs the command that the arguments ask for, and returns the exit code.
func (c *console) execute(args []string) (code int) {
	c.args = args
	defer func() {
		if trouble := recover(); trouble != nil {
			c.complain(fmt.Errorf("internal fault: %v", trouble))
			_, _ = c.err.Write(debug.Stack())
			code = exitFault
		}
	}()
	var line grammar
	helped := false
	parser, err := kong.New(
		&line, kong.Name("derail"), kong.Description(description), kong.Writers(c.out, c.err),
		kong.Exit(func(int) { helped = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 100}),
		helpTexts,
	)
	if err != nil {
		panic(err) // the grammar above is wrong
	}
	if len(args) < 2 {
		args = []string{args[0], "--help"}
		parser.Stdout = c.err
		defer func() { code = exitInput }()
	}
	if args[1] == "help" { // as many a program has it
		args = slices.Concat(args[:1], args[2:], []string{"--help"})
	}
	command, err := parser.Parse(args[1:])
	switch {
	case helped:
		return c.conclude(nil)
	case err != nil:
		return c.conclude(wrongInput(fmt.Errorf("%w (derail --help tells more)", err)))
	}
	return c.conclude(command.Run(c))
}

// console is where a command reads and writes, and what it must know of the place.
type console struct {
	in       io.Reader
	out, err io.Writer
	args     []string // the command line, the program first

	outTerminal, errTerminal bool
	colour                   bool // for out
	width                    int  // of out, in columns

	// write makes a file of what fill writes; nil is the disk.
	write func(path string, fill func(io.Writer) error) error
	// wrap is what stands between core and the simulator: nothing, or a planted bug.
	wrap world.Wrap
}
