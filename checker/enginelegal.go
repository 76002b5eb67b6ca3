package checker

import "derail/checker/history"

// phase is a state of an engine. The zero value is a word that names none.
type phase uint8

const (
	noPhase phase = iota
	undefined
	resumes
	scheduling
	waiting
	analyzing
	gameOver
	succeeded
	wasReverted
	wasSuspended
	hasFailed
	numPhases
)

func phaseOf(word string) phase {
	switch word {
	case "UNDEFINED":
		return undefined
	case "RESUMING":
		return resumes
	case "SCHEDULING":
		return scheduling
	case "WAITING":
		return waiting
	case "ANALYZING":
		return analyzing
	case "GAME_OVER":
		return gameOver
	case "SUCCESS":
		return succeeded
	case "REVERTED":
		return wasReverted
	case "SUSPENDED":
		return wasSuspended
	case "FAILURE":
		return hasFailed
	default:
		return noPhase
	}
}

var phaseWords = [numPhases]string{
	undefined: "UNDEFINED", resumes: "RESUMING", scheduling: "SCHEDULING", waiting: "WAITING",
	analyzing: "ANALYZING", gameOver: "GAME_OVER", succeeded: "SUCCESS", wasReverted: "REVERTED",
	wasSuspended: "SUSPENDED", hasFailed: "FAILURE",
}

// String is the word for the phase.
func (p phase) String() string { return quoted(phaseWords[p], "no state") }

// nextPhases is where an engine may go from where, as TaskFlow documents it.
var nextPhases = [numPhases]set[phase]{
	undefined:  setOf(resumes),
	resumes:    setOf(scheduling),
	scheduling: setOf(waiting),
	waiting:    setOf(analyzing),
	analyzing:  setOf(scheduling, waiting, gameOver),
	gameOver:   setOf(succeeded, wasReverted, wasSuspended, hasFailed),
}

// consumable are the ends of an engine after which its job can be consumed.
var consumable = setOf(succeeded, wasReverted, hasFailed)

// flowEnds is the end of an engine for each state in which a flow ends.
var flowEnds = [numStates]phase{
	success: succeeded, reverted: wasReverted, suspended: wasSuspended, failure: hasFailed,
}

// stage is a move of an engine.
type stage struct {
	epoch    int64
	seq      int32
	grant    int32 // the one with its epoch, if it is its process's; or -1
	job      history.JobID
	process  history.ProcessID
	from, to phase
}

// engineRun is where the engine of a claim is.
type engineRun struct {
	began int32 // sequence number of its first move; 0: it has none
	at    int32 // and of its last
	now   phase
}

// workings is memory of engine.legal.
type workings struct {
	runs []engineRun // by grant
}

func (r *Reading) engine(seq int32, rec *history.Record) {
	if rec.Job < 0 {
		r.refuse(seq, "an engine without a job")
		return
	}
	r.stages = append(r.stages, stage{
		epoch: rec.Epoch, seq: seq, grant: r.grantTo(rec.Job, rec.Epoch, rec.Process), job: rec.Job,
		process: rec.Process, from: phaseOf(rec.From), to: phaseOf(rec.To),
	})
}

// grantTo is the newest grant of the job with this epoch if the process was given it, or -1.
func (r *Reading) grantTo(job history.JobID, epoch int64, process history.ProcessID) int32 {
	if g := r.grantOf(job, epoch); g >= 0 && r.grants[g].epoch == epoch && r.grants[g].process == process {
		return g
	}
	return -1
}

// engines is the check of engine.legal. What moves under no claim of its process is held against the table
// only: that it moves at all is for others to judge.
//
// A run of an engine can stop anywhere: the claim is lost, a write fails, a time is over. But it does not go
// on then, so another beginning is another engine. There are two reasons for one: the claim was adopted once
// more, or the first write was refused because of an older claim's late one, and the engine reads again where
// the flow stands. And a job is not consumed before its engine has come to an end.
func (r *Reading) engines() {
	if len(r.stages) == 0 {
		r.ruling.remark = nothingAsked
		return
	}
	r.runs = zeroed(r.runs, len(r.grants))
	step := 0
	for i := range r.stages {
		g := &r.stages[i]
		for ; step < len(r.steps) && r.steps[step].seq < g.seq; step++ {
			r.agree(&r.steps[step])
		}
		r.ruling.checked++
		r.enters(g)
	}
	for ; step < len(r.steps); step++ {
		r.agree(&r.steps[step])
	}
	for i := range r.ops {
		if o := &r.ops[i]; o.effect.Kind == history.Consume && o.fate == happened {
			r.consumedEarly(o)
		}
	}
}

// enters looks at one move of an engine.
func (r *Reading) enters(g *stage) {
	if g.from == noPhase || g.to == noPhase || !nextPhases[g.from].has(g.to) {
		rec := &r.history.Records[g.seq-1]
		r.breaks(g.job, []int32{g.seq}, "the engine of %s for %s%s went from %s to %s, which no engine may do",
			r.process(g.process), r.job(g.job), epochText(g.epoch), quoted(rec.From, "nothing"),
			quoted(rec.To, "nothing"))
	}
	if g.grant < 0 {
		return
	}
	run := &r.runs[g.grant]
	switch {
	case g.from == undefined:
		if run.began > 0 && !r.mayBegin(g, run.began) {
			r.breaks(g.job, []int32{run.began, g.seq}, "%s set a second engine to work on %s%s",
				r.process(g.process), r.job(g.job), epochText(g.epoch))
		}
		run.began = g.seq
	case run.began == 0:
		r.breaks(g.job, []int32{g.seq}, "the engine of %s for %s%s began in %s", r.process(g.process),
			r.job(g.job), epochText(g.epoch), g.from)
		run.began = g.seq
	case g.from != run.now:
		r.breaks(g.job, []int32{run.at, g.seq}, "the engine of %s for %s%s went on from %s, but it was in %s",
			r.process(g.process), r.job(g.job), epochText(g.epoch), g.from, run.now)
	}
	run.at, run.now = g.seq, g.to
}

// mayBegin reports whether there is a reason for another engine of the same claim: see engines.
func (r *Reading) mayBegin(g *stage, since int32) bool {
	fenced, written := false, false
	for i := since; i < g.seq; i++ {
		rec := &r.history.Records[i]
		if rec.Job != g.job || rec.Process != g.process || rec.Epoch != g.epoch {
			continue
		}
		switch {
		case rec.Kind == history.Claim && rec.Type == history.OK:
			return true
		case rec.Kind == history.Save && rec.Type == history.Fail:
			fenced = fenced || rec.Reason == history.SaveFenced
		case rec.Kind == history.Save:
			written = true
		}
	}
	return fenced && !written
}

// agree holds the end of a flow against that of the engine which runs it.
func (r *Reading) agree(s *step) {
	if s.kind != flowSubject || s.grant < 0 || r.grants[s.grant].process != s.process || s.from == resuming {
		return
	}
	run, want := &r.runs[s.grant], flowEnds[s.to]
	if run.began == 0 || want == noPhase || run.now == want {
		return
	}
	r.breaks(s.job, []int32{run.at, s.seq}, "%s ended the flow of %s%s in %s, and its engine was in %s",
		r.process(s.process), r.job(s.job), epochText(s.epoch), s.to, run.now)
}

// consumedEarly looks whether a job that was consumed had an engine that was not at an end.
func (r *Reading) consumedEarly(o *op) {
	g := r.grantTo(o.job, o.effect.Epoch, o.effect.Process)
	if g < 0 || r.runs[g].began == 0 || r.runs[g].began > o.done || consumable.has(r.runs[g].now) {
		return
	}
	r.breaks(o.job, []int32{r.runs[g].at, o.done}, "%s consumed %s%s, and its engine was in %s",
		r.process(o.effect.Process), r.job(o.job), epochText(o.effect.Epoch), r.runs[g].now)
}
