package scenarios_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"derail/scenarios"

	"github.com/goccy/go-yaml"
	"pgregory.net/rapid"
)

// drawScenario draws any scenario that Parse takes.
func drawScenario(t *rapid.T) *scenarios.Scenario {
	scenario := &scenarios.Scenario{
		Name: drawName(t), About: drawText(t),
		Seeds: rapid.IntRange(1, 1_000_000).Draw(t, "seeds"),
		Break: drawDuration(t, s, 3600*s), Rest: drawDuration(t, 0, 3600*s),
		Cycle: rapid.IntRange(2, 1000).Draw(t, "cycle"),
		Cluster: scenarios.Cluster{
			Conductors: rapid.IntRange(1, 5).Draw(t, "conductors"),
			MaxJobs:    rapid.IntRange(1, 5).Draw(t, "max-jobs"),
			Lease:      drawDuration(t, s, 60*s), Idle: drawDuration(t, ms, s),
			RunLimit: drawDuration(t, 0, 60*s),
			Restart:  drawSpan(t, 0, 60*s),
			Engine: scenarios.Engine{
				Workers:      rapid.SampledFrom([]int{0, 1, 64}).Draw(t, "workers"),
				DeferReverts: rapid.Bool().Draw(t, "defer-reverts"),
			},
		},
		Heal: scenarios.HealAll,
		Policy: scenarios.Policy{
			Attempts: rapid.IntRange(0, 10).Draw(t, "attempts"), Excuse: drawSome(t, scenarios.Failures()),
		},
	}
	if rapid.Bool().Draw(t, "operator") {
		scenario.Operator = drawSpan(t, ms, s)
	}
	if rapid.Bool().Draw(t, "observe") {
		scenario.Observe = drawObserve(t)
	}
	if rapid.Bool().Draw(t, "promise") {
		scenario.Promise.ClaimWithin = drawDuration(t, scenario.Cluster.Idle, 60*s)
	}
	drawStore(t, scenario)
	if scenario.Cluster.Conductors > 1 && scenario.Rest > 0 && rapid.Bool().Draw(t, "core") {
		scenario.Heal = scenarios.HealCore
	}
	if rapid.Bool().Draw(t, "backoff") {
		first := drawDuration(t, 1, s)
		scenario.Policy.Backoff = scenarios.Backoff{
			First: first, Factor: rapid.IntRange(1, 9).Draw(t, "factor"), Max: drawDuration(t, first, 60*s),
		}
	}
	total := 0
	for n := range rapid.IntRange(1, 3).Draw(t, "groups") {
		group := drawJobs(t, scenario.Break)
		group.Name = fmt.Sprintf("%s-%d", group.Name, n)
		scenario.Jobs = append(scenario.Jobs, group)
		total += group.Count
	}
	scenario.Promise.Overtaken = rapid.IntRange(0, total-1).Draw(t, "overtaken")
	for range rapid.IntRange(0, 4).Draw(t, "faults") {
		scenario.Faults = append(scenario.Faults, drawFault(t, scenario))
	}
	makeSeen(scenario)
	if rapid.IntRange(0, 2).Draw(t, "swarm") == 2 {
		scenario.Swarm = drawSwarm(t, scenario)
	}
	scenario.Expect.Broken = drawSome(t, []string{scenarios.PropertyCycleNone, scenarios.PropertyFenceHeld})
	scenario.Expect.Found = drawSome(t, []string{scenarios.PropertyClaimLinearizable})
	scenario.Expect.MayBreak = drawSome(t, []string{scenarios.PropertyTrashExact})
	if rapid.Bool().Draw(t, "counted") {
		consumed := rapid.IntRange(0, total).Draw(t, "consumed")
		scenario.Expect.Consumed = &consumed
	}
	scenario.Expect.TrashedOnly = drawSome(t, groupsOf(scenario))
	if rapid.Bool().Draw(t, "none trashed") {
		none := 0
		scenario.Expect.Trashed, scenario.Expect.TrashedOnly = &none, []string{}
	}
	if scenario.Rest == 0 && (len(scenario.Faults) > 0 || scenario.Swarm != nil) {
		scenario.Promise = scenarios.Promise{}
	}
	for _, fault := range scenario.Faults {
		if !slices.Contains(scenario.Expect.Reached, fault.Kind) {
			scenario.Expect.Reached = append(scenario.Expect.Reached, fault.Kind)
		}
	}
	return scenario
}

func drawObserve(t *rapid.T) *scenarios.Observe {
	observe := &scenarios.Observe{Listeners: rapid.Bool().Draw(t, "listeners")}
	if !observe.Listeners || rapid.Bool().Draw(t, "read") {
		observe.Readers, observe.Reads = rapid.IntRange(1, 100).Draw(t, "readers"), drawSpan(t, ms, s)
	}
	return observe
}

// drawStore draws what the records are in, and what is around it.
func drawStore(t *rapid.T, scenario *scenarios.Scenario) {
	scenario.Fill() // with what the other store has, and the file will not say
	scenario.Cluster.Store = rapid.SampledFrom(scenarios.Names("store")).Draw(t, "store")
	if scenario.Cluster.Store == scenarios.StoreSQLite {
		scenario.Cluster.Disk.Access = drawSpan(t, ms/1000, s)
		scenario.Cluster.Disk.Sync = drawSpan(t, ms/1000, 50*ms)
		return
	}
	scenario.Network.Delay = drawSpan(t, ms/1000, 200*ms)
	if rapid.Bool().Draw(t, "tail") {
		high := scenario.Network.Delay.High
		scenario.Network.Tail = drawSpan(t, high+1, 3600*s)
		scenario.Network.TailRate = drawRate(t)
	}
}

func drawRate(t *rapid.T) scenarios.Rate {
	return scenarios.Rate(rapid.Uint32Range(1, uint32(scenarios.Whole)).Draw(t, "rate"))
}

// kindsFor are the kinds that there can be with the scenario's store.
func kindsFor(scenario *scenarios.Scenario) []scenarios.Kind {
	return slices.DeleteFunc(scenarios.Kinds(), func(kind scenarios.Kind) bool {
		return kind.Store != "" && kind.Store != scenario.Cluster.Store
	})
}

// makeSeen makes the power go where a fault would not be seen otherwise.
func makeSeen(scenario *scenarios.Scenario) {
	for _, fault := range scenario.Faults {
		if fault.Kind == scenarios.KindDiskTorn || fault.Kind == scenarios.KindDiskLie {
			power := scenarios.Fault{Kind: scenarios.KindDiskPowerLoss, Rate: 1}
			scenario.Faults = append(scenario.Faults, power)
			return
		}
	}
}

func drawSwarm(t *rapid.T, scenario *scenarios.Scenario) *scenarios.Swarm {
	swarm := &scenarios.Swarm{Most: rapid.IntRange(1, 50).Draw(t, "most")}
	var names []string
	for _, kind := range kindsFor(scenario) {
		switch kind.Name {
		case scenarios.KindDiskTorn, scenarios.KindDiskLie, scenarios.KindTaskHang:
		default:
			names = append(names, kind.Name)
		}
	}
	swarm.Kinds = drawSome(t, names)
	if rapid.Bool().Draw(t, "areas") {
		swarm.Kinds = []string{"node", "code", scenarios.KindStorageRefused}
	}
	return swarm
}

func groupsOf(scenario *scenarios.Scenario) []string {
	names := make([]string, len(scenario.Jobs))
	for n, group := range scenario.Jobs {
		names[n] = group.Name
	}
	return names
}

func drawJobs(t *rapid.T, length scenarios.Duration) scenarios.Jobs {
	at := drawDuration(t, 0, length-1)
	count := rapid.IntRange(1, 20).Draw(t, "count")
	jobs := scenarios.Jobs{
		Name: drawName(t), Count: count, At: at,
		Every:    drawSpan(t, 0, (length-at)/scenarios.Duration(count)),
		Priority: rapid.SampledFrom(scenarios.Priorities()).Draw(t, "priority"),
		Pattern:  rapid.SampledFrom(scenarios.Patterns()).Draw(t, "pattern"),
		Tasks:    rapid.IntRange(1, 9).Draw(t, "tasks"), Work: drawSpan(t, 0, s),
	}
	if rapid.IntRange(0, 2).Draw(t, "flow") == 2 {
		pen := flowPen{T: t}
		jobs.Flow, jobs.Pattern = pen.flow(2), ""
		jobs.Tasks = tasksIn(jobs.Flow.Items)
	}
	return jobs
}

func tasksIn(items []scenarios.Item) int {
	count := 0
	for i := range items {
		if items[i].Task != "" {
			count++
		}
		count += tasksIn(items[i].Items)
	}
	return count
}

func drawFault(t *rapid.T, scenario *scenarios.Scenario) scenarios.Fault {
	kind := rapid.SampledFrom(kindsFor(scenario)).Draw(t, "kind")
	has := func(key string) bool {
		return slices.Contains(kind.Needs, key) ||
			slices.Contains(kind.Takes, key) && rapid.Bool().Draw(t, "has "+key)
	}
	fault := scenarios.Fault{Kind: kind.Name}
	if slices.Contains(kind.Takes, "rate") {
		fault.Rate = drawRate(t)
	}
	drawTimes(t, scenario, &fault, has)
	if has("on") {
		fault.On = drawSome(t, scenarios.Operations())
	}
	if has("nodes") {
		fault.Nodes = []string{fmt.Sprintf("conductor-%d", scenario.Cluster.Conductors)}
	}
	if has("jobs") {
		fault.Jobs = drawSome(t, groupsOf(scenario))
	}
	if has("tasks") {
		fault.Tasks = []int{1}
	}
	if has("times") {
		fault.Times = rapid.IntRange(0, 9).Draw(t, "times")
	}
	if has("records") {
		fault.Records = drawSome(t, scenarios.RecordKinds())
	}
	if slices.Contains(kind.Takes, "as") {
		fault.As = rapid.SampledFrom(kind.As).Draw(t, "as")
	}
	if has("drift") {
		fault.Drift = scenarios.Rate(rapid.Uint32Range(1, uint32(scenarios.Whole)/100*9).Draw(t, "drift"))
	}
	if has("way") {
		fault.Way = rapid.SampledFrom(scenarios.Names("way")).Draw(t, "way")
	}
	if has("hits") && scenario.Cluster.Conductors > 1 && fault.Nodes == nil {
		fault.Hits = rapid.SampledFrom(scenarios.Names("choice of machines")).Draw(t, "hits")
	}
	if has("point") {
		fault.Point = rapid.SampledFrom([]string{"any", "board/" + drawName(t), drawText(t) + "x"}).Draw(t, "point")
	}
	if has("alive") {
		fault.Alive = drawRate(t)
	}
	if has("answer") {
		fault.Answer = rapid.SampledFrom(scenarios.Names("answer")).Draw(t, "answer")
	}
	fault.Fill()
	return fault
}

// drawTimes draws when a fault strikes, and for how long.
func drawTimes(t *rapid.T, scenario *scenarios.Scenario, fault *scenarios.Fault, has func(string) bool) {
	if has("at") {
		fault.At = drawDuration(t, 0, scenario.Break-1)
	}
	if has("every") {
		fault.Every = drawSpan(t, ms, 10*s)
	}
	if has("for") {
		fault.For = drawSpan(t, ms, 10*s)
	}
	if has("by") {
		fault.By = drawSpan(t, ms, 10*s)
	}
	if has("from") {
		fault.From = drawDuration(t, 0, scenario.Break-1)
	}
	fault.Forever = has("forever")
	if has("until") {
		fault.Until = drawDuration(t, fault.From+1, scenario.Break)
	}
}

func drawName(t *rapid.T) string {
	return rapid.StringMatching(`[a-z0-9]{1,6}(-[a-z0-9]{1,4})?`).Draw(t, "name")
}

// drawText draws texts that YAML is easily confused by.
func drawText(t *rapid.T) string {
	word := rapid.OneOf(
		rapid.StringMatching(`[a-zA-Z0-9]{1,8}`),
		rapid.SampledFrom([]string{
			" ", "  ", "\n", "\n\n", "\t", ":", ": ", " #", "#", "- ", "---", "...", "\n---\n", "'", "\"",
			"\\", "\\n", "|", ">", "%", "@", "`", "&a", "*a", "!a", "?", "? ", "[", "]", "{", "}", ",",
			"true", "null", "~", "12", "0x1f", "1e3", ".inf", "2001-01-01", "ä", "語", "🙂",
			"\u00a0", "\u2028", "\u200d", "yes", "=", "<<",
		}),
		rapid.StringOf(rapid.RuneFrom(nil, unicodePrint...)),
	)
	return strings.Join(rapid.SliceOfN(word, 0, 8).Draw(t, "about"), "")
}

func drawDuration(t *rapid.T, low, high scenarios.Duration) scenarios.Duration {
	return scenarios.Duration(rapid.Int64Range(int64(low), int64(high)).Draw(t, "duration"))
}

func drawSpan(t *rapid.T, low, high scenarios.Duration) scenarios.Span {
	from := drawDuration(t, low, high)
	return scenarios.Span{Low: from, High: drawDuration(t, from, high)}
}

// drawSome draws some of the names, or nil.
func drawSome(t *rapid.T, names []string) []string {
	var some []string
	for _, name := range names {
		if rapid.Bool().Draw(t, name) {
			some = append(some, name)
		}
	}
	return some
}

// untidy writes a scenario's file as somebody in a hurry might: keys in any order, any style,
// comments everywhere.
type untidy struct {
	*rapid.T
	out      strings.Builder
	comments int
	// above and beside have what each comment speaks of: the text that its line must hold.
	above, beside map[string]string
}

func untidyFile(t *rapid.T, scenario *scenarios.Scenario) (string, *untidy) {
	var keys yaml.MapSlice
	if err := yaml.UnmarshalWithOptions(scenario.Marshal(), &keys, yaml.UseOrderedMap()); err != nil {
		t.Fatalf("%v\n%s", err, scenario.Marshal())
	}
	u := &untidy{T: t, above: map[string]string{}, beside: map[string]string{}}
	u.mapping(keys, "", true)
	return u.out.String(), u
}

func (u *untidy) flip(what string) bool { return rapid.IntRange(0, 3).Draw(u.T, what) == 3 }

func (u *untidy) comment(about map[string]string, what string) string {
	u.comments++
	text := fmt.Sprintf("# comment %d.", u.comments)
	about[text] = what
	return text
}

// before writes what stands above an entry. At the top of the file no empty line parts a comment from
// it: such a comment would speak of the whole file.
func (u *untidy) before(indent, what string) {
	top := u.out.Len() == 0
	if u.flip("empty line") {
		u.out.WriteString("\n")
	}
	if u.flip("above") {
		u.out.WriteString(indent + u.comment(u.above, what) + "\n")
	}
	if !top && u.flip("empty line below") {
		u.out.WriteString("\n\n")
	}
}

func (u *untidy) after(what string) string {
	if u.flip("beside") {
		return "  " + u.comment(u.beside, what)
	}
	return ""
}

// mapping writes keys; where the first is to go on, the line has begun already.
func (u *untidy) mapping(keys yaml.MapSlice, indent string, begin bool) {
	for n, one := range rapid.Permutation(keys).Draw(u.T, "order") {
		key := one.Key.(string)
		if n > 0 || begin {
			u.before(indent, key+":")
			u.out.WriteString(indent)
		}
		if u.flip("quote") {
			u.out.WriteString(`"` + key + `":`)
		} else {
			u.out.WriteString(key + ":")
		}
		u.value(one.Value, indent, key+":")
	}
}

func (u *untidy) value(value any, indent, key string) {
	deeper := indent + strings.Repeat(" ", rapid.IntRange(1, 4).Draw(u.T, "indent"))
	switch value := value.(type) {
	case yaml.MapSlice:
		u.out.WriteString(u.after(key) + "\n")
		u.mapping(value, deeper, true)
	case []any:
		u.list(value, deeper, key)
	case string:
		text := fmt.Sprintf("%q", value)
		if !u.flip("quote") && plainWord(value) {
			text = value
		}
		u.out.WriteString(" " + text + u.after(key) + "\n")
	default:
		u.out.WriteString(fmt.Sprint(" ", value, u.after(key), "\n"))
	}
}

func plainWord(text string) bool {
	return text != "null" && text != "true" && regexp.MustCompile(`^[a-z][a-z0-9.-]*$`).MatchString(text)
}

func (u *untidy) list(list []any, indent, key string) {
	if len(list) == 0 {
		u.out.WriteString(" []" + u.after(key) + "\n")
		return
	}
	if _, keys := list[0].(yaml.MapSlice); !keys && u.flip("brackets") {
		texts := make([]string, len(list))
		for n, one := range list {
			texts[n] = fmt.Sprint(one)
		}
		u.out.WriteString(" [" + strings.Join(texts, " ,\n "+indent) + "]" + u.after(key) + "\n")
		return
	}
	u.out.WriteString(u.after(key) + "\n")
	for _, one := range list {
		keys, are := one.(yaml.MapSlice)
		if !are {
			text := fmt.Sprint("- ", one)
			u.before(indent, text)
			u.out.WriteString(indent + text + u.after(text) + "\n")
			continue
		}
		u.before(indent, "- ")
		u.out.WriteString(indent + "-")
		if inline := u.flip("inline"); inline {
			u.out.WriteString("\n")
			u.mapping(keys, indent+" ", true)
		} else {
			u.out.WriteString(" ")
			u.mapping(keys, indent+"  ", false)
		}
	}
}
