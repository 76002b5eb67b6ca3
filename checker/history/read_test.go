package history

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	head   = `{"version":1,"scenario":"s","seed":1,"processes":["client","a"],"jobs":["j","k"]}` + "\n"
	first  = `{"seq":1,"at_ns":5,"type":"invoke","kind":"post","process":"client","job":"j"}` + "\n"
	second = `{"seq":2,"at_ns":6,"type":"ok","kind":"post","process":"client","job":"j","call":1}` + "\n"
)

func TestReadRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"an empty file", "", `f:1:1: the file is empty; want the header on the first line`},
		{"no JSON", "hello\n", `f:1:1: unexpected 'h'; want '{' to begin an object`},
		{"no header", first, `f:1:2: unknown field "seq"; did you mean "seed"? (want one of version,`},
		{"an empty header", "{}\n", `f:1:1: a first line without a version; want the header, with "version":1`},
		{"another version", `{"version":2}`, `f:1:12: version 2 of the format; want version 1`},
		{"version zero", `{"version":0}`, `f:1:12: the number 0 is out of range; want 1 to 2147483647`},
		{
			"a seed too large", `{"version":1,"seed":18446744073709551616}`,
			`f:1:21: the number 18446744073709551616 is out of range; want 0 to 18446744073709551615`,
		},
		{"a fraction", `{"version":1.0}`, `f:1:12: "1.0" is no whole number; want a whole number`},
		{"leading zeros", `{"version":01}`, `f:1:12: "01" is no whole number; want a whole number`},
		{"a word for a number", `{"version":one}`, `f:1:12: unexpected 'o'; want a whole number`},
		{"a negative number", `{"version":1,"attempts":-1}`, `f:1:25: the number -1 is out of range; want 0 to`},
		{
			"a process twice", `{"version":1,"processes":["a","b","a"]}`,
			`f:1:35: "a" is listed twice; want each process once`,
		},
		{"a job twice", `{"version":1,"jobs":["a","a"]}`, `f:1:26: "a" is listed twice; want each job once`},
		{"no list", `{"version":1,"jobs":"a"}`, `f:1:21: unexpected '"'; want '[' to begin a list of jobs`},
		{
			"a number in a list", `{"version":1,"jobs":[1]}`,
			`f:1:22: unexpected '1'; want the name of one of the jobs`,
		},
		{"an open list", `{"version":1,"jobs":["a"`, `f:1:25: the line ends here; want ']' or ',' after a name`},
		{"two objects", `{"version":1} {}`, `f:1:15: unexpected '{'; want nothing after the object`},
		{"a blank line", head + "\n" + first, `f:2:2: the line ends here; want '{' to begin an object`},
		{
			"an empty record", head + "{}\n",
			`f:2:1: a record without "seq"; want at least "seq", "at_ns", "type" and`,
		},
		{
			"a record without a time", head + `{"seq":1,"type":"event","kind":"heal"}`,
			`f:2:1: a record without "at_ns"`,
		},
		{"a cut line", head + first[:40], `f:2:41: the line ends inside a string; want '"' to end it`},
		{
			"a cut escape", head + `{"seq":1,"reason":"a\`,
			`f:2:21: an escape that JSON does not have; want \" \\ \/ \b`,
		},
		{"cut after an escape", head + `{"seq":1,"reason":"a\n`, `f:2:23: the line ends inside a string; want '"'`},
		{
			"an unknown field", head + `{"seq":1,"at_ns":5,"typ":"event"}`,
			`f:2:20: unknown field "typ"; did you mean "type"? (want one of seq, at_ns, type, kind,`,
		},
		{
			"a field like no other", head + `{"seq":1,"something else altogether, and long":5}`,
			`f:2:10: unknown field "something else altogether, and long"; want one of seq, at_ns, type,`,
		},
		{"a field twice", head + `{"seq":1,"seq":1}`, `f:2:10: the field "seq" a second time; want it once`},
		{
			"an unknown type", head + `{"seq":1,"type":"okay"}`,
			`f:2:17: unknown type "okay"; did you mean "ok"? (want one of invoke, ok, fail, info, event)`,
		},
		{
			"an unknown kind", head + `{"seq":1,"kind":"clam"}`,
			`f:2:17: unknown kind "clam"; did you mean "claim"? (want one of post, claim,`,
		},
		{
			"a kind like no other", head + `{"seq":1,"kind":"x"}`,
			`f:2:17: unknown kind "x"; want one of post, claim,`,
		},
		{
			"a number for a kind", head + `{"seq":1,"kind":3}`,
			`f:2:17: unexpected '3'; want a kind in double quotes`,
		},
		{
			"a process of nowhere", head + `{"seq":1,"process":"b"}`,
			`f:2:20: "b" is not in the header; want a name that the header lists in "processes"`,
		},
		{
			"a job of nowhere", head + `{"seq":1,"job":"x"}`,
			`f:2:16: "x" is not in the header; want a name that the header lists in "jobs"`,
		},
		{
			"a gap", head + strings.Replace(first, `"seq":1`, `"seq":2`, 1),
			`f:2:8: sequence number 2; want 1: records count from 1 without a gap`,
		},
		{"a repetition", head + first + first, `f:3:8: sequence number 1; want 2: records count from 1`},
		{
			"time that goes back", head + first + strings.Replace(second, `"at_ns":6`, `"at_ns":4`, 1),
			`f:3:18: time goes back to 4; want at least 5`,
		},
		{
			"an event that is an operation", head + strings.Replace(first, "invoke", "event", 1),
			`f:2:27: "post" with type "event"; want "invoke", "ok", "fail" or "info"`,
		},
		{
			"an operation that is an event", head + `{"seq":1,"at_ns":5,"type":"ok","kind":"heal"}`,
			`f:2:27: "heal" with type "ok"; want "event": a heal is no operation`,
		},
		{
			"a save that begins", head + `{"seq":1,"at_ns":5,"type":"invoke","kind":"save","process":"a","job":"j"}`,
			`f:2:27: "save" with type "invoke"; want "ok", "fail" or "info": a save is recorded at its end`,
		},
		{
			"an operation of nobody", head + `{"seq":1,"at_ns":5,"type":"invoke","kind":"post","job":"j"}`,
			`f:2:1: "post" without a process; want "process": whose operation it is`,
		},
		{
			"a move of nothing", head + `{"seq":1,"at_ns":5,"type":"event","kind":"move"}`,
			`f:2:1: "move" without a job; want "job": which one it is about`,
		},
		{
			"a task of no job that is misled", head + `{"seq":1,"at_ns":5,"type":"event","kind":"misled","process":"a"}`,
			`f:2:1: "misled" without a job; want "job": which one it is about`,
		},
		{
			"ruin as an operation", head + `{"seq":1,"at_ns":5,"type":"info","kind":"ruined","job":"j"}`,
			`f:2:27: "ruined" with type "info"; want "event": a ruined is no operation`,
		},
		{"a plan that is no text", `{"version":1,"faults":[]}`, `f:1:23: unexpected '['; want a plan of faults in`},
		{
			"being misled as an operation", head + `{"seq":1,"at_ns":5,"type":"ok","kind":"misled","job":"j"}`,
			`f:2:27: "misled" with type "ok"; want "event": a misled is no operation`,
		},
		{
			"a call that begins", head + strings.Replace(first, `"job"`, `"call":1,"job"`, 1),
			`f:2:76: a call in a record that completes nothing; want no call`,
		},
		{
			"a completion of nothing", head + first + strings.Replace(second, `,"call":1`, ``, 1),
			`f:3:1: a completion without a call; want "call": the sequence number of its invoke`,
		},
		{
			"a completion of itself", head + first + strings.Replace(second, `"call":1`, `"call":2`, 1),
			`f:3:82: call 2 is not an earlier record; want the sequence number of its invoke`,
		},
		{
			"a completion of the future", head + first + strings.Replace(second, `"call":1`, `"call":9`, 1),
			`f:3:82: call 9 is not an earlier record`,
		},
		{
			"a negative call", head + first + strings.Replace(second, `"call":1`, `"call":-1`, 1),
			`f:3:82: the number -1 is out of range; want 1 to 9223372036854775807`,
		},
		{
			"a completion of another kind", head + first + strings.Replace(second, `post`, `claim`, 1),
			`f:3:83: record 1 does not begin this operation; want an invoke of the same kind, process and job`,
		},
		{
			"a completion for another", head + first + strings.Replace(second, `"client"`, `"a"`, 1),
			`f:3:77: record 1 does not begin this operation`,
		},
		{
			"a completion of another job", head + first + strings.Replace(second, `"j"`, `"k"`, 1),
			`f:3:82: record 1 does not begin this operation`,
		},
		{
			"a completion of a completion", head + first + second +
				strings.NewReplacer(`"seq":2`, `"seq":3`, `"call":1`, `"call":2`).Replace(second),
			`f:4:82: record 2 does not begin this operation`,
		},
		{
			"two completions", head + first + second + strings.Replace(second, `"seq":2`, `"seq":3`, 1),
			`f:4:82: a second completion of record 1; want one`,
		},
		{
			"a claim without an epoch", head +
				strings.Replace(first, "post", "claim", 1) + strings.Replace(second, "post", "claim", 1),
			`f:3:1: a claim that was granted without an epoch; want "epoch": the claim's`,
		},
		{
			"a large attempt", head + `{"seq":1,"attempt":2147483648}`,
			`f:2:20: the number 2147483648 is out of range; want 0 to 2147483647`,
		},
		{"neither true nor false", head + `{"seq":1,"counted":1}`, `f:2:20: unexpected '1'; want true or false`},
		{"no comma", head + `{"seq":1 "at_ns":5}`, `f:2:10: unexpected '"'; want '}' or ',' after a field`},
		{"no colon", head + `{"seq" 1}`, `f:2:8: unexpected '1'; want ':' after the name of a field`},
		{"a comma too many", head + `{"seq":1,}`, `f:2:10: unexpected '}'; want the name of a field in double`},
		{
			"a control character", head + "{\"seq\":1,\"reason\":\"a\x02\"}",
			`f:2:21: a control character in a string`,
		},
		{
			"a control character after an escape", head + "{\"seq\":1,\"reason\":\"\\n\x02\"}",
			`f:2:22: a control character in a string; want it escaped, as \n or \u0000`,
		},
		{"not UTF-8", head + "{\"seq\":1,\"reason\":\"a\xff\"}", `f:2:20: a string that is not UTF-8; want UTF-8`},
		{
			"not UTF-8 after an escape", head + "{\"seq\":1,\"reason\":\"\\n\xff\"}",
			`f:2:20: a string that is not UTF-8`,
		},
		{"a strange escape", head + `{"seq":1,"reason":"\x41"}`, `f:2:20: an escape that JSON does not have`},
		{"half an escape", head + `{"seq":1,"reason":"\u00"}`, `f:2:20: an escape that JSON does not have`},
		{"no hexadecimal", head + `{"seq":1,"reason":"\u00xy"}`, `f:2:20: an escape that JSON does not have`},
		{"half a pair", head + `{"seq":1,"reason":"\ud83d"}`, `f:2:20: an escape that JSON does not have`},
		{"the wrong half", head + `{"seq":1,"reason":"\ude00\ud83d"}`, `f:2:20: an escape that JSON does not have`},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, err := Read(strings.NewReader(c.text), "f")
			var syntax *SyntaxError
			if h != nil || !errors.As(err, &syntax) {
				t.Fatalf("%v, %v", h, err)
			}
			if !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got  %s\nwant %s", err, c.want)
			}
		})
	}
}

func TestReadAccepts(t *testing.T) {
	want := []Record{{
		Type: Event, Kind: Note, Job: None, Process: 0, Reason: "a/\b\f\n\r\t\"\\é😀", Counted: true,
	}}
	for _, c := range []struct{ name, text string }{
		{"fields in any order and spaces", `{ "counted" : true , "kind" :"note",` + "\t" +
			`"type": "event", "process":"client", "at_ns": 0, "reason":"a\/\b\f\n\r\t\"\\é😀","seq":1 } `},
		{"escapes", `{"seq":1,"at_ns":0,"type":"event","kind":"\u006eote","process":"client","counted":true,` +
			`"reason":"a/\u0008\f\u000A\r\t\u0022\\\u00E9\uD83D\ude00"}`},
		{"what is zero anyway", `{"seq":1,"at_ns":-0,"type":"event","kind":"note","process":"client",` +
			`"counted":true,"epoch":0,"n":0,"subject":"","from":"","reason":"a/\b\f\n\r\t\"\\é😀"}`},
	} {
		h, err := Read(strings.NewReader(head+c.text), "f")
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if diff := cmp.Diff(want, h.Records); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestHeaderAlone(t *testing.T) {
	h, err := Read(strings.NewReader(` {"version":1,"processes":[ ],"jobs":[ "a" , "b" ]}`), "f")
	if err != nil {
		t.Fatal(err)
	}
	want := &History{Header: Header{Version: 1}, Jobs: []string{"a", "b"}}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Error(diff)
	}
}

// TestEveryFieldIsNamed compares the names on disk with the fields of the structs, so that a new field
// cannot be forgotten in the codec.
func TestEveryFieldIsNamed(t *testing.T) {
	if n := reflect.TypeFor[Record]().NumField() + 1; n != len(recordFields) { // and seq
		t.Errorf("a record has %d fields, and %d have a name", n, len(recordFields))
	}
	header := reflect.TypeFor[Header]()
	for i := range header.NumField() {
		name, _, _ := strings.Cut(header.Field(i).Tag.Get("json"), ",")
		if headerFields[i] != name {
			t.Errorf("the header's field %s is %s on disk", name, headerFields[i])
		}
	}
	if max(len(recordFields), len(headerFields)) > maxFields {
		t.Error("maxFields is too small")
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(head + first + second))
	f.Add([]byte(head[:30]))
	f.Add([]byte("{\"version\":1}\n{\"seq\":1,\"at_ns\":0,\"type\":\"event\",\"kind\":\"heal\"}"))
	f.Add([]byte(head + `{"seq":1,"at_ns":0,"type":"event","kind":"misled","job":"j","subject":"t1","reason":"stale"}`))
	f.Add([]byte(reads))
	var b bytes.Buffer
	if err := Write(&b, sample()); err != nil {
		f.Fatal(err)
	}
	if err := Write(&b, shaped()); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add(b.Bytes()[bytes.LastIndex(b.Bytes(), []byte(`{"version"`)):])
	f.Fuzz(func(t *testing.T, text []byte) {
		h, err := Read(bytes.NewReader(text), "f")
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || syntax.Line < 1 || syntax.Column < 1 || syntax.Problem == "" ||
				syntax.Want == "" {
				t.Fatalf("%#v", err)
			}
			return
		}
		var b bytes.Buffer
		if err := Write(&b, h); err != nil {
			t.Fatal(err)
		}
		again, err := Read(bytes.NewReader(b.Bytes()), "again")
		if err != nil {
			t.Fatalf("%v\n%s", err, b.Bytes())
		}
		if !reflect.DeepEqual(h, again) {
			t.Fatal(cmp.Diff(h, again))
		}
	})
}

// reads is a history with the operations that only look, and what listeners and metrics say.
const reads = `{"version":1,"claim_within_ns":5,"slots":2,"overtaken":3,"clock_error_ns":7,"processes":["A"],"jobs":["j"]}
{"seq":1,"at_ns":0,"type":"invoke","kind":"list","process":"A","subject":"trash"}
{"seq":2,"at_ns":0,"type":"event","kind":"listed","process":"A","job":"j","call":1,"to":"trashed"}
{"seq":3,"at_ns":1,"type":"ok","kind":"list","process":"A","call":1,"revision":9,"n":1}
{"seq":4,"at_ns":1,"type":"event","kind":"metric","subject":"jobs_total","n":4}
{"seq":5,"at_ns":2,"type":"event","kind":"engine","process":"A","job":"j","epoch":1,"from":"RESUMING","to":"SCHEDULING"}
{"seq":6,"at_ns":2,"type":"event","kind":"heard","process":"A","job":"j","reason":"claimed","n":1}
{"seq":7,"at_ns":3,"type":"invoke","kind":"owner","process":"A","job":"j"}
{"seq":8,"at_ns":3,"type":"ok","kind":"owner","process":"A","job":"j","call":7,"to":"claimed","subject":"A","epoch":1}
{"seq":9,"at_ns":3,"type":"invoke","kind":"wait","process":"A"}
{"seq":10,"at_ns":3,"type":"invoke","kind":"count","process":"A"}
{"seq":11,"at_ns":4,"type":"fail","kind":"wait","process":"A","call":9,"reason":"timeout"}
{"seq":12,"at_ns":4,"type":"ok","kind":"count","process":"A","call":10,"n":2}
`

func TestReadAcceptsReads(t *testing.T) {
	h, err := Read(strings.NewReader(reads), "f")
	if err != nil {
		t.Fatal(err)
	}
	want := Header{Version: 1, ClaimWithin: 5, Slots: 2, Overtaken: 3, ClockError: 7}
	if diff := cmp.Diff(want, h.Header); diff != "" {
		t.Error(diff)
	}
	if rec := h.Records[1]; rec.Call != 1 || rec.Kind != Listed || rec.To != FinalTrashed {
		t.Errorf("%+v", rec)
	}
}

func TestReadRefusesListed(t *testing.T) {
	const (
		asked  = `{"seq":1,"at_ns":0,"type":"invoke","kind":"list","process":"client"}` + "\n"
		listed = `,"at_ns":0,"type":"event","kind":"listed","process":"client","job":"j"`
	)
	for _, c := range []struct{ name, text, want string }{
		{"without a call", `{"seq":1` + listed + `}`, `f:2:1: "listed" without a call`},
		{"before it", `{"seq":1` + listed + `,"call":1}`, `f:2:87: call 1 is not an earlier record`},
		{
			"of nothing", `{"seq":1,"at_ns":0,"type":"event","kind":"heal"}` + "\n" + `{"seq":2` + listed + `,"call":1}`,
			`f:3:87: record 1 asks for no list of jobs`,
		},
		{
			"too late", asked + `{"seq":2,"at_ns":0,"type":"ok","kind":"list","process":"client","call":1}` + "\n" +
				`{"seq":3` + listed + `,"call":1}`,
			`f:4:87: record 1 has its completion already`,
		},
	} {
		_, err := Read(strings.NewReader(head+c.text), "f")
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}
