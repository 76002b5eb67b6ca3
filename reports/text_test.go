package reports

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestTextGolden(t *testing.T) {
	for name, text := range map[string]string{
		"campaign":       Text(mixedCampaign(), Style{Out: "out"}),
		"campaign-60":    Text(mixedCampaign(), Style{Width: 60}),
		"campaign-color": Text(mixedCampaign(), Style{Colour: true}),
		"cycle":          Text(unexpectedCycle(), Style{}),
		"interrupted":    Text(interruptedCampaign(), Style{}),
		"empty":          Text(&Campaign{}, Style{}),
		"run-cycle":      RunText(cycleRun(1), Style{}),
		"run-double":     RunText(doubleRun(), Style{}),
		"faults":         Text(faultsCampaign(), Style{Out: "out"}),
		"run-weak":       RunText(weakRun(), Style{}),
	} {
		t.Run(name, func(t *testing.T) { golden(t, name+".txt", []byte(text)) })
	}
}

func TestLinesFitTheirWidth(t *testing.T) {
	for _, c := range []*Campaign{mixedCampaign(), interruptedCampaign(), unexpectedCycle()} {
		for _, width := range []int{60, 80, 100, 120, 200} {
			style := Style{Width: width}
			for line := range strings.Lines(Text(c, style)) {
				line = strings.TrimSuffix(line, "\n")
				if utf8.RuneCountInString(line) > style.width() {
					t.Errorf("at %d columns this line has %d:\n%s", style.width(), utf8.RuneCountInString(line), line)
				}
				if line != strings.TrimRight(line, " ") {
					t.Errorf("a line ends in spaces: %q", line)
				}
			}
		}
	}
}

func TestLinesAreAligned(t *testing.T) {
	style := Style{Name: len("endless-cycle")}
	at := strings.Index(Heading(style), "properties")
	for _, s := range mixedCampaign().Scenarios {
		line := Line(&s, style)
		if line[at-1] != ' ' || !strings.Contains("0123456789", line[at:at+1]) {
			t.Errorf("the properties do not begin below their heading:\n%s\n%s", Heading(style), line)
		}
	}
}

func TestPlainTextHasNoColours(t *testing.T) {
	plain, painted := Text(mixedCampaign(), Style{}), Text(mixedCampaign(), Style{Colour: true})
	if strings.Contains(plain, "\x1b") {
		t.Error("plain text holds escape sequences")
	}
	if got := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(painted, ""); got != plain {
		t.Error("the coloured text, without its colours, is another")
	}
}

func TestTextIsCleanOfHostileNames(t *testing.T) {
	c, f := hostileCampaign()
	for name, text := range map[string]string{"campaign": Text(c, Style{}), "run": RunText(f, Style{})} {
		if strings.ContainsAny(text, "\x1b\x00\u2028") {
			t.Errorf("%s: the text holds control characters", name)
		}
		if !strings.Contains(text, `\x1b[31m`) {
			t.Errorf("%s: the text does not show the control characters as what they are", name)
		}
	}
}

func TestExplainIsTextWithoutItsTable(t *testing.T) {
	c := mixedCampaign()
	text, explained := Text(c, Style{}), Explain(c, Style{})
	if !strings.HasSuffix(text, explained) {
		t.Error("Text does not end in what Explain says")
	}
	if n := strings.Count(strings.TrimSuffix(text, explained), "\n"); n != len(c.Scenarios)+1 {
		t.Errorf("Text has %d lines before that, want a heading and a line for each scenario", n)
	}
}

func TestConclusion(t *testing.T) {
	good := mixedCampaign()
	good.Scenarios = good.Scenarios[:2]
	for want, c := range map[string]*Campaign{
		"2 scenarios, 220 runs: all as expected. 3h30m simulated in 12.3s.": good,
		"No scenario was run.": {},
		"No scenario was run. Interrupted (disk full): 0 of 0 scenarios ran, 0 of 0 runs; this reports what ran.": {
			Interrupted: true, Reason: "disk full",
		},
	} {
		if got := conclusion(c); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
