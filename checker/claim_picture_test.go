package checker

import (
	"bytes"
	"strings"
	"testing"

	"derail/checker/history"
)

func TestPicture(t *testing.T) {
	h := told(t, `
		client post i
		client post j
		A claim i e=1 a=1
		A claim j e=1 a=1
		B claim? j
		B claim~ j
		B consume j e=1
		store final i claimed
		store final j gone
	`)
	job := history.JobID(1)
	var first, again bytes.Buffer
	if err := Picture(h, job, &first); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"A: claim (epoch 1)", "B: claim, outcome unknown", "B: consume (epoch 1)", "claimed by A, epoch 1",
	} {
		if !strings.Contains(first.String(), want) {
			t.Errorf("the picture does not show %q", want)
		}
	}
	for range 20 {
		again.Reset()
		if err := Picture(h, job, &again); err != nil || again.String() != first.String() {
			t.Fatalf("the same job is drawn differently: %v", err)
		}
	}
	if err := Picture(h, 0, &again); err != nil {
		t.Errorf("a job that is right is not drawn: %v", err)
	}
}

func TestPicturesThatCannotBe(t *testing.T) {
	h := told(t, good)
	for _, c := range []struct {
		h    *history.History
		job  history.JobID
		want string
	}{
		{h, -1, "no such job"},
		{h, 1, "no such job"},
		{&history.History{Jobs: []string{"j"}, Records: make([]history.Record, 1)}, 0, "not a history"},
		{told(t, hard(24)), 0, "too many orders to draw j"},
	} {
		var b bytes.Buffer
		if err := Picture(c.h, c.job, &b); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}
