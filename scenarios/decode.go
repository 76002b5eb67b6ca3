package scenarios

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// field is what the tags of a struct's field say of its key.
type field struct {
	key, def, limit, names, need string
	index                        int
}

func fieldsOf(form reflect.Type) []field {
	fields := make([]field, form.NumField())
	for i := range fields {
		tag := form.Field(i).Tag
		fields[i] = field{
			key: tag.Get("yaml"), def: tag.Get("default"), limit: tag.Get("limit"),
			names: tag.Get("names"), need: tag.Get("need"), index: i,
		}
	}
	return fields
}

// forFault is the field without its names where it is how a fault is to be, and the fault's kind says more
// closely which names there are: those are inspected later.
func (f field) forFault(into reflect.Value) field {
	fault, is := into.Interface().(Fault)
	if kind, known := FindKind(fault.Kind); is && known && f.key == "as" && len(kind.As) > 0 {
		f.names = ""
	}
	return f
}

func keysOf(form reflect.Type) []string {
	fields := fieldsOf(form)
	keys := make([]string, len(fields))
	for i, f := range fields {
		keys[i] = f.key
	}
	return keys
}

// decoder turns YAML nodes into a scenario. It collects every problem, and remembers where each
// value stands: a library's decoder stops at the first problem, and forgets.
type decoder struct {
	doc      *document
	problems Errors
	// places has the key's and the value's place of all that is given, by path ("faults[0].rate").
	// bad has the paths of values that could not be read, about which nothing more is to be said.
	places map[string]place
	bad    map[string]bool
	// inside is how many flows are around what is being read.
	inside int
}

type place struct{ key, value spot }

// decode reads the document into a scenario, defaults included.
func decode(doc *document) (*Scenario, *decoder) {
	d := &decoder{doc: doc, places: map[string]place{}, bad: map[string]bool{}}
	scenario := new(Scenario)
	d.mapping(doc.root, reflect.ValueOf(scenario).Elem(), "")
	return scenario, d
}

func (d *decoder) add(at spot, problem, want string) {
	d.problems = append(d.problems, d.doc.flaw(at, problem, want))
}

// given says whether the file has the path.
func (d *decoder) given(path string) bool {
	_, given := d.places[path]
	return given
}

// spotFor is the place of the value at the path, or of what it would be in.
func (d *decoder) spotFor(path string) spot {
	for {
		if found, given := d.places[path]; given {
			return found.value
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			return nodeSpot(d.doc.root)
		}
		path = path[:cut]
	}
}

// mapping reads the keys of a mapping into a struct.
func (d *decoder) mapping(node ast.Node, into reflect.Value, path string) {
	setDefaults(into)
	fields := fieldsOf(into.Type())
	mapping, is := node.(*ast.MappingNode)
	if !is {
		d.bad[path] = true
		d.notKeys(node, into.Type(), path)
		return
	}
	lines := map[string]int{}
	for _, entry := range mapping.Values {
		at, key := spotOf(entry.Key.GetToken()), entry.Key.GetToken().Value
		if line, twice := lines[key]; twice {
			problem := fmt.Sprintf("the key %s is already in line %d", quoted(key), line)
			d.add(at, problem, "keep one of the two")
			continue
		}
		lines[key] = at.line
		found := false
		for _, f := range fields {
			if f.key == key {
				found = true
				below := join(path, key)
				d.places[below] = place{key: at, value: nodeSpot(entry.Value)}
				d.value(entry.Value, into.Field(f.index), f.forFault(into), below)
			}
		}
		if !found {
			d.unknownKey(at, key, into.Type(), path)
		}
	}
	for _, f := range fields {
		below := join(path, f.key)
		if f.need != "" && lines[f.key] == 0 && !d.bad[below] {
			d.bad[below] = true
			d.add(nodeSpot(node), f.key+" is missing", "write "+f.key+": "+f.need)
		}
	}
}

// notKeys reports a value where keys should be.
func (d *decoder) notKeys(node ast.Node, form reflect.Type, path string) {
	what := "a scenario"
	if path != "" {
		what = path
	}
	want := "write below it, two spaces deeper, " + oneOf(keysOf(form))
	if path == "" {
		want = "begin with name: NAME, then break, cluster and jobs"
	}
	d.add(nodeSpot(node), what+" is made of keys, not of "+described(node), want)
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// sections are the structs of a scenario and the key that each stands under.
var sections = []struct {
	under string
	form  reflect.Type
}{
	{"", reflect.TypeFor[Scenario]()},
	{"a link", reflect.TypeFor[Link]()},
	{"retry, which is part of a flow", reflect.TypeFor[Retry]()},
	{"a flow", reflect.TypeFor[Flow]()},
	{"an item of a flow", reflect.TypeFor[Item]()},
	{"engine, which is part of cluster", reflect.TypeFor[Engine]()},
	{"disk, which is part of cluster", reflect.TypeFor[Disk]()},
	{"cluster", reflect.TypeFor[Cluster]()},
	{"policy", reflect.TypeFor[Policy]()},
	{"backoff, which is part of policy", reflect.TypeFor[Backoff]()},
	{"network", reflect.TypeFor[Network]()},
	{"a group of jobs", reflect.TypeFor[Jobs]()},
	{"a fault", reflect.TypeFor[Fault]()},
	{"swarm", reflect.TypeFor[Swarm]()},
	{"promise", reflect.TypeFor[Promise]()},
	{"observe", reflect.TypeFor[Observe]()},
	{"expect", reflect.TypeFor[Expect]()},
}

// unknownKey reports a key that its section does not have: where another has just that, it was
// probably put in the wrong place. The key that was meant counts as given.
func (d *decoder) unknownKey(at spot, key string, form reflect.Type, path string) {
	wrong := unknown("key", key, keysOf(form))
	near := Nearest(key, keysOf(form))
	if near != "" {
		d.bad[join(path, near)] = true
	}
	if distance([]rune(key), []rune(near)) == 1 { // nearer than any other section
		d.add(at, wrong.problem, wrong.want)
		return
	}
	for _, section := range sections {
		for _, other := range keysOf(section.form) {
			if other == key && section.under == "" {
				wrong.want = "it belongs at the left edge, under no other key"
			} else if other == key {
				wrong.want = "it belongs under " + section.under
			}
		}
	}
	d.add(at, wrong.problem, wrong.want)
}

// value reads any value. What it cannot read it reports, and marks its path as bad.
func (d *decoder) value(node ast.Node, into reflect.Value, f field, path string) {
	switch {
	case node.Type() == ast.NullType:
		d.bad[path] = true
		d.add(nodeSpot(node), f.key+" has no value", "give it one, or leave the key out")
	case isKeys(into):
		d.keys(node, into, path)
	case into.Kind() == reflect.Slice:
		d.list(node, into, f, path)
	default:
		d.scalar(node, into, f, path)
	}
}

// isKeys says whether the value is made of keys, or points to one that is.
func isKeys(value reflect.Value) bool {
	if value.Kind() == reflect.Pointer {
		return value.Type().Elem().Kind() == reflect.Struct
	}
	return value.Kind() == reflect.Struct && !isText(value)
}

// keys reads a value that is made of keys.
func (d *decoder) keys(node ast.Node, into reflect.Value, path string) {
	if into.Kind() == reflect.Pointer {
		into.Set(reflect.New(into.Type().Elem()))
		into = into.Elem()
	}
	if into.Type() != reflect.TypeFor[Item]() {
		d.mapping(node, into, path)
		return
	}
	if d.inside++; d.inside > mostFlows {
		d.bad[path] = true
		problem := fmt.Sprintf("more than %d flows inside each other", mostFlows)
		d.add(nodeSpot(node), problem, "flatten it")
	} else {
		d.mapping(node, into, path)
	}
	d.inside--
}

// isText says whether the value reads itself from text.
func isText(value reflect.Value) bool {
	_, is := value.Addr().Interface().(encoding.TextUnmarshaler)
	return is
}

// nodeSpot is where a node begins; the YAML parser puts a mapping at its first colon.
func nodeSpot(node ast.Node) spot {
	mapping, is := node.(*ast.MappingNode)
	if is && !mapping.IsFlowStyle && len(mapping.Values) > 0 {
		return spotOf(mapping.Values[0].Key.GetToken())
	}
	return spotOf(node.GetToken())
}

// described is a value as messages name it.
func described(node ast.Node) string {
	switch node.(type) {
	case *ast.MappingNode:
		return "keys"
	case *ast.SequenceNode:
		return "a list"
	}
	return quoted(scalarText(node))
}

func scalarText(node ast.Node) string {
	if block, is := node.(*ast.LiteralNode); is {
		return block.Value.Value
	}
	return node.GetToken().Value
}

// list reads a list. An empty one stays apart from none at all.
func (d *decoder) list(node ast.Node, into reflect.Value, f field, path string) {
	list, is := node.(*ast.SequenceNode)
	if !is {
		want := `begin each member with "- ", on a line of its own`
		if isScalar(node) && plainForm.MatchString(scalarText(node)) {
			want = "write [" + scalarText(node) + "]"
		}
		d.bad[path] = true
		d.add(nodeSpot(node), f.key+" must be a list, not "+described(node), want)
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(list.Values), len(list.Values)))
	seen := map[any]bool{}
	for i, member := range list.Values {
		at := nodeSpot(member)
		below := fmt.Sprintf("%s[%d]", path, i)
		d.places[below] = place{key: at, value: at}
		one := into.Index(i)
		d.value(member, one, f, below)
		if one.Kind() == reflect.Struct || d.bad[below] {
			continue
		}
		if seen[one.Interface()] {
			d.add(at, quoted(member.GetToken().Value)+" is in the list twice", "keep one of the two")
		}
		seen[one.Interface()] = true
	}
}
