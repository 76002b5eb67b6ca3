package scenarios_test

import (
	"strings"
	"testing"
)

// whole are files that are wrong as a whole, and what Parse must say of them.
var whole = []struct{ name, source, want string }{
	{"empty", "", `1:1: the file is empty; begin with name: NAME, then break, cluster and jobs`},
	{"empty lines", "\n\n", `1:1: the file is empty; begin with name: NAME, then break, cluster and jobs`},
	{
		"comments", "# a\n# b\n",
		`1:1: the file holds no keys; begin with name: NAME, then break, cluster and jobs`,
	},
	{"mark", "---\n", `1:1: the file holds no keys; begin with name: NAME, then break, cluster and jobs`},
	{
		"text", "hello\n",
		`1:1: a scenario is made of keys, not of "hello"; ` +
			`begin with name: NAME, then break, cluster and jobs`,
	},
	{
		"list", "- a\n- b\n",
		`1:1: a scenario is made of keys, not of a list; begin with name: NAME, then break, cluster and jobs`,
	},
	{
		"no value", "null\n",
		`1:1: a scenario is made of keys, not of "null"; begin with name: NAME, then break, cluster and jobs`,
	},
	{
		"no keys", "{}\n",
		"1:1: name is missing; write name: slow-store\n1:1: break is missing; write break: 30s\n" +
			"1:1: jobs is missing; write jobs: a list of groups, each beginning with - name: NAME",
	},
	{
		"no jobs", "name: a\nbreak: 1s\njobs: []\n",
		`3:7: there are no jobs; write at least one group, beginning with - name: NAME`,
	},
	{
		"jobs are keys", "name: a\nbreak: 1s\njobs:\n  name: b\n",
		`4:3: jobs must be a list, not keys; begin each member with "- ", on a line of its own`,
	},
	{
		"a fault is a word", "name: a\nbreak: 1s\njobs:\n  - name: b\nfaults: [node.crash]\n",
		`5:10: faults[0] is made of keys, not of "node.crash"; write below it, two spaces deeper, one of ` +
			`kind, point, alive, as, way, hits, by, drift, records, answer, rate, at, every, for, from, until, ` +
			`on, jobs, tasks, nodes, times, ` +
			`forever`,
	},
	{
		"lease by default", "name: a\nbreak: 1s\nnetwork:\n  delay: 5s\njobs:\n  - name: b\n",
		`4:10: a lease of 10s is too short for network delays of up to 5s; make the lease 20s or more`,
	},
	{
		"rest by default", "name: a\nbreak: 1s\njobs:\n  - name: b\nexpect:\n  broken: [rest.reached]\n",
		`6:12: rest.reached cannot be broken where no rest is asked for; write rest: 30s at the left edge`,
	},
	{
		"no intervals", "name: a\nbreak: 1s\njobs:\n  - name: b\n    at: 1s\n    count: 5\n",
		`5:9: at 1s is beyond the breaking phase of 1s; write less than 1s`,
	},
	{
		"one machine", "name: a\nbreak: 1s\ncluster:\n  conductors: 1\njobs:\n  - name: b\nfaults:\n" +
			"  - kind: node.crash\n    at: 0s\n    nodes: [conductor-2]\n",
		`10:13: there is no "conductor-2"; write conductor-1`,
	},
	{
		"two documents", small + "---\n" + small,
		`12:1: a second document begins; keep one scenario in one file`,
	},
	{"two marks", "---\n---\n" + small, `2:1: a second document begins; keep one scenario in one file`},
	{
		"after the end", small + "...\n" + small,
		`13:1: a second document begins; keep one scenario in one file`,
	},

	// YAML that a scenario does not have.
	{
		"anchor", "name: &n a\n",
		`1:7: a scenario has no anchors (&); ` +
			`write the value out where needed, or put the text in quotes`,
	},
	{
		"alias", "name: *n\n",
		`1:7: a scenario has no aliases (*); write the value out, or put the text in quotes`,
	},
	{"tag", "name: !!str a\n", `1:7: a scenario has no tags (!); leave it out, or put the text in quotes`},
	{"merge key", "<<: {a: 1}\n", `1:1: a scenario has no merge keys (<<); write the keys out`},
	{
		"question mark", "? a\n: b\n",
		`1:1: a scenario has no "?" keys; write key: value, or put the text in quotes`,
	},
	{
		"directive", "%YAML 1.2\n---\nname: a\n",
		`1:1: a scenario has no YAML directives (%); leave the line out`,
	},
	{"percent", "name: a\nabout: %x\n", `2:8: a text cannot begin with %; put it in quotes`},

	// YAML that is none.
	{
		"tab", "name: a\ncluster:\n\tlease: 5s\n",
		`3:1: a tab where YAML wants spaces; indent with two spaces for each level`,
	},
	{
		"tab after spaces", "cluster:\n  lease: 5s\n  \tidle: 5s\n",
		`3:3: a tab where YAML wants spaces; indent with two spaces for each level`,
	},
	{
		"tab at the beginning", "\tname: a\n",
		`1:1: a tab where YAML wants spaces; indent with two spaces for each level`,
	},
	{"open quotes", "name: \"a\nbreak: 1s\n", `1:7: a text in quotes does not end; close it with "`},
	{"open single quotes", "name: 'a\n", `1:7: a text in quotes does not end; close it with '`},
	{"open bracket", "name: [a, b\nbreak: 1s\n", `2:1: a list in brackets does not end; close it with ]`},
	{"open bracket at the end", "name: [a, b", `1:7: a list in brackets does not end; close it with ]`},
	{"open brace", "name: {a: b\nbreak: 1s\n", `2:1: keys in braces do not end; close them with }`},
	{"open brace at the end", "name: {a: b", `1:7: keys in braces do not end; close them with }`},
	{"closing bracket", "name: ]\n", `1:7: a ] without its [; take it out, or put the text in quotes`},
	{"reserved", "name: @a\n", `1:7: a text cannot begin with this character; put the text in quotes`},
	{"escape", `name: "\q"` + "\n", `1:9: an unknown escape after \; write \\ for a backslash itself`},
	{
		"two colons", "about: a: b\n",
		`1:8: a colon too many, or a line that is indented too far; ` +
			`put the text in quotes, or begin the line below its neighbours`,
	},
	{
		"indented too far", "name: a\n  break: 1s\n",
		`1:7: a colon too many, or a line that is indented too far; ` +
			`put the text in quotes, or begin the line below its neighbours`,
	},
	{"no key", "name: a\nbreak\n", `2:1: a line without a key; write key: value`},
	{
		"no space", "name:a\nbreak: 1s\n",
		`1:1: a line without a key, or with no space after its colon; write key: value`,
	},
	{
		"list on the key's line", "jobs: - a\n",
		`1:7: a list cannot begin beside its key; begin it on the next line, or write [a, b]`,
	},
	{
		"indented too little", "  name: a\nbreak: 1s\n",
		`2:1: this does not fit here; indent it like its neighbours, or put the text in quotes`,
	},
	{"key without a value", "{a\n", `1:2: a key without a value; write key: value`},
	{
		"anything else", "name: [,]\n",
		`1:8: this is no YAML: expected sequence element, but found ','; write key: value, a line each`,
	},

	// Bytes.
	{
		"invalid UTF-8", "name: a\nabout: \"ä\xff\"\n",
		`2:10: the byte 0xff is no UTF-8; save the file as UTF-8`,
	},
	{"UTF-16", "\xff\xfen\x00a\x00", `1:1: the byte 0xff is no UTF-8; save the file as UTF-8`},
	{"zero byte", "name: a\x00\n", `1:8: a control character (U+0000); take it out`},
	{"lone carriage return", "name: a\rbreak: 1s\n", `1:8: a control character (U+000D); take it out`},
	{"byte order mark inside", "name: \ufeffa\n", `1:7: a control character (U+FEFF); take it out`},
	{
		"control character escaped", "name: a\nbreak: 1s\nabout: \"a\\x07\"\njobs:\n  - name: b\n",
		`3:8: a control character (U+0007); take it out`,
	},

	// Size.
	{
		"too large", strings.Repeat("#\n", 1<<19) + "#",
		`1:1: the file is larger than 1 MiB; split the scenario`,
	},
	{
		"too many lines", strings.Repeat("\n", 10_000),
		`10001:1: the file has more than 10000 lines; split the scenario`,
	},
	{
		"too many words", "name: [" + strings.Repeat("a,", 25_000) + "]\n",
		`1:50005: the file has more than 50000 words; split the scenario`,
	},
	{
		"nested brackets", "name: " + strings.Repeat("[", 33),
		`1:39: more than 32 levels inside each other; flatten it`,
	},
	{
		"nested braces", "name: " + strings.Repeat("{a: ", 33),
		`1:135: more than 32 levels inside each other; flatten it`,
	},
	{
		"nested hyphens", strings.Repeat("- ", 33) + "a",
		`1:65: more than 32 levels inside each other; flatten it`,
	},
}

func TestProblemsWithTheWholeFile(t *testing.T) {
	for _, one := range whole {
		t.Run(one.name, func(t *testing.T) { check(t, one.source, one.want) })
	}
}
