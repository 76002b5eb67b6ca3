package jobboard_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"derail/core/failure"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/jobboard"
	"derail/core/store/memory"
)

// A client posts jobs and lists the board: highest priority first, oldest first.
func ExampleBoard_Post() {
	ctx := context.Background()
	s := memory.New(host.Real())
	defer s.Close()
	board := jobboard.New(jobboard.Config{Store: s, Host: host.Real()})

	for _, p := range []jobboard.Posting{
		{ID: "4f2a", Name: "clean up"},
		{ID: "81c0", Name: "bill", Priority: jobboard.High},
	} {
		if err := board.Post(ctx, p); err != nil {
			fmt.Println(err)
		}
	}
	err := board.Post(ctx, jobboard.Posting{ID: "4f2a", Name: "clean up"})
	fmt.Println("again:", errors.Is(err, jobboard.ErrExists))

	jobs, err := board.List(ctx)
	for _, j := range jobs {
		fmt.Println(j.ID, j.Name, j.Priority, j.State)
	}
	fmt.Println(err)
	// Output:
	// again: true
	// 81c0 bill high UNCLAIMED
	// 4f2a clean up normal UNCLAIMED
	// <nil>
}

// A posting can carry values for the run of its job. Whoever claims it is given them, also after a crash
// and after the trash.
func ExampleNewInputs() {
	ctx := context.Background()
	s := memory.New(host.Real())
	defer s.Close()
	board := jobboard.New(jobboard.Config{Store: s, Host: host.Real()})

	inputs, err := jobboard.NewInputs(flow.Args{{Name: "to", Value: "Ada"}, {Name: "copies", Value: 2}})
	if err == nil {
		err = board.Post(ctx, jobboard.Posting{ID: "81c0", Name: "bill", Inputs: inputs})
	}
	fmt.Println(err)

	job, err := board.Find(ctx, "81c0")
	fmt.Println(job.Inputs.Args(), job.Inputs == inputs, err)
	// Output:
	// <nil>
	// [{copies 2} {to Ada}] true <nil>
}

// What a conductor does with a job; its claims live as long as it renews its session.
func ExampleBoard_Claim() {
	ctx := context.Background()
	s := memory.New(host.Real())
	defer s.Close()
	board := jobboard.New(jobboard.Config{Store: s, Host: host.Real()})
	_ = board.Post(ctx, jobboard.Posting{ID: "81c0", Name: "bill"})

	session, err := board.Register(ctx, jobboard.Entity{Kind: "conductor", Name: "anna"}, time.Minute)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = session.Close(ctx) }()
	jobs, _ := board.Wait(ctx, time.Second)
	claim, err := board.Claim(ctx, session, &jobs[0])
	if err != nil {
		fmt.Println(err)
		return
	}
	owner, _ := board.Owner(ctx, "81c0")
	fmt.Println(owner.Owner, "works on", claim.Job.Name, "- attempt", claim.Attempt(), "- epoch", claim.Epoch())

	fmt.Println(board.Consume(ctx, claim))
	became, _ := board.WaitGone(ctx, "81c0", time.Second)
	fmt.Println(became)
	// Output:
	// anna works on bill - attempt 1 - epoch 1
	// <nil>
	// COMPLETE
}

// An operator looks into the trash, and gives a job another chance.
func ExampleBoard_Restore() {
	ctx := context.Background()
	s := memory.New(host.Real())
	defer s.Close()
	board := jobboard.New(jobboard.Config{Store: s, Host: host.Real()})
	_ = board.Post(ctx, jobboard.Posting{ID: "81c0", Name: "bill"})
	session, _ := board.Register(ctx, jobboard.Entity{Kind: "conductor", Name: "anna"}, time.Minute)
	job, _ := board.Find(ctx, "81c0")
	claim, _ := board.Claim(ctx, session, &job)
	why := failure.From("send", failure.Internal(errors.New("no such printer")))
	_ = board.Trash(ctx, claim, jobboard.Exhausted, why)

	trash, _ := board.TrashList(ctx)
	for _, t := range trash {
		fmt.Println(t.ID, t.Name, t.Reason, "after", t.Attempts, "by", t.By, "for", t.Last)
	}
	fmt.Println(board.Restore(ctx, "81c0"))
	job, _ = board.Find(ctx, "81c0")
	fmt.Println(job.ID, job.State, "after", job.Attempts, "attempts; last", job.Last)
	// Output:
	// 81c0 bill exhausted after 1 by anna for send: no such printer
	// <nil>
	// 81c0 UNCLAIMED after 0 attempts; last send: no such printer
}
