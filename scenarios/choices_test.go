package scenarios_test

import (
	"strings"
	"testing"

	"derail/scenarios"

	"github.com/google/go-cmp/cmp"
)

// drawn says what its runs draw.
const drawn = `name: drawn
break: 10s
jobs:
  - name: orders
choices: |
  # the second crash
  fault:node.crash/#4 1500000000

  network/store>conductor-1#3 500
`

func TestParseReadsChoices(t *testing.T) {
	got, err := scenarios.Parse("drawn.yaml", []byte(drawn), known)
	if err != nil {
		t.Fatal(err)
	}
	want := "# the second crash\nfault:node.crash/#4 1500000000\n\nnetwork/store>conductor-1#3 500\n"
	if got.Choices != want || got.Seeds != 1 {
		t.Errorf("%d seeds draw %q", got.Seeds, got.Choices)
	}
	again, err := scenarios.Parse("again.yaml", got.Marshal(), known)
	if diff := cmp.Diff(got, again); err != nil || diff != "" {
		t.Errorf("%v, %s", err, diff)
	}
	if got, err = scenarios.Parse("x.yaml", []byte(small), known); err != nil || got.Seeds == 1 {
		t.Errorf("without choices one seed is enough: %v, %v", got.Seeds, err)
	}
	made := scenarios.Scenario{Choices: want}
	if made.Fill(); made.Seeds != 1 {
		t.Errorf("a scenario that was made in Go has %d seeds", made.Seeds)
	}
}

func TestFormatKeepsChoices(t *testing.T) {
	moved := "choices: |\n      # the second crash\n      fault:node.crash/#4 1500000000\n\n" +
		"      network/store>conductor-1#3 500\n" + drawn[:strings.Index(drawn, "choices")]
	got, err := scenarios.Format("moved.yaml", []byte(moved))
	if err != nil || string(got) != drawn {
		t.Errorf("%v\n%s", err, got)
	}
}

func TestProblemsOfChoices(t *testing.T) {
	const want = "; write STREAM/ENTITY#N VALUE, as choices.txt of a saved run has it"
	for _, test := range []struct{ old, new, want string }{
		{"#4 15", "#4,15", "7:33: a space and a value stand behind the number of the draw, and the line ends here" + want},
		{"  # the", "   # the", "7:3: this does not fit here"},
		{"crash/#4", "crash#4", "7:19: a name with '#' in it: write it as %XX" + want},
		{"500\n", "0\n", `9:31: the value is a decimal number from 1 to 2^64-1, not "0"` + want},
		{"network/store", "netz%/store", "9:7: '%' stands before two hexadecimal digits" + want},
		{"network/store>conductor-1#3 500", "ü/ü#3 x", `9:9: the value is a decimal number from 1 to 2^64-1, not "x"`},
		{"break: 10s\n", "break: 10s\nseeds: 3\n", "3:8: with choices every run is the same, and 3 are one; " +
			"write 1, or leave it out"},
		{drawn[strings.Index(drawn, "choices"):], "choices: fault#1 1\n", "5:10: a name with '#' in it"},
		{drawn[strings.Index(drawn, "choices"):], "choices: \" \"\n", "5:10: there are no choices; " +
			"write one draw a line, such as network/store>conductor-1#3 500, or leave choices out"},
		{drawn[strings.Index(drawn, "choices"):], "choices: [1]\n", "5:10: choices must be a single value"},
	} {
		source := strings.Replace(drawn, test.old, test.new, 1)
		_, err := scenarios.Parse("x.yaml", []byte(source), known)
		if err == nil || !strings.HasPrefix(err.Error(), "x.yaml:"+test.want) {
			t.Errorf("%q instead of %q: %v", test.new, test.old, err)
		}
	}
}

// What Brief leaves out is what Parse puts in.
func TestBriefIsTheSameScenario(t *testing.T) {
	for _, source := range scenarios.Embedded() {
		whole, err := scenarios.Parse(source.Name, source.Text, scenarios.ParseOptions{})
		if err != nil {
			t.Fatal(err)
		}
		brief := whole.Brief()
		again, err := scenarios.Parse(source.Name, brief, scenarios.ParseOptions{})
		if diff := cmp.Diff(whole, again); err != nil || diff != "" {
			t.Errorf("%s: %v, %s\n%s", source.Name, err, diff, brief)
		}
		if long := whole.Marshal(); len(brief) >= len(long) {
			t.Errorf("%s: %d bytes are no briefer than %d", source.Name, len(brief), len(long))
		}
		if form, err := scenarios.Format(source.Name, brief); err != nil || string(form) != string(brief) {
			t.Errorf("%s: it is not in the usual form: %v", source.Name, err)
		}
	}
	s, err := scenarios.Parse("drawn.yaml", []byte(drawn), known)
	if err != nil || string(s.Brief()) != drawn {
		t.Errorf("%v\n%s", err, s.Brief())
	}
}
