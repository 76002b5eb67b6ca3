package core_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// leastRows is how many behaviours each part of TaskFlow's own tests has in PARITY.md.
var leastRows = map[string]int{
	"8.1": 12, "8.2": 53, "8.3": 74, "8.4": 43, "8.5": 80, "8.6": 150, "8.7": 19,
}

var named = regexp.MustCompile("`(Test|Fuzz|Example)([A-Za-z0-9_]*)")

// TestParity: every test that PARITY.md names is there, and every row names a test or says why not.
func TestParity(t *testing.T) {
	text, err := os.ReadFile("PARITY.md")
	if err != nil {
		t.Fatal(err)
	}
	section, rows := "", map[string]int{}
	for line := range strings.Lines(string(text)) {
		if title, is := strings.CutPrefix(line, "## §"); is {
			section, _, _ = strings.Cut(title, " ")
		}
		cells := strings.Split(strings.TrimSpace(line), " | ")
		if len(cells) != 3 || !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| ---") || cells[0] == "| behaviour" {
			continue
		}
		rows[section]++
		if strings.HasPrefix(cells[2], "n/a: ") {
			continue
		}
		tests := named.FindAllStringSubmatch(cells[2], -1)
		if len(tests) == 0 {
			t.Errorf("§%s %s: no test and no reason", section, cells[0])
		}
		for _, test := range tests {
			if !isIn(t, cells[1], test[1]+test[2]) {
				t.Errorf("§%s %s: there is no %s%s in %s", section, cells[0], test[1], test[2], cells[1])
			}
		}
	}
	for section, least := range leastRows {
		if rows[section] < least {
			t.Errorf("§%s has %d rows, fewer than %d", section, rows[section], least)
		}
	}
}

var sources = map[string]string{}

// isIn reports whether a package has a test of that name.
func isIn(t *testing.T, pkg, test string) bool {
	if _, read := sources[pkg]; !read {
		files, err := filepath.Glob(filepath.Join("..", pkg, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		var all strings.Builder
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(text)
		}
		sources[pkg] = all.String()
	}
	return strings.Contains(sources[pkg], "\nfunc "+test+"(")
}
