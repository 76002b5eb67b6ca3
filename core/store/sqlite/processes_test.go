package sqlite_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"derail/checker"
	"derail/core/conductor"
	"derail/core/failure"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/jobboard"
	"derail/core/logbook"
	"derail/core/store/sqlite"
)

// roleVariable makes the test binary play a process of TestProcesses instead of running tests.
const roleVariable = "DERAIL_SQLITE_ROLE"

// role is what such a process is told.
type role struct {
	Name string // of the conductor
	Path string // of the store
	Log  string // where it writes down what it does
}

const (
	claimTTL = time.Second
	attempts = 8
)

// play is a whole conductor. It ends when its standard input does, and sooner if it is killed.
func play(text string) {
	var r role
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		fail(err)
	}
	log, err := newScribe(r.Log, r.Name)
	if err != nil {
		fail(err)
	}
	ctx := context.Background()
	s, err := sqlite.Open(ctx, sqlite.Config{
		Path: r.Path, Host: host.Real(), Remember: 1 << 20, Observer: &witness{scribe: log},
	})
	if err != nil {
		fail(err)
	}
	board := jobboard.New(jobboard.Config{Store: s, Host: host.Real()})
	recorded := &recordedBoard{Board: board, scribe: log, open: make(map[*jobboard.Claim]line)}
	c, err := conductor.New(conductor.Config{
		Name: r.Name, Host: host.Real(), Claims: recorded, Roster: recorded,
		Books: logbook.New(logbook.Config{Store: s, Host: host.Real()}), Flows: chores(), Listener: log,
		Policy:  conductor.Policy{Attempts: attempts, Backoff: conductor.Backoff{First: time.Millisecond}},
		MaxJobs: 3, Lease: claimTTL, Idle: 20 * time.Millisecond,
	})
	if err != nil {
		fail(err)
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		c.Stop()
	}()
	if err := errors.Join(c.Run(ctx), s.Close()); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// chores are flows of two tasks that take a while and break off now and then.
func chores() *flow.Registry {
	chore := func(name string, needs ...string) *flow.Task {
		return &flow.Task{
			Name: name, Provides: name, Requires: needs,
			Execute: func(ctx context.Context, _ flow.Args) (any, error) {
				if err := host.Real().Sleep(ctx, time.Duration(host.Real().Draw(40))*time.Millisecond); err != nil {
					return nil, err
				}
				if host.Real().Draw(6) == 0 {
					return nil, failure.Internal(errors.New("a tool broke"))
				}
				return name, nil
			},
		}
	}
	flows := &flow.Registry{}
	err := flows.Register("chores", func(flow.Args) (*flow.Flow, error) {
		return flow.Linear("chores", chore("sweep"), chore("wash", "sweep")), nil
	})
	if err != nil {
		fail(err)
	}
	return flows
}

// crew is the processes of one test, as their parent sees them.
type crew struct {
	t       *testing.T
	folder  string
	path    string
	scribe  *scribe // the parent's own
	started int
	running map[string]*worker
}

type worker struct {
	cmd   *exec.Cmd
	input io.Closer
}

// start starts a process, for the first time or again.
func (c *crew) start(name string) {
	c.started++
	text, err := json.Marshal(role{
		Name: name, Path: c.path, Log: filepath.Join(c.folder, fmt.Sprintf("%s.%d.log", name, c.started)),
	})
	if err != nil {
		c.t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"="+string(text))
	cmd.Stderr = os.Stderr
	input, err := cmd.StdinPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	c.scribe.start(name)
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.running[name] = &worker{cmd, input}
}

// kill ends a process in the middle of whatever it does.
func (c *crew) kill(name string) {
	w := c.running[name]
	_ = w.cmd.Process.Kill()
	_ = w.cmd.Wait()
	_ = w.input.Close()
	c.scribe.crash(name)
}

func (c *crew) stop(name string) {
	w := c.running[name]
	_ = w.input.Close()
	if err := w.cmd.Wait(); err != nil {
		c.t.Errorf("%s: %v", name, err)
	}
}

// TestProcesses lets two conductors in processes of their own work on one board in one file, kills
// them by turns in the middle of it and starts them again, and has what they did examined.
func TestProcesses(t *testing.T) {
	jobs, rounds := 120, 6
	if testing.Short() {
		jobs, rounds = 40, 2
	}
	folder := t.TempDir()
	log, err := newScribe(filepath.Join(folder, "client.0.log"), "client")
	if err != nil {
		t.Fatal(err)
	}
	c := &crew{
		t: t, folder: folder, path: filepath.Join(folder, "store.db"), scribe: log,
		running: make(map[string]*worker),
	}
	s := open(t, sqlite.Config{Path: c.path, Remember: 1 << 20, Observer: &witness{scribe: log}})
	board := jobboard.New(jobboard.Config{Store: s, Host: host.Real()})
	client := &recordedBoard{Board: board, scribe: log}
	books := logbook.New(logbook.Config{Store: s, Host: host.Real()})
	names := []string{"anna", "bert"}
	for _, name := range names {
		c.start(name)
	}
	posted := make(chan error)
	go func() { posted <- post(t.Context(), client, books, jobs) }()
	for round := range rounds {
		time.Sleep(250 * time.Millisecond)
		name := names[round%2]
		c.kill(name)
		time.Sleep(100 * time.Millisecond)
		c.start(name)
	}
	c.scribe.heal()
	if err := <-posted; err != nil {
		t.Fatal(err)
	}
	for i := range jobs {
		became, err := board.WaitGone(t.Context(), jobName(i), time.Minute)
		if err != nil {
			t.Fatalf("%s: %v", jobName(i), err)
		}
		log.final(jobName(i), became)
	}
	for _, name := range names {
		c.stop(name)
	}
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
	examine(t, folder)
}

func jobName(i int) string { return fmt.Sprintf("job-%03d", i) }

func post(ctx context.Context, board *recordedBoard, books *logbook.Library, jobs int) error {
	for i := range jobs {
		book := logbook.Book{ID: "book-" + jobName(i)}
		if err := books.Create(ctx, book, logbook.FlowDetail{ID: "flow-" + jobName(i), Factory: "chores"}); err != nil {
			return err
		}
		if err := board.Post(ctx, jobboard.Posting{ID: jobName(i), Book: book.ID}); err != nil {
			return err
		}
		time.Sleep(5 * time.Millisecond)
	}
	return nil
}

// examine checks what the processes in a folder wrote down.
func examine(t *testing.T, folder string) {
	h := merge(t, folder)
	claims, ends := 0, 0
	for _, record := range h.Records {
		switch {
		case record.Kind == kindClaim && record.Type == typeOK:
			claims++
		case record.Kind == kindLeaseEnd:
			ends++
		}
	}
	t.Logf("%d records, %d claims, %d ends of leases under a claim", len(h.Records), claims, ends)
	report := checker.Check(h)
	for _, verdict := range report.Verdicts {
		t.Logf("%-20s %v, looked at %d", verdict.Property, verdict.Outcome, verdict.Checked)
		if verdict.Outcome != checker.Valid {
			t.Errorf("%s: %s %v", verdict.Property, verdict.Summary, verdict.Findings)
		}
	}
	if ends == 0 {
		t.Error("no process was killed while it held a claim")
	}
}
