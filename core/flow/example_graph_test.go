package flow_test

import (
	"context"
	"fmt"

	"derail/core/flow"
	"derail/core/flow/draw"
)

// A graph flow finds its order by itself. Here it is under a retry that tries one mirror after the other.
func ExampleGraph() {
	build := &flow.Task{Name: "build", Requires: []string{"source"}, Provides: "binary"}
	test := &flow.Task{Name: "test", Requires: []string{"binary"}, Provides: "passed"}
	publish := &flow.Task{Name: "publish", Requires: []string{"binary"}}
	fetch := &flow.Task{Name: "fetch", Requires: []string{"mirror"}, Provides: "source"}
	passed := func(results flow.Args) bool {
		passed, err := flow.Get[bool](results, "test")
		return err == nil && passed
	}
	f := flow.Graph("release", build, test, publish, fetch).
		LinkIf(test, publish, passed, flow.DepthAtom).
		WithRetry(flow.ForEach("near", "far").Providing("mirror"))
	fmt.Print(draw.Text(f, draw.Options{}))
	fmt.Println("requires", flow.Requires(f), "provides", flow.Provides(f), "mistake", f.Err())
	// Output:
	// graph release
	// ├─ retry release_retry
	// ├─ fetch
	// ├─ build  after fetch (source)
	// ├─ test  after build (binary)
	// └─ publish  after build (binary), test (decides: ATOM)
	// requires [] provides [binary mirror passed source] mistake <nil>
}

// Arguments are the fields of a struct; what is wrong with them comes out before anything runs.
func ExampleFunc() {
	type picture struct {
		Path    string
		Width   int
		Quality *int `flow:",optional"`
	}
	resize := flow.Func("resize", func(_ context.Context, in picture) (string, error) {
		return fmt.Sprintf("%s@%d", in.Path, in.Width), nil
	}).Providing("thumbnail")
	fmt.Println(resize.Requires, resize.Optional, resize.Err())

	ctx := context.Background()
	args := flow.Args{{Name: "path", Value: "cat"}, {Name: "width", Value: int64(400)}}
	fmt.Println(resize.Execute(ctx, args))
	args[1].Value = "wide"
	_, err := resize.Execute(ctx, args)
	fmt.Println(err)
	// Output:
	// [path width] [quality] <nil>
	// cat@400 <nil>
	// task "resize": argument "width": a string where int is wanted
}
