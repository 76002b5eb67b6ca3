package state

// settled are the flow states in which a request to suspend or resume changes nothing.
var settled = []State{Suspending, Suspended, Resuming}

// Flow is the moves of a flow (taskflow/states.py, _ALLOWED_FLOW_TRANSITIONS).
var Flow = Table{
	name: "flow",
	moves: []row{
		{Pending, []State{Running}},
		{Running, []State{Success, Failure, Reverted, Suspending, Resuming}},
		{Success, []State{Running, Pending}},
		{Failure, []State{Running}},
		{Reverted, []State{Pending}},
		{Suspending, []State{Suspended, Success, Failure, Reverted, Resuming}},
		{Suspended, []State{Running}},
		{Resuming, []State{Suspended}},
	},
	ignored: []row{
		{Pending, settled},
		{Failure, settled},
		{Success, settled},
		{Suspended, settled},
		{Reverted, settled},
	},
}

// Task is the moves of a task.
var Task = Table{name: "task", moves: []row{
	{Pending, []State{Running, Ignore}},
	{Running, []State{Success, Failure}},
	{Success, []State{Reverting}},
	{Failure, []State{Reverting}},
	{Reverting, []State{Reverted, RevertFailure}},
	{Reverted, []State{Pending}},
	{Ignore, []State{Pending}},
}}

// Retry is the moves of a retry: a task's, and the two by which it tries again.
var Retry = Table{name: "retry", moves: []row{
	{Pending, []State{Running, Ignore}},
	{Running, []State{Success, Failure}},
	{Success, []State{Reverting, Retrying}},
	{Failure, []State{Reverting}},
	{Retrying, []State{Running}},
	{Reverting, []State{Reverted, RevertFailure}},
	{Reverted, []State{Pending}},
	{Ignore, []State{Pending}},
}}

// Job is the moves of a job. A claimed job becomes unclaimed when it is abandoned or its lease
// ends; an unclaimed one is trashed when its attempts are used up and nobody was left to do it; a
// trashed one becomes unclaimed when it is restored.
var Job = Table{name: "job", moves: []row{
	{Unclaimed, []State{Claimed, Trashed}},
	{Claimed, []State{Unclaimed, Complete, Trashed}},
	{Trashed, []State{Unclaimed}},
}}

// Engine is the moves of an engine (taskflow/engines/action_engine/builder.py).
var Engine = Table{name: "engine", moves: []row{
	{Undefined, []State{Resuming}},
	{Resuming, []State{Scheduling}},
	{Scheduling, []State{Waiting}},
	{Waiting, []State{Analyzing}},
	{Analyzing, []State{Scheduling, Waiting, GameOver}},
	{GameOver, []State{Success, Reverted, Suspended, Failure}},
}}
