package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// mayTake is how long a program may run before it counts as failed: what a mutant does may have no end.
const mayTake = 5 * time.Minute

// stage tries the mutants of one package.
type stage struct {
	tmp         string
	own, others []*exam
	scenarios   []string
}

// newStage makes sure that what kills mutants does not kill the original.
func newStage(dir, tmp string) (*stage, error) {
	s := &stage{tmp: tmp}
	overlay := filepath.Join(tmp, "nothing.json")
	if err := os.WriteFile(overlay, []byte("{}"), 0o600); err != nil {
		return nil, err
	}
	own, err := newExam("./"+dir, overlay, filepath.Join(tmp, "original.test"), "-test.short")
	if err != nil {
		return nil, err
	}
	s.own = []*exam{own}
	if *tests != "" {
		for _, other := range strings.Split(*tests, ",") {
			e, err := newExam(other, overlay, filepath.Join(tmp, "original.test"))
			if err != nil {
				return nil, err
			}
			s.others = append(s.others, e)
		}
	}
	if *seeds == 0 {
		return s, nil
	}
	found, err := filepath.Glob("scenarios/*.yaml")
	if err != nil {
		return nil, err
	}
	for _, file := range found {
		// A database on a simulated disk is slow, and what it adds is not in these packages.
		if name := strings.TrimSuffix(filepath.Base(file), ".yaml"); !strings.HasPrefix(name, "sqlite") {
			s.scenarios = append(s.scenarios, name)
		}
	}
	ok, err := s.campaign(overlay, filepath.Join(tmp, "derail"))
	if err == nil && !ok {
		err = errors.New("the campaign fails without a mutation")
	}
	return s, err
}

// verdict finds out what becomes of a mutant that compiles, the quickest way first. What it writes is in
// a place of its own.
func (s *stage) verdict(m mutant, place string) (string, error) {
	tmp := filepath.Join(s.tmp, place)
	overlay, err := overlaid(m, tmp)
	if err != nil {
		return "", err
	}
	for _, meet := range []struct {
		exams []*exam
		fatal string
	}{{s.own, byTests}, {s.others, byOthers}} {
		for _, e := range meet.exams {
			if ok, err := e.passes(overlay, filepath.Join(tmp, "mutant.test")); err != nil || !ok {
				return meet.fatal, err
			}
		}
	}
	if *seeds == 0 {
		return lived, nil
	}
	if ok, err := s.campaign(overlay, filepath.Join(tmp, "derail")); err != nil || !ok {
		return byCampaign, err
	}
	return lived, nil
}

// overlaid writes the mutant to a folder, and what makes go build take it.
func overlaid(m mutant, dir string) (string, error) {
	mutated, overlay := filepath.Join(dir, "mutated.go"), filepath.Join(dir, "overlay.json")
	original, err := filepath.Abs(m.file)
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(map[string]map[string]string{"Replace": {original: mutated}})
	if err != nil {
		return "", err
	}
	return overlay, errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(mutated, m.text, 0o600),
		os.WriteFile(overlay, b, 0o600))
}

// campaign says whether all is as expected in a short campaign.
func (s *stage) campaign(overlay, program string) (bool, error) {
	if _, err := output("go", "build", "-buildvcs=false", "-ldflags=-s -w", "-overlay", overlay, "-o", program,
		"./cmd/derail"); err != nil {
		return false, err
	}
	args := append([]string{"run", "--parallel", "1", "--seeds", strconv.Itoa(*seeds)}, s.scenarios...)
	_, err := output(program, args...)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return false, err
	}
	return err == nil, nil
}

// output runs a program and ends it when it takes too long.
func output(name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), mayTake)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	var problem strings.Builder
	cmd.Stderr = &problem
	// A test's children may hold its output open for longer than it lives.
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		return string(out), fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, problem.String())
	}
	return string(out), nil
}
