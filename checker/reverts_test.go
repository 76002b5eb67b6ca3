package checker

import (
	"maps"
	"slices"
	"testing"

	"derail/checker/history"
)

// weaver runs a declared flow as an engine may, under one claim after the other, each of which can die at any
// save. It makes no mistake but those that it is asked for.
type weaver struct {
	r       *history.Recorder
	chance  func(int) int
	atoms   []history.ShapeAtom // in an order in which they can be executed
	careful bool                // makes no mistake

	memory, logbook loom
	epoch           int64
	run             bool            // the claim goes on
	redo            map[string]bool // what an earlier claim was at
}

// loom is what is recorded of a flow.
type loom struct {
	flow     string
	states   map[string]string
	attempts map[string]int32
	turned   map[string]bool // what is to be undone
	again    string          // the retry that is to try again then, or none
}

func (l loom) clone() loom {
	l.states, l.attempts, l.turned = maps.Clone(l.states), maps.Clone(l.attempts), maps.Clone(l.turned)
	return l
}

// woven is the history of a flow.
func woven(chance func(int) int, careful bool) *history.History {
	shapes := tumbled(chance)
	shapes[0].Jobs = []string{"j"}
	w := &weaver{
		r: history.NewRecorder(history.Header{Scenario: "woven", Shapes: shapes}), chance: chance,
		atoms: shapes[0].Atoms, careful: careful,
	}
	w.r.Job("j")
	post := history.Record{Type: history.Invoke, Kind: history.Post, Process: w.r.Process("client")}
	post.Call = w.r.Append(post)
	post.Type = history.OK
	w.r.Append(post)
	w.logbook = loom{flow: "PENDING", states: map[string]string{}, attempts: map[string]int32{}}
	for range 1 + chance(6) {
		w.claim()
		for range 80 {
			if w.run {
				w.step()
			}
		}
	}
	return w.r.History()
}

func (w *weaver) claim() {
	if w.epoch > 0 {
		w.r.Append(history.Record{
			Type: history.Event, Kind: history.LeaseEnd, Process: w.r.Process("store"), Epoch: w.epoch,
		})
	}
	w.epoch++
	rec := history.Record{Type: history.Invoke, Kind: history.Claim, Process: w.r.Process("A")}
	rec.Call = w.r.Append(rec)
	rec.Type, rec.Epoch, rec.Attempt = history.OK, w.epoch, int32(w.epoch)
	w.r.Append(rec)
	w.run, w.memory = true, w.logbook.clone()
	m := &w.memory
	w.redo = map[string]bool{}
	for name, s := range m.states {
		w.redo[name] = s == "RUNNING" || s == "REVERTING"
	}
	switch m.flow {
	case "REVERTED":
		w.afresh()
	case "RUNNING":
		w.save([3]string{"flow", "RUNNING", "RESUMING"}, [3]string{"flow", "RESUMING", "SUSPENDED"},
			[3]string{"flow", "SUSPENDED", "RUNNING"})
	case "PENDING":
		m.flow = "RUNNING"
		w.save([3]string{"flow", "PENDING", "RUNNING"})
	default:
		w.run = false
	}
}

func (w *weaver) afresh() {
	moves := [][3]string{{"flow", "REVERTED", "PENDING"}}
	for _, a := range w.atoms {
		if s := w.memory.states[a.Name]; s != "" {
			moves = append(moves, [3]string{a.Name, s, "PENDING"})
		}
	}
	w.memory = loom{flow: "RUNNING", states: map[string]string{}, attempts: map[string]int32{}}
	w.save(append(moves, [3]string{"flow", "PENDING", "RUNNING"})...)
}

// save records what is in memory and tells the moves, unless the conductor dies before, between or after.
func (w *weaver) save(moves ...[3]string) {
	fate := w.chance(25)
	if w.run = fate > 1; fate == 0 {
		return
	}
	if w.logbook = w.memory.clone(); fate == 1 {
		return
	}
	for _, m := range moves {
		rec := history.Record{
			Type: history.Event, Kind: history.Move, Process: w.r.Process("A"), Epoch: w.epoch,
			Subject: m[0], From: m[1], To: m[2],
		}
		if m[0] == "r" || m[0] == "q" {
			rec.Kind, rec.Attempt = history.Retry, w.memory.attempts[m[0]]
		}
		w.r.Append(rec)
	}
	w.r.Append(history.Record{Type: history.OK, Kind: history.Save, Process: w.r.Process("A"), Epoch: w.epoch})
	w.run = fate > 2
}

// move moves an atom and saves it.
func (w *weaver) move(name, to string) {
	from := w.memory.states[name]
	delete(w.redo, name)
	if from == "" {
		from = "PENDING"
	}
	w.memory.states[name] = to
	w.save([3]string{name, from, to})
}

func (w *weaver) step() {
	m := &w.memory
	for _, a := range slices.Backward(w.atoms) {
		switch s := m.states[a.Name]; {
		case !m.turned[a.Name], s == "", s == "IGNORE", s == "REVERTED":
		case !w.careful && w.chance(5) == 0:
			delete(m.turned, a.Name) // it is forgotten
		case s == "RUNNING":
			w.move(a.Name, "FAILURE")
			return
		case s == "REVERTING" && !w.redo[a.Name]:
			w.move(a.Name, "REVERTED")
			return
		default:
			w.move(a.Name, "REVERTING")
			return
		}
	}
	if len(m.turned) > 0 {
		w.turnedBack()
		return
	}
	for _, a := range w.atoms {
		if s := m.states[a.Name]; s == "RUNNING" || s == "" && w.ready(a) {
			w.execute(a, s)
			return
		}
	}
	m.flow = "SUCCESS"
	w.save([3]string{"flow", "RUNNING", "SUCCESS"})
	w.run = false
}

func (w *weaver) ready(a history.ShapeAtom) bool {
	return !slices.ContainsFunc(a.After, func(before string) bool {
		s := w.memory.states[before]
		return s != "SUCCESS" && s != "IGNORE"
	})
}

func (w *weaver) execute(a history.ShapeAtom, s string) {
	switch {
	case a.Never:
		w.move(a.Name, "IGNORE")
	case w.redo[a.Name]:
		w.move(a.Name, "RUNNING")
	case s == "":
		if a.Retry {
			w.memory.attempts[a.Name] = 1
		}
		w.move(a.Name, "RUNNING")
	case w.chance(4) > 0:
		w.move(a.Name, "SUCCESS")
	default:
		w.memory.states[a.Name] = "FAILURE"
		w.decide(a)
		w.save([3]string{a.Name, "RUNNING", "FAILURE"})
	}
}

// decide asks the retries around what failed.
func (w *weaver) decide(a history.ShapeAtom) {
	m := &w.memory
	m.turned = map[string]bool{}
	atoms := declaredAtoms(w.r.History(), 0)
	root, all := "", true
	for over := a.Under; over != ""; over = atoms[over].Under {
		if all = false; root == "" {
			root = over
		}
		if int(m.attempts[over]) < max(atoms[over].Attempts, 1) {
			root, m.again = over, over
			break
		}
		if all = atoms[over].RevertAll; all {
			break
		}
	}
	for name := range atoms {
		if all || name == root && m.again == "" || root != "" && follows(atoms, name, root) {
			m.turned[name] = true
		}
	}
}

// turnedBack goes on when all is undone.
func (w *weaver) turnedBack() {
	m := &w.memory
	m.turned = nil
	if m.again == "" {
		m.flow = "REVERTED"
		w.save([3]string{"flow", "RUNNING", "REVERTED"})
		w.run = false
		return
	}
	q := m.again
	moves := [][3]string{{q, "SUCCESS", "RETRYING"}}
	for _, a := range w.atoms {
		if s := m.states[a.Name]; s != "" && follows(declaredAtoms(w.r.History(), 0), a.Name, q) {
			moves = append(moves, [3]string{a.Name, s, "PENDING"})
			delete(m.states, a.Name)
		}
	}
	m.again = ""
	m.attempts[q]++
	m.states[q] = "RUNNING"
	w.save(append(moves, [3]string{q, "RETRYING", "RUNNING"})...)
}

// TestRevertsOfFlows checks flows that are reverted as they are to be, and flows of which something is
// forgotten.
func TestRevertsOfFlows(t *testing.T) {
	checker := New()
	broken, kept, alone := 0, 0, 0
	for seed := range uint64(8000) {
		careful := seed%2 == 0
		h := woven(seeded(seed), careful)
		report := checker.Check(h)
		v, _ := report.Verdict("revert.exact")
		if names := report.Broken(); careful && len(names) > 0 {
			t.Fatalf("seed %d: %v: %+v\n%s", seed, names, report, dump(h))
		}
		if want := len(oracleExact(h)) > 0; want != (v.Outcome == Invalid) {
			t.Fatalf("seed %d: %+v; the oracle says %v\n%s", seed, v, want, dump(h))
		}
		switch {
		case v.Outcome == Invalid && len(report.Broken()) == 1:
			alone++
			fallthrough
		case v.Outcome == Invalid:
			broken++
		case v.Checked > 1:
			kept++
		}
	}
	if broken < 200 || alone < 60 || kept < 1000 {
		t.Errorf("%d broken, %d of them in nothing else, %d kept", broken, alone, kept)
	}
	t.Log(broken, alone, kept)
}
