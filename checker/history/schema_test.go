package history

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"
)

// compiled is the schema as other programs use it: of a header, of a record, and of either.
func compiled(t testing.TB) (header, record, line *jsonschema.Schema) {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", document); err != nil {
		t.Fatal(err)
	}
	var parts [3]*jsonschema.Schema
	for i, name := range []string{"schema.json#/$defs/header", "schema.json#/$defs/record", "schema.json"} {
		if parts[i], err = compiler.Compile(name); err != nil {
			t.Fatal(err)
		}
	}
	return parts[0], parts[1], parts[2]
}

func valid(s *jsonschema.Schema, line string) error {
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
	if err != nil {
		return err
	}
	return s.Validate(value)
}

func lines(t interface{ Fatal(...any) }, h *History) []string {
	var b bytes.Buffer
	if err := Write(&b, h); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
}

// TestWhatIsWrittenIsValid holds every line of histories of all sorts against the schema.
func TestWhatIsWrittenIsValid(t *testing.T) {
	header, record, line := compiled(t)
	rapid.Check(t, func(t *rapid.T) {
		for i, text := range lines(t, drawn(t)) {
			part := record
			if i == 0 {
				part = header
			}
			for _, s := range []*jsonschema.Schema{part, line} {
				if err := valid(s, text); err != nil {
					t.Fatalf("%v\n%s", err, text)
				}
			}
		}
	})
}

// TestTheSchemaIsNotStricterThanTheReader holds the schema against [Read]: what it says of a line alone, Read says too.
func TestTheSchemaIsNotStricterThanTheReader(t *testing.T) {
	header, record, _ := compiled(t)
	refused, taken := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		all := lines(t, drawn(t))
		i := rapid.IntRange(0, len(all)-1).Draw(t, "line")
		var object map[string]any
		d := json.NewDecoder(strings.NewReader(all[i]))
		d.UseNumber()
		if err := d.Decode(&object); err != nil {
			t.Fatal(err)
		}
		fields, part := recordFields, record
		if i == 0 {
			fields, part = headerFields, header
		}
		field := rapid.SampledFrom(slices.Concat(fields, []string{"color"})).Draw(t, "field")
		if rapid.Bool().Draw(t, "leave out") {
			delete(object, field)
		} else {
			object[field] = rapid.SampledFrom([]any{
				0, 1, -1, int64(2147483648), json.Number("18446744073709551616"), "", "a", "save", "ok", "event", true, false,
				nil,
				[]any{},
				[]any{"a", "a"},
				[]any{map[string]any{}},
				map[string]any{},
			}).Draw(t, "value")
		}
		changed, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		all[i] = string(changed)
		_, readErr := Read(strings.NewReader(strings.Join(all, "\n")), "f")
		if err := valid(part, all[i]); err != nil {
			if refused++; readErr == nil {
				t.Fatalf("it is read, and the schema says %v\n%s", err, all[i])
			}
		} else if readErr == nil {
			taken++
		}
	})
	if refused < 10 || taken < 3 {
		t.Errorf("%d lines were refused and %d taken", refused, taken)
	}
}

// TestTheSchemaRefuses shows the schema what the reader refuses in a line alone.
func TestTheSchemaRefuses(t *testing.T) {
	header, record, line := compiled(t)
	for _, text := range []string{
		`{}`, `{"version":2}`, `{"version":1,"jobs":["a","a"]}`, `{"version":1,"colour":3}`,
		`{"version":1,"seed":18446744073709551616}`, `{"version":1,"slots":-1}`, `{"version":1,"shapes":[{}]}`,
		`{"version":1,"shapes":[{"atoms":[]}]}`, `{"version":1,"shapes":[{"atoms":[{"retry":true}]}]}`,
		`{"version":1,"shapes":[{"atoms":[{"name":"a","color":1}]}]}`,
	} {
		if valid(header, text) == nil || valid(line, text) == nil {
			t.Errorf("it takes %s", text)
		}
		if _, err := Read(strings.NewReader(text), "f"); err == nil {
			t.Errorf("the reader takes %s", text)
		}
	}
	const begin = `{"seq":1,"at_ns":0,`
	for _, text := range []string{
		`{"seq":1}`, begin + `"type":"event"}`, begin + `"kind":"heal"}`, begin + `"type":"event","kind":"heel"}`,
		begin + `"type":"happened","kind":"heal"}`, begin + `"type":"ok","kind":"heal"}`,
		begin + `"type":"event","kind":"post","process":"client","job":"j"}`,
		begin + `"type":"invoke","kind":"post","job":"j"}`, begin + `"type":"invoke","kind":"post","process":"client"}`,
		begin + `"type":"invoke","kind":"save","process":"client","job":"j"}`,
		begin + `"type":"ok","kind":"claim","process":"client","job":"j","epoch":1}`,
		begin + `"type":"event","kind":"heal","call":1}`,
		begin + `"type":"event","kind":"listed","process":"client","job":"j"}`,
		begin + `"type":"event","kind":"listed","job":"j","call":1}`,
		begin + `"type":"event","kind":"move","process":"client"}`, begin + `"type":"event","kind":"heal","n":-1}`,
		begin + `"type":"event","kind":"heal","attempt":2147483648}`,
		begin + `"type":"event","kind":"heal","counted":1}`, begin + `"type":"event","kind":"heal","reason":1}`,
		`{"seq":0,"at_ns":0,"type":"event","kind":"heal"}`, `{"seq":1,"at_ns":-1,"type":"event","kind":"heal"}`,
	} {
		if valid(record, text) == nil || valid(line, text) == nil {
			t.Errorf("it takes %s", text)
		}
		if _, err := Read(strings.NewReader(head+text), "f"); err == nil {
			t.Errorf("the reader takes %s", text)
		}
	}
}

// TestTheSchemaHasTheTablesOfTheCodec compares the schema's fields and words with those that are read and
// written.
func TestTheSchemaHasTheTablesOfTheCodec(t *testing.T) {
	type words struct {
		Const string
		Enum  []string
	}
	type object struct {
		Required   []string
		Properties map[string]json.RawMessage
		AllOf      []struct {
			If   struct{ Properties map[string]words }
			Then struct{ Required []string }
		}
	}
	var all struct {
		Definitions map[string]object `json:"$defs"`
	}
	if err := json.Unmarshal(Schema(), &all); err != nil {
		t.Fatal(err)
	}
	for name, fields := range map[string][]string{
		"header": headerFields, "record": recordFields, "shape": shapeFields, "atom": atomFields,
	} {
		var have []string
		for field := range all.Definitions[name].Properties {
			have = append(have, field)
		}
		if diff := cmp.Diff(slices.Sorted(slices.Values(fields)), slices.Sorted(slices.Values(have))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	record := all.Definitions["record"]
	if diff := cmp.Diff(recordFields[:4], record.Required); diff != "" {
		t.Error(diff)
	}
	for field, want := range map[string][]string{fieldType: typeNames[1:], fieldKind: kindNames[1:]} {
		var w words
		if err := json.Unmarshal(record.Properties[field], &w); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, w.Enum); diff != "" {
			t.Errorf("%s: %s", field, diff)
		}
	}
	kinds := func(are func(Kind) bool) []string {
		var names []string
		for kind := Post; kind <= Metric; kind++ {
			if are(kind) {
				names = append(names, kind.String())
			}
		}
		return slices.Sorted(slices.Values(names))
	}
	for rule, want := range map[int][]string{0: kinds(Kind.Operation), 2: kinds(Kind.aboutJob)} {
		have := slices.Sorted(slices.Values(record.AllOf[rule].If.Properties[fieldKind].Enum))
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("rule %d: %s", rule, diff)
		}
	}
}
