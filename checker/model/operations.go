package model

import (
	"math/bits"
	"slices"
	"strconv"

	"github.com/anishathalye/porcupine"

	"derail/checker/history"
)

// Op is the input of an operation for porcupine.
type Op struct {
	Effect
	Job     history.JobID
	Invoke  int64 // the sequence number of its invoke
	Done    int64 // of its completion; zero if it has none
	Unknown bool
}

// marker says whether the operation is the end marker of its job.
func (o Op) marker() bool { return o.Kind == 0 }

// Operations is everything that may have happened to one job on the board, by invoke, with the end
// marker as the last. Times are sequence numbers.
func Operations(h *history.History, job history.JobID) []porcupine.Operation {
	var ops []porcupine.Operation
	open := map[int64]int{} // by the sequence number of the invoke
	end := int64(len(h.Records)) + 1
	unknowns := len(h.Processes)
	for i := range h.Records {
		rec, seq := &h.Records[i], int64(i)+1
		switch {
		case rec.Job != job:
		case rec.Kind == history.LeaseEnd:
			op := Op{Effect: effect(rec), Job: job, Invoke: seq, Done: seq}
			ops = append(ops, operation(op, client(rec.Process, len(h.Processes)), seq))
		case !rec.Kind.Operation() || rec.Kind == history.Save || rec.Kind.Read():
		case rec.Type == history.Invoke:
			open[seq] = len(ops)
			op := Op{Effect: effect(rec), Job: job, Invoke: seq, Unknown: true}
			ops = append(ops, operation(op, client(rec.Process, len(h.Processes)), end+2))
		default:
			if i, known := open[rec.Call]; known {
				complete(&ops[i], rec, seq)
			}
		}
	}
	ops = slices.DeleteFunc(ops, dropped)
	for i := range ops {
		// An unknown operation never returns, so whatever its process does next is another client's.
		if ops[i].Input.(Op).Unknown {
			unknowns++
			ops[i].ClientId = unknowns
		}
	}
	return append(ops, operation(Op{Job: job, Invoke: end, Done: end + 1}, unknowns+1, end+1))
}

// complete takes what a completion says into the operation that it completes.
func complete(operation *porcupine.Operation, rec *history.Record, seq int64) {
	op := operation.Input.(Op)
	op.Done = seq
	if rec.Epoch != 0 {
		op.Epoch = rec.Epoch
	}
	switch rec.Type {
	case history.OK:
		op.Unknown = false
		op.Adopted = rec.Kind == history.Claim && rec.Reason == history.ClaimAdopted
		operation.Return = seq
	case history.Fail:
		op.Kind = 0
	}
	operation.Input = op
}

// dropped says whether an operation is none: it failed, or is unknown and would change nothing.
func dropped(operation porcupine.Operation) bool {
	op := operation.Input.(Op)
	return op.marker() || op.Unknown && op.Adopted
}

func effect(rec *history.Record) Effect {
	return Effect{
		Kind: rec.Kind, Process: rec.Process, Epoch: rec.Epoch,
		Adopted: rec.Kind == history.Claim && rec.Reason == history.ClaimAdopted,
	}
}

// client is the row of a process in the picture; one that nobody named has the row after the last.
func client(process history.ProcessID, processes int) int {
	if process < 0 {
		return processes
	}
	return int(process)
}

func operation(op Op, client int, end int64) porcupine.Operation {
	return porcupine.Operation{ClientId: client, Input: op, Call: op.Invoke, Return: end}
}

// New is the model of the board on which the processes of h worked, with one partition a job.
func New(h *history.History) porcupine.Model {
	return porcupine.Model{
		Partition: partition,
		Init:      func() any { return Start },
		Step:      func(state, input, _ any) (bool, any) { return step(state.(State), input.(Op)) },
		Hash: func(state any) uint64 {
			s := state.(State)
			hash := uint64(s.Epoch)<<8 | uint64(s.Place)<<1
			if s.Over {
				hash |= 1
			}
			return bits.RotateLeft64(hash*0x9e3779b97f4a7c15, 29) + uint64(uint32(s.Owner))
		},
		DescribeOperation: func(input, _ any) string { return describe(h, input.(Op)) },
		DescribeState:     func(state any) string { return Describe(h, state.(State)) },
	}
}

// step is the model's step: whether op is possible in state s, and the state after it.
func step(s State, op Op) (bool, State) {
	switch {
	case op.marker():
		s.Over = true
		return true, s
	case s.Over:
		return op.Unknown, s
	}
	next, legal := s.Apply(op.Effect)
	return legal, next
}

// partition takes operations of many jobs apart.
func partition(ops []porcupine.Operation) [][]porcupine.Operation {
	var parts [][]porcupine.Operation
	at := map[history.JobID]int{}
	for _, operation := range ops {
		job := operation.Input.(Op).Job
		i, known := at[job]
		if !known {
			i = len(parts)
			at[job] = i
			parts = append(parts, nil)
		}
		parts[i] = append(parts[i], operation)
	}
	return parts
}

// describe is an operation for people.
func describe(h *history.History, op Op) string {
	if op.marker() {
		return "end"
	}
	text := op.Kind.String()
	if op.Adopted {
		text = "adopted " + text
	}
	if name := h.ProcessName(op.Process); name != "" {
		text = name + ": " + text
	}
	if op.Epoch != 0 {
		text += " (epoch " + strconv.FormatInt(op.Epoch, 10) + ")"
	}
	if op.Unknown {
		text += ", outcome unknown"
	}
	return text
}

// Describe is a state for people.
func Describe(h *history.History, s State) string {
	text := s.Place.String()
	if s.Place == Claimed {
		text += " by " + h.ProcessName(s.Owner)
	}
	if s.Epoch != 0 {
		text += ", epoch " + strconv.FormatInt(s.Epoch, 10)
	}
	return text
}
