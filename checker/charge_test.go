package checker

import (
	"fmt"
	"strings"
	"testing"

	"derail/checker/history"
)

// charges is what is derived for every claim, abandon and trash that happened, in the order of their
// answers.
func charges(t *testing.T, text string) string {
	t.Helper()
	h := told(t, text)
	for i := range h.Records {
		if rec := &h.Records[i]; rec.Kind == history.Claim && rec.Attempt == 0 {
			rec.Attempt = -1 // an answer that says nothing narrows nothing
		}
	}
	r := Read(h)
	if r.malformed != "" {
		t.Fatal(r.malformed)
	}
	var all []string
	for job := range r.jobs {
		for _, m := range r.boardOf(job) {
			o := &r.ops[m>>1]
			switch o.effect.Kind {
			case history.Claim, history.Abandon, history.Trash:
				if m&1 != 0 {
					all = append(all, fmt.Sprintf("%s %s", o.effect.Kind, o.charged))
				}
			}
		}
	}
	return strings.Join(all, ", ")
}

func TestCharges(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"one claim", `
			A claim j e=1`, "claim 1"},
		{"claims that count", `
			A claim j e=1
			A abandon j e=1 counted
			A claim j e=2
			store lease_end j e=2
			A claim j e=3`, "claim 1, abandon 1, claim 2, claim 3"},
		{"a claim that does not count", `
			A claim j e=1
			A abandon j e=1
			A claim j e=2`, "claim 1, abandon 0, claim 1"},
		{"a claim that nobody heard of", `
			A claim? j
			B claim? j
			B claim! j e=2`, "claim 2"},
		{"an unknown give-back", `
			A claim j e=1
			A abandon? j e=1
			A claim j e=2`, "claim 1, claim 1 to 2"},
		{"a number that is reported narrows", `
			A claim j e=1
			A abandon? j e=1
			A claim j e=2 a=1
			A abandon j e=2 counted
			A claim j e=3`, "claim 1, claim 1 to 2, abandon 1, claim 2"},
		{"a number that cannot be does not", `
			A claim j e=1
			A abandon? j e=1
			A claim j e=2 a=7
			A abandon j e=2 counted
			A claim j e=3`, "claim 1, claim 1 to 2, abandon 1 to 2, claim 2 to 3"},
		{"two unknown give-backs of one claim", `
			A claim j e=1
			A abandon? j e=1
			A abandon? j e=1
			A claim j e=2`, "claim 1, claim 1 to 2"},
		{"an unknown give-back that is then acknowledged", `
			A claim j e=1
			A abandon? j e=1
			A abandon~ j
			A abandon j e=1
			A claim j e=2`, "claim 1, abandon 0, claim 1"},
		{"unknown give-backs of two claims", `
			A claim j e=1
			A abandon? j e=1
			B claim j e=2
			B abandon? j e=2
			A claim j e=3`, "claim 1, claim 1 to 2, claim 1 to 3"},
		{"an unknown abandon that counts", `
			A claim j e=1
			A abandon? j e=1 counted
			A claim j e=2`, "claim 1, claim 2"},
		{"a trash by the owner", `
			A claim j e=1
			A trash j e=1`, "claim 1, trash 1"},
		{"a trash by another", `
			A claim j e=1
			store lease_end j e=1
			B trash j`, "claim 1, trash 1"},
		{"a trash of a job that was never claimed", `
			B trash j`, "trash 0"},
		{"a restore", `
			A claim j e=1
			A trash j e=1
			B restore j
			A claim j e=2`, "claim 1, trash 1, claim 1"},
		{"a restore that is under way", `
			A claim j e=1
			A trash j e=1
			B restore? j
			A claim j e=2`, "claim 1, trash 1, claim 1 to 2"},
		{"a restore that is answered late", `
			A claim j e=1
			A trash j e=1
			B restore? j
			A claim j e=2
			B restore! j
			store lease_end j e=2
			A claim j e=3`, "claim 1, trash 1, claim 1 to 2, claim 1 to 2"},
		{"two restores at once", `
			A claim j e=1
			A trash j e=1
			B restore? j
			C restore? j
			A claim j e=2 a=1
			B restore! j
			A trash j e=2
			A claim j e=3`, "claim 1, trash 1, claim 1 to 2, trash 1, claim 1 to 2"},
		{"a late answer to a claim", `
			A claim? j
			store lease_end j e=1
			B claim j e=2
			A claim! j e=1`, "claim 2, claim 1"},
		{"an epoch that is impossible", `
			A claim j e=1
			A abandon j e=1 counted
			A claim j e=9`, "claim 1, abandon 1, claim at least 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := charges(t, "client post j"+c.text); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}
