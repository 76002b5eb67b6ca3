package generate

import (
	"cmp"
	_ "embed" // the prose
	"fmt"
	"path"
	"reflect"
	"slices"
	"strings"

	"derail/scenarios"
)

// The prose of the README: what comes before the table of scenarios, and what comes after.
var (
	//go:embed opening.md
	opening string
	//go:embed writing.md
	writing string
)

// Readme makes the README of package scenarios, whose folder this is.
func Readme(folder string) ([]byte, error) {
	comments, err := commentsIn(folder)
	if err != nil {
		return nil, err
	}
	var page strings.Builder
	page.WriteString(opening)
	if err := writeSuite(&page); err != nil {
		return nil, err
	}
	page.WriteString(writing)
	for _, section := range sections {
		keys, err := keysOf(section.form, comments)
		if err != nil {
			return nil, err
		}
		writeKeys(&page, section.heading, keys)
	}
	writeKinds(&page)
	writeNames(&page)
	return []byte(page.String()), nil
}

// writeSuite writes the table of scenarios, and then what each is about.
func writeSuite(page *strings.Builder) error {
	var stories strings.Builder
	page.WriteString("| scenario | what it shows | must come of it |\n| --- | --- | --- |\n")
	for _, source := range scenarios.Embedded() {
		scenario, err := scenarios.Parse(source.Name, source.Text, scenarios.ParseOptions{})
		if err != nil {
			return err
		}
		fmt.Fprintf(page, "| [%s](%s) | %s | %s |\n",
			scenario.Name, path.Join(source.Folder, source.Name), scenario.Summary(), expected(scenario.Expect))
		fmt.Fprintf(&stories, "**%s.** %s\n\n", scenario.Name, strings.TrimSpace(scenario.About))
	}
	page.WriteString("\nEvery property that the table does not name as broken must hold in every run; one " +
		"that is\nfound broken must be in some run, one that may break need not.\n" +
		"What stands after \"met\" must have happened in at least one, or the experiment showed nothing.\n\n")
	page.WriteString(stories.String())
	page.WriteString("Folder [regression](regression/README.md) keeps a scenario for every bug found.\n\n")
	return nil
}

// expected is an expectation as a table has it.
func expected(expect scenarios.Expect) string {
	var parts []string
	if len(expect.Broken) > 0 {
		parts = append(parts, "broken: "+code(expect.Broken))
	}
	if len(expect.Found) > 0 {
		parts = append(parts, "found broken: "+code(expect.Found))
	}
	if len(expect.MayBreak) > 0 {
		parts = append(parts, "may break: "+code(expect.MayBreak))
	}
	if expect.Consumed != nil {
		parts = append(parts, fmt.Sprintf("%d jobs consumed", *expect.Consumed))
	}
	if expect.Trashed != nil {
		parts = append(parts, fmt.Sprintf("%d in the trash", *expect.Trashed))
	}
	if expect.TrashedOnly != nil {
		parts = append(parts, "only of "+code(expect.TrashedOnly))
	}
	if len(expect.Reached) > 0 {
		parts = append(parts, "met: "+code(expect.Reached))
	}
	return strings.Join(parts, "; ")
}

func code(names []string) string {
	return "`" + strings.Join(names, "`, `") + "`"
}

func writeKeys(page *strings.Builder, heading string, keys []key) {
	fmt.Fprintf(page, "\n### %s\n\n| key | value | left out | |\n| --- | --- | --- | --- |\n", heading)
	for _, key := range keys {
		left := ""
		switch {
		case key.need != "":
			left = "not allowed"
		case key.def != "":
			left = "`" + key.def + "`"
		case key.form.Kind() != reflect.Pointer && (key.least == "0" || key.least == "0s"):
			left = "`0`"
		}
		fmt.Fprintf(page, "| `%s` | %s | %s | %s |\n", key.name, valueOf(key), left, key.about)
	}
}

// valueOf says what a key's value can be.
func valueOf(key key) string {
	form, list := key.form, ""
	if form == reflect.TypeFor[*bool]() {
		return "`true` or `false`"
	}
	if form.Kind() == reflect.Pointer {
		form = form.Elem()
	}
	if form.Kind() == reflect.Slice {
		form, list = form.Elem(), "list of "
	}
	limit := ""
	if key.least != "" {
		limit = fmt.Sprintf(", `%s` to `%s`", key.least, key.most)
	}
	switch {
	case key.names == "fault kind":
		return "a kind, see below"
	case len(scenarios.Names(key.names)) > 5:
		return list + "names, see below"
	case key.names != "":
		return list + code(scenarios.Names(key.names))
	case form == reflect.TypeFor[scenarios.Duration]():
		return "duration" + limit
	case form == reflect.TypeFor[scenarios.Span]():
		return "span" + limit
	case form == reflect.TypeFor[scenarios.Rate]():
		return "chance" + limit
	case form.Kind() == reflect.Struct:
		return list + "keys, see below"
	case form.Kind() == reflect.Int && list != "":
		return list + "numbers" + limit
	case form.Kind() == reflect.Int:
		return "number" + limit
	case form.Kind() == reflect.Bool:
		return "`true`"
	case list != "":
		return list + "names"
	}
	return "text"
}

// The headings of the areas of faults, in the order of the table.
var areaHeadings = map[string]string{
	"storage": "The store", "lease": "Leases", "watch": "Watches", "disk": "The disk", "network": "The network",
	"node": "Machines", "clock": "Clocks", "task": "Tasks", "code": "The code",
}

func writeKinds(page *strings.Builder) {
	page.WriteString("\n## The kinds of fault\n\n" +
		"Timed kinds strike at moments; the others with a chance, each time that something happens\n" +
		"which they can hit. Keys in bold must be given. Where `rate` may be left out it is 100%. A timed\n" +
		"fault hits one machine each time, drawn from `nodes`, if `hits` does not say otherwise. Strikes are\n" +
		"counted, and expected with `reached`, under the kind's name; those of `code.failpoint` under their\n" +
		"point's name as well.\n\n" +
		"Where the last column is empty the core promises to withstand the fault. Otherwise it names the\n" +
		"assumption of package core that the fault breaks; package sim says what still holds without it.\n")
	for _, area := range scenarios.Areas() {
		fmt.Fprintf(page, "\n### %s\n\n| kind | what happens | keys | store | breaks |\n"+
			"| --- | --- | --- | --- | --- |\n", areaHeadings[area])
		for _, kind := range scenarios.Kinds() {
			if kind.Area() == area {
				writeKind(page, kind)
			}
		}
	}
}

func writeKind(page *strings.Builder, kind scenarios.Kind) {
	keys := make([]string, len(kind.Takes))
	for i, name := range kind.Takes {
		keys[i] = "`" + name + "`"
		if slices.Contains(kind.Needs, name) {
			keys[i] = "**" + keys[i] + "**"
		}
	}
	timed := ""
	if kind.Timed {
		timed = " (timed)"
	}
	fmt.Fprintf(page, "| `%s`%s | %s | %s | %s | %s |\n",
		kind.Name, timed, kind.Means, strings.Join(keys, ", "), cmp.Or(kind.Store, "any"), kind.Breaks)
}

func writeNames(page *strings.Builder) {
	fmt.Fprintf(page, "\n## Names\n\nOperations, for `on`: %s.\n\n", code(scenarios.Operations()))
	fmt.Fprintf(page, "Properties, for `broken`, `found` and `may-break`: %s.\n\n", code(scenarios.Properties()))
	fmt.Fprintf(page, "Areas, for `kinds` of a swarm: %s.\n\n", code(scenarios.Areas()))
	fmt.Fprintf(page, "Machines, for `nodes`: `conductor-1` and so on, `%s`.\n", scenarios.NodeClient)
}
